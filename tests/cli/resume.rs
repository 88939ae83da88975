//! `--resume`: a run that was killed, interrupted or stopped goes on where it ended, and its report becomes that of an
//! undisturbed run.

use std::{
    fs,
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;
use twinshot::report::{Report, RunState, ShotReport, Verdict};

use super::support::{Answer, Canvas, FakeDriver, FakeEnvironment, Project, Ran, STAGING, Said};

const FLOWS: usize = 6;

/// Flows of all kinds: equal, different, with an unmet expectation, and with a page that cannot be reached in the middle.
fn shop() -> Project {
    let flow = |project: Project, number: usize| {
        let text = format!(
            "flow: Flow {number}\nsteps:\n  - goto: /{number}/first\n    shot: first\n  \
             - expect: {{ title: Shop }}\n    shot: false\n  \
             - goto: /{number}/second\n    shot: second\n  \
             - goto: /{number}/third\n    shot: third\n  \
             - goto: /{number}/fourth\n    shot: fourth\n"
        );
        project.spec(&format!("flow-{number}.yaml"), &text)
    };
    let project = (1..=FLOWS).fold(Project::two_sides(), flow);
    fs::remove_file(project.path("specs/shop.yaml")).expect("it is ours");
    project
}

/// While this file is there, the third flow gets no pictures.
const HOLD: &str = "hold";

/// Takes its time for each picture, so that a kill comes in the middle.
fn driver(project: &Project) -> FakeDriver {
    let hold = project.path(HOLD);
    let refused = Answer::Refusal("unknown error", "net::ERR_CONNECTION_REFUSED".into());
    FakeDriver::new()
        .titles(|session| {
            if session.url.contains("/2/") {
                "Other"
            } else {
                "Shop"
            }
            .to_owned()
        })
        .answers_on("staging.test/4/third", "url", refused)
        .paints(move |view| {
            sleep(Duration::from_millis(10));
            while view.url.contains("/3/") && hold.exists() {
                sleep(Duration::from_millis(5));
            }
            let number = view.url.split('/').nth(3).unwrap_or_default();
            let shift = number.parse().unwrap_or_default();
            let page = view.page().with_box([shift, 30, 3, 3], [1, 2, 3]);
            match view.is_on(STAGING) && view.url.contains("/3/") {
                true => page.with_box([20, 20, 10, 10], Canvas::RED).png(),
                false => page.png(),
            }
        })
}

/// The report without what is different in every run.
fn timeless(report: &Report) -> Value {
    let mut report = serde_json::to_value(report).expect("a report is data");
    for name in ["id", "started", "finished", "duration_ms", "times"] {
        report["run"]
            .as_object_mut()
            .expect("an object")
            .remove(name);
    }
    for shot in report["shots"].as_array_mut().expect("a list") {
        shot.as_object_mut().expect("an object").remove("times");
    }
    report
}

#[track_caller]
fn same(one: &Report, other: &Report) {
    let [one, other] = [one, other].map(|it| format!("{:#}", timeless(it)));
    let mut lines = one.lines().zip(other.lines());
    let place = lines.position(|(one, other)| one != other);
    if let Some(place) = place.or((one.len() != other.len()).then_some(0)) {
        let near = |text: &str| {
            let lines: Vec<_> = text
                .lines()
                .skip(place.saturating_sub(12))
                .take(24)
                .collect();
            lines.join("\n")
        };
        panic!("undisturbed:\n{}\n\nresumed:\n{}", near(&one), near(&other));
    }
}

/// Moments that look like chance, and are the same for the same seed.
struct Moments(u64);

impl Moments {
    fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self(seed)
    }

    fn next(&mut self, below: Duration) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let below = u64::try_from(below.as_millis())
            .expect("a short time")
            .max(1);
        Duration::from_millis((self.0 >> 33) % below)
    }
}

fn last_report(project: &Project) -> Option<Report> {
    let text = fs::read_to_string(project.path("reports/latest/report.json")).ok()?;
    Some(twinshot::report::json::parse(&text).expect("never torn"))
}

