//! Results that cannot be written: exit code 5, the path is named, and what was there stays as it was.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::Mutex,
};

use twinshot::report::RunState;

use super::support::{Canvas, FakeDriver, Project, Ran, STAGING};

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
    ran.exit(5).stderr_has("/shots").partial(RunState::Stopped);
    let reason = ran.report().run.stopped_by.expect("why it ended");
    assert!(reason.contains("/shots"), "{reason}");
    let page = ran.read(&ran.report_folder().join("index.html"));
    assert!(
        page.contains("the run ended early: cannot write"),
        "{page:.3000}"
    );
    let junit = ran.read(&ran.report_folder().join("junit.xml"));
    assert!(junit.contains("The run ended early"), "{junit:.3000}");
    ran.stderr_has("this goes on: ")
        .stderr_has(" test --resume ");
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
    shows_pictures_in_the_report(&ran, "it is not a folder");
    assert!(project.path("precious/file").is_file());
}

/// The run goes on without the copies of failing shots: it warns once, and each line names a picture that is there.
#[track_caller]
fn shows_pictures_in_the_report(ran: &Ran, says: &str) {
    ran.exit(1)
        .stdout_has("2 shots: 2 mismatch")
        .stderr_has(says);
    assert_eq!(
        ran.stderr().matches("warning: ").count(),
        1,
        "{}",
        ran.stderr()
    );
    let open = ran
        .stdout()
        .lines()
        .filter_map(|line| line.split_once(", open "));
    let open: Vec<&str> = open.map(|(_, path)| path).collect();
    let is_shown = |path: &&str| path.contains("/reports/") && Path::new(path).is_file();
    assert!(open.len() == 2 && open.iter().all(is_shown), "{open:?}");
}

#[test]
fn a_file_in_the_place_of_the_failing_shots() {
    let project = Project::two_sides();
    let path = project.tmp().join("twinshot-jane");
    fs::write(&path, "mine").expect("it is ours");
    let ran = project.test(&FakeDriver::new().with_a_change_on_staging(), &[]);
    shows_pictures_in_the_report(&ran, "it is not a folder; remove it");
    assert_eq!(fs::read_to_string(&path).ok().as_deref(), Some("mine"));
}

#[test]
fn a_folder_for_failing_shots_that_goes_away_meanwhile() {
    let project = Project::two_sides();
    let folder = project.tmp().join("twinshot-jane");
    let driver = FakeDriver::new().paints(move |view| {
        if view.is_on(STAGING) && folder.is_dir() {
            fs::remove_dir_all(&folder).expect("it is ours");
            fs::write(&folder, "in the way").expect("it is ours");
        }
        view.one_for_all()
            .with_box([view.is_on(STAGING).into(), 1, 1, 1], Canvas::RED)
            .png()
    });
    let ran = project.test(&driver, &[]);
    shows_pictures_in_the_report(&ran, "twinshot-jane");
}

#[test]
fn a_lock_of_the_failing_shots_that_is_a_link_leads_to_nothing() {
    let project = Project::two_sides().file("precious", "mine");
    let changed = FakeDriver::new().with_a_change_on_staging();
    project.test(&changed, &[]).exit(1);
    let lock = project.failing_folder().join(".lock");
    for link in [symlink::<PathBuf, &PathBuf>, fs::hard_link] {
        fs::remove_file(&lock).expect("it is ours");
        link(project.path("precious"), &lock).expect("a link");
        let ran = project.test(&changed, &[]);
        shows_pictures_in_the_report(&ran, "its .lock ");
        let kept = fs::read_to_string(project.path("precious"));
        assert_eq!(kept.ok().as_deref(), Some("mine"));
    }
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
