//! How much may differ in a window, and how much must: in specs and on the command line, and what every output
//! says of a limit that does not hold.

use serde_json::{Value, json};
use twinshot::report::{ShotReport, Verdict};

use super::support::{Canvas, FakeDriver, Project, Ran};

const HOME: &str = "Shop/home@small";
const GOLDEN: [&str; 2] = ["--baseline", "golden"];
const DENSE: &str = "100 of at most 99 pixels mismatch in the 32×32 window at 0,0";
const NOTHING: &str = "a difference was expected: 0 of at least 1 pixel mismatch";

/// One flow with one shot and these options.
fn shop(options: &str) -> Project {
    let spec = format!("flow: Shop\nsteps:\n  - goto: /\n    shot: home\n    {options}\n");
    Project::two_sides().spec("shop.yaml", &spec)
}

/// 100 pixels of 2400 differ, in one box of 10 × 10.
fn changed() -> FakeDriver {
    FakeDriver::new().with_a_change_on_staging()
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout()).unwrap_or_else(|error| panic!("{error}\n{}", ran.shown()))
}

/// What the report's other formats say; Markdown's escapes are taken away.
fn everywhere(ran: &Ran) -> [String; 3] {
    ["index.html", "junit.xml", "summary.md"].map(|name| {
        let text = ran.read(&ran.report_folder().join(name));
        text.replace('\\', "")
    })
}

fn broken_limits(shot: &ShotReport) -> &[String] {
    &shot
        .comparison
        .as_ref()
        .expect("both were there")
        .broken_limits
}

// A window.

#[test]
fn a_dense_difference_breaks_the_limit_of_a_window() {
    let project = shop("max_mismatch: { window: 99 }");
    let ran = project.test(&changed(), &[]);
    ran.exit(1)
        .verdict(HOME, Verdict::Mismatch)
        .stdout_has(&format!("  4.17 % different (1 region); {DENSE}, open "));
    let shot = ran.shot(HOME);
    assert!(shot.reason.ends_with(DENSE), "{}", shot.reason);
    assert_eq!(broken_limits(&shot), [DENSE]);
    for text in everywhere(&ran) {
        assert!(text.contains(DENSE), "{text}");
    }
    let densest = shot.comparison.and_then(|it| it.densest_window);
    let densest = densest.expect("a limit asks for it");
    assert_eq!((densest.x, densest.y), (0, 0));
    assert_eq!(densest.mismatched_pixels, 100);
}

#[test]
fn a_window_alone_does_not_limit_the_whole() {
    let ran = shop("max_mismatch: { window: 100 }").test(&changed(), &[]);
    ran.exit(0)
        .verdict(HOME, Verdict::Match)
        .stdout_has("within max_mismatch 100 pixels in any 32×32 window");
    let both = shop("max_mismatch: { pixels: 50, ratio: \"5%\", window: 99 }");
    let ran = both.test(&changed(), &[]);
    let says = format!("100 of at most 50 pixels mismatch; {DENSE}, open ");
    ran.exit(1).stdout_has(&says);
}

