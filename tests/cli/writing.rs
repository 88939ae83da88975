//! Results that cannot be written: exit code 5, the path is named, and what was there stays as it was.

use std::{fs, os::unix::fs::symlink, sync::Mutex};

use super::support::{FakeDriver, Project};

#[test]
fn a_file_in_the_place_of_the_reports_folder() {
    let project = Project::two_sides().file("reports", "mine");
    let driver = FakeDriver::new();
    let ran = project.test(&driver, &[]);
    ran.exit(5).stderr_has("reports");
    assert_eq!(
        fs::read_to_string(project.path("reports")).ok().as_deref(),
        Some("mine")
    );
    assert!(
        !driver.was_asked("new session"),
        "flows were run for nothing"
    );
}

#[test]
fn a_reports_folder_that_nobody_can_write_to() {
    // Also for root, whom permissions do not stop.
    let ran = Project::two_sides().test(&FakeDriver::new(), &["--reports", "/proc/reports"]);
    ran.exit(5).stderr_has("/proc/reports");
}

#[test]
fn a_folder_in_the_place_of_the_link_to_the_latest() {
    let project = Project::two_sides().file("reports/latest/mine.txt", "mine");
    let ran = project.test(&FakeDriver::new(), &[]);
    ran.exit(5).stderr_has("reports/latest");
    assert!(project.path("reports/latest/mine.txt").is_file());
}

#[test]
fn a_reports_folder_that_goes_away_meanwhile() {
    let project = Project::two_sides();
    let reports = project.path("reports");
    let is_broken = Mutex::new(false);
    let driver = FakeDriver::new().paints(move |view| {
        let mut is_broken = is_broken.lock().expect("no painter panics");
        if !*is_broken {
            *is_broken = true;
            let latest = fs::canonicalize(reports.join("latest")).expect("it has begun");
            fs::remove_dir_all(latest.join("shots")).expect("it is ours");
            fs::write(latest.join("shots"), "in the way").expect("it is ours");
        }
        view.page().png()
    });
    let ran = project.test(&driver, &[]);
    ran.exit(5).stderr_has("/shots");
    assert_eq!(driver.open_sessions(), 0, "sessions left open");
}

#[test]
fn a_golden_folder_that_cannot_be_written() {
    let project = Project::two_sides();
    project
        .test(&FakeDriver::new(), &["--baseline", "golden"])
        .exit(0);
    fs::write(project.path("golden"), "in the way").expect("it is ours");
    let ran = project.run(["approve", "--all"]);
    ran.exit(5).stderr_has("golden/Shop/home@small.png");
}

#[test]
fn a_link_that_somebody_planted_for_the_failing_shots() {
    let project = Project::two_sides().file("precious/file", "mine");
    symlink(
        project.path("precious"),
        project.tmp().join("twinshot-jane"),
    )
    .expect("a link");
    let ran = project.test(&FakeDriver::new().with_a_change_on_staging(), &[]);
    ran.exit(5).stderr_has("twinshot-jane");
    assert!(project.path("precious/file").is_file());
}

#[test]
fn no_folder_for_temporary_files_at_all() {
    let ran = Project::two_sides()
        .env("TMPDIR", "/no/such/folder")
        .test(&FakeDriver::new(), &[]);
    ran.exit(5).stderr_has("/no/such/folder");
}

#[test]
fn a_new_run_clears_the_failing_shots_of_the_last() {
    let project = Project::two_sides();
    project
        .test(&FakeDriver::new().with_a_change_on_staging(), &[])
        .exit(1);
    let folder = project.failing_folder().join("Shop");
    assert!(folder.is_dir());
    project.test(&FakeDriver::new(), &[]).exit(0);
    assert!(!folder.exists());
}

#[test]
fn a_run_leaves_the_failing_shots_of_another_project_alone() {
    let one = Project::two_sides();
    let other = Project::two_sides().env("TMPDIR", one.tmp());
    let driver = FakeDriver::new().with_a_change_on_staging();
    one.test(&driver, &[]).exit(1);
    let folder = one.failing_folder().join("Shop");
    other.test(&driver, &[]).exit(1);
    other.test(&FakeDriver::new(), &[]).exit(0);
    assert!(folder.is_dir());
    one.test(&FakeDriver::new(), &[]).exit(0);
    assert!(!folder.exists());
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let project = Project::two_sides();
    let driver = FakeDriver::new().with_a_change_on_staging();
    let url = driver.url();
    let runs: Vec<_> = (0..4)
        .map(|_| project.start(["test", "--webdriver", &url]))
        .collect();
    let mut opened: Vec<String> = Vec::new();
    for run in runs {
        let ran = run.finish();
        ran.exit(1).stdout_has("2 shots: 2 mismatch");
        let line = ran
            .stdout()
            .lines()
            .find(|line| line.contains("home"))
            .unwrap_or_default();
        let (_, path) = line.split_once(", open ").expect("a picture to open");
        opened.push(path.to_owned());
    }
    project.is_swept();
    let reports = fs::read_dir(project.path("reports")).expect("there are reports");
    // One of them is `latest`.
    assert_eq!(reports.count(), 5);
    assert!(
        opened.iter().all(|path| path.contains("/twinshot-jane")),
        "{opened:?}"
    );
}
