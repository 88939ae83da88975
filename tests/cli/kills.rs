//! Signals, and processes killed under us, with a real browser: what is on disk is honest, nothing stays
//! behind, and what a killed Twinshot had to leave is swept by the next one.

use std::{
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use twinshot::report::{FailureKind, RunState, Verdict};

use super::support::{
    Answer, FakeDriver, Process, Project, Running, processes_naming, wait_until_none_names,
};

/// How long a browser may take to start on a busy machine.
const START: Duration = Duration::from_secs(40);

/// Real ones, as `PATH` or the variables have them.
pub(super) fn browser_is_installed() -> bool {
    let in_path = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    let named = |variable: &str| std::env::var_os(variable).is_some();
    let driver = named("TWINSHOT_CHROMEDRIVER") || in_path("chromedriver");
    let browsers = [
        "chromium-headless-shell",
        "chrome-headless-shell",
        "chromium",
        "google-chrome",
    ];
    let browser = named("TWINSHOT_CHROME") || browsers.into_iter().any(in_path);
    if !(driver && browser) {
        eprintln!("SKIPPED: this needs chromedriver and Chromium, see scripts/setup.sh");
    }
    driver && browser
}

/// Moments that look like chance and are the same in every run, in milliseconds.
fn moments(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 900
    })
}

fn demo() -> Project {
    Project::from("demo").with_browser()
}

/// Waits until a process of the project is what is looked for.
#[track_caller]
fn wait_for(project: &Project, run: &mut Running, is_it: impl Fn(&Process) -> bool) -> Process {
    let deadline = Instant::now() + START;
    loop {
        if let Some(found) = processes_naming(&project.tmp())
            .into_iter()
            .find(|process| is_it(process))
        {
            return found;
        }
        assert!(!run.is_over(), "the run was over before");
        assert!(
            Instant::now() < deadline,
            "no such process within {START:?}"
        );
        sleep(Duration::from_millis(10));
    }
}

/// A run of a flow that takes a minute, some moment after its browser came up.
fn begun(project: &Project, moment: u64) -> Running {
    let mut run = project.start(["test", "--workers", "1"]);
    wait_for(project, &mut run, Process::is_browser);
    sleep(Duration::from_millis(moment));
    run
}

#[test]
fn a_signal_ends_the_run_in_order() {
    if !browser_is_installed() {
        return;
    }
    let signals = [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::TERM, 143),
    ];
    for ((signal, code), moment) in signals.into_iter().zip(moments(1)) {
        let project = demo();
        let run = begun(&project, moment);
        run.signal(signal);
        let ran = run.finish();
        ran.exit(code)
            .partial(RunState::Interrupted)
            .stdout_has("interrupted, partial: ");
        assert_eq!(ran.report().run.planned_shots, 4);
        project.is_swept();
    }
}

#[test]
fn an_impatient_signal_leaves_no_process_either() {
    if !browser_is_installed() {
        return;
    }
    let project = demo();
    let mut run = begun(&project, 50);
    while !run.is_over() {
        run.signal(Signal::INT);
        sleep(Duration::from_millis(3));
    }
    let ran = run.finish();
    ran.exit(130);
    assert_ne!(ran.report().run.state, RunState::Complete);
    wait_until_none_names(&project.tmp());
}

#[test]
fn a_signal_ends_the_sessions_of_a_driver_that_is_not_ours() {
    let project = Project::two_sides();
    let driver = FakeDriver::new().answers_on("staging.test/cart", "url", Answer::Silence);
    let url = driver.url();
    let config = project.path("twinshot.yaml");
    let text = std::fs::read_to_string(&config).expect("it is ours");
    std::fs::write(
        &config,
        text.replace("page_timeout: 1s", "page_timeout: 5m"),
    )
    .expect("it is ours");
    let mut run = project.start(["test", "--webdriver", &url]);
    while !driver.was_asked("Page.captureScreenshot") {
        assert!(!run.is_over(), "the run was over before");
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(200));
    run.signal(Signal::INT);
    let ran = run.finish();
    ran.exit(130).partial(RunState::Interrupted);
    assert_eq!(ran.again(), ["test", "--webdriver", &url]);
    assert_eq!(
        driver.open_sessions(),
        0,
        "browsers of somebody else's driver go on"
    );
}

/// Kills a process of the first flow's browser; the second flow goes on.
fn kill_under_the_first_flow(is_victim: fn(&Process) -> bool, seed: u64) {
    for moment in moments(seed).take(2) {
        let project = demo();
        let mut run = begun(&project, moment);
        wait_for(&project, &mut run, is_victim).kill();
        let ran = run.finish();
        ran.exit(3)
            .verdict("Short-look/login@small", Verdict::Match);
        let report = ran.report();
        assert_eq!(report.run.state, RunState::Complete);
        let last = ran.shot("A-long-look/login-at-last@small");
        assert_eq!(last.verdict, Verdict::Failed, "{}", ran.shown());
        let failures = report.shots.iter().flat_map(|shot| &shot.failures);
        let is_told = |kind: FailureKind| kind == FailureKind::Driver;
        assert!(
            failures.into_iter().any(|failure| is_told(failure.kind)),
            "{}",
            ran.shown()
        );
        project.is_swept();
    }
}

#[test]
fn a_killed_driver_fails_its_flow_only() {
    if browser_is_installed() {
        kill_under_the_first_flow(Process::is_driver, 2);
    }
}

#[test]
fn a_killed_browser_fails_its_flow_only() {
    if browser_is_installed() {
        kill_under_the_first_flow(Process::is_browser, 3);
    }
}

#[test]
fn what_a_killed_twinshot_leaves_is_honest_and_swept_by_the_next() {
    if !browser_is_installed() {
        return;
    }
    for moment in moments(4).take(3) {
        let project = demo();
        let run = begun(&project, moment);
        run.signal(Signal::KILL);
        let ran = run.finish();
        ran.partial(RunState::Running);
        let left = project.scratch_folders();
        assert_eq!(
            left.len(),
            1,
            "the kill came too late or too early: {left:?}"
        );
        sweep_with_another_run(&project);
        gone(&left[0]);
    }
}

/// Any run sweeps before it begins, also one with another driver.
fn sweep_with_another_run(project: &Project) {
    let next = Project::two_sides().env("TMPDIR", project.tmp());
    let driver = FakeDriver::new();
    next.start(["test", "--webdriver", &driver.url()])
        .finish()
        .exit(0);
}

#[track_caller]
fn gone(scratch: &PathBuf) {
    wait_until_none_names(scratch);
    assert!(
        !Path::new(scratch).exists(),
        "{} is still there",
        scratch.display()
    );
}
