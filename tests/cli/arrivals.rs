//! What only the browser knows to be under way, and what a page keeps back until it comes into view: both are in the
//! picture, but neither is waited for without end.

use serde_json::{Value, json};
use twinshot::report::{ShotReport, Verdict, WaitReason};

use super::support::{Answer, FakeDriver, Project, Ran};

const TREE: &str = "Page.getResourceTree";
const PICTURE: &str = "http://production.test/hero.jpg";

/// A page with one resource in a frame of it; what has arrived has a type.
fn page_with(resource: Value) -> Answer {
    let frame = json!({ "frame": {}, "resources": [resource] });
    let page = json!({ "frame": {}, "resources": [], "childFrames": [frame] });
    Answer::Value(json!({ "frameTree": page }))
}

fn under_way(kind: &str) -> Answer {
    page_with(json!({ "type": kind, "mimeType": "", "url": PICTURE }))
}

/// What the page says of `PICTURE`.
fn not_answered() -> Answer {
    Answer::Value(json!({ "result": { "value": [PICTURE] } }))
}

fn shots(driver: &FakeDriver, steps: &str) -> Ran {
    let spec = format!("flow: one\nsteps:\n{steps}");
    Project::two_sides()
        .spec("one.yaml", &spec)
        .test(driver, &["one"])
}

/// Longer than the 40 ms that the driver's page says it took for images of its own.
fn waited(shot: &ShotReport) -> bool {
    let sides = [&shot.times.sides.baseline, &shot.times.sides.candidate];
    let mut waits = sides.into_iter().flatten().flat_map(|side| &side.waits);
    waits.any(|wait| wait.reason == WaitReason::Images && wait.ms > 40)
}

#[test]
fn what_is_under_way_is_waited_for_and_the_page_settles_again() {
    for kind in ["Image", "Font", "Stylesheet", "Script"] {
        let driver = FakeDriver::new()
            .answers_once(TREE, under_way(kind))
            .answers("page.notAnswered", not_answered());
        let ran = shots(&driver, "  - goto: /one");
        let shot = &ran.exit(0).report().shots[0];
        assert!(waited(shot), "{kind}");
        assert!(shot.warnings.is_empty(), "{kind}");
        assert_eq!(driver.how_often(TREE), 2 + 2, "{kind}");
        assert_eq!(driver.how_often("page.settle"), 2 + 1, "{kind}");
    }
}

/// Its headers are there.
#[test]
fn what_has_begun_to_arrive_is_waited_for_unless_the_page_says_that_it_was_empty() {
    let begun =
        json!({ "type": "Image", "mimeType": "image/png", "contentSize": 0, "url": PICTURE });
    let driver = FakeDriver::new()
        .answers_once(TREE, page_with(begun.clone()))
        .answers("page.notAnswered", not_answered());
    let ran = shots(&driver, "  - goto: /one");
    assert!(waited(&ran.exit(0).report().shots[0]));

    let driver = FakeDriver::new().answers(TREE, page_with(begun));
    let ran = shots(&driver, "  - goto: /one");
    assert!(!waited(&ran.exit(0).report().shots[0]));
}

#[test]
fn what_has_arrived_or_never_will_is_not_waited_for() {
    for resource in [
        json!({ "type": "Image", "mimeType": "image/jpeg", "contentSize": 9, "url": PICTURE }),
        json!({ "type": "Image", "mimeType": "", "failed": true, "url": PICTURE }),
        json!({ "type": "Image", "mimeType": "", "canceled": true, "url": PICTURE }),
        json!({ "type": "Media", "mimeType": "", "url": PICTURE }),
        json!({ "type": "Image", "mimeType": "image/svg+xml", "contentSize": 0, "url": "data:image/svg+xml,<svg/>" }),
    ] {
        let driver = FakeDriver::new().answers(TREE, page_with(resource.clone()));
        let ran = shots(&driver, "  - goto: /one");
        assert!(!waited(&ran.exit(0).report().shots[0]), "{resource}");
    }
}

#[test]
fn nobody_asks_where_neither_images_nor_scripts_are_waited_for() {
    let driver = FakeDriver::new();
    let step = "  - goto: /one\n    shot: { settle: { images: false, requests: false } }";
    shots(&driver, step).exit(0);
    assert!(!driver.was_asked(TREE));
}

