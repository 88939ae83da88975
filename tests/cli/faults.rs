//! A driver that breaks off, lies or dies, at every kind of command: exit code 3, a message that says
//! which command it was, and a report that claims nothing of what was not compared.

use serde_json::{Value, json};
use twinshot::report::{FailureKind, RunState, Verdict};

use super::support::{Answer, Canvas, FakeDriver, Project, Ran, STAGING};

const HOME: &str = "Shop/home@small";
const CART: &str = "Shop/cart@small";

/// Staging's driver says this to a command; production's is well.
#[track_caller]
fn staging_answers(command: &'static str, answer: Answer) -> Ran {
    let driver = FakeDriver::new().answers_on(STAGING, command, answer);
    let ran = Project::two_sides().test(&driver, &[]);
    assert!(driver.was_asked(command), "nobody asked `{command}`");
    ran
}

/// The first shot failed like this, the second with it, and nothing passes for compared.
#[track_caller]
fn is_undecided(ran: &Ran, kind: FailureKind, message: &str) {
    ran.exit(3)
        .failed(HOME, kind, message)
        .verdict(CART, Verdict::Failed)
        .stdout_has("! Shop › home @small")
        .stdout_has("2 shots: 2 failed");
    let report = ran.report();
    assert_eq!(report.run.state, RunState::Complete);
    assert_eq!((report.summary.matched, report.summary.failed), (0, 2));
    assert!(report.shots.iter().all(|shot| shot.comparison.is_none()));
}

#[test]
fn an_answer_that_makes_no_sense_names_the_command() {
    for (answer, says) in [
        (
            Answer::not_json(),
            "the driver's answer to `url` is invalid",
        ),
        (
            Answer::web_page(),
            "the driver's answer to `url` is invalid: not JSON: <h1>It works!",
        ),
        (
            Answer::not_webdriver(),
            "the driver's answer to `url` is invalid: not WebDriver",
        ),
        (
            Answer::server_error(),
            "the driver's answer to `url` is invalid: not WebDriver",
        ),
        (
            Answer::Text(500, "text/plain", b"overloaded".to_vec()),
            "not JSON: overloaded",
        ),
        (
            Answer::Text(200, "application/json", Vec::new()),
            "the driver's answer to `url` is invalid",
        ),
    ] {
        let ran = staging_answers("url", answer);
        is_undecided(&ran, FailureKind::Driver, says);
        ran.stdout_has(says);
    }
}

/// What drivers say in words of their own, or in none.
#[test]
fn a_driver_that_says_little_is_put_into_words() {
    for (answer, kind, says) in [
        (
            Answer::Refusal("tab crashed", "tab crashed".to_owned()),
            FailureKind::Driver,
            "the process of the page ended (tab crashed)",
        ),
        (
            Answer::Refusal("javascript error", "javascript error: ".to_owned()),
            FailureKind::Navigation,
            "a script threw an error without a message",
        ),
        (
            Answer::Refusal("unknown error", String::new()),
            FailureKind::Navigation,
            "the driver refused `url`: unknown error",
        ),
        (
            Answer::Refusal("unknown error", "net::ERR_FAILED".to_owned()),
            FailureKind::Navigation,
            "could not be loaded: net::ERR_FAILED",
        ),
    ] {
        staging_answers("url", answer)
            .exit(3)
            .failed(HOME, kind, says);
    }
}

#[test]
fn an_answer_that_is_not_even_text_is_no_panic() {
    let ran = staging_answers("url", Answer::not_text());
    is_undecided(&ran, FailureKind::Driver, "");
}

#[test]
fn a_connection_that_breaks_off_is_a_lost_driver() {
    for command in [
        "url",
        "page.settle",
        "Page.captureScreenshot",
        "page.describe",
    ] {
        let ran = staging_answers(command, Answer::CutOff);
        is_undecided(
            &ran,
            FailureKind::Driver,
            "the browser or its driver is gone",
        );
    }
}

#[test]
fn a_session_that_ended_by_itself_is_a_lost_driver() {
    for command in [
        "url",
        "page.settle",
        "Page.captureScreenshot",
        "page.describe",
    ] {
        let ran = staging_answers(command, Answer::no_such_session());
        is_undecided(
            &ran,
            FailureKind::Driver,
            "the browser or its driver is gone",
        );
    }
}

#[test]
fn a_tab_that_crashed_is_a_lost_driver() {
    let crashed = Answer::Refusal(
        "unknown error",
        "tab crashed\n  (Session info: chrome=1)".into(),
    );
    let ran = staging_answers("page.settle", crashed);
    is_undecided(
        &ran,
        FailureKind::Driver,
        "the browser or its driver is gone: tab crashed",
    );
    ran.stdout_lacks("Session info");
}

#[test]
fn silence_ends_at_our_own_deadline() {
    let ran = staging_answers("url", Answer::Silence);
    is_undecided(
        &ran,
        FailureKind::Driver,
        "the driver did not answer `url` within 6 s",
    );
}

