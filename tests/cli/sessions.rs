//! Sessions go from flow to flow when they could be cleaned, and are replaced when they could not; whose
//! driver it is makes no difference, and none is left open.

use serde_json::json;

use super::support::{Answer, FakeDriver, Project, Ran, STAGING};

/// Runs three flows one after the other that do something with their pages.
fn three_flows(project: Project, driver: &FakeDriver, code: i32) -> Ran {
    three_flows_of(
        "  - { evaluate: 'work()', shot: false }\n",
        project,
        driver,
        code,
    )
}

/// Runs three flows one after the other, each with these steps on its page.
fn three_flows_of(steps: &str, project: Project, driver: &FakeDriver, code: i32) -> Ran {
    let project = ["one", "two", "three"]
        .into_iter()
        .fold(project, |project, name| {
            let spec = format!("flow: {name}\nsteps:\n  - goto: /{name}\n{steps}");
            project.spec(&format!("{name}.yaml"), &spec)
        });
    let ran = project.test(driver, &["one", "two", "three", "--workers", "1"]);
    ran.exit(code);
    assert_eq!(driver.open_sessions(), 0, "sessions left open");
    ran
}

/// A driver that refuses whatever belongs to cleaning.
fn refusing(command: &'static str) -> FakeDriver {
    FakeDriver::new().answers(
        command,
        Answer::Refusal("unknown error", "not today".into()),
    )
}

#[test]
fn one_session_of_each_side_serves_all_flows() {
    let driver = FakeDriver::new();
    three_flows(Project::two_sides(), &driver, 0);
    assert_eq!(driver.begun_sessions(), 2);
    for command in [
        "actions",
        "Page.resetNavigationHistory",
        "Storage.clearDataForOrigin",
        "Network.clearBrowserCookies",
        "Network.clearBrowserCache",
        "Browser.resetPermissions",
    ] {
        assert!(driver.was_asked(command), "nobody asked for `{command}`");
    }
}

/// A flow that only looks at pages is nobody: what was loaded may be used by the next.
#[test]
fn what_was_only_looked_at_stays_cached() {
    for (steps, keeps_cache) in [
        ("  - wait: h1\n", true),
        ("  - expect: { title: A page }\n", true),
        ("  - refresh\n", true),
        ("  - scroll: bottom\n", true),
        ("  - goto: /another?page=1\n", true),
        ("  - goto: '/?token=${PORT}'\n", false),
        ("  - type: { into: input, text: jane }\n", false),
        ("  - press: Enter\n", false),
        ("  - evaluate: 'work()'\n", false),
        ("  - inject: { css: 'p { color: red }' }\n", false),
        ("  - cookies: clear\n", false),
    ] {
        let driver = FakeDriver::new();
        let project = Project::two_sides().env("PORT", "1");
        three_flows_of(steps, project, &driver, 0);
        assert_eq!(driver.begun_sessions(), 2, "after {steps}");
        assert!(driver.was_asked("Storage.clearDataForOrigin"));
        let is_cleared = driver.was_asked("Network.clearBrowserCache");
        assert_eq!(!is_cleared, keeps_cache, "after {steps}");
        assert_eq!(
            driver.has_visited("about:blank"),
            keeps_cache,
            "after {steps}"
        );
    }
}

/// What pages leave in the memory of the process that shows them goes with it.
#[test]
fn a_process_for_pages_shows_only_some() {
    let driver = FakeDriver::new();
    let pages: String = (0..4).map(|page| format!("  - goto: /{page}\n")).collect();
    three_flows_of(&pages, Project::two_sides(), &driver, 0);
    assert!(driver.has_visited("about:blank"), "after 5 pages");
    assert!(driver.has_visited("data:,"), "after 10 pages");
}

#[test]
fn verbose_says_how_many_browsers_there_were() {
    let driver = FakeDriver::new();
    let ran = Project::two_sides().test(&driver, &["--verbose"]);
    ran.stderr_has("note: 2 browsers started for 1 flow\n");
    let ran = Project::two_sides().test(&FakeDriver::new(), &[]);
    assert!(!ran.stderr().contains("started for"), "{}", ran.stderr());
}

#[test]
fn every_flow_may_have_sessions_of_its_own() {
    let project = Project::two_sides();
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
    let project = project.config(&format!("{config}isolation: session\n"));
    let driver = FakeDriver::new();
    three_flows(project, &driver, 0);
    assert_eq!(driver.begun_sessions(), 6);
    assert!(
        !driver.was_asked("Storage.clearDataForOrigin"),
        "cleaned for nothing"
    );
}

