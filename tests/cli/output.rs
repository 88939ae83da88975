//! What goes to which stream: quiet, verbose, JSON, colours, and readers that have gone away.

use std::{process::Command, time::Duration};

use twinshot::{
    report::{self, RunTimes, Times, WaitReason},
    side::Role,
};

use super::support::{Canvas, FakeDriver, Project};

#[test]
fn quiet_prints_failing_shots_and_the_summary() {
    let project = Project::two_sides();
    let ran = project.test(&FakeDriver::new(), &["--quiet"]);
    ran.exit(0)
        .stdout_lacks(" › ")
        .stdout_has("2 shots: 2 match");
    let ran = project.test(&FakeDriver::new().with_a_change_on_staging(), &["-q"]);
    ran.exit(1)
        .stdout_has("✗ Shop › home @small")
        .stdout_has("2 shots: 2 mismatch");
}

#[test]
fn verbose_tells_what_each_shot_took() {
    let ran = Project::two_sides().test(&FakeDriver::new(), &["--verbose"]);
    ran.exit(0)
        .stdout_has("\n    navigate ")
        .stdout_has(" ms, compare ")
        .stdout_has("\n    baseline settled in ")
        .stdout_has("\n    candidate settled in ")
        .stdout_has(" ms: fonts 12 ms, 2 images 40 ms")
        .stdout_has("; 1 frame\n")
        .stdout_lacks("layout");
}

#[test]
fn the_report_breaks_down_the_time_of_each_shot_and_of_the_run() {
    let driver = slow_on_staging_cart(120);
    let report = Project::two_sides().test(&driver, &[]).exit(0).report();
    let times: Vec<_> = report.shots.iter().map(|shot| &shot.times).collect();
    let [home, cart] = times[..] else {
        panic!("two shots: {times:?}");
    };
    let side = |times: &Times, role| times.sides.get(role).clone().expect("both are live");
    assert!(side(cart, Role::Candidate).shoot_ms >= 120, "{cart:?}");
    assert!(side(cart, Role::Baseline).shoot_ms < 120, "{cart:?}");
    assert_eq!(cart.shoot_ms, side(cart, Role::Candidate).shoot_ms);
    assert!(cart.total_ms() >= 120, "{cart:?}");
    let waits = side(home, Role::Candidate).waits;
    let images = waits.iter().find(|wait| wait.reason == WaitReason::Images);
    assert_eq!(images.map(|wait| (wait.count, wait.ms)), Some((2, 40)));
    assert_eq!(side(home, Role::Candidate).frames, 1);
    let run = report.run.times;
    assert_eq!(run.shoot_ms, home.shoot_ms + cart.shoot_ms);
    assert_eq!(run.sessions.started, 2);
    assert_eq!(RunTimes::of(&report.shots, run.sessions), run);
}

#[test]
fn a_line_for_each_flow_shows_that_the_run_goes_on() {
    let other = "flow: Wares\nsteps:\n  - goto: /wares\n    shot: wares\n";
    let project = Project::two_sides().spec("wares.yaml", other);
    let ran = project.test(&FakeDriver::new(), &["--workers", "1", "--ci"]);
    ran.stderr_has("flow 1 of 2: Shop @small, 2 shots in ")
        .stderr_has("flow 2 of 2: Wares @small, 1 shot in ");
    let ran = project.test(&FakeDriver::new(), &["--quiet"]);
    assert!(
        !ran.exit(0).stderr().contains("flow 1 of"),
        "{}",
        ran.shown()
    );
}

/// A driver that takes so many milliseconds for each picture of one page.
fn slow_on_staging_cart(milliseconds: u64) -> FakeDriver {
    FakeDriver::new().paints(move |view| {
        if view.url.contains("staging.test/cart") {
            std::thread::sleep(Duration::from_millis(milliseconds));
        }
        view.page().png()
    })
}

