//! Pages that mean no good: each is one flow's failure with its reason, within its time, and harms no other
//! flow. That no process is left, every run of these tests checks.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{Outcome, Project, Site, failures_of};

/// Nothing of a run of such flows takes longer, whatever a page does.
const DEADLINE: Duration = Duration::from_secs(90);

const STEPS: &str = "steps:\n  - goto: /hostile/";

fn flow(page: &str) -> String {
    format!("{STEPS}{page}.html\n")
}

/// Each flow and the page that it goes to; with one that is well between them.
fn run(flows: &[(&str, String)]) -> Outcome {
    let (site, candidate) = (Site::new(), Site::candidate());
    let project = Project::pair(&site, &candidate).setting("timeout: 2s\npage_timeout: 5s");
    let project = flows
        .iter()
        .fold(project, |project, (name, yaml)| project.flow(name, yaml))
        .flow("unharmed", "steps:\n  - goto: /find.html\n");
    let began = Instant::now();
    let outcome = project.run_with(&["--workers", "2"]);
    let took = began.elapsed();
    assert!(took < DEADLINE, "{took:?}: {}", outcome.said());
    assert_eq!(
        outcome.first_shot_of("unharmed")["verdict"],
        "match",
        "{}",
        outcome.said()
    );
    outcome
}

fn failure<'a>(outcome: &'a Outcome, flow: &str) -> &'a Value {
    let failure = failures_of(outcome.first_shot_of(flow)).next();
    failure.unwrap_or_else(|| panic!("{flow} did not fail:\n{}", outcome.said()))
}

#[track_caller]
fn assert_failed(outcome: &Outcome, flow: &str, kind: &str, part: &str, has_picture: bool) {
    let failure = failure(outcome, flow);
    let message = failure["message"].as_str().unwrap_or_default();
    assert!(
        failure["kind"] == kind && message.contains(part),
        "{flow}: {failure}"
    );
    let pictures = failure["pictures"].as_array().map_or(0, Vec::len);
    assert_eq!(pictures > 0, has_picture, "{flow}: {failure}");
}

#[test]
fn pages_that_keep_the_browser_busy() {
    let outcome = run(&[
        ("alerts", flow("alerts")),
        ("busy", flow("busy")),
        ("travels", flow("travels")),
    ])
    .exits(3);
    assert_failed(&outcome, "alerts", "step", "a dialog is open", false);
    // It depends on when the page begins, and on whether the driver has a limit of its own there.
    let busy = failure(&outcome, "busy")["message"].to_string();
    let reasons = ["did not answer", "did not finish loading"];
    let is_honest = reasons.iter().any(|reason| busy.contains(reason));
    assert!(is_honest, "{busy}");
    // It may stay long enough for a picture; never is one called different.
    for travels in failures_of(outcome.first_shot_of("travels")) {
        let kind = travels["kind"].as_str().unwrap_or_default();
        assert!(
            ["unstable", "driver", "navigation"].contains(&kind),
            "{travels}"
        );
    }
    assert_ne!(outcome.first_shot_of("travels")["verdict"], "mismatch");
}

#[test]
fn pages_that_want_more_and_more() {
    let outcome = run(&[
        ("windows", flow("windows")),
        ("grows", flow("grows")),
        ("memory", flow("memory")),
    ])
    .exits(3);
    assert_failed(
        &outcome,
        "grows",
        "unstable",
        "no two frames in a row were equal",
        true,
    );
    // Neither is in the way of a picture, but on a busy machine of the time that a page has to load.
    for name in ["windows", "memory"] {
        if outcome.first_shot_of(name)["verdict"] != "match" {
            let late = "the page did not finish loading within 5 s";
            assert_failed(&outcome, name, "navigation", late, true);
        }
    }
}

#[test]
fn a_page_that_is_unwell_on_one_side_fails_there() {
    let outcome = run(&[("unwell", "steps:\n  - goto: /unwell\n".to_owned())]).exits(3);
    assert_failed(&outcome, "unwell", "navigation", "HTTP status 500", true);
    assert_eq!(failure(&outcome, "unwell")["role"], "candidate");
}

#[test]
fn a_tab_that_crashes_fails_its_flow() {
    let site = Site::new();
    let project = Project::solo(&site)
        .flow("a crashes", "steps:\n  - { goto: /find.html, shot: false }\n  - { wait: 3s, shot: crashed }\n  - goto: /find.html\n")
        .flow("b unharmed", "steps:\n  - goto: /find.html\n");
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            let began = Instant::now();
            while site.requests_of("/find.html").is_empty() && began.elapsed() < DEADLINE {
                thread::sleep(Duration::from_millis(10));
            }
            thread::sleep(Duration::from_millis(500));
            project.kill_a_renderer();
        });
        project.run_with(&["--workers", "1"])
    });
    let outcome = outcome.exits(3);
    assert_failed(&outcome, "a crashes", "driver", "tab crashed", false);
    assert_eq!(
        outcome.first_shot_of("b unharmed")["verdict"],
        "new",
        "{}",
        outcome.said()
    );
}
