//! Programs that are not there, too old, broken or in the way; and hosts that nobody answers at.

use std::net::TcpListener;

use twinshot::report::{FailureKind, Verdict};

use super::{
    kills::browser_is_installed,
    support::{FakeDriver, Project, Ran},
};

const HOME: &str = "Shop/home@small";
const OLD: &str = "\
echo 'Starting ChromeDriver 89.0.4389.23 (61b08ee2c5) on port 4711'
echo 'ChromeDriver was started successfully on port 4711.'
sh -c 'sleep 60; true' $0";

/// A run with this chromedriver; the browser is never started.
fn with_driver(script: &str) -> Ran {
    let project = Project::two_sides().program("chromedriver", script);
    project
        .program("chromium-headless-shell", "exit 1")
        .run(["test"])
}

#[test]
fn without_a_driver_it_says_how_to_get_one() {
    let project = Project::two_sides().without_programs();
    let ran = project.run(["test"]);
    ran.exit(3)
        .stderr_has("chromedriver was not found in PATH")
        .stderr_has("apt-get install")
        .stderr_has("--webdriver URL");
    assert!(!project.path("reports").exists(), "a report of nothing");
}

#[test]
fn without_a_browser_it_says_how_to_get_one() {
    let project = Project::two_sides()
        .without_programs()
        .program("chromedriver", OLD);
    project
        .run(["test"])
        .exit(3)
        .stderr_has("no Chrome or Chromium was found in PATH");
}

#[test]
fn a_program_that_was_named_must_be_there() {
    for variable in ["TWINSHOT_CHROMEDRIVER", "TWINSHOT_CHROME"] {
        let project = Project::two_sides().program("chromedriver", OLD);
        let ran = project.env(variable, "/no/such/program").run(["test"]);
        ran.exit(3).stderr_has(&format!(
            "{variable} names /no/such/program, which does not exist"
        ));
    }
}

#[test]
fn a_driver_that_is_too_old_is_named_with_its_version() {
    let ran = with_driver(OLD);
    ran.exit(3)
        .failed(
            HOME,
            FailureKind::Driver,
            "is version 89.0.4389.23, too old",
        )
        .stdout_has("needs chromedriver 115 or newer");
}

#[test]
fn a_drivers_last_words_are_told_however_many_it_had() {
    let ran = with_driver("echo 'libnss3.so: cannot open' >&2; exit 127");
    let words = "it exited immediately; its last words: libnss3.so: cannot open";
    ran.exit(3).failed(HOME, FailureKind::Driver, words);
    let ran =
        with_driver("head -c 30000000 /dev/zero | tr '\\0' x >&2; echo ' at last' >&2; exit 1");
    ran.exit(3).failed(HOME, FailureKind::Driver, "xxx at last");
    let message = &ran.report().shots[0].failures[0].message;
    assert!(message.len() < 1000, "{message}");
    // Without any, nothing is said of them.
    with_driver("exit 1").stdout_lacks("last words");
}

#[test]
fn a_driver_that_ends_at_once_is_quoted() {
    with_driver("exit 1").exit(3).failed(
        HOME,
        FailureKind::Driver,
        "did not start: it exited immediately",
    );
    let ran = with_driver("echo 'cannot open display'; exit 1");
    ran.exit(3)
        .failed(HOME, FailureKind::Driver, "it said: cannot open display");
}

#[test]
fn a_driver_whose_port_was_taken_is_started_again() {
    let project = Project::two_sides();
    let tries = project.tmp().join("tries");
    let script = format!(
        "echo try >> {}\necho 'port not available'; exit 1",
        tries.display()
    );
    let project = project.program("chromedriver", &script);
    let ran = project
        .program("chromium-headless-shell", "exit 1")
        .run(["test"]);
    ran.exit(3)
        .failed(HOME, FailureKind::Driver, "it said: port not available");
    let tried = ran.read(&tries).lines().count();
    assert_eq!(tried, 10, "five times on each side");
}

#[test]
fn a_driver_that_never_gets_ready_is_given_up_and_ended() {
    let ran = with_driver("echo 'Starting ChromeDriver 150.0.1.2'; sh -c 'sleep 60; true' $0");
    ran.exit(3)
        .failed(HOME, FailureKind::Driver, "it reported no port within 20 s");
}

#[test]
fn a_driver_that_cannot_be_run_is_named() {
    let project = Project::two_sides().file("chromedriver", "not a program");
    let driver = project.path("chromedriver");
    let ran = project.env("TWINSHOT_CHROMEDRIVER", driver).run(["test"]);
    ran.exit(3).stdout_has("chromedriver did not start: ");
}

#[test]
fn an_environment_that_is_down_is_never_a_visual_change() {
    if !browser_is_installed() {
        return;
    }
    let nobody = TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr();
    let nobody = format!("http://{}", nobody.expect("it is bound"));
    let project = Project::from("demo").with_browser();
    for (address, says) in [
        (nobody.as_str(), "net::ERR_CONNECTION_REFUSED"),
        ("http://nowhere.invalid", "net::ERR_"),
    ] {
        let ran = project.run(["test", "short look", "--candidate-url", address]);
        let says = format!("could not be loaded: unknown error: {says}");
        ran.exit(3)
            .failed("Short-look/login@small", FailureKind::Navigation, &says);
    }
}

#[test]
fn a_role_can_be_filled_in_another_way() {
    let project = Project::two_sides();
    for (flag, other) in [
        ("--candidate-url", "production.test"),
        ("--baseline-url", "staging.test"),
    ] {
        let driver = FakeDriver::new();
        let ran = project.test(&driver, &[flag, "http://elsewhere.test/app"]);
        ran.exit(0).verdict(HOME, Verdict::Match);
        assert!(
            driver.has_visited("http://elsewhere.test/app/cart"),
            "{flag}"
        );
        assert!(driver.has_visited(other), "{flag}");
    }
    let changed = FakeDriver::new().with_a_change_on_staging();
    project.test(&changed, &["--baseline", "staging"]).exit(0);
    project
        .test(&changed, &["--candidate", "production"])
        .exit(0);
}