#[test]
fn a_session_that_was_given_up_is_still_ended() {
    let driver = FakeDriver::new().answers_on(STAGING, "url", Answer::not_json());
    Project::two_sides().test(&driver, &[]).exit(3);
    assert_eq!(
        driver.open_sessions(),
        0,
        "a browser of somebody else's driver goes on"
    );
}

#[test]
fn a_page_that_does_not_finish_is_the_pages_fault() {
    let slow = Answer::Refusal("timeout", "timeout: Timed out receiving message".into());
    let ran = staging_answers("url", slow);
    is_undecided(
        &ran,
        FailureKind::Navigation,
        "the page did not finish loading within 1 s",
    );
}

/// Chromedriver says the same of each command to a page whose scripts do not end.
#[test]
fn a_page_that_lets_nobody_in_is_told_of_in_our_words() {
    const SAID: &str = "timeout: Timed out receiving message from renderer: 1.000";
    for command in [
        "page.settle",
        "Page.getResourceTree",
        "Page.captureScreenshot",
    ] {
        let ran = staging_answers(command, Answer::Refusal("timeout", SAID.into()));
        let says = "the page did not answer within 1 s: its scripts never end";
        is_undecided(&ran, FailureKind::Step, says);
    }
}

#[test]
fn a_page_that_cannot_be_reached_is_named_with_the_reason() {
    let refused = "unknown error: net::ERR_CONNECTION_REFUSED\n  (Session info: chrome=150)";
    let ran = staging_answers("url", Answer::Refusal("unknown error", refused.into()));
    let says = "could not be loaded: unknown error: net::ERR_CONNECTION_REFUSED";
    is_undecided(&ran, FailureKind::Navigation, says);
}

#[test]
fn an_error_page_is_never_photographed_as_if_it_were_meant() {
    let status = json!({ "status": 503 });
    let described = Answer::of_page("describe", "http://staging.test/", &status);
    let ran = staging_answers("page.describe", described);
    let says = "was answered with HTTP status 503";
    is_undecided(&ran, FailureKind::Navigation, says);
}

#[test]
fn a_page_of_another_host_is_never_photographed() {
    for (url, says) in [
        ("http://elsewhere.test/", "the flow ended on another host"),
        (
            "http://production.test/",
            "the page is the other environment's",
        ),
    ] {
        let described = Answer::of_page("describe", url, &json!({}));
        let ran = staging_answers("page.describe", described);
        is_undecided(&ran, FailureKind::Navigation, says);
    }
}

#[test]
fn a_description_without_anything_in_it_is_refused() {
    let ran = staging_answers("page.settle", Answer::Value(json!({ "result": {} })));
    is_undecided(
        &ran,
        FailureKind::Driver,
        "the driver's answer to `settle` is invalid",
    );
}

#[test]
fn an_open_dialog_asks_for_a_step_that_answers_it() {
    let ran = staging_answers("page.settle", Answer::dialog());
    let says = "a dialog is open: \"Hi\"; answer it with `dialog:`";
    ran.exit(3)
        .failed(HOME, FailureKind::Step, says)
        .stdout_has(says);
}

/// A dialog that opens during a command makes chromedriver answer it with nothing, or refuse it in any words.
#[test]
fn a_dialog_that_opens_during_a_command_is_named_whatever_the_driver_says_to_it() {
    let said = "a dialog is open: \"Session over; log in again\"; answer it with `dialog:`";
    for command in [
        "page.settle",
        "Page.captureScreenshot",
        "page.hasRested",
        "page.letGo",
    ] {
        for answer in [
            Answer::Value(Value::Null),
            Answer::Refusal("unknown error", "cannot determine loading status".into()),
        ] {
            let text = Answer::Value(json!("Session over;\n  log in again"));
            let driver = FakeDriver::new()
                .answers_on(STAGING, command, answer)
                .answers_on(STAGING, "alert/text", text);
            let ran = Project::two_sides().test(&driver, &[]);
            ran.exit(3)
                .failed(HOME, FailureKind::Step, said)
                .stdout_has(said)
                .stdout_lacks("cannot determine");
        }
    }
}

#[test]
fn a_command_that_is_answered_with_nothing_is_no_dialog() {
    let ran = staging_answers("Page.captureScreenshot", Answer::Value(Value::Null));
    let says = "there is no picture in it";
    ran.exit(3)
        .failed(HOME, FailureKind::Driver, says)
        .stdout_lacks("dialog");
}

#[test]
fn a_viewport_that_was_not_granted_is_refused() {
    let height = json!({ "height": 23, "pageHeight": 23 });
    let measured = Answer::of_page("settle", "http://staging.test/", &height);
    let ran = staging_answers("page.settle", measured);
    let says = "the viewport is 60x23@1, not 60x40";
    ran.exit(3).failed(HOME, FailureKind::Step, says);
}

