//! The scripts of ours that run inside a page, as texts. Nothing here talks to a browser.
//!
//! `preload/` runs in every page before the page's own scripts, `library/` are functions that are called in a world of
//! our own, and `library/find.js` also stands before each script of a step. Each file has one duty and names its caller.
//! The files of a folder share one scope. `__NAME__` becomes an unguessable name, which a page can neither listen for nor
//! guess.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::json;

/// Finds elements. Stands before every script of a step, and is part of the library.
pub(super) const FIND: &str = include_str!("library/find.js");

/// Names texts that are like one that was not found. Stands after [`FIND`] in the script that asks for them.
pub(super) const NEAREST_TEXTS: &str = include_str!("library/nearest_texts.js");

// The files that also work in frames of other sites, as parts of the preload script.
const ROOTS: &str = include_str!("library/roots.js");
const ANIMATIONS: &str = include_str!("library/animations.js");
const HIDDEN_PARTS: &str = include_str!("library/hidden_parts.js");
const VIDEOS: &str = include_str!("library/videos.js");

/// Finds the point of an element at which the pointer can act on it. Stands after `FIND` before the scripts of such steps.
pub(super) const REACH: &str = concat!(
    include_str!("library/elements.js"),
    include_str!("library/hit.js"),
    include_str!("library/hindrance.js"),
    include_str!("library/check_box.js"),
    include_str!("library/watch_pointer.js"),
    include_str!("library/reach.js")
);

/// The files of the library. Those that run something at once stand after those they need.
const LIBRARY: &[&str] = &[
    FIND,
    include_str!("library/elements.js"),
    include_str!("library/windows.js"),
    ROOTS,
    include_str!("library/tree.js"),
    include_str!("library/foreign_frames.js"),
    include_str!("library/moving_parts.js"),
    include_str!("library/marquees.js"),
    include_str!("library/next_frames.js"),
    include_str!("library/describe.js"),
    include_str!("library/measure.js"),
    include_str!("library/covers.js"),
    include_str!("library/boxes.js"),
    include_str!("library/put_back.js"),
    include_str!("library/enlarge.js"),
    include_str!("library/virtual_lists.js"),
    include_str!("library/scrollers.js"),
    include_str!("library/backdrops.js"),
    include_str!("library/whole_page.js"),
    include_str!("library/timeline.js"),
    include_str!("library/lazy.js"),
    include_str!("library/caret.js"),
    ANIMATIONS,
    HIDDEN_PARTS,
    include_str!("library/images.js"),
    VIDEOS,
    include_str!("library/not_answered.js"),
    include_str!("library/missing.js"),
    include_str!("library/changes.js"),
    include_str!("library/seen.js"),
    include_str!("library/pending.js"),
    include_str!("library/scroll_through.js"),
    include_str!("library/settle.js"),
    include_str!("library/redraw.js"),
];

/// The library as it is sent; some engines send it with each call.
static LIBRARY_SENT: LazyLock<String> = LazyLock::new(|| without_comments(&LIBRARY.concat()));

/// The functions of the library that are called from outside.
const FUNCTIONS: &str = "describe, describeSoon, sinceParsed, settle, notAnswered, scrollThrough, hasRested, hold, letGo, measure, \
    endWritten, boxes, areas, tooWideBy, movingParts, movingMarquees, stopMarquee, redraw";

/// Who hides the scrollbars of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scrollbars {
    /// The browser itself.
    HiddenByBrowser,
    /// Our script in the page.
    HiddenByScript,
}

/// The script that runs in every page before the page's own scripts.
pub(super) fn preload(name: &str, scrollbars: Scrollbars) -> String {
    let hide_scrollbars = match scrollbars {
        Scrollbars::HiddenByBrowser => "",
        Scrollbars::HiddenByScript => include_str!("preload/hide_scrollbars.js"),
    };
    let scripts = [
        include_str!("preload/originals.js"),
        include_str!("preload/observers.js"),
        include_str!("preload/hides_again.js"),
        include_str!("preload/lazy.js"),
        include_str!("preload/failures.js"),
        hide_scrollbars,
        include_str!("preload/requests.js"),
        include_str!("preload/streams.js"),
        include_str!("preload/workers.js"),
        include_str!("preload/script_calls.js"),
        include_str!("preload/departures.js"),
        include_str!("preload/popups.js"),
        include_str!("preload/animations.js"),
        include_str!("preload/timeline.js"),
        ROOTS,
        ANIMATIONS,
        HIDDEN_PARTS,
        VIDEOS,
        include_str!("preload/foreign_frames.js"),
    ];
    let scripts = without_comments(&scripts.concat());
    format!("(() => {{\n{scripts}}})();\n").replace("__NAME__", name)
}

/// The script without what is there for readers: it is sent to every document.
fn without_comments(script: &str) -> String {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = script.lines().filter(is_code);
    code.flat_map(|line| [line, "\n"]).collect()
}

/// The script that sets the clock of every page to a time, in milliseconds since 1970, and its random numbers to those of
/// a seed. It runs after the preload.
pub(super) fn clock(name: &str, time: u64, seed: u32) -> String {
    include_str!("preload/clock.js")
        .replace("__NAME__", name)
        .replace("__TIME__", &time.to_string())
        .replace("__SEED__", &seed.to_string())
}

/// A statement after which `ours` are our functions in the page. They are made once for each document. A page gets
/// `frames_ms` milliseconds for its next two frames.
pub(super) fn library(name: &str, frames_ms: u32) -> String {
    let functions = LIBRARY_SENT
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
    include_str!("preload/login_state.js")
        .replace("__NAME__", name)
        .replace("__STORAGE__", &storage)
}
