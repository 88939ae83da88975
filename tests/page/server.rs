//! The server of the pages, which is that of `tests/browser`.

use std::path::PathBuf;

#[path = "../browser/support/accounts.rs"]
mod accounts;
#[path = "../browser/support/site.rs"]
#[expect(dead_code, reason = "`tests/browser` uses more of it")]
mod site;

pub(crate) use site::Site;

/// A file or folder of `tests/fixtures/page`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/page")
        .join(path)
}
