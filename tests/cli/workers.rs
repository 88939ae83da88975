//! More workers than any machine has memory for are told of, once, and only where they would work.
#![cfg(target_os = "linux")]

use super::support::{Project, Ran};

/// So many flows that their browsers would take 3 TB.
const FLOWS: usize = 5000;

/// One flow at as many viewports.
fn project() -> Project {
    let viewports = (1..=FLOWS).map(|number| format!("v{number}: {number}x40"));
    let viewports = viewports.collect::<Vec<_>>().join(", ");
    let project = Project::two_sides();
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
    let config = config.replace("small: 60x40", &format!("small: 60x40, {viewports}"));
    project.config(&config)
}

fn warnings(ran: &Ran) -> Vec<String> {
    let lines = ran.stderr().lines();
    let warnings = lines.filter(|line| line.starts_with("warning: "));
    warnings.map(str::to_owned).collect()
}

#[test]
fn more_workers_than_memory_can_feed_are_warned_of() {
    let project = project().without_programs();
    let ran = project.run(["test", "--workers", "4000"]);
    ran.exit(3).stderr_has("chromedriver was not found");
    let told = warnings(&ran);
    assert_eq!(told.len(), 1, "{}", ran.shown());
    let head = "warning: 4000 workers need about 2400.0 GB of memory, but only ";
    assert!(told[0].starts_with(head), "{told:?}");
    let fitting = told[0].rsplit_once("--workers ").expect("a number").1;
    let fitting = fitting.trim_end_matches(" fits").to_owned();

    let ran = project.run(["test", "--workers", "1"]);
    assert_eq!(warnings(&ran), Vec::<String>::new());
    let golden = project.run(["test", "--workers", "4000", "--baseline", "golden"]);
    golden.stderr_has("warning: 4000 workers need about 1200.0 GB of memory, but only ");
    assert!(fitting.parse::<usize>().is_ok_and(|fitting| fitting < 4000));
}

#[test]
fn workers_that_have_nothing_to_do_take_no_memory() {
    let project = project().without_programs();
    let ran = project.run(["test", "--workers", "4000", "--viewport", "small"]);
    assert_eq!(warnings(&ran), Vec::<String>::new());
}
