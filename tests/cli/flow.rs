//! A whole run against a driver that does what it is told: verdicts, exit codes, the report and the lines.

use serde_json::json;
use twinshot::report::{Report, RunState, Verdict};

use super::support::{Answer, Canvas, FakeDriver, Project, Ran, STAGING};

const HOME: &str = "Shop/home@small";
const CART: &str = "Shop/cart@small";

#[test]
fn two_equal_sides_match() {
    let driver = FakeDriver::new();
    let ran = Project::two_sides().test(&driver, &[]);
    ran.exit(0)
        .verdict(HOME, Verdict::Match)
        .verdict(CART, Verdict::Match)
        .stdout_has("✓ Shop › home @small\n✓ Shop › cart @small\n")
        .stdout_has("2 shots: 2 match");
    let report = ran.report();
    assert_eq!(report.run.state, RunState::Complete);
    assert_eq!(report.run.browser.as_deref(), Some("chrome 150.0.1.2"));
    assert_eq!(driver.open_sessions(), 0, "sessions left open");
}

#[test]
fn a_change_is_one_line_that_opens_its_picture() {
    let project = Project::two_sides();
    let driver =
        FakeDriver::new().paints(|view| match view.is_on(STAGING) && view.is_at("/cart") {
            true => view.page().with_box([20, 20, 10, 10], Canvas::RED).png(),
            false => view.page().png(),
        });
    let ran = project.test(&driver, &[]);
    let folder = project.failing_folder().join("Shop/cart@small");
    let line = format!(
        "✗ Shop › cart @small  4.17 % different (1 region), open {}/diff.png\n",
        folder.display()
    );
    ran.exit(1)
        .stdout_has(&line)
        .stdout_has("2 shots: 1 match, 1 mismatch")
        .verdict(HOME, Verdict::Match)
        .verdict(CART, Verdict::Mismatch);
    assert_eq!(
        ran.again(),
        ["test", "--last-failed", "--webdriver", &driver.url()]
    );
    for name in ["baseline.png", "candidate.png", "diff.png"] {
        assert!(folder.join(name).is_file(), "no {name}");
    }
    let comparison = ran.shot(CART).comparison.expect("it was compared");
    assert_eq!(
        (comparison.mismatched_pixels, comparison.total_pixels),
        (100, 2400)
    );
}

#[test]
fn what_list_prints_selects_that_shot_alone() {
    let project = Project::two_sides();
    let listed = project.run(["list", "cart"]);
    let (_, place) = listed.stdout().split_once("  (").expect("a place");
    let place = place.trim_end().trim_end_matches(')');
    assert_eq!(place, "specs/shop.yaml:5");
    for filter in [place, "./specs/shop.yaml:5"] {
        let ran = project.test(&FakeDriver::new(), &[filter]);
        ran.exit(0).stdout_has("1 shot: 1 match");
        ran.verdict(CART, Verdict::Match);
    }
    let ran = project.test(&FakeDriver::new(), &["specs/other.yaml:5"]);
    ran.exit(4)
        .stderr_has("no shot is selected by `specs/other.yaml:5`");
}

#[test]
fn pages_of_two_sizes_never_match() {
    let driver = FakeDriver::new().paints(|view| {
        let height = if view.is_on(STAGING) { 50 } else { 40 };
        Canvas::new(view.width, height, Canvas::WHITE).png()
    });
    let ran = Project::two_sides().test(&driver, &[]);
    ran.exit(1)
        .verdict(HOME, Verdict::Mismatch)
        .stdout_has("✗ Shop › home @small")
        .stdout_has("size 60×40 → 60×50");
}

#[test]
fn a_report_holds_every_format_and_every_picture() {
    let ran = Project::two_sides().test(&FakeDriver::new().with_a_change_on_staging(), &[]);
    let folder = ran.exit(1).report_folder();
    for name in ["index.html", "junit.xml", "summary.md", "report.json"] {
        assert!(!ran.read(&folder.join(name)).is_empty(), "{name} is empty");
    }
    for shot in ran.report().shots {
        let files = shot.files();
        assert_eq!(files.len(), 3, "{files:?}");
        for (what, file) in files {
            assert!(folder.join(file).is_file(), "no {what} at {file}");
        }
        let page = shot.pictures.candidate.and_then(|picture| picture.page);
        let page = page.expect("a live picture has its page");
        assert_eq!((page.title.as_str(), page.status), ("A page", Some(200)));
        assert!(["/", "/cart"].contains(&page.url.as_str()), "{}", page.url);
    }
}