/// Shots that were decided stay as they were, to the millisecond.
#[track_caller]
fn keeps(before: &Report, after: &Report) {
    let times = |shot: &ShotReport| serde_json::to_string(&shot.times).expect("data");
    for shot in before
        .shots
        .iter()
        .filter(|shot| shot.verdict != Verdict::Failed)
    {
        let later = after.shots.iter().find(|it| it.id == shot.id);
        let later = later.unwrap_or_else(|| panic!("{} is lost", shot.id));
        assert_eq!(times(shot), times(later), "{} was decided again", shot.id);
    }
}

/// Ends a run at moments of this seed, resumes it until it is whole, and compares it with an undisturbed one.
fn ends_and_resumes(project: &Project, arguments: &[&str], signal: Signal, seed: u64, ends: usize) {
    let (driver, began) = (driver(project), Instant::now());
    let undisturbed = project.test(&driver, arguments);
    let (length, expected) = (began.elapsed(), undisturbed.report());
    assert_eq!(
        expected.run.state,
        RunState::Complete,
        "{}",
        undisturbed.shown()
    );
    let url = driver.url();
    let mut moments = Moments::new(seed);
    let (mut ended, mut is_new) = (0, true);
    loop {
        let before = last_report(project).filter(|_| !is_new);
        let resume = (!is_new).then_some("--resume");
        let mut words = vec!["test", "--webdriver", &url];
        words.extend(resume.iter().chain(arguments));
        let mut run = project.start(words);
        sleep(moments.next(if ended < ends {
            length / 2
        } else {
            Duration::ZERO
        }));
        if ended < ends && !run.is_over() {
            run.signal(signal);
            ended += 1;
        }
        let ran = run.finish();
        let report = last_report(project).expect("the undisturbed one at least");
        if let Some(before) = &before {
            keeps(before, &report);
        }
        let is_begun = report.run.id != expected.run.id;
        if is_begun && report.run.state == RunState::Complete {
            same(&expected, &report);
            if ended == ends {
                ran.stdout_has("shots: ");
                assert_eq!(ran.code(), undisturbed.code(), "{}", ran.shown());
                return;
            }
            // The next one begins anew; it is told apart by its folder.
            fs::remove_dir_all(project.path("reports")).expect("it is ours");
            symlink_to_expected(project, &expected);
        }
        is_new = !is_begun || report.run.state == RunState::Complete;
    }
}

/// The undisturbed report as the newest one.
fn symlink_to_expected(project: &Project, expected: &Report) {
    let folder = project.path("reports").join(&expected.run.id);
    fs::create_dir_all(&folder).expect("a folder");
    let text = twinshot::report::json::render(expected);
    fs::write(folder.join("report.json"), text).expect("a file");
    symlink(&expected.run.id, project.path("reports/latest")).expect("a link");
}

#[test]
fn a_run_that_was_killed_ten_times_reports_what_an_undisturbed_one_does() {
    ends_and_resumes(&shop(), &[], Signal::KILL, 13, 10);
}

#[test]
fn so_does_one_that_was_interrupted() {
    ends_and_resumes(&shop(), &["--workers", "3"], Signal::INT, 14, 3);
}

#[test]
fn so_does_one_with_golden_pictures_and_with_ci() {
    let project = shop();
    project.test(&driver(&project), &["--baseline", "golden"]);
    project.run(["approve", "--all"]).exit(0);
    let broken = project.path("golden/Flow-1/second@small.png");
    fs::write(broken, "no picture").expect("it is ours");
    ends_and_resumes(&project, &["--ci"], Signal::KILL, 15, 3);
    ends_and_resumes(&project, &["--baseline", "golden"], Signal::KILL, 16, 3);
}

#[test]
fn so_does_one_of_selected_shots_and_one_of_a_shard() {
    let project = shop();
    ends_and_resumes(&project, &["third", "flow-3"], Signal::TERM, 17, 3);
    ends_and_resumes(&project, &["--shard", "1/2"], Signal::KILL, 18, 3);
}

