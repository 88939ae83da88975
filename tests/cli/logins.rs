//! Logins that flows share, on a driver that breaks off where one is taken out of a browser or put into one.

use twinshot::report::{FailureKind, Verdict};

use super::support::{Answer, FakeDriver, Project, Ran, STAGING};

/// Two flows of one session, one after the other, and one without.
fn three_flows(driver: &FakeDriver, code: i32) -> Ran {
    let project = Project::two_sides();
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
    let flow = |name: &str| {
        format!("flow: {name}\nsession: jane\nsteps:\n  - goto: /{name}\n    shot: it\n")
    };
    let ran = project
        .config(&format!(
            "{config}sessions: {{ jane: {{ use: log in }} }}\n"
        ))
        .spec("login.yaml", "fragment: log in\nsteps:\n  - goto: /login\n")
        .spec("one.yaml", &flow("one"))
        .spec("two.yaml", &flow("two"))
        .spec(
            "zero.yaml",
            "flow: zero\nsteps:\n  - goto: /zero\n    shot: it\n",
        )
        .test(driver, &["one", "two", "zero", "--workers", "1"]);
    ran.exit(code);
    assert_eq!(driver.open_sessions(), 0, "sessions left open");
    ran.verdict("zero/it@small", Verdict::Match);
    ran
}

fn refusal() -> Answer {
    Answer::Refusal("unknown error", "not today".into())
}

#[test]
fn a_login_is_taken_once_and_put_into_each_flow() {
    let driver = FakeDriver::new();
    three_flows(&driver, 0);
    assert_eq!(driver.begun_sessions(), 2);
    let asked = |command| driver.how_often(command);
    assert_eq!(asked("Network.getAllCookies"), 2, "once for each side");
    assert_eq!(
        asked("Network.setCookies"),
        4,
        "once for each flow and side"
    );
    assert_eq!(
        asked("Page.removeScriptToEvaluateOnNewDocument"),
        4 + 8,
        "the storage of each, and the clocks"
    );
}

#[test]
fn a_login_that_cannot_be_taken_fails_who_needs_it() {
    for answer in [refusal(), Answer::Value(serde_json::json!({}))] {
        let driver = FakeDriver::new().answers_on(STAGING, "Network.getAllCookies", answer);
        let ran = three_flows(&driver, 3);
        for flow in ["one", "two"] {
            let shot = ran.shot(&format!("{flow}/it@small"));
            assert_eq!(shot.verdict, Verdict::Failed);
            let message = &shot.failures[0].message;
            assert!(
                message.starts_with("the login of session `jane` failed: "),
                "{message}"
            );
        }
    }
}

#[test]
fn a_login_that_cannot_be_put_into_a_browser_fails_its_flow() {
    let empty = Answer::Value(serde_json::json!({}));
    let script = "Page.addScriptToEvaluateOnNewDocument";
    for (command, answer) in [("Network.setCookies", refusal()), (script, empty)] {
        // The script that every window gets is asked for without looking at the answer.
        let ran = three_flows(&FakeDriver::new().answers(command, answer), 3);
        ran.failed(
            "two/it@small",
            FailureKind::Driver,
            "the session cannot be restored: ",
        );
    }
}

/// The next flow logs in by itself.
#[test]
fn a_browser_that_dies_at_a_login_takes_one_flow_with_it() {
    for answer in [
        Answer::CutOff,
        Answer::no_such_session(),
        Answer::not_json(),
    ] {
        let driver = FakeDriver::new().answers_once("Network.getAllCookies", answer);
        let ran = three_flows(&driver, 3);
        ran.failed(
            "one/it@small",
            FailureKind::Driver,
            "the login of session `jane` failed: ",
        );
        ran.verdict("two/it@small", Verdict::Match);
    }
}

/// A storage that must not be looked into is no reason to fail.
#[test]
fn a_page_without_a_storage_logs_in_all_the_same() {
    let driver = FakeDriver::new().answers("DOMStorage.getDOMStorageItems", refusal());
    three_flows(&driver, 0);
}

#[test]
fn a_cookie_is_shown_nowhere() {
    let driver = FakeDriver::new().titles(|session| format!("{} of c4n4ry-of-jane", session.url));
    let ran = three_flows(&driver, 0);
    let report = ran.read(&ran.report_folder().join("report.json"));
    assert!(!report.contains("c4n4ry"), "{report}");
    assert!(
        report.contains(" of ••••••"),
        "nothing was hidden: {report}"
    );
}
