//! The scripts of ours that run inside a page, as texts. Nothing here talks to a browser.
//!
//! Some run in every page before its own scripts (the preload), some are functions that are called in a world
//! of our own (the library), and some are put before a script of a step. In all of them `__NAME__` becomes an
//! unguessable name, which a page can neither listen for nor guess.

use std::collections::BTreeMap;

use serde_json::json;

/// Finds elements. Stands before every script of a step, and is part of the library.
pub(super) const FIND: &str = include_str!("find.js");

/// The functions of the library that are called from outside.
const FUNCTIONS: &str = "describe, describeSoon, hush, waitForEndOfHush, settle, notAnswered, scrollThrough, hasRested, hold, letGo, measure, boxes";

/// How an engine takes its pictures, as far as the page must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PictureWindow {
    /// The window is resized for an instant, which is hidden from the page.
    Resized,
    /// The window stays as it is, but its scrollbars must be hidden by the page.
    WithScrollbars,
}

/// The script that runs in every page before the page's own scripts.
pub(super) fn preload(name: &str, window: PictureWindow) -> String {
    let first = match window {
        PictureWindow::Resized => include_str!("hide_resize.js"),
        PictureWindow::WithScrollbars => include_str!("bars.js"),
    };
    let scripts = [first, include_str!("lazy.js"), include_str!("timeline.js")].concat();
    scripts.replace("__NAME__", name)
}

/// The script that sets the clock of every page to a moment, in milliseconds since 1970. It runs after the preload.
pub(super) fn clock(name: &str, moment: u64) -> String {
    include_str!("clock.js")
        .replace("__NAME__", name)
        .replace("__TIME__", &moment.to_string())
}

/// A statement after which `ours` are our functions in the page. They are made once for each document. A page gets
/// `frames_ms` milliseconds for its next two frames.
pub(super) fn library(name: &str, frames_ms: u32) -> String {
    let functions = include_str!("page.js")
        .replace("__FIND__", FIND)
        .replace("__NAME__", name)
        .replace("__FRAMES_MS__", &frames_ms.to_string());
    format!(
        "const ours = globalThis[\"{name}\"] ??= (() => {{ {functions}\nreturn {{ {FUNCTIONS} }}; }})();"
    )
}

/// The script that fills the local storage of each origin with these names and values, once in each window.
pub(super) fn login_state(
    name: &str,
    storage: &BTreeMap<&String, &BTreeMap<String, String>>,
) -> String {
    let storage = json!(json!(storage).to_string()).to_string();
    include_str!("login_state.js")
        .replace("__NAME__", name)
        .replace("__STORAGE__", &storage)
}
