//! One run in several parts: `--shard` deals out the flows, `merge` joins the reports.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use twinshot::report::{RunState, Verdict};

use super::support::{Answer, Canvas, FakeDriver, Project, Ran, STAGING};

const FLOWS: [&str; 6] = [
    "About",
    "Basket",
    "Catalog",
    "Document",
    "Elevators",
    "Frequently",
];

type Change<'a> = dyn Fn(&mut Value) + 'a;

/// A flow for each name, with one shot called `page`.
fn shop() -> Project {
    FLOWS.iter().fold(Project::two_sides(), |project, name| {
        let path = name.to_lowercase();
        let text = format!("flow: {name}\nsteps:\n  - goto: /{path}\n    shot: page\n");
        project.spec(&format!("{path}.yaml"), &text)
    })
}

/// About and Elevators show one picture, Catalog differs; every other page is its own.
fn with_findings() -> FakeDriver {
    FakeDriver::new().paints(|view| {
        if view.is_at("/about") || view.is_at("/elevators") {
            return view
                .one_for_all()
                .with_box([0, 30, 40, 1], Canvas::RED)
                .png();
        }
        match view.is_on(STAGING) && view.is_at("/catalog") {
            true => view.page().with_box([20, 20, 10, 10], Canvas::RED).png(),
            false => view.page().png(),
        }
    })
}

/// Runs one shard into a reports folder of its own, and gives that folder's name.
#[track_caller]
fn run_shard(
    project: &Project,
    driver: &FakeDriver,
    shard: &str,
    arguments: &[&str],
) -> (Ran, String) {
    let folder = format!("shard-{}", shard.replace('/', "-of-"));
    let mut all = vec!["--shard", shard, "--reports", &folder];
    all.extend(arguments);
    (project.test(driver, &all), folder)
}

#[track_caller]
fn run_both(project: &Project, driver: &FakeDriver, arguments: &[&str]) -> [String; 2] {
    ["1/2", "2/2"].map(|shard| run_shard(project, driver, shard, arguments).1)
}

#[track_caller]
fn merge(project: &Project, folders: &[&str]) -> Ran {
    project.run(["merge"].into_iter().chain(folders.iter().copied()))
}

fn report_file(project: &Project, folder: &str) -> PathBuf {
    project.path(folder).join("latest/report.json")
}

