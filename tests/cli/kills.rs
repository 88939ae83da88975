//! Signals, and processes killed under us, with a real browser: what is on disk is honest, nothing stays
//! behind, its guard cleans up after a killed Twinshot, and where the guard is killed too, the next run does.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
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
    assert_eq!(ran.again(), ["test", "--resume", "--webdriver", &url]);
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
fn a_killed_twinshot_takes_its_browsers_with_it() {
    if !browser_is_installed() {
        return;
    }
    for moment in moments(4).take(3) {
        let project = demo();
        let run = begun(&project, moment);
        let scratch = the_scratch_folder(&project);
        run.signal(Signal::KILL);
        run.finish().partial(RunState::Running);
        gone(&scratch);
        project.is_swept();
    }
}

#[test]
fn what_is_left_when_the_guard_is_killed_too_is_swept_by_the_next_run() {
    if !browser_is_installed() {
        return;
    }
    let project = demo();
    let run = begun(&project, 300);
    let scratch = the_scratch_folder(&project);
    let all = processes_naming(&scratch);
    let guard = all
        .iter()
        .find(|it| it.command.iter().any(|word| word == "guard"));
    guard.expect("it has a guard").kill();
    run.signal(Signal::KILL);
    run.finish().partial(RunState::Running);
    assert!(scratch.exists(), "nobody was left to remove it");
    sweep_with_another_run(&project);
    gone(&scratch);
}

/// What only looks like the folder of a run, or belongs to something else, is not touched.
#[test]
fn only_folders_and_processes_of_runs_are_swept() {
    let project = Project::two_sides();
    let uid = rustix::process::getuid().as_raw();
    let plant = |name: &str| {
        let folder = project.tmp().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("owner.lock"), "").expect("a file");
        folder
    };
    let real = plant(&format!("twinshot-run-{uid}-0a1B2c3D4e5F"));
    let others = [
        plant(&format!("twinshot-run-{uid}-")),
        plant(&format!("twinshot-run-{uid}-short")),
        plant(&format!("twinshot-run-{}-0a1B2c3D4e5F", uid + 1)),
    ];
    let target = plant("target");
    let link = project
        .tmp()
        .join(format!("twinshot-run-{uid}-linkAAAAAAAA"));
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    let next_to = format!("{}-else/x", real.display());
    let sleeper = |word: &str| {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 60; :", "sh", word])
            .process_group(0);
        command.spawn().expect("a shell")
    };
    let words = [
        others[0].join("x").display().to_string(),
        others[1].join("x").display().to_string(),
        target.join("x").display().to_string(),
        real.display().to_string(),
        next_to,
    ];
    let mut spared: Vec<Child> = words.iter().map(|word| sleeper(word)).collect();
    let mut swept = sleeper(&real.join("0/driver.log").display().to_string());
    let driver = FakeDriver::new();
    let run = project.start(["test", "--webdriver", &driver.url()]);
    run.finish().exit(0);
    assert!(!real.exists(), "{}", real.display());
    assert!(!swept.wait().expect("it ended").success());
    for folder in others.iter().chain([&target]) {
        assert!(folder.join("owner.lock").exists(), "{}", folder.display());
    }
    for (child, word) in spared.iter_mut().zip(words) {
        assert!(
            child.try_wait().expect("a child").is_none(),
            "killed: {word}"
        );
        let group = Pid::from_raw(i32::try_from(child.id()).expect("an id")).expect("not zero");
        kill_process_group(group, Signal::KILL).expect("it runs still");
        child.wait().expect("it ended");
    }
    fs::remove_file(link).expect("it is still there");
    others
        .iter()
        .for_each(|folder| fs::remove_dir_all(folder).expect("a folder"));
}

#[track_caller]
fn the_scratch_folder(project: &Project) -> PathBuf {
    let mut folders = project.scratch_folders();
    assert_eq!(folders.len(), 1, "too early: {folders:?}");
    folders.remove(0)
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

/// A secret that is typed lies in no file, while the run goes on, that others can read, and no driver or browser has it in its
/// environment.
#[test]
fn a_secret_lies_nowhere_while_the_run_goes_on() {
    const CANARY: &str = "c4n4ry-in-a-run";
    if !browser_is_installed() {
        return;
    }
    let flow = "flow: Login\nsteps:\n  - goto: /login\n  - type: { into: \"#email\", text: \"${CANARY_TOKEN}\" }\n  \
                - wait: 60s\n    shot: typed\n";
    let project = demo()
        .spec("canary.yaml", flow)
        .env("CANARY_TOKEN", CANARY)
        .env("OTHER_PASSWORD", format!("{CANARY}-unused"))
        .env("CONTAINS", format!("https://jane:{CANARY}@somewhere/"));
    let mut run = project.start(["test", "--workers", "1", "canary.yaml"]);
    wait_for(&project, &mut run, Process::is_browser);
    sleep(Duration::from_secs(5));
    let scratch = the_scratch_folder(&project);
    let mode = fs::metadata(&scratch)
        .expect("a folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700, "{}", scratch.display());
    let has_it = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes
            .windows(CANARY.len())
            .any(|part| part == CANARY.as_bytes())
    };
    let processes = processes_naming(&scratch);
    assert!(processes.iter().any(Process::is_driver), "{processes:#?}");
    for process in &processes {
        let environment = PathBuf::from(format!("/proc/{}/environ", process.id));
        assert!(!has_it(&environment), "{:?} knows it", process.command);
    }
    let logs = files_named(&scratch, "driver.log");
    assert_eq!(logs.len(), 2, "{logs:?}");
    for log in logs {
        assert!(!has_it(&log), "{} has it", log.display());
    }
    run.signal(Signal::INT);
    run.finish().exit(130);
    project.is_swept();
}

fn files_named(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let found = paths.flat_map(|path| match path.is_dir() {
        true => files_named(&path, name),
        false => vec![path],
    });
    found.filter(|path| path.ends_with(name)).collect()
}
