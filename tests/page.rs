//! The scripts that run inside a page, each function called by itself in a real Chrome.
//!
//! A case is one HTML file under `fixtures/page/<function>/`: the page, and at its top what is called and what it
//! must give. Adding a case is adding a file; `fixtures/page/README.md` says how.

#[path = "page/browser.rs"]
mod browser;
#[path = "page/case.rs"]
mod case;
#[path = "page/expected.rs"]
mod expected;
#[path = "page/functions.rs"]
mod functions;
#[path = "page/recorded.rs"]
mod recorded;
#[path = "page/server.rs"]
mod server;

/// The texts that the product sends to browsers.
#[path = "../src/browser/page/mod.rs"]
mod scripts;