#[test]
fn the_configuration_limits_every_window() {
    let config = "
environments:
  production: { url: \"http://production.test\" }
  staging: { url: \"http://staging.test\" }
viewports: { small: 60x40 }
max_mismatch: { window: 99 }
";
    let project = Project::two_sides().config(config);
    project.test(&changed(), &[]).exit(1).stdout_has(DENSE);
    let project = project.spec(
        "shop.yaml",
        "flow: Shop\nmax_mismatch: { window: 100 }\nsteps:\n  - goto: /\n    shot: home\n",
    );
    project.test(&changed(), &[]).exit(0);
}

// An expected difference.

#[test]
fn an_expected_difference_that_is_missing_is_a_mismatch() {
    let ran = shop("at_least: 1").test(&FakeDriver::new(), &[]);
    let reason = format!("no pixel differs beyond the threshold; {NOTHING}");
    ran.exit(1)
        .verdict(HOME, Verdict::Mismatch)
        .stdout_has(&format!("✗ Shop › home @small  {reason}"))
        .stdout_has("1 shot: 1 mismatch");
    assert_eq!(broken_limits(&ran.shot(HOME)), [NOTHING]);
    for text in everywhere(&ran) {
        assert!(text.contains(&reason), "{text}");
    }
}

#[test]
fn an_expected_difference_matches_whatever_its_extent() {
    let ran = shop("at_least: \"1%\"").test(&changed(), &[]);
    ran.exit(0)
        .verdict(HOME, Verdict::Match)
        .stdout_has("100 of 2400 pixels in 1 region, as expected");
    let ran = shop("at_least: \"5%\"").test(&changed(), &[]);
    ran.exit(1).stdout_has(
        "4.17 % different (1 region); a difference was expected: 100 of at least 120 pixels (5 %) mismatch",
    );
}

#[test]
fn an_expected_difference_keeps_its_upper_limit() {
    let spec = "flow: Shop\nat_least: 1\nsteps:\n  - goto: /\n    shot: { name: home, max_mismatch: 99 }\n";
    let project = Project::two_sides().spec("shop.yaml", spec);
    let ran = project.test(&changed(), &[]);
    ran.exit(1)
        .stdout_has("; 100 of at most 99 pixels mismatch, open ");
    project
        .test(&FakeDriver::new(), &[])
        .exit(1)
        .stdout_has(NOTHING);
}

#[test]
fn what_a_mask_hides_is_no_expected_difference() {
    let masked = shop("mask: [\".clock\"]\n    at_least: 1");
    masked.test(&changed(), &[]).exit(1).stdout_has(NOTHING);
}

#[test]
fn a_size_that_changed_is_no_expected_difference_but_can_be_approved() {
    let taller = FakeDriver::new().paints(|view| match view.is_on("staging.test") {
        true => Canvas::new(view.width, view.height + 4, Canvas::RED).png(),
        false => view.page().png(),
    });
    let project = shop("at_least: 1");
    project
        .test(&taller, &[])
        .exit(1)
        .stdout_has("size 60×40 → 60×44");
    project.run(["approve", HOME]).exit(0);
    let ran = project.test(&taller, &[]);
    ran.exit(0).verdict(HOME, Verdict::Approved);
}

#[test]
fn an_approval_pardons_a_difference_and_never_a_missing_one() {
    let project = shop("at_least: 1\n    max_mismatch: 99");
    project.test(&changed(), &[]).exit(1);
    project.run(["approve", HOME]).exit(0);
    let ran = project.test(&changed(), &["--ci"]);
    ran.exit(0).verdict(HOME, Verdict::Approved);

    // Now the approved picture is what both sides have always shown.
    let project = shop("at_least: 1");
    project.test(&FakeDriver::new(), &GOLDEN).exit(0);
    project.run(["approve", HOME]).exit(0);
    let ran = project.test(&FakeDriver::new(), &[]);
    ran.exit(1).verdict(HOME, Verdict::Mismatch);
}

#[test]
fn golden_pictures_are_a_baseline_like_any_other() {
    let project = shop("at_least: 1");
    let new = project.test(&FakeDriver::new(), &GOLDEN);
    new.exit(0).verdict(HOME, Verdict::New);
    project.run(["approve", HOME]).exit(0);
    let unchanged = project.test(&FakeDriver::new(), &GOLDEN);
    unchanged.exit(1).stdout_has(NOTHING);
    let changed = project.test(&changed(), &GOLDEN);
    changed.exit(0).verdict(HOME, Verdict::Match);
}

#[test]
fn more_than_the_configuration_allows_is_an_error_at_its_line() {
    let config = "
environments:
  production: { url: \"http://production.test\" }
  staging: { url: \"http://staging.test\" }
max_mismatch: 50
";
    let project = shop("at_least: 51").config(config);
    project
        .run(["validate"])
        .exit(2)
        .stderr_has("`at_least` is 51 pixels, but `max_mismatch` allows 50 pixels")
        .stderr_has("specs/shop.yaml:5:5");
}

// `twinshot diff`.

/// `a.png`; `icon.png` with a box of 10 × 10 more; `noise.png` with 100 pixels that stand far apart.
fn pictures() -> Project {
    let blank = || Canvas::new(400, 400, Canvas::WHITE);
    let icon = blank().with_box([200, 300, 10, 10], Canvas::RED);
    let noise = (0..100).fold(blank(), |canvas, index| {
        canvas.with_box([index % 10 * 40, index / 10 * 40, 1, 1], Canvas::RED)
    });
    Project::new()
        .file("a.png", blank().png())
        .file("icon.png", icon.png())
        .file("noise.png", noise.png())
}

fn diff(project: &Project, arguments: &str) -> Ran {
    project.run(["diff"].into_iter().chain(arguments.split_whitespace()))
}

#[test]
fn a_window_tells_an_icon_from_noise() {
    let project = pictures();
    diff(&project, "a.png noise.png --max-mismatch window=40").exit(0);
    let ran = diff(&project, "a.png icon.png --max-mismatch window=40");
    ran.exit(1);
    assert_eq!(
        ran.stdout(),
        "mismatch: 0.06 % different, 100 of 160000 pixels in 1 region; \
         100 of at most 40 pixels mismatch in the 32×32 window at 178,278\n"
    );
    diff(
        &project,
        "a.png icon.png --max-mismatch 100,0.1%,window=100",
    )
    .exit(0);
    diff(&project, "a.png icon.png --max-mismatch 99,window=100")
        .exit(1)
        .stdout_has("; 100 of at most 99 pixels mismatch\n");
    diff(&project, "a.png icon.png --max-mismatch window=100,0.06%")
        .exit(1)
        .stdout_has("; 100 of at most 96 pixels (0.06 %) mismatch\n");
}

#[test]
fn the_densest_window_is_in_the_json_when_it_was_asked_for() {
    let project = pictures();
    let asked = "icon.png --format json --max-mismatch window=40";
    let found = json_of(&diff(&project, &format!("a.png {asked}")));
    assert_eq!(
        found["densest_window"],
        json!({ "x": 178, "y": 278, "mismatched_pixels": 100 })
    );
    let says = "100 of at most 40 pixels mismatch in the 32×32 window at 178,278";
    assert_eq!(found["broken_limits"], json!([says]));
    let equal = json_of(&diff(&project, &format!("icon.png {asked}")));
    assert_eq!(
        equal["densest_window"],
        json!({ "x": 0, "y": 0, "mismatched_pixels": 0 })
    );
    assert_eq!(equal.get("broken_limits"), None);
    let not_asked = json_of(&diff(&project, "a.png icon.png --format json"));
    assert_eq!(not_asked.get("densest_window"), None);
}

#[test]
fn a_pair_that_should_differ_is_held_to_it() {
    let project = pictures();
    let ran = diff(&project, "a.png a.png --at-least 1");
    ran.exit(1);
    assert_eq!(
        ran.stdout(),
        format!("mismatch: 0 % different, 0 of 160000 pixels in 0 regions; {NOTHING}\n")
    );
    diff(&project, "a.png icon.png --at-least 100").exit(0);
    diff(&project, "a.png icon.png --at-least 101").exit(1);
    diff(&project, "a.png icon.png --at-least 0.07%")
        .exit(1)
        .stdout_has("100 of at least 112 pixels (0.07 %) mismatch");
    diff(
        &project,
        "a.png icon.png --at-least 0.05% --max-mismatch 0.1%",
    )
    .exit(0);
    diff(&project, "a.png icon.png --at-least 1 --max-mismatch 99")
        .exit(1)
        .stdout_has("100 of at most 99 pixels");
    diff(&project, "a.png icon.png --at-least 1 --mask 200,300,10,10")
        .exit(1)
        .stdout_has(NOTHING);
    diff(&project, "a.png icon.png --at-least 0").exit(1);
    diff(&project, "a.png a.png --at-least 0").exit(0);
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let project = pictures();
    for (arguments, says) in [
        ("--max-mismatch=window=1024", "at most 1023"),
        ("--max-mismatch=window=", "at most 1023"),
        ("--max-mismatch=windows=3", "a percentage, such as 0.2%"),
        ("--max-mismatch=3,4", "the second limit of the same kind"),
        ("--max-mismatch=3,", "a percentage, such as 0.2%"),
        ("--at-least=window=3", "a percentage, such as 0.2%"),
        ("--at-least=-1", "a percentage, such as 0.2%"),
        (
            "--at-least=51 --max-mismatch=50",
            "--at-least is 51 pixels, but --max-mismatch allows 50 pixels",
        ),
        (
            "--at-least=1 --max-mismatch=0",
            "--max-mismatch allows 0 pixels",
        ),
    ] {
        let ran = diff(&project, &format!("a.png icon.png {arguments}"));
        ran.exit(2).stderr_has(says);
    }
}