#[test]
fn a_terminal_shows_what_each_worker_does() {
    let project = Project::two_sides();
    let driver = slow_on_staging_cart(200);
    let Some(shown) = in_a_terminal(&project, "", &driver) else {
        return;
    };
    for words in ["Shop @small  ", "/2 shots", "goto /cart"] {
        assert!(shown.contains(words), "{words}: {shown:?}");
    }
    assert!(!shown.contains("flow 1 of 1"), "{shown:?}");
    for plain in ["CI=1", "TERM=dumb"] {
        let shown = in_a_terminal(&project, plain, &driver).unwrap_or_default();
        assert!(
            shown.contains("flow 1 of 1: Shop @small"),
            "{plain}: {shown:?}"
        );
        assert!(!shown.contains("/2 shots"), "{plain}: {shown:?}");
    }
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    let ran = Project::two_sides().run(["test", "--quiet", "--verbose"]);
    ran.exit(2).stderr_has("cannot be used with");
}

#[test]
fn json_on_stdout_is_the_report_and_nothing_else() {
    let driver = FakeDriver::new().with_a_change_on_staging();
    let ran = Project::two_sides().test(&driver, &["--format", "json"]);
    ran.exit(1);
    let printed = report::json::parse(ran.stdout()).expect("stdout is a report");
    assert_eq!(printed.summary.mismatched, 2);
    let stored = ran.read(&ran.report_folder().join("report.json"));
    assert_eq!(ran.stdout(), stored);
}