#[track_caller]
fn read_report(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

/// Changes a shard's report as a hostile or unlucky machine might.
fn edit(project: &Project, folder: &str, change: impl FnOnce(&mut Value)) {
    let file = report_file(project, folder);
    let mut report = read_report(&file);
    change(&mut report);
    fs::write(file, report.to_string()).expect("it is ours");
}

/// Without ids and times, and without what says that it was merged.
fn lasting(mut report: Value) -> Value {
    let run = report["run"].as_object_mut().expect("a map");
    for name in [
        "id",
        "started",
        "finished",
        "duration_ms",
        "times",
        "merged",
    ] {
        run.remove(name);
    }
    for shot in report["shots"].as_array_mut().expect("a list") {
        shot.as_object_mut().expect("a map").remove("times");
    }
    report
}

/// The names of the flows that fall to a shard.
fn listed(project: &Project, shard: &str) -> Vec<String> {
    let ran = project.run(["list", "--shard", shard]);
    let lines = ran.exit(0).stdout().lines();
    let flow = |line: &str| line.split_once(" › ").expect("a flow").0.to_owned();
    lines.map(flow).collect()
}

#[test]
fn merged_shards_are_as_one_run() {
    let (project, driver) = (shop(), with_findings());
    let whole = project.test(&driver, &["--reports", "whole"]);
    whole.exit(1);
    let whole = read_report(&report_file(&project, "whole"));
    let folders = run_both(&project, &driver, &[]);
    let shards = folders
        .each_ref()
        .map(|it| read_report(&report_file(&project, it)));
    for (shard, index) in shards.iter().zip(1..) {
        assert!(!shard["shots"].as_array().expect("a list").is_empty());
        assert_eq!(shard["run"]["shard"]["index"], index);
        assert_eq!(shard["run"]["shard"]["of"], 2);
        assert_eq!(shard["suspicions"], serde_json::json!([]), "seen alone");
    }
    let merged = merge(&project, &[&folders[1], &folders[0]]);
    merged
        .exit(1)
        .stderr_is_empty()
        .stdout_has("✗ Catalog › page @small  4.17 % different (1 region), open ")
        .stdout_has("merged from 2 of 2 shards, ")
        .stdout_has("8 shots: 7 match, 1 mismatch")
        .stdout_has("warning: suspicious: one picture for several pages: About › page")
        .stdout_has("again:  ");
    assert_eq!(merged.again(), ["test", "--last-failed"]);
    let joined = read_report(&merged.report_folder().join("report.json"));
    assert_eq!(lasting(joined.clone()), lasting(whole));
    let durations = shards.map(|it| it["run"]["duration_ms"].as_u64().expect("a number"));
    let longest = durations.into_iter().max();
    assert_eq!(joined["run"]["duration_ms"].as_u64(), longest);

    let page = merged.read(&merged.report_folder().join("index.html"));
    assert!(
        page.contains("<li>merged from 2 of 2 shards, "),
        "{page:.3000}"
    );
    let summary = merged.read(&merged.report_folder().join("summary.md"));
    assert!(summary.contains("merged from 2 of 2 shards, "), "{summary}");
    let junit = merged.read(&merged.report_folder().join("junit.xml"));
    assert!(junit.contains("tests=\"8\""), "{junit:.500}");
    for shot in merged.report().shots {
        for (_, file) in shot.files() {
            assert!(merged.report_folder().join(file).is_file(), "{file}");
        }
    }
}

#[test]
fn the_order_of_the_folders_changes_nothing() {
    let (project, driver) = (shop(), with_findings());
    let [one, two] = run_both(&project, &driver, &[]);
    let reports = [[&one, &two], [&two, &one]].map(|[first, second]| {
        let ran = merge(&project, &[first, second]);
        let mut report = read_report(&ran.report_folder().join("report.json"));
        report["run"]["id"].take();
        report
    });
    assert_eq!(reports[0], reports[1]);
}

#[test]
fn under_ci_a_suspicion_across_shards_fails() {
    let project = shop();
    let driver = FakeDriver::new().paints(|view| view.one_for_all().png());
    let only = ["About", "Elevators", "--ci"];
    for shard in ["1/2", "2/2"] {
        let (ran, _) = run_shard(&project, &driver, shard, &only);
        ran.exit(0).stdout_lacks("suspicious");
    }
    let merged = merge(&project, &["shard-1-of-2", "shard-2-of-2"]);
    merged.exit(1).stdout_has("2 shots: 2 match").stdout_has(
        "warning: suspicious: one picture for several pages: About › page (/about), Elevators › page (/elevators)",
    );
}

#[test]
fn an_undecided_shot_stays_undecided() {
    let project = shop();
    let driver = FakeDriver::new().answers_on("staging.test/basket", "url", Answer::CutOff);
    let whole = project.test(&driver, &[]);
    whole.exit(3);
    let [one, two] = run_both(&project, &driver, &[]);
    let merged = merge(&project, &[&one, &two]);
    merged
        .exit(3)
        .verdict("Basket/page@small", Verdict::Failed)
        .stdout_has("8 shots: 7 match, 1 failed")
        .stdout_has("! Basket › page @small");
}

#[test]
fn a_merged_report_can_be_approved_and_run_again() {
    let (project, driver) = (shop(), with_findings());
    let [one, two] = run_both(&project, &driver, &[]);
    let merged = merge(&project, &[&one, &two]);
    let picture = merged.shot("Catalog/page@small").pictures.candidate;
    let picture = merged
        .report_folder()
        .join(picture.expect("a picture").file);
    let ran = project.run(["approve", "--all"]);
    ran.exit(0).stdout_has("approved Catalog/page@small → ");
    let golden = project.path("golden/Catalog/page@small.png");
    assert_eq!(fs::read(golden).ok(), fs::read(picture).ok());
    let again = project.test(&driver, &["--last-failed"]);
    again
        .exit(0)
        .verdict("Catalog/page@small", Verdict::Approved)
        .stdout_has("1 shot: 1 approved");
}

#[test]
fn a_missing_shard_is_never_a_pass() {
    let (project, driver) = (shop(), FakeDriver::new());
    let folders = ["1/4", "2/4", "4/4"].map(|shard| {
        let (ran, folder) = run_shard(&project, &driver, shard, &[]);
        ran.exit(0);
        folder
    });
    let third = listed(&project, "3/4").len();
    let merged = merge(&project, &folders.each_ref().map(String::as_str));
    let decided = 8 - third;
    let partial = format!("partial: {decided} of 8 shots decided; shard 3 of 4 is missing");
    merged
        .exit(3)
        .partial(RunState::Stopped)
        .stderr_has(&format!(
            "error: the result is {partial}; run that shard, then merge again"
        ));
    let summary = merged.read(&merged.report_folder().join("summary.md"));
    assert!(summary.contains(&partial), "{summary}");
    let again = project.test(&driver, &["--last-failed"]);
    again.exit(2).stderr_has("merged from incomplete shards");

    let (ran, folder) = run_shard(&project, &driver, "3/4", &[]);
    ran.exit(0);
    let [one, two, four] = &folders;
    let merged = merge(&project, &[one, two, &folder, four]);
    merged.exit(0).stderr_is_empty();
    assert_eq!(merged.report().summary.matched, 8);
}

#[test]
fn a_missing_shard_goes_before_a_difference() {
    let (project, driver) = (shop(), with_findings());
    let shard = if listed(&project, "1/2").contains(&"Catalog".to_owned()) {
        "1/2"
    } else {
        "2/2"
    };
    let (ran, folder) = run_shard(&project, &driver, shard, &[]);
    ran.exit(1);
    let merged = merge(&project, &[&folder]);
    merged
        .exit(3)
        .stdout_has("✗ Catalog")
        .stdout_lacks("again:");
}

#[test]
fn a_shard_that_was_killed_leaves_the_result_partial() {
    let (project, driver) = (shop(), FakeDriver::new());
    let [one, two] = run_both(&project, &driver, &[]);
    edit(&project, &two, |report| {
        report["run"]["state"] = "running".into();
        report["run"]["finished"] = Value::Null;
        report["shots"].as_array_mut().expect("a list").pop();
    });
    let merged = merge(&project, &[&one, &two]);
    merged
        .exit(3)
        .partial(RunState::Interrupted)
        .stderr_has("7 of 8 shots decided; shard 2: the run goes on, or was killed");
    assert_eq!(merged.report().run.finished, None);
}

#[test]
fn a_shard_that_decided_nothing_leaves_the_whole_undecided() {
    let (project, driver) = (shop(), FakeDriver::new());
    let [one, two] = run_both(&project, &driver, &[]);
    edit(&project, &two, |report| {
        report["run"]["undecided"] = serde_json::json!(["staging changed"]);
    });
    let merged = merge(&project, &[&one, &two]);
    merged.exit(3);
    assert_eq!(merged.report().run.undecided, ["shard 2: staging changed"]);
}

#[test]
fn shards_of_two_releases_decide_nothing() {
    let (project, driver) = (shop(), FakeDriver::new());
    let [one, two] = run_both(&project, &driver, &[]);
    for (folder, release) in [(&one, "1.4.1"), (&two, "1.4.2")] {
        edit(&project, folder, |report| {
            report["run"]["environments"]["candidate"]["release"] = release.into();
        });
    }
    let merged = merge(&project, &[&one, &two]);
    merged.exit(3);
    let undecided = &merged.report().run.undecided;
    let expected = "the shards saw different releases of staging: 1.4.1 and 1.4.2";
    assert_eq!(undecided, &[expected]);
}

#[test]
fn a_shard_that_gave_up_early_ends_like_the_run_would_have() {
    let project = shop();
    // The second flow of a shard takes longer than the comparison of the first.
    let driver = FakeDriver::new().paints(|view| {
        std::thread::sleep(Duration::from_millis(200));
        match view.is_on(STAGING) {
            true => view.page().with_box([20, 20, 10, 10], Canvas::RED).png(),
            false => view.page().png(),
        }
    });
    let [one, two] = run_both(
        &project,
        &driver,
        &["--max-failures", "1", "--workers", "1"],
    );
    let merged = merge(&project, &[&one, &two]);
    merged.exit(1).partial(RunState::Stopped);
}

#[test]
fn more_shards_than_flows_are_no_failure() {
    let (project, driver) = (Project::two_sides(), FakeDriver::new());
    let mut folders = Vec::new();
    let mut idle = 0;
    for index in 1..=3 {
        let (ran, folder) = run_shard(&project, &driver, &format!("{index}/3"), &["--ci"]);
        ran.exit(0);
        if listed(&project, &format!("{index}/3")).is_empty() {
            ran.stdout_has(&format!(
                "\nno selected flow belongs to shard {index} of 3: nothing to do\n"
            ));
            let page = project.path(&folder).join("latest/index.html");
            assert!(
                ran.read(&page)
                    .contains("No selected flow belongs to this shard")
            );
            let junit = project.path(&folder).join("latest/junit.xml");
            assert!(ran.read(&junit).contains("tests=\"0\""));
            idle += 1;
        } else {
            ran.stdout_has(&format!("shard {index} of 3 — 2 shots: 2 match"));
        }
        folders.push(folder);
    }
    assert_eq!(idle, 2, "one flow falls to one shard");
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let merged = merge(&project, &folders);
    merged.exit(0).stdout_has("2 shots: 2 match");
}

#[test]
fn an_idle_shard_starts_no_browser() {
    let project = Project::two_sides().without_programs();
    let idle = (1..=2).find(|index| listed(&project, &format!("{index}/2")).is_empty());
    let shard = format!("{}/2", idle.expect("one flow falls to one shard"));
    project.run(["test", "--shard", &shard]).exit(0);
    let listed = project.run(["list", "--shard", &shard]);
    listed
        .exit(0)
        .stderr_has("note: no selected flow belongs to shard ");
}

#[test]
fn nothing_selected_is_no_idle_shard() {
    let (project, driver) = (Project::two_sides(), FakeDriver::new());
    for shard in ["1/2", "2/2"] {
        let (ran, _) = run_shard(&project, &driver, shard, &["no such flow"]);
        ran.exit(4)
            .stderr_has("no shot is selected by `no such flow`");
    }
}

#[test]
fn a_flow_more_moves_no_other() {
    let project = shop();
    let before = ["1/3", "2/3", "3/3"].map(|shard| listed(&project, shard));
    let count: usize = before.iter().map(Vec::len).sum();
    assert_eq!(count, 8, "each flow falls to one shard: {before:?}");
    let text = "flow: Another\nsteps:\n  - goto: /another\n";
    let project = project.spec("another.yaml", text);
    let mut after = ["1/3", "2/3", "3/3"].map(|shard| listed(&project, shard));
    for flows in &mut after {
        flows.retain(|flow| flow != "Another");
    }
    assert_eq!(before, after);
}

#[test]
fn the_shard_can_be_set_by_a_variable_and_must_be_one() {
    let project = shop().env("TWINSHOT_SHARD", "1/2");
    let by_variable = project.run(["list"]).exit(0).stdout().to_owned();
    let by_flag = project.run(["list", "--shard", "1/2"]);
    assert_eq!(by_variable, by_flag.stdout());
    let driver = FakeDriver::new();
    let ran = project.test(&driver, &[]);
    assert_eq!(
        ran.report().run.shard.map(|it| (it.index, it.of)),
        Some((1, 2))
    );
    for (shard, says) in [
        (
            "2",
            "a shard is its number and how many there are, for example 2/4",
        ),
        ("3/2", "shards are counted from 1 to how many there are"),
        ("0/2", "shards are counted from 1 to how many there are"),
    ] {
        let ran = project.run(["test", "--shard", shard]);
        ran.exit(2).stderr_has(says);
    }
}

#[test]
fn what_failed_is_run_again_within_its_shard_only() {
    let (project, driver) = (shop(), FakeDriver::new().with_a_change_on_staging());
    let own = listed(&project, "1/2").len();
    let args = ["--shard", "1/2"];
    let ran = project.test(&driver, &args);
    let webdriver = driver.url();
    let expected = [
        "test",
        "--last-failed",
        "--webdriver",
        &webdriver,
        "--shard",
        "1/2",
    ];
    assert_eq!(ran.exit(1).again(), expected);
    let again = project.test(&driver, &["--shard", "1/2", "--last-failed"]);
    again.exit(1);
    assert_eq!(again.report().shots.len(), own);
    let other = project.test(&driver, &["--shard", "2/2", "--last-failed"]);
    other.exit(2).stderr_has(
        "the last run was shard 1 of 2, not shard 2 of 2: give each shard its own --reports",
    );
}

#[test]
fn reports_that_do_not_go_together_are_refused() {
    let (project, driver) = (shop(), FakeDriver::new());
    let [one, two] = run_both(&project, &driver, &[]);
    project.test(&driver, &["--reports", "whole"]).exit(0);
    run_shard(&project, &driver, "1/3", &[]);
    fs::create_dir(project.path("empty")).expect("a folder");
    let other = |folder: &str, arguments: &[&str]| {
        let all = [&["--shard", "2/2", "--reports", folder], arguments].concat();
        project.test(&driver, &all).exit(0);
    };
    other("url", &["--candidate-url", "http://preview.test"]);
    other("selection", &["About", "Basket", "Catalog", "Document"]);
    other("ci", &["--ci"]);
    for (folders, says) in [
        (
            [&*one, "empty"],
            "empty is no report: name the folder of a run",
        ),
        ([&*one, "nowhere"], "nowhere is no report"),
        (
            [&*one, "whole"],
            "whole is the report of a whole run: only those of `twinshot test --shard`",
        ),
        (
            [&*one, &*one],
            "shard-1-of-2 and shard-1-of-2 are both shard 1: leave out",
        ),
        (
            [&*two, "shard-1-of-3"],
            "the numbers of shards differ: 3 and 2; run every shard in the same way",
        ),
        (
            [&*one, "url"],
            "their candidates differ: staging (http://staging.test/) and staging (http://preview.test/)",
        ),
        (
            [&*one, "selection"],
            "their selections differ: everything and by `About`, `Basket`, `Catalog`, `Document`",
        ),
        (
            [&*one, "ci"],
            "their rules differ: without --ci and with --ci",
        ),
    ] {
        merge(&project, &folders).exit(2).stderr_has(says);
    }
    assert!(!project.path("reports").exists(), "nothing is written");
    project
        .run(["merge"])
        .exit(2)
        .stderr_has("Usage: twinshot merge");

    merge(&project, &[&one, &two]).exit(0);
    let twice = merge(&project, &["reports", &two]);
    twice.exit(2).stderr_has("reports was merged already");
}

#[test]
fn shards_of_different_flows_or_limits_are_refused() {
    let (project, driver) = (shop(), FakeDriver::new());
    run_shard(&project, &driver, "1/2", &[]);
    let text = "flow: Another\nsteps:\n  - goto: /another\n";
    let project = project.spec("another.yaml", text);
    run_shard(&project, &driver, "2/2", &[]);
    let folders = ["shard-1-of-2", "shard-2-of-2"];
    merge(&project, &folders)
        .exit(2)
        .stderr_has("their flows differ: About, Basket");

    fs::remove_file(project.path("specs/another.yaml")).expect("it is ours");
    let limited = "flow: About\nsteps:\n  - goto: /about\n    shot: page\n    max_mismatch: 9\n";
    let project = project.spec("about.yaml", limited);
    run_shard(&project, &driver, "2/2", &[]);
    merge(&project, &folders)
        .exit(2)
        .stderr_has("their steps, viewports or limits differ");
}

#[test]
fn reports_that_were_tampered_with_are_refused() {
    let (project, driver) = (shop(), FakeDriver::new());
    let [one, two] = run_both(&project, &driver, &[]);
    let original = fs::read(report_file(&project, &two)).expect("a report");
    let stray = read_report(&report_file(&project, &one))["shots"][0].clone();
    let changes: [(&Change<'_>, &str); 7] = [
        (
            &|it| it["schema_version"] = 2.into(),
            "the report has schema version 2",
        ),
        (
            &|it| it["run"]["metric"] = "yiq".into(),
            "their metrics differ: oklab and yiq",
        ),
        (
            &|it| it["run"]["twinshot_version"] = "9.9.9".into(),
            "the versions of Twinshot differ",
        ),
        (
            &|it| it["run"]["shard"]["index"] = 7.into(),
            "says that it is shard 7 of 2, which cannot be",
        ),
        (
            &|it| it["shots"][0] = stray.clone(),
            "which does not belong to its shard",
        ),
        (&|it| it["shots"][1] = it["shots"][0].clone(), "twice"),
        (
            &|it| it["shots"][0]["pictures"]["candidate"]["file"] = "../x.png".into(),
            "outside its folder",
        ),
    ];
    for (change, says) in changes {
        edit(&project, &two, change);
        merge(&project, &[&one, &two]).exit(2).stderr_has(says);
        fs::write(report_file(&project, &two), &original).expect("it is ours");
    }
    fs::write(report_file(&project, &two), b"{\"schema_ver").expect("it is ours");
    merge(&project, &[&one, &two])
        .exit(2)
        .stderr_has("not a report that this version can read");
    fs::write(report_file(&project, &two), &original).expect("it is ours");

    let shot = read_report(&report_file(&project, &two))["shots"][0].clone();
    let picture = shot["pictures"]["candidate"]["file"]
        .as_str()
        .expect("a file")
        .to_owned();
    let picture = project.path(&two).join("latest").join(picture);
    fs::write(&picture, Canvas::new(9, 9, Canvas::RED).png()).expect("it is ours");
    let damaged = merge(&project, &[&one, &two]);
    damaged
        .exit(3)
        .stderr_has("is not the picture that was reported");
    let left = fs::read_dir(project.path("reports")).expect("a folder");
    assert_eq!(left.count(), 0, "half a report is none");
    fs::remove_file(&picture).expect("it is ours");
    merge(&project, &[&one, &two])
        .exit(2)
        .stderr_has("cannot read ");
}

#[test]
fn shards_of_different_browsers_are_joined_with_a_warning() {
    let (project, driver) = (shop(), FakeDriver::new());
    let [one, two] = run_both(&project, &driver, &[]);
    edit(&project, &two, |it| {
        it["run"]["browser"] = "chrome 999.0".into()
    });
    let merged = merge(&project, &[&one, &two]);
    merged
        .exit(0)
        .stdout_has("warning: shards ran on different browsers: ")
        .stdout_has("chrome 999.0 (shard 2)");
}

#[test]
fn where_shards_are_merged_no_variable_of_the_project_is_needed() {
    let (project, driver) = (shop(), FakeDriver::new());
    let [one, two] = run_both(&project, &driver, &[]);
    let project = project.config("environments: { staging: { url: \"http://x:${NOT_SET}@y\" } }\n");
    merge(&project, &[&one, &two, "--reports", "out/joined"]).exit(0);
    assert!(project.path("out/joined/latest/index.html").is_file());
    fs::write(project.path("file"), b"x").expect("it is ours");
    merge(&project, &[&one, &two, "--reports", "file"]).exit(5);
}
