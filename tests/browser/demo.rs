//! The demo's flows, as `make demo` runs them: two runs tell the same story.

use serde_json::Value;

use crate::{support::Project, webkit::webkit};

#[test]
fn two_runs_give_the_same_report() {
    let project = Project::demo();
    let reports = [(); 2].map(|()| timeless(project.run().exits(1).report));
    let [first, second] =
        reports.map(|report| serde_json::to_string_pretty(&report).expect("JSON"));
    let differing = first
        .lines()
        .zip(second.lines())
        .find(|(one, other)| one != other);
    assert_eq!(differing, None);
    assert_eq!(first.lines().count(), second.lines().count());
    assert_eq!(planted(), found(&first));
}

/// In another browser the same shots differ.
#[test]
fn webkit_finds_what_is_planted() {
    let Some(project) = webkit(Project::demo()) else {
        return;
    };
    let outcome = project.run().exits(1);
    assert_eq!(found(&outcome.report.to_string()), planted());
}

/// Without what a clock or the run's own name is in.
fn timeless(mut report: Value) -> Value {
    for key in ["id", "started", "finished", "duration_ms", "times"] {
        report["run"][key] = Value::Null;
    }
    for shot in report["shots"].as_array_mut().expect("shots") {
        shot["times"] = Value::Null;
    }
    report
}

fn planted() -> Vec<String> {
    let lines = include_str!("../../src/demo/planted.txt").lines();
    let mut planted: Vec<String> = lines.map(str::to_owned).collect();
    planted.sort();
    planted
}

fn found(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).expect("JSON");
    let shots = report["shots"].as_array().expect("shots").iter();
    let differing = shots.filter(|shot| shot["verdict"] != "match");
    let mut found: Vec<String> = differing
        .map(|shot| format!("{} › {}", shot["flow"], shot["shot"]).replace('"', ""))
        .collect();
    found.sort();
    found
}