#[test]
fn flags_can_be_set_by_variables() {
    let driver = FakeDriver::new().with_a_change_on_staging();
    let ran = Project::two_sides()
        .env("TWINSHOT_WEBDRIVER", driver.url())
        .env("TWINSHOT_FORMAT", "json")
        .env("TWINSHOT_REPORTS", "elsewhere")
        .run(["test"]);
    assert!(
        report::json::parse(ran.exit(1).stdout()).is_ok(),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_reports_folder_can_be_named() {
    let project = Project::two_sides();
    let ran = project.test(&FakeDriver::new(), &["--reports", "kept/here"]);
    ran.exit(0).stdout_has("report: kept/here/");
    assert!(project.path("kept/here/latest/report.json").is_file());
    assert!(!project.path("reports").exists());
}

#[test]
fn nobody_has_to_read_to_the_end() {
    let driver = FakeDriver::new().with_a_change_on_staging();
    let url = driver.url();
    let project = Project::two_sides();
    for (arguments, code) in [
        (vec!["list"], 0),
        (vec!["schema"], 0),
        (vec!["validate"], 0),
        (vec!["test", "--webdriver", &url], 1),
        (vec!["test", "--webdriver", &url, "--format", "json"], 1),
        (vec!["test", "no such shot"], 4),
        (vec!["test", "--candidate", "nobody"], 2),
    ] {
        let shown = arguments.join(" ");
        assert_eq!(project.run_unread(arguments), code, "twinshot {shown}");
    }
    assert!(project.path("reports/latest/report.json").is_file());
}

/// The command with stdout on a disk that is full.
fn with_a_full_disk(project: &Project, arguments: &[&str]) -> (i32, String) {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = project
        .command(arguments.iter().copied())
        .stdout(full.expect("it is part of every Linux"))
        .stderr(std::process::Stdio::piped())
        .output()
        .expect("the binary starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), errors)
}

#[test]
fn results_that_cannot_be_printed_are_exit_code_five() {
    let driver = FakeDriver::new().with_a_change_on_staging();
    let url = driver.url();
    let project = Project::two_sides()
        .file("a/x.png", Canvas::new(9, 9, Canvas::WHITE).png())
        .file("b/x.png", Canvas::new(9, 9, Canvas::RED).png());
    for arguments in [
        vec!["diff", "a/x.png", "b/x.png"],
        vec!["diff", "a/x.png", "a/x.png", "--format", "json"],
        vec!["diff", "a", "b", "--format", "jsonl"],
        vec!["diff", "a", "b", "--format", "json"],
        vec!["diff", "a", "b"],
        vec!["list"],
        vec!["list", "--json"],
        vec!["schema"],
        vec!["schema", "config"],
        vec!["validate"],
        vec!["test", "--webdriver", &url],
        vec!["test", "--webdriver", &url, "--format", "json"],
        vec!["approve", "--all"],
        vec!["demo"],
    ] {
        let (code, errors) = with_a_full_disk(&project, &arguments);
        assert_eq!(code, 5, "twinshot {}: {errors}", arguments.join(" "));
        assert!(errors.contains("cannot write to stdout: "), "{errors}");
    }
    // What was approved is kept although nobody could be told.
    assert!(project.path("golden/Shop/home@small.png").is_file());
}

/// The command with a terminal for its output; `script` is part of every Linux.
fn in_a_terminal(project: &Project, variables: &str, driver: &FakeDriver) -> Option<String> {
    let arguments = format!("test --webdriver {}", driver.url());
    shown_in_a_terminal(project, variables, &arguments)
}

fn shown_in_a_terminal(project: &Project, variables: &str, arguments: &str) -> Option<String> {
    let binary = env!("CARGO_BIN_EXE_twinshot");
    let line = format!("{variables} {binary} {arguments}");
    let model = project.command([]);
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .current_dir(project.path(""))
        .env_clear();
    for (name, value) in model.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    match command
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .output()
    {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            eprintln!("SKIPPED: there is no terminal without `script`: {error}");
            None
        }
    }
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let project = Project::two_sides();
    let driver = FakeDriver::new().with_a_change_on_staging();
    let green_or_red = "\u{1b}[31m✗\u{1b}[0m Shop › home";
    let Some(shown) = in_a_terminal(&project, "", &driver) else {
        return;
    };
    assert!(shown.contains(green_or_red), "{shown:?}");
    for plain in ["NO_COLOR=1", "TERM=dumb"] {
        let shown = in_a_terminal(&project, plain, &driver).unwrap_or_default();
        assert!(shown.contains("✗ Shop › home"), "{plain}: {shown:?}");
        assert!(!shown.contains(green_or_red), "{plain}: {shown:?}");
    }
    let ran = project.test(&driver, &[]);
    ran.exit(1).stdout_lacks("\u{1b}");
}

/// Two folders of so many pairs.
fn folders(pairs: usize) -> Project {
    let picture = Canvas::new(900, 700, Canvas::WHITE);
    let [baseline, candidate] = [
        picture.png(),
        picture.with_box([3, 3, 9, 9], Canvas::RED).png(),
    ];
    (0..pairs).fold(Project::new(), |project, index| {
        project
            .file(&format!("a/{index}.png"), &baseline)
            .file(&format!("b/{index}.png"), &candidate)
    })
}

#[test]
fn folders_have_a_bar_where_somebody_watches() {
    let project = folders(60);
    let Some(shown) = shown_in_a_terminal(&project, "", "diff a b") else {
        return;
    };
    assert!(shown.contains("/60 pairs"), "{shown:?}");
    for unwatched in ["CI=1", "TERM=dumb"] {
        let shown = shown_in_a_terminal(&project, unwatched, "diff a b").unwrap_or_default();
        assert!(shown.contains("0.png: mismatch"), "{shown:?}");
        assert!(!shown.contains("/60 pairs"), "{unwatched}: {shown:?}");
    }
    let shown = shown_in_a_terminal(&project, "", "diff a b --quiet").unwrap_or_default();
    assert!(!shown.contains("/60 pairs"), "{shown:?}");
    let shown = shown_in_a_terminal(&project, "NO_COLOR=1", "diff a b").unwrap_or_default();
    assert!(!shown.contains("\u{1b}[3"), "a colour: {shown:?}");
    let ran = project.run(["diff", "a", "b"]);
    ran.exit(1).stderr_is_empty().stdout_lacks("\u{1b}");
}

#[test]
fn a_hostile_title_cannot_move_the_cursor() {
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{202e}";
    let spec = "
flow: Shop
steps:
  - goto: /
    shot: home
  - expect: { title: x }
    timeout: 1ms
    shot: false
";
    let driver = FakeDriver::new().titles(move |_| hostile.to_owned());
    let ran = Project::two_sides()
        .spec("shop.yaml", spec)
        .test(&driver, &[]);
    ran.exit(1).stdout_has("expected the title `x`");
    for bad in ['\u{1b}', '\u{7}', '\r', '\u{202e}'] {
        assert!(!ran.stdout().contains(bad), "{bad:?} in {:?}", ran.stdout());
    }
}