#[test]
fn only_the_selected_shots_are_taken() {
    let driver = FakeDriver::new();
    let ran = Project::two_sides().test(&driver, &["CART"]);
    ran.exit(0)
        .stdout_has("1 shot: 1 match")
        .stdout_lacks("home");
    assert_eq!(ran.report().run.planned_shots, 1);
}

#[test]
fn only_the_named_viewports_are_taken() {
    let config = "
environments:
  production: { url: \"http://production.test\" }
  staging: { url: \"http://staging.test\" }
viewports: { small: 60x40, sharp: 30x20@2 }
";
    let project = Project::two_sides().config(config);
    let driver = FakeDriver::new();
    let ran = project.test(&driver, &["--viewport", "sharp", "home"]);
    ran.exit(0).stdout_has("1 shot: 1 match");
    let shot = ran.shot("Shop/home@sharp");
    let picture = shot.pictures.candidate.expect("there is a picture");
    assert_eq!((picture.size.width, picture.size.height), (60, 40));
    let ran = project.test(&driver, &["--viewport", "small,sharp"]);
    ran.exit(0).stdout_has("4 shots: 4 match");
}

#[test]
fn the_command_that_runs_again_has_the_variables_of_this_run() {
    let driver = FakeDriver::new().paints(|view| match view.is_on(STAGING) {
        true => view.page().with_box([20, 20, 10, 10], Canvas::RED).png(),
        false => view.page().png(),
    });
    let project = Project::two_sides()
        .env("TWINSHOT_WEBDRIVER", driver.url())
        .env("TWINSHOT_REPORTS", "my reports")
        .env("TWINSHOT_CANDIDATE_URL", "http://staging.test/")
        .env("TWINSHOT_WORKERS", "3")
        .env("TWINSHOT_LAST_FAILED", "0")
        .env("TWINSHOT_CHROME", "/no/such/chrome");
    let ran = project.run(["test", "--workers", "1"]);
    let line = ran
        .exit(1)
        .stdout()
        .lines()
        .find_map(|line| line.strip_prefix("again:  "));
    let expected = format!(
        "TWINSHOT_CANDIDATE_URL=http://staging.test/ TWINSHOT_WEBDRIVER={} TWINSHOT_REPORTS='my reports' {} test --last-failed --workers 1",
        driver.url(),
        env!("CARGO_BIN_EXE_twinshot")
    );
    assert_eq!(line, Some(expected.as_str()), "{}", ran.shown());
}

#[test]
fn what_failed_last_is_run_again_alone() {
    let project = Project::two_sides();
    let broken =
        FakeDriver::new().paints(|view| match view.is_on(STAGING) && view.is_at("/cart") {
            true => Canvas::new(view.width, view.height, Canvas::RED).png(),
            false => view.page().png(),
        });
    let first = project.test(&broken, &[]);
    let again = project.run(first.exit(1).again());
    again.exit(1).stdout_has("cart").stdout_lacks("home");
    let again = project.run(again.again());
    again.exit(1).stdout_has("cart").stdout_lacks("home");

    let repaired = FakeDriver::new();
    project.test(&repaired, &["--last-failed"]).exit(0);
    let nothing = project.test(&repaired, &["--last-failed"]);
    nothing
        .exit(4)
        .stderr_has("no shot is selected among those that failed last");
}

#[test]
fn a_mask_and_a_limit_let_a_known_difference_pass() {
    let driver = FakeDriver::new().with_a_change_on_staging();
    let masked = "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n    mask: [\".clock\"]\n";
    let ran = Project::two_sides()
        .spec("shop.yaml", masked)
        .test(&driver, &[]);
    ran.exit(0).verdict(HOME, Verdict::Match);

    let limited = "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n    max_mismatch: \"5%\"\n";
    let ran = Project::two_sides()
        .spec("shop.yaml", limited)
        .test(&driver, &[]);
    ran.exit(0).stdout_has("within max_mismatch 5 %");

    let strict = "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n    max_mismatch: 99\n";
    let ran = Project::two_sides()
        .spec("shop.yaml", strict)
        .test(&driver, &[]);
    ran.exit(1).verdict(HOME, Verdict::Mismatch);
}

#[test]
fn a_mask_that_covers_nothing_is_a_warning_and_fails_under_ci() {
    let masked = "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n    mask: [\".clock\"]\n";
    let nowhere = Answer::Value(json!({ "result": { "value": [[]] } }));
    let driver = FakeDriver::new().answers("page.boxes", nowhere);
    let project = Project::two_sides().spec("shop.yaml", masked);
    let says = "warning: the mask `.clock` matches nothing visible";
    project.test(&driver, &[]).exit(0).stdout_has(says);
    project.test(&driver, &["--ci"]).exit(1).stdout_has(says);
}

#[test]
fn an_expectation_that_does_not_hold_is_a_finding() {
    let spec = "
flow: Shop
steps:
  - goto: /
    shot: home
  - expect: { title: \"Another page\" }
    shot: false
    timeout: 100ms
";
    let ran = Project::two_sides()
        .spec("shop.yaml", spec)
        .test(&FakeDriver::new(), &[]);
    ran.exit(1)
        .verdict(HOME, Verdict::Failed)
        .stdout_has("expected the title `Another page`, found `A page`");
}

#[test]
fn enough_failures_end_a_run_that_says_so() {
    // The second flow never comes to an end by itself.
    let second =
        "flow: Wares\nsteps:\n  - goto: /wares\n    shot: wares\n  - wait: 10m\n    shot: later\n";
    let project = Project::two_sides().spec("wares.yaml", second);
    let driver = FakeDriver::new().with_a_change_on_staging();
    let ran = project.test(&driver, &["--max-failures", "1", "--workers", "1"]);
    ran.exit(1)
        .partial(RunState::Stopped)
        .stdout_has("ended early, partial:");
    assert_eq!(ran.report().run.planned_shots, 4);
    assert_eq!(driver.open_sessions(), 0, "sessions left open");
}

#[test]
fn a_repetition_gives_the_same_report() {
    let project = Project::two_sides();
    for name in ["a", "b", "c"] {
        let spec = format!("flow: Flow {name}\nsteps:\n  - goto: /{name}\n    shot: it\n");
        std::fs::write(project.path(&format!("specs/{name}.yaml")), spec).expect("a file");
    }
    let driver = FakeDriver::new().with_a_change_on_staging();
    let arguments = ["--workers", "3"];
    let first = project.test(&driver, &arguments);
    let one = timeless(first.exit(1).report());
    let second = project.test(&driver, &arguments);
    let other = timeless(second.exit(1).report());
    assert_eq!(one, other);
    assert_eq!(shot_lines(&first), shot_lines(&second));
}

/// The report without what must differ from run to run: its id, its clock times, and what took how long.
fn timeless(mut report: Report) -> serde_json::Value {
    report.run.id.clear();
    report.run.started.clear();
    report.run.finished = None;
    report.run.duration_ms = 0;
    report.run.times = twinshot::report::RunTimes::default();
    for shot in &mut report.shots {
        shot.times = twinshot::report::Times::default();
    }
    serde_json::to_value(report).expect("a report is JSON")
}

fn shot_lines(ran: &Ran) -> Vec<&str> {
    ran.stdout()
        .lines()
        .filter(|line| line.contains(" › "))
        .collect()
}

#[test]
fn a_failure_of_one_flow_leaves_the_others_alone() {
    let other = "flow: Wares\nsteps:\n  - goto: /wares\n    shot: wares\n";
    let project = Project::two_sides().spec("wares.yaml", other);
    let driver = FakeDriver::new().answers_on("staging.test/cart", "url", Answer::CutOff);
    let ran = project.test(&driver, &["--workers", "1"]);
    ran.exit(3)
        .verdict(HOME, Verdict::Match)
        .verdict(CART, Verdict::Failed)
        .verdict("Wares/wares@small", Verdict::Match);
}

#[test]
fn what_could_not_be_decided_outweighs_what_differs() {
    let driver = FakeDriver::new().with_a_change_on_staging().answers_on(
        "staging.test/cart",
        "url",
        Answer::CutOff,
    );
    let ran = Project::two_sides().test(&driver, &[]);
    ran.exit(3)
        .verdict(HOME, Verdict::Mismatch)
        .verdict(CART, Verdict::Failed);
}

#[test]
fn one_picture_for_several_pages_is_suspicious_and_fails_under_ci() {
    let driver = FakeDriver::new().paints(|view| view.one_for_all().png());
    let says = "suspicious: one picture for several pages: Shop › home (/), Shop › cart (/cart)";
    let project = Project::two_sides();
    project.test(&driver, &[]).exit(0).stdout_has(says);
    project.test(&driver, &["--ci"]).exit(1).stdout_has(says);
}

#[test]
fn a_blank_page_is_suspicious_and_fails_under_ci() {
    let driver = FakeDriver::new().paints(|view| match view.is_at("/cart") {
        true => Canvas::new(view.width, view.height, Canvas::WHITE).png(),
        false => view.page().png(),
    });
    let says = "suspicious: Shop › cart: both pictures are of one colour all over";
    let project = Project::two_sides();
    project.test(&driver, &[]).exit(0).stdout_has(says);
    project.test(&driver, &["--ci"]).exit(1).stdout_has(says);
}

#[test]
fn a_mask_that_finds_its_element_on_one_side_only_fails_under_ci() {
    let masked = "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n    mask: [\".clock\"]\n";
    let gone = Answer::Value(json!({ "result": { "value": [[]] } }));
    let driver = FakeDriver::new().answers_on(STAGING, "page.boxes", gone);
    let project = Project::two_sides().spec("shop.yaml", masked);
    project.test(&driver, &[]).exit(0);
    project
        .test(&driver, &["--ci"])
        .exit(1)
        .stdout_has("candidate: the mask `.clock` matches nothing");
}

#[test]
fn one_environment_on_both_sides_is_suspicious() {
    let project = Project::two_sides();
    let arguments = ["--baseline", "staging", "--candidate", "staging"];
    project
        .test(&FakeDriver::new(), &arguments)
        .exit(0)
        .stdout_has("suspicious: both sides are the same environment");
}

#[test]
fn what_was_never_decided_is_not_what_failed_last() {
    let project = Project::two_sides();
    let driver = FakeDriver::new().paints(|view| match view.is_on(STAGING) {
        true => view.page().with_box([20, 20, 10, 10], Canvas::RED).png(),
        false => view.page().png(),
    });
    let ran = project.test(&driver, &["--max-failures", "1"]);
    let is_partial = ran.report().is_partial();
    let printed = project.run(ran.again());
    printed.exit(1);
    let printed_is_partial = printed.report().is_partial();
    assert_eq!(ran.again().contains(&"--last-failed"), !is_partial);
    let again = project.test(&driver, &["--max-failures", "1", "--last-failed"]);
    match printed_is_partial {
        true => again.exit(2).stderr_has("the last run ended early"),
        false => again.exit(1),
    };
}

#[test]
fn a_clean_run_is_not_run_again() {
    let ran = Project::two_sides().test(&FakeDriver::new(), &[]);
    ran.exit(0).stdout_lacks("again:");
}

#[test]
fn the_command_is_short_where_a_shell_finds_it() {
    let project = Project::two_sides();
    let link = project.everything().join("bin/twinshot");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_twinshot"), link).expect("a link");
    let driver = FakeDriver::new().with_a_change_on_staging();
    let ran = project.test(&driver, &[]);
    ran.exit(1)
        .stdout_has("again:  twinshot test --last-failed --webdriver ");
}

#[test]
fn an_expect_at_the_end_runs_at_every_viewport() {
    let config = "
environments: { production: { url: \"http://production.test\" }, staging: { url: \"http://staging.test\" } }
viewports: { small: 60x40, large: 80x40 }
timeout: 100ms
";
    let spec = "
flow: Shop
steps:
  - goto: /
    shot: home
  - hover: .menu
    shot: { name: menu, viewport: small }
  - expect: { title: Nothing like this }
    shot: false
";
    let project = Project::new().config(config).spec("shop.yaml", spec);
    let ran = project.test(&FakeDriver::new(), &[]);
    ran.exit(1)
        .verdict("Shop/menu@small", Verdict::Failed)
        .verdict("Shop/home@large", Verdict::Failed);
}
