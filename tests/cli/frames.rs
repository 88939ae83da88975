//! How many frames a shot needs: one where both sides drew the same and stood still, else two that are equal.

use std::{thread::sleep, time::Duration};

use serde_json::{Value, json};
use twinshot::{report::WaitReason, side::Role};

use super::support::{Answer, FakeDriver, Project, Ran, STAGING};

const PICTURE: &str = "Page.captureScreenshot";

fn with_one_shot(rest: &str) -> Project {
    Project::two_sides().spec(
        "one.yaml",
        &format!("flow: one\nsteps:\n  - goto: /one\n{rest}"),
    )
}

fn frames(ran: &Ran) -> [u32; 2] {
    let report = ran.report();
    let sides = &report.shots[0].times.sides;
    [Role::Baseline, Role::Candidate]
        .map(|role| sides.get(role).as_ref().map_or(0, |side| side.frames))
}

fn said(value: bool) -> Answer {
    Answer::Value(json!({ "result": { "value": Value::Bool(value) } }))
}

#[test]
fn one_frame_is_enough_where_both_sides_drew_the_same() {
    let driver = FakeDriver::new();
    let ran = with_one_shot("").test(&driver, &["one"]);
    assert_eq!(frames(ran.exit(0)), [1, 1]);
    assert_eq!(driver.how_often(PICTURE), 2);
}

#[test]
fn a_difference_is_seen_twice() {
    let driver = FakeDriver::new().with_a_change_on_staging();
    let ran = with_one_shot("").test(&driver, &["one"]);
    assert_eq!(frames(ran.exit(1)), [2, 2]);
}

/// The first frames are equal by chance, and what the page shows comes later.
#[test]
fn a_page_that_did_not_stand_still_is_photographed_again() {
    let driver = FakeDriver::new().answers_once("page.hasRested", said(false));
    let ran = with_one_shot("").test(&driver, &["one"]);
    let mut frames = frames(ran.exit(0));
    frames.sort();
    assert_eq!(frames, [1, 2], "the other side's frame is still good");
    assert_eq!(driver.how_often("page.settle"), 2 + 1);
}

#[test]
fn a_page_that_never_stands_still_gets_two_equal_frames() {
    for host in ["production.test", STAGING] {
        let driver = FakeDriver::new().answers_on(host, "page.hasRested", said(false));
        let ran = with_one_shot("").test(&driver, &["one"]);
        let mut frames = frames(ran.exit(0));
        frames.sort();
        assert_eq!(frames, [2, 3], "of {host}");
    }
}

#[test]
fn where_a_part_of_settling_is_switched_off_nobody_can_say_that_it_stood_still() {
    for part in ["animations", "fonts", "images", "requests"] {
        let driver = FakeDriver::new();
        let shot = format!("    shot: {{ settle: {{ {part}: false }} }}\n");
        let ran = with_one_shot(&shot).test(&driver, &["one"]);
        assert_eq!(frames(ran.exit(0)), [2, 2], "without {part}");
        assert!(!driver.was_asked("page.hasRested"), "without {part}");
    }
}

#[test]
fn nobody_agrees_with_a_side_that_has_no_picture() {
    let refusal = Answer::Refusal("unknown error", "out of memory".into());
    let driver = FakeDriver::new().answers_on(STAGING, PICTURE, refusal);
    let ran = with_one_shot("").test(&driver, &["one"]);
    assert_eq!(frames(ran.exit(3))[0], 2);
}

#[test]
fn golden_pictures_are_compared_with_two_equal_frames() {
    let project = with_one_shot("");
    let driver = FakeDriver::new();
    project.test(&driver, &["one"]).exit(0);
    project.run(["approve", "--all"]).exit(0);
    let ran = project.test(&driver, &["one", "--baseline", "golden"]);
    assert_eq!(frames(ran.exit(0)), [0, 2]);
}

#[test]
fn the_wait_for_the_other_side_is_told() {
    let driver = FakeDriver::new().paints(|view| {
        if view.is_on(STAGING) {
            sleep(Duration::from_millis(150));
        }
        view.page().png()
    });
    let ran = with_one_shot("").test(&driver, &["one", "--verbose"]);
    let report = ran.exit(0).report();
    let baseline = report.shots[0].times.sides.baseline.clone();
    let waits = baseline.expect("it is live").waits;
    let wait = waits
        .iter()
        .find(|wait| wait.reason == WaitReason::OtherSide);
    assert!(wait.is_some_and(|wait| wait.ms >= 100), "{waits:?}");
    ran.stdout_has("other side 1");
}

/// What follows the first shot, and how many pictures are taken of both sides.
#[test]
fn a_page_that_nobody_touched_is_photographed_once() {
    for (rest, pictures) in [
        ("  - expect: { status: 200 }\n", 2),
        ("  - wait: 10ms\n", 2),
        ("  - wait: 600ms\n", 4),
        ("  - scroll: bottom\n", 4),
        ("  - refresh:\n", 4),
        (
            "  - expect: { status: 200 }\n    shot: { area: viewport }\n",
            4,
        ),
        ("  - expect: { status: 200 }\n    shot: { mask: body }\n", 4),
        (
            "  - expect: { status: 200 }\n    shot: { viewport: 50x50 }\n",
            4,
        ),
        (
            "  - expect: { status: 200 }\n    shot: { settle: { fonts: false } }\n",
            2 + 4,
        ),
    ] {
        let driver = FakeDriver::new();
        let ran = with_one_shot(rest).test(&driver, &["one"]);
        ran.exit(0).stdout_has("2 shots: 2 match");
        assert_eq!(driver.how_often(PICTURE), pictures, "{rest}");
    }
}

#[test]
fn a_page_that_changed_by_itself_is_photographed_again() {
    let mut driver = FakeDriver::new();
    for host in ["production.test", STAGING] {
        let url = format!("http://{host}/one");
        let changed = json!({ "unchanged": false });
        let answer = Answer::of_page("settle, the second time", &url, &changed);
        driver = driver.answers_on(host, "page.settle", answer);
    }
    with_one_shot("  - expect: { status: 200 }\n")
        .test(&driver, &["one"])
        .exit(0);
    assert_eq!(driver.how_often(PICTURE), 4);
}

/// The frame that was kept is one of the two.
#[test]
fn a_difference_is_seen_twice_again() {
    let driver = FakeDriver::new().with_a_change_on_staging();
    with_one_shot("  - expect: { status: 200 }\n")
        .test(&driver, &["one"])
        .exit(1);
    assert_eq!(driver.how_often(PICTURE), 4 + 2);
}
