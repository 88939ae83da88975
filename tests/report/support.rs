//! Sample reports.

use twinshot::report::{Report, RunState, Summary, json};

/// The fixture as it is on disk.
pub(crate) const SAMPLE: &str = include_str!("../fixtures/report/sample.json");

/// Every verdict, and names that try to break out of every format.
pub(crate) fn sample() -> Report {
    json::parse(SAMPLE).expect("the fixture is a report")
}

/// A run that decided nothing.
pub(crate) fn empty() -> Report {
    let mut report = sample();
    report.shots.clear();
    report.warnings.clear();
    report.summary = Summary::default();
    report.run.planned_shots = 0;
    report
}

/// The sample, interrupted before most of its shots.
pub(crate) fn interrupted() -> Report {
    let mut report = sample();
    report.run.state = RunState::Interrupted;
    report.run.planned_shots = 40;
    report
}

/// The sample's shots again and again, each with its own name, until there are `count`.
pub(crate) fn large(count: usize) -> Report {
    let mut report = sample();
    let shots = report.shots.iter().cycle().take(count).cloned().enumerate();
    report.shots = shots
        .map(|(number, mut shot)| {
            shot.id = format!("{number}-{}", shot.id);
            shot.shot = format!("{} {number}", shot.shot);
            shot
        })
        .collect();
    report.summary = Summary::of(&report.shots);
    report
}