#[test]
fn images_and_scripts_are_waited_for_apart() {
    for (kind, without, is_waited_for) in [
        ("Image", "images", false),
        ("Image", "requests", true),
        ("Script", "requests", false),
        ("Script", "images", true),
    ] {
        let driver = FakeDriver::new()
            .answers_once(TREE, under_way(kind))
            .answers("page.notAnswered", not_answered());
        let step = format!("  - goto: /one\n    shot: {{ settle: {{ {without}: false }} }}");
        let ran = shots(&driver, &step);
        let shot = &ran.exit(0).report().shots[0];
        assert_eq!(waited(shot), is_waited_for, "{kind} without {without}");
    }
}

/// Once for a document, but the next shot of it lacks it as well.
#[test]
fn what_takes_too_long_is_told_of_and_not_waited_for_again() {
    let driver = FakeDriver::new()
        .answers(TREE, under_way("Image"))
        .answers("page.notAnswered", not_answered());
    let ran = shots(&driver, "  - goto: /one\n  - press: Tab");
    ran.exit(0).stdout_has("[incomplete]");
    let shots = ran.report().shots;
    let says = "taken without /hero.jpg, which had not arrived after 5 s";
    assert_eq!(shots[0].verdict, Verdict::Match);
    for shot in &shots {
        let is_told = shot.warnings.iter().any(|it| it.contains(says));
        assert!(is_told, "{:?}", shot.warnings);
    }
    assert!(waited(&shots[0]));
    assert!(!waited(&shots[1]));
}

/// The page's function says so after the picture.
#[test]
fn what_failed_is_not_clean_unless_it_is_allowed() {
    let sides = ["production.test", "staging.test"];
    let driver = sides.into_iter().fold(FakeDriver::new(), |driver, host| {
        let failed = json!({ "failed": [format!("http://{host}/hero.jpg"), "the font Wide"] });
        let url = format!("http://{host}/one");
        let described = |function| Answer::of_page(function, &url, &json!({}));
        driver
            .answers_on(host, "page.describe", described("describe"))
            .answers_on(host, "page.settle", described("settle"))
            .answers_on(host, "page.letGo", Answer::of_page("letGo", &url, &failed))
    });
    let run = |allow: &str| {
        let spec = format!("flow: one\n{allow}steps:\n  - goto: /one\n    shot: one\n");
        let project = Project::two_sides().spec("one.yaml", &spec);
        project.test(&driver, &["one", "--ci"])
    };
    let says = "one › one: the picture was taken without /hero.jpg, the font Wide, which could not be loaded [incomplete]";
    run("")
        .exit(1)
        .stdout_has("1 shot: 1 match; 1 suspicion (--ci: not clean)")
        .stdout_has(says);
    run("allow: { incomplete: the hero is not served here }\n")
        .exit(0)
        .stdout_has("1 suspicion allowed");
}

/// The answer of a page that is taller than its window and keeps something back until it comes into view.
fn keeps_something_back() -> Answer {
    let changes = json!({ "lazy": 2, "pageHeight": 400 });
    Answer::of_page("settle", "http://production.test/one", &changes)
}

fn scrolled_through(ended: bool) -> Answer {
    Answer::Value(json!({ "result": { "value": { "ended": ended } } }))
}

#[test]
fn a_page_that_keeps_something_back_is_scrolled_through_once() {
    for (ended, warnings) in [(true, 0), (false, 1)] {
        let driver = FakeDriver::new()
            .answers_once("page.settle", keeps_something_back())
            .answers("page.scrollThrough", scrolled_through(ended));
        let ran = shots(&driver, "  - goto: /one");
        let told = ran.report().shots[0].warnings.clone();
        assert_eq!(told.len(), warnings, "{told:?}");
        let says = "still growing or loading after 10 s of scrolling";
        assert!(told.iter().all(|it| it.contains(says)), "{told:?}");
        assert_eq!(driver.how_often("page.scrollThrough"), 1);
    }
}

#[test]
fn no_page_is_scrolled_through_where_images_are_not_waited_for() {
    let driver = FakeDriver::new().answers_once("page.settle", keeps_something_back());
    let step = "  - goto: /one\n    shot: { settle: { images: false } }";
    let ran = shots(&driver, step);
    assert!(ran.report().shots[0].warnings.is_empty());
    assert!(driver.was_asked("page.settle"));
    assert!(!driver.was_asked("page.scrollThrough"));
}
