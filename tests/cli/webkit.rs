//! WebKitGTK and signals: whatever ends a run, its driver, its browser with all helpers and its display end too.

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use twinshot::report::{FailureKind, RunState, Verdict};

use super::support::{Process, Project, Running};

/// How long a browser may take to start, or to be gone, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// All that a session is made of; the kernel knows them by the beginnings of their names.
const PROGRAMS: [&str; 5] = [
    "Xvfb",
    "WebKitWebDriver",
    "MiniBrowser",
    "WebKitNetworkProcess",
    "WebKitWebProcess",
];

fn is_installed() -> bool {
    let in_path = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    let is_there = in_path("WebKitWebDriver") && in_path("Xvfb");
    if !is_there {
        eprintln!("SKIPPED: this needs WebKitWebDriver and Xvfb, see scripts/setup-webkit.sh");
    }
    is_there
}

fn demo() -> Project {
    let project = Project::from("demo");
    let config = fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
    project.config(&format!("{config}browsers: [webkit]\n"))
}

/// Processes that were started under the project's folder for temporary files.
fn processes(project: &Project) -> Vec<Process> {
    let needle = project.tmp().to_string_lossy().into_owned();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| {
        let read = |name: &str| fs::read(entry.path().join(name)).ok();
        let said = [read("environ")?, read("cmdline")?].concat();
        let is_ours = String::from_utf8_lossy(&said).contains(&needle);
        let command = String::from_utf8_lossy(&read("cmdline")?).into_owned();
        let command = command.split('\0').map(str::to_owned).collect();
        let id = entry.file_name().to_str()?.parse().ok()?;
        is_ours.then_some(Process { id, command })
    });
    processes.collect()
}

fn is_program(process: &Process, name: &str) -> bool {
    let program = process.command.first();
    program.is_some_and(|program| program.ends_with(name))
}

/// A run that has begun to draw: each program of a session is there.
#[track_caller]
fn begun(project: &Project) -> Running {
    let mut run = project.start(["test", "--workers", "1"]);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let all = processes(project);
        let is_there = |name: &&str| all.iter().any(|process| is_program(process, name));
        if PROGRAMS.iter().all(is_there) {
            return run;
        }
        assert!(!run.is_over(), "the run was over before");
        assert!(Instant::now() < deadline, "no browser came up: {all:#?}");
        sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn nothing_is_left(project: &Project) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = processes(project);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "left running: {left:#?}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_ends_webkit_and_its_display() {
    if !is_installed() {
        return;
    }
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let project = demo();
        let run = begun(&project);
        run.signal(signal);
        let ran = run.finish();
        ran.exit(code).partial(RunState::Interrupted);
        nothing_is_left(&project);
        project.is_swept();
    }
}

#[test]
fn a_killed_twinshot_takes_webkit_with_it() {
    if !is_installed() {
        return;
    }
    let project = demo();
    let run = begun(&project);
    assert!(!processes(&project).is_empty(), "too early");
    run.signal(Signal::KILL);
    run.finish().partial(RunState::Running);
    nothing_is_left(&project);
    project.is_swept();
}

/// Each flow has a browser of its own; the second one goes on.
#[test]
fn a_killed_webkit_fails_its_flow_only() {
    if !is_installed() {
        return;
    }
    for program in ["MiniBrowser", "WebKitWebProcess"] {
        kill_under_the_first_flow(program);
    }
}

fn kill_under_the_first_flow(program: &str) {
    let project = demo();
    let run = begun(&project);
    let all = processes(&project);
    let victim = all.iter().find(|process| is_program(process, program));
    victim.expect("it is there").kill();
    let ran = run.finish();
    ran.exit(3)
        .verdict("Short-look/login@small-webkit", Verdict::Match);
    let report = ran.report();
    assert_eq!(report.run.state, RunState::Complete);
    let mut failures = report.shots.iter().flat_map(|shot| &shot.failures);
    assert!(
        failures.any(|failure| failure.kind == FailureKind::Driver),
        "{}",
        ran.shown()
    );
    nothing_is_left(&project);
    project.is_swept();
}