/// A run that ended in its second flow.
fn interrupted(project: &Project, driver: &FakeDriver, arguments: &[&str]) -> Ran {
    interrupted_after(5, project, driver, arguments)
}

/// A run that ended after some shots.
fn interrupted_after(
    shots: usize,
    project: &Project,
    driver: &FakeDriver,
    arguments: &[&str],
) -> Ran {
    let url = driver.url();
    let mut words = vec!["test", "--webdriver", &url, "--workers", "1"];
    words.extend(arguments);
    let before = last_report(project).map(|report| report.run.id);
    let is_far =
        |report: &Report| Some(&report.run.id) != before.as_ref() && report.shots.len() >= shots;
    fs::write(project.path(HOLD), "").expect("it is ours");
    let mut run = project.start(words);
    while !last_report(project).as_ref().is_some_and(is_far) {
        assert!(!run.is_over(), "the run was over before");
        sleep(Duration::from_millis(5));
    }
    run.signal(Signal::INT);
    // The driver is asked to end its sessions.
    fs::remove_file(project.path(HOLD)).expect("it is ours");
    run.finish()
}

#[test]
fn a_run_that_ends_early_prints_how_it_goes_on() {
    let project = shop();
    let driver = driver(&project);
    let ran = interrupted(&project, &driver, &[]);
    let url = driver.url();
    let again = ["test", "--resume", "--webdriver", &url, "--workers", "1"];
    assert_eq!(ran.exit(130).again(), again);
    let ran = project.run(ran.again());
    ran.exit(3).stderr_has("note: resuming the last run: ");
    ran.stdout_has("✗ Flow 3 › first @small");
    let open = ran
        .stdout()
        .lines()
        .filter_map(|line| line.split_once(", open "));
    assert!(
        open.map(|(_, path)| path)
            .all(|path| fs::exists(path).unwrap_or_default())
    );
    assert_eq!(ran.again()[..2], ["test", "--last-failed"]);
    ran.stdout_lacks("--resume");
}

#[test]
fn flows_that_came_to_their_end_are_not_run_again() {
    let project = shop();
    let driver = driver(&project);
    interrupted(&project, &driver, &[]).exit(130);
    let other = self::driver(&project);
    project.test(&other, &["--resume"]).exit(3);
    assert!(!other.has_visited("/1/first") && other.has_visited("/6/fourth"));
}

#[test]
fn a_shot_whose_picture_is_not_whole_is_taken_again() {
    let project = shop();
    let driver = driver(&project);
    let expected = project.test(&driver, &[]).report();
    let ran = interrupted(&project, &driver, &[]);
    let shot = ran.shot("Flow-1/second@small");
    let file = ran
        .report_folder()
        .join(shot.pictures.candidate.expect("it matched").file);
    let png = fs::read(&file).expect("it is kept");
    fs::write(&file, &png[..png.len() / 2]).expect("it is ours");
    let other = self::driver(&project);
    let ran = project.test(&other, &["--resume"]);
    same(&expected, &ran.report());
    assert!(other.has_visited("/1/second"));
    assert_eq!(fs::read(&file).ok(), Some(png));
}

#[test]
fn a_flow_whose_browser_was_lost_runs_again() {
    let project = shop();
    let lost = driver(&project).answers_on("staging.test/1/third", "url", Answer::CutOff);
    interrupted(&project, &lost, &[]).exit(130);
    let driver = driver(&project);
    let resumed = project.test(&driver, &["--resume"]).report();
    let expected = project.test(&driver, &[]).report();
    same(&expected, &resumed);
}

#[test]
fn a_run_of_failed_shots_goes_on_with_these() {
    let project = shop();
    let driver = driver(&project);
    project.test(&driver, &[]).exit(3);
    let failed = project
        .run(["test", "--last-failed", "--webdriver", &driver.url()])
        .report();
    project.test(&driver, &[]).exit(3);
    let ran = interrupted_after(1, &project, &driver, &["--last-failed"]);
    assert!(ran.exit(130).again().contains(&"--last-failed"));
    project
        .test(&driver, &["--resume"])
        .exit(2)
        .stderr_has("this command selects other shots");
    same(&failed, &project.run(ran.again()).report());
}

