//! Every action of the vocabulary: `fixtures/browser/actions` holds a flow for each, which expects in the
//! page what a person's doing would have left there. A page may be changed at will, a flow too: what a
//! flow expects is all that is proved.

use crate::support::{Project, Site, fixture};

/// Runs one flow of the fixtures, which must go well.
fn goes_well(name: &str) {
    let site = Site::new();
    let mut project = Project::solo(&site)
        .spec(format!("actions/{name}.yaml"))
        .variable("PORT", site.port())
        .variable("ORIGIN", site.url());
    for file in [
        "one.txt",
        "two ü.txt",
        "helper.js",
        "look.css",
        "fragment.yaml",
    ] {
        project = project.file(file);
    }
    project.run().exits(0);
}

macro_rules! flows {
    ($($test:ident: $file:literal,)*) => {
        $(#[test]
        fn $test() {
            goes_well($file);
        })*

        const NAMES: &[&str] = &[$($file),*];
    };
}

flows! {
    pointer: "pointer",
    nothing_is_hovered_unasked: "hover-unasked",
    drag_and_drop: "drag-and-drop",
    type_replaces_and_appends: "type",
    append_is_at_the_end: "type-at-the-end",
    a_controlled_field_takes_what_is_typed: "controlled-type",
    a_controlled_field_is_emptied: "controlled-clear",
    a_controlled_field_takes_what_is_inserted: "controlled-insert",
    insert_presses_no_keys: "insert",
    what_bars_and_veils_cover_is_reached: "reach",
    what_is_enabled_later_is_waited_for: "enabled-later",
    what_moves_is_met: "moving",
    an_answer_that_comes_later_is_waited_for: "answers-later",
    a_navigation_that_leads_nowhere_is_not_waited_for: "answers-none",
    press: "press",
    check_and_uncheck: "boxes",
    select: "select",
    select_sends_both_events: "select-events",
    a_click_right_below_a_shadow_root: "shadow-root",
    upload: "upload",
    scroll: "scroll",
    viewport: "viewport",
    wait: "wait",
    evaluate_and_inject: "scripts",
    cookies: "cookies",
    frames: "frames",
    a_script_is_added_to_the_frame: "frame-script",
    windows: "windows",
    a_window_may_close_itself: "window-that-closes",
    a_script_may_write_a_window: "window-written",
    dialogs: "dialogs",
    a_dialog_at_load: "dialog-at-load",
    selectors: "selectors",
    expect: "expect",
    goto_and_history: "history",
    fragments: "use",
}

#[test]
fn every_flow_of_the_fixtures_is_run() {
    let files = crate::support::yaml_files("actions");
    assert_eq!(files.len(), NAMES.len());
    for name in NAMES {
        assert!(fixture(&format!("actions/{name}.yaml")).is_file(), "{name}");
    }
}
