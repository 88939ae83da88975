//! Dialogs that a page opens by itself: whenever one opens, there is one message.

use crate::support::{Outcome, Project, Site, failures_of};

/// Milliseconds from the load event to the dialog: while the page is described, settled or photographed.
const DELAYS: [u32; 6] = [0, 20, 60, 100, 150, 220];

/// Words that only a driver uses.
const RAW: [&str; 5] = [
    "captureScreenshot",
    "unexpected alert",
    "timeout",
    "invalid",
    "makes no sense",
];

/// Every flow has a shot without a dialog, or fails with this text.
fn names_the_dialog(outcome: &Outcome, must_fail: impl Fn(&str) -> bool) {
    for shot in outcome.shots() {
        let name = shot["id"]["flow"].as_str().unwrap_or_default();
        let failures: Vec<_> = failures_of(shot).collect();
        assert!(!failures.is_empty() || !must_fail(name), "{name}: {shot}");
        for failure in failures {
            let message = failure["message"].as_str().unwrap_or_default();
            let said = "a dialog is open: \"Session over\"; answer it with `dialog:`";
            assert_eq!(message, said, "{name}: {failure}");
        }
    }
    let printed = outcome.said();
    for word in RAW {
        assert!(!printed.contains(word), "{word}: {printed}");
    }
}

#[test]
fn a_dialog_after_loading_is_named_whatever_it_interrupts() {
    let site = Site::new();
    let mut project = Project::solo(&site);
    for kind in ["alert", "confirm", "prompt"] {
        for delay in DELAYS {
            let page = format!("/dialog-later.html?kind={kind}&after={delay}");
            let flow = format!("steps:\n  - goto: \"{page}\"\n");
            project = project.flow(&format!("{kind} after {delay}"), &flow);
        }
    }
    let outcome = project.run().exits(3);
    names_the_dialog(&outcome, |name| name.ends_with("after 0"));
}

#[test]
fn a_dialog_during_a_step_is_named() {
    let site = Site::new();
    let open = |after: &str| {
        format!(
            "setup:\n  - goto: \"/dialog-later.html?on=click&{after}\"\nsteps:\n  - click: \"#button\"\n"
        )
    };
    let wait = "setup:\n  - goto: \"/dialog-later.html?kind=alert&after=700\"\nsteps:\n";
    let project = Project::solo(&site)
        .setting("timeout: 2s")
        .flow("Click", &open("after=0"))
        .flow("After a click", &open("after=40"))
        .flow("Wait", &format!("{wait}  - wait: 1s\n"))
        .flow(
            "Wait for nothing",
            &format!("{wait}  - wait: \"#nowhere\"\n"),
        )
        .flow("In a frame", "steps:\n  - goto: /dialog-in-a-frame.html\n");
    let outcome = project.run().exits(3);
    names_the_dialog(&outcome, |name| {
        ["Click", "Wait", "Wait for nothing"].contains(&name)
    });
}