/// The last run is refused, says so, and stays as it is.
#[track_caller]
fn refused(project: &Project, ran: &Ran, code: i32, says: &str) {
    ran.exit(code).stderr_has(says);
    let state = last_report(project).map(|report| report.run.state);
    assert_ne!(state, Some(RunState::Running), "{}", ran.shown());
}

#[test]
fn another_command_is_refused() {
    let project = shop();
    let driver = driver(&project);
    interrupted(&project, &driver, &[]).exit(130);
    let cases: [(&[&str], &str); 9] = [
        (&["first"], "this command selects other shots"),
        (&["--viewport", "small"], "this command selects other shots"),
        (
            &["--shard", "1/2"],
            "its part was the whole and is now shard 1 of 2",
        ),
        (&["--ci"], "--ci was false and is now true"),
        (
            &["--baseline", "golden"],
            "the baseline was production (http://production.test/) and is now golden",
        ),
        (&["--candidate", "production"], "the candidate was staging"),
        (
            &["--candidate-url", "http://other.test"],
            "is now staging (http://other.test/)",
        ),
        (
            &["--reuse-baseline"],
            "this command differs in --reuse-baseline",
        ),
        (
            &["--last-failed"],
            "the last run was not one of failed shots only",
        ),
    ];
    for (arguments, says) in cases {
        let ran = project.test(&driver, &[&["--resume"], arguments].concat());
        refused(&project, &ran, 2, says);
    }
    project
        .test(&driver, &["--resume", "--workers", "2", "--quiet"])
        .exit(3);
}

#[test]
fn other_files_are_refused_and_named() {
    let part = "fragment: part\nsteps:\n  - goto: /\n";
    let project = shop().file("specs/part.yaml", part);
    let driver = driver(&project);
    interrupted(&project, &driver, &[]).exit(130);
    for name in ["specs/flow-6.yaml", "specs/part.yaml", "twinshot.yaml"] {
        let path = project.path(name);
        let text = fs::read_to_string(&path).expect("it is ours");
        fs::write(&path, format!("{text}# changed\n")).expect("it is ours");
        let ran = project.test(&driver, &["--resume"]);
        refused(
            &project,
            &ran,
            2,
            &format!("changed since it began: {name}; run again without --resume"),
        );
        fs::write(&path, text).expect("it is ours");
    }
    let project = project.spec("more.yaml", "flow: More\nsteps:\n  - goto: /more\n");
    refused(
        &project,
        &project.test(&driver, &["--resume"]),
        2,
        "changed since it began: specs/more.yaml",
    );
    fs::remove_file(project.path("specs/more.yaml")).expect("it is ours");
    // A file that no flow of the run needs may change.
    let project = project
        .file("specs/notes.txt", "notes")
        .file("golden/README.md", "approved");
    project.test(&driver, &["--resume"]).exit(3);
}

#[test]
fn another_golden_picture_than_the_one_compared_with_is_refused() {
    let project = shop();
    let driver = driver(&project);
    interrupted(&project, &driver, &[]).exit(130);
    let png = Canvas::new(60, 40, Canvas::WHITE).png();
    let project = project.file("golden/Flow-1/first@small.png", &png);
    let ran = project.test(&driver, &["--resume"]);
    refused(
        &project,
        &ran,
        2,
        "the golden picture of Flow-1/first@small changed since",
    );
    fs::remove_file(project.path("golden/Flow-1/first@small.png")).expect("it is ours");
    let project = project.file("golden/Flow-6/first@small.png", &png);
    project.test(&driver, &["--resume"]).exit(3);
}

