//! What every test with a browser needs: pages to visit, a project to run in, and the run's outcome.

mod accounts;
mod outcome;
mod picture;
mod project;
mod site;

pub(crate) use self::{
    outcome::{Outcome, failures_of},
    picture::Picture,
    project::Project,
    site::{Request, Site},
};

use std::path::PathBuf;

/// A file or folder of `tests/fixtures/browser`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/browser")
        .join(path)
}

/// The YAML files of a fixture folder, in the order of their names.
pub(crate) fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let folder = fixture(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}