#[test]
fn what_cannot_be_cleaned_is_replaced() {
    for command in [
        "actions",
        "window/handles",
        "Page.resetNavigationHistory",
        "Storage.clearDataForOrigin",
        "Network.clearBrowserCookies",
        "Network.clearBrowserCache",
        "Browser.resetPermissions",
    ] {
        let driver = refusing(command);
        three_flows(Project::two_sides(), &driver, 0);
        assert_eq!(driver.begun_sessions(), 6, "after `{command}` was refused");
    }
}

#[test]
fn a_session_that_is_not_cleaned_in_time_is_replaced() {
    let driver = FakeDriver::new().answers_once("Network.clearBrowserCache", Answer::Silence);
    three_flows(Project::two_sides(), &driver, 0);
    assert_eq!(driver.begun_sessions(), 4, "a pair is replaced as a whole");
}

#[test]
fn a_session_that_ends_while_it_is_cleaned_is_replaced() {
    for answer in [
        Answer::CutOff,
        Answer::no_such_session(),
        Answer::not_json(),
    ] {
        let driver = FakeDriver::new().answers_once("Network.clearBrowserCache", answer);
        three_flows(Project::two_sides(), &driver, 0);
        assert_eq!(driver.begun_sessions(), 4, "a pair is replaced as a whole");
    }
}

#[test]
fn a_session_that_stays_on_its_page_is_replaced() {
    let page = json!({ "url": "http://staging.test/one", "title": "", "status": 200, "load": 1 });
    let described = Answer::Value(json!({ "result": { "value": page } }));
    let driver = FakeDriver::new().answers_on("data:", "Runtime.evaluate", described);
    three_flows(Project::two_sides(), &driver, 0);
    assert_eq!(driver.begun_sessions(), 6);
}

#[test]
fn a_flow_with_trouble_leaves_no_session_to_the_next() {
    let slow = Answer::Refusal("timeout", "timeout: Timed out receiving message".into());
    let driver = FakeDriver::new().answers_on("staging.test/one", "url", slow);
    three_flows(Project::two_sides(), &driver, 3);
    assert_eq!(driver.begun_sessions(), 4);
}

#[test]
fn a_flow_that_cannot_begin_does_not_keep_the_next_from_it() {
    let refusal = Answer::Refusal("session not created", "no room".into());
    let driver = FakeDriver::new().answers_once("new session", refusal);
    let ran = three_flows(Project::two_sides(), &driver, 3);
    ran.stdout_has("3 shots: 2 match, 1 failed");
    assert!(driver.has_visited(STAGING));
}

/// Whoever drives it: requests can be asked about in a browser on this machine only.
#[test]
fn headers_are_never_left_out_in_silence() {
    for (answer, says) in [
        (
            None,
            "its browser must be a Chrome, Chromium or Edge on this machine",
        ),
        (Some("127.0.0.1:1"), "cannot be sent with"),
    ] {
        let mut driver = FakeDriver::new();
        if let Some(address) = answer {
            driver = driver.with_debugger_at(address);
        }
        let project = Project::two_sides().config(
            "environments:\n  production: { url: \"http://production.test\" }\n  \
             staging: { url: \"http://staging.test\", headers: { X-Preview: c4n4ry } }\nviewports: { small: 60x40 }\n",
        );
        let ran = project.test(&driver, &[]);
        ran.exit(3).stdout_lacks("c4n4ry");
        let failure = &ran.report().shots[0].failures[0];
        assert!(failure.message.contains(says), "{}", failure.message);
        assert!(!driver.has_visited(STAGING));
        assert_eq!(driver.open_sessions(), 0, "sessions left open");
    }
}

/// A browser's memory grows with what it has shown.
#[test]
fn a_session_that_showed_many_pages_is_replaced() {
    let driver = FakeDriver::new();
    let pages: String = (0..30).map(|page| format!("  - goto: /{page}\n")).collect();
    let project = ["a", "b", "c"]
        .into_iter()
        .fold(Project::two_sides(), |project, name| {
            project.spec(
                &format!("{name}.yaml"),
                &format!("flow: {name}\nsteps:\n{pages}"),
            )
        });
    project
        .test(&driver, &["a", "b", "c", "--workers", "1"])
        .exit(0);
    assert_eq!(driver.begun_sessions(), 4);
}