#[test]
fn a_picture_that_is_none_is_refused_with_the_reason() {
    let png = Canvas::new(60, 40, Canvas::WHITE).png();
    let zero_sized = [&png[..16], &[0; 8], &png[24..]].concat();
    for (bytes, says) in [
        (b"not a picture, and so on".to_vec(), "is not a PNG file"),
        (b"GIF89a and so on, and so on".to_vec(), "its format is GIF"),
        (Vec::new(), "is not a PNG file (0 bytes"),
        (png[..20].to_vec(), "is truncated"),
        (zero_sized, "has no pixels"),
    ] {
        let driver = FakeDriver::new().paints(move |view| match view.is_on(STAGING) {
            true => bytes.clone(),
            false => view.page().png(),
        });
        let ran = Project::two_sides().test(&driver, &[]);
        ran.exit(3)
            .failed(HOME, FailureKind::Driver, says)
            .stdout_has(says);
        ran.verdict(CART, Verdict::Failed);
    }
}

#[test]
fn a_picture_that_is_damaged_inside_fails_its_shot_alone() {
    let png = Canvas::new(60, 40, Canvas::WHITE)
        .with_box([3, 3, 9, 9], Canvas::RED)
        .png();
    let truncated = png[..png.len() - 20].to_vec();
    let mut damaged = png;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4].fill(0xAA);
    for (bytes, says) in [(truncated, "is truncated"), (damaged, "is a damaged PNG")] {
        let driver = FakeDriver::new().paints(move |view| {
            match view.is_on(STAGING) && !view.is_at("/cart") {
                true => bytes.clone(),
                false => view.page().png(),
            }
        });
        let ran = Project::two_sides().test(&driver, &[]);
        ran.exit(3)
            .failed(HOME, FailureKind::Picture, says)
            .verdict(CART, Verdict::Match)
            .stdout_has(&format!("the candidate picture {says}"));
    }
}

#[test]
fn a_picture_that_is_missing_from_the_answer_is_refused() {
    for data in [
        json!({}),
        json!({ "data": 7 }),
        json!({ "data": "no base64!" }),
    ] {
        let ran = staging_answers("Page.captureScreenshot", Answer::Value(data));
        let says = "the driver's answer to `Page.captureScreenshot` is invalid";
        ran.exit(3).failed(HOME, FailureKind::Driver, says);
    }
}

#[test]
fn a_page_that_never_holds_still_is_unstable_and_keeps_its_frames() {
    let driver = FakeDriver::new().paints(|view| {
        let shade = (view.number * 40 % 256) as u8;
        view.page().with_box([20, 20, 10, 10], [shade, 0, 0]).png()
    });
    let ran = Project::two_sides().test(&driver, &["home"]);
    ran.exit(3).failed(
        HOME,
        FailureKind::Unstable,
        "no two frames in a row were equal",
    );
    for failure in ran.shot(HOME).failures {
        assert_eq!(failure.pictures.len(), 2, "{failure:?}");
        assert_ne!(failure.pictures[0], failure.pictures[1]);
    }
}

#[test]
fn a_refused_session_says_why_and_what_to_do() {
    let said = "session not created: This version of ChromeDriver only supports Chrome version 114\n\
                Current browser version is 150.0.1.2";
    let driver = FakeDriver::new().answers(
        "new session",
        Answer::Refusal("session not created", said.into()),
    );
    let ran = Project::two_sides().test(&driver, &[]);
    ran.exit(3).failed(
        HOME,
        FailureKind::Driver,
        "only supports Chrome version 114",
    );
    ran.stdout_has("install a chromedriver of the browser's version");
    ran.failed(CART, FailureKind::NotReached, "");
}

#[test]
fn a_session_cannot_begin_with_nonsense() {
    for answer in [
        Answer::not_json(),
        Answer::web_page(),
        Answer::not_webdriver(),
        Answer::server_error(),
        Answer::CutOff,
        Answer::Value(json!({ "sessionId": 5 })),
        Answer::Refusal("unknown error", "no room for another browser".into()),
    ] {
        let driver = FakeDriver::new().answers("new session", answer);
        let ran = Project::two_sides().test(&driver, &[]);
        ran.exit(3)
            .failed(HOME, FailureKind::Driver, "did not start a browser");
        ran.stdout_has(&format!("the driver at {}", driver.url()));
    }
}

#[test]
fn one_side_without_a_browser_ends_the_other() {
    let refusal = Answer::Refusal("session not created", "no room".into());
    let driver = FakeDriver::new().answers_once("new session", refusal);
    let ran = Project::two_sides().test(&driver, &[]);
    ran.exit(3).failed(HOME, FailureKind::Driver, "no room");
    assert_eq!(
        driver.open_sessions(),
        0,
        "the other side's session was left open"
    );
}

#[test]
fn a_driver_that_is_not_there_is_named() {
    let driver = FakeDriver::new();
    let url = driver.url();
    drop(driver);
    let ran = Project::two_sides().run(["test", "--webdriver", &url]);
    let says = format!("the driver at {url} did not start a browser: ");
    ran.exit(3).failed(HOME, FailureKind::Driver, &says);
}