#[test]
fn another_browser_is_refused() {
    let project = shop();
    interrupted(&project, &driver(&project), &[]).exit(130);
    let ran = project.test(&driver(&project).with_version("157.0.0.0"), &["--resume"]);
    refused(&project, &ran, 3, "and is now ");
    ran.stderr_has("157.0.0.0");
    project
        .test(&driver(&project), &["--resume"])
        .exit(3)
        .stderr_has("resuming");
}

/// A shop on a staging that serves release 1, or 2 while `is_new`, with this in `ready`.
fn released(ready: &str) -> (Project, FakeEnvironment, Arc<AtomicBool>) {
    let is_new = Arc::new(AtomicBool::new(false));
    let says = Arc::clone(&is_new);
    let staging = FakeEnvironment::new(move |_| {
        Said::release(if says.load(Ordering::SeqCst) {
            "2"
        } else {
            "1"
        })
    });
    let url = staging.url();
    let project = shop().config(&format!(
        "environments:\n  production: {{ url: \"http://production.test\" }}\n  \
         staging: {{ url: \"http://staging.test\", ready: {{ url: \"{url}/version\", {ready} }} }}\n\
         viewports: {{ small: 60x40 }}\ntimeout: 1s\npage_timeout: 1s\n"
    ));
    (project, staging, is_new)
}

#[test]
fn another_release_is_refused() {
    let (project, _staging, is_new) = released("json: /release");
    let driver = driver(&project);
    interrupted(&project, &driver, &[]).exit(130);
    is_new.store(true, Ordering::SeqCst);
    let ran = project.test(&driver, &["--resume"]);
    let says = "staging served release 1 and now serves 2";
    refused(&project, &ran, 3, says);
    is_new.store(false, Ordering::SeqCst);
    let ran = project.test(&driver, &["--resume"]);
    ran.exit(3).stderr_has("resuming");
}

#[test]
fn an_environment_that_is_not_ready_takes_nothing_from_a_run() {
    let (project, _staging, is_new) =
        released("json: /release, equals: 1, every: 50ms, timeout: 1s");
    let driver = driver(&project);
    interrupted(&project, &driver, &[]).exit(130);
    let before = last_report(&project);
    is_new.store(true, Ordering::SeqCst);
    let ran = project.test(&driver, &["--resume"]);
    ran.exit(3).stdout_has("staging did not serve release 1");
    let after = last_report(&project).expect("as before");
    same(&before.expect("it was interrupted"), &after);
    is_new.store(false, Ordering::SeqCst);
    let ran = project.test(&driver, &["--resume"]);
    let report = ran.exit(3).stderr_has("resuming").report();
    assert_eq!(report.run.state, RunState::Complete);
    assert!(report.run.undecided.is_empty());
}

#[test]
fn without_a_run_to_resume_the_command_is_refused() {
    let project = shop();
    let driver = driver(&project);
    let ran = project.test(&driver, &["--resume"]);
    ran.exit(2)
        .stderr_has("there is no run to resume in")
        .stderr_has("reports: run without --resume");
    project.test(&driver, &[]).exit(3);
    let ran = project.test(&driver, &["--resume"]);
    refused(
        &project,
        &ran,
        2,
        "is complete, so there is nothing to resume",
    );
    let file = project.path("reports/latest/report.json");
    fs::write(&file, "{}").expect("it is ours");
    project
        .test(&driver, &["--resume"])
        .exit(2)
        .stderr_has("is not a report that this version can read");
}

#[test]
fn a_run_that_still_goes_on_is_not_resumed() {
    let project = shop();
    let driver = driver(&project);
    let url = driver.url();
    fs::write(project.path(HOLD), "").expect("it is ours");
    let mut run = project.start(["test", "--webdriver", &url]);
    while last_report(&project).is_none_or(|report| report.shots.is_empty()) {
        assert!(!run.is_over(), "the run was over before");
        sleep(Duration::from_millis(5));
    }
    let other = project
        .start(["test", "--resume", "--webdriver", &url])
        .finish();
    other.exit(2).stderr_has("still goes on: wait for its end");
    fs::remove_file(project.path(HOLD)).expect("it is ours");
    run.finish().exit(3);
}
