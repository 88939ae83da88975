//! Approved pictures: new, approved byte for byte, matched, changed, damaged, and beside a live baseline.

use std::fs;

use twinshot::report::{FailureKind, Verdict};

use super::support::{Answer, Canvas, FakeDriver, Project, Ran, STAGING};

const HOME: &str = "Shop/home@small";
const CART: &str = "Shop/cart@small";
const GOLDEN: [&str; 2] = ["--baseline", "golden"];

/// A project whose two shots were approved as the driver paints them now.
fn approved(driver: &FakeDriver) -> Project {
    let project = Project::two_sides();
    project.test(driver, &GOLDEN).exit(0);
    project.run(["approve", "--all"]).exit(0);
    project
}

fn golden_file(project: &Project, id: &str) -> std::path::PathBuf {
    project.path(&format!("golden/{id}.png"))
}

/// The candidate's picture in the report.
fn picture(ran: &Ran, id: &str) -> Vec<u8> {
    let picture = ran.shot(id).pictures.candidate.expect("there is a picture");
    fs::read(ran.report_folder().join(picture.file)).expect("it is kept")
}

#[test]
fn what_was_never_approved_is_new_and_fails_only_under_ci() {
    let project = Project::two_sides();
    let driver = FakeDriver::new();
    let ran = project.test(&driver, &GOLDEN);
    ran.exit(0)
        .verdict(HOME, Verdict::New)
        .verdict(CART, Verdict::New)
        .stdout_has("+ Shop › home @small  new: there is no baseline yet")
        .stdout_has("2 shots: 2 new");
    assert!(driver.has_visited(STAGING) && !driver.has_visited("production.test"));

    project
        .test(&driver, &["--baseline", "golden", "--ci"])
        .exit(1);
    let ci = Project::two_sides().env("CI", "true");
    ci.test(&driver, &GOLDEN)
        .exit(1)
        .verdict(HOME, Verdict::New);
    let no_ci = Project::two_sides().env("CI", "false");
    no_ci.test(&driver, &GOLDEN).exit(0);
}

#[test]
fn approving_keeps_the_reviewed_bytes_and_then_they_match() {
    let project = Project::two_sides();
    let driver = FakeDriver::new();
    let reviewed = project.test(&driver, &GOLDEN);
    let ran = project.run(["approve", "--all"]);
    ran.exit(0).stdout_has("approved Shop/home@small → ");
    for id in [HOME, CART] {
        let kept = fs::read(golden_file(&project, id)).expect("it was approved");
        assert_eq!(kept, picture(&reviewed, id), "{id}");
    }
    let again = project.test(&driver, &["--baseline", "golden", "--ci"]);
    again
        .exit(0)
        .verdict(HOME, Verdict::Match)
        .verdict(CART, Verdict::Match);
    let nothing = project.run(["approve", "--all"]);
    nothing.exit(0).stdout_has("nothing to approve");
}

#[test]
fn one_shot_can_be_approved_alone() {
    let project = Project::two_sides();
    project.test(&FakeDriver::new(), &GOLDEN).exit(0);
    project.run(["approve", CART]).exit(0);
    assert!(golden_file(&project, CART).is_file());
    assert!(!golden_file(&project, HOME).exists());
}

#[test]
fn an_id_that_is_not_in_the_report_gets_a_suggestion() {
    let project = Project::two_sides();
    project.test(&FakeDriver::new(), &GOLDEN).exit(0);
    let ran = project.run(["approve", "Shop/hom@small"]);
    ran.exit(2)
        .stderr_has("the last run has no shot `Shop/hom@small`; did you mean `Shop/home@small`?");
    let ran = project.run(["approve", HOME, "Shop/zzz"]);
    ran.exit(2);
    assert!(!golden_file(&project, HOME).exists(), "approved in part");
    project
        .run(["approve"])
        .exit(2)
        .stderr_has("Usage: twinshot approve");
    project.run(["approve", "--all", HOME]).exit(2);
}

#[test]
fn a_failed_shot_cannot_be_approved() {
    let project = Project::two_sides();
    let driver = FakeDriver::new().answers_on("staging.test/cart", "url", Answer::CutOff);
    project.test(&driver, &GOLDEN).exit(3);
    let ran = project.run(["approve", CART]);
    ran.exit(2)
        .stderr_has("`Shop/cart@small` failed in the last run");
    project
        .run(["approve", "--all"])
        .exit(0)
        .stdout_lacks("cart");
    assert!(!golden_file(&project, CART).exists());
    assert!(golden_file(&project, HOME).exists());
}

#[test]
fn a_picture_that_was_changed_after_the_review_is_not_approved() {
    let project = Project::two_sides();
    let ran = project.test(&FakeDriver::new(), &GOLDEN);
    let file = ran
        .shot(HOME)
        .pictures
        .candidate
        .expect("there is a picture")
        .file;
    let other = Canvas::new(60, 40, Canvas::RED).png();
    fs::write(ran.report_folder().join(file), other).expect("it is ours");
    let refused = project.run(["approve", HOME]);
    refused
        .exit(3)
        .stderr_has("is not the picture that was reviewed");
    assert!(!golden_file(&project, HOME).exists());
}

#[test]
fn a_change_since_the_approval_differs() {
    let project = approved(&FakeDriver::new());
    let before = fs::read(golden_file(&project, HOME)).expect("it was approved");
    let ran = project.test(&FakeDriver::new().with_a_change_on_staging(), &GOLDEN);
    ran.exit(1)
        .verdict(HOME, Verdict::Mismatch)
        .stdout_has("✗ Shop › home @small  4.17 % different");
    let after = fs::read(golden_file(&project, HOME)).expect("it is still there");
    assert_eq!(before, after, "a run never writes golden pictures");
}

#[test]
fn a_damaged_golden_picture_is_no_visual_change() {
    let png = Canvas::new(60, 40, Canvas::WHITE)
        .with_box([1, 1, 9, 9], Canvas::RED)
        .png();
    let mut flipped = png.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 4].fill(0xAA);
    for (bytes, says) in [
        (b"not a picture at all".to_vec(), "is not a PNG file"),
        (Vec::new(), "is not a PNG file"),
        (png[..20].to_vec(), "is truncated"),
        (png[..png.len() - 20].to_vec(), "is truncated"),
        (flipped, "is a damaged PNG"),
    ] {
        let driver = FakeDriver::new();
        let project = approved(&driver);
        let file = golden_file(&project, HOME);
        fs::write(&file, bytes).expect("it is ours");
        let ran = project.test(&driver, &GOLDEN);
        ran.exit(3)
            .failed(HOME, FailureKind::Picture, says)
            .failed(HOME, FailureKind::Picture, &file.display().to_string())
            .verdict(CART, Verdict::Match)
            .stdout_has("golden/Shop/home@small.png");
    }
}

#[test]
fn a_folder_in_the_place_of_a_golden_picture_is_named() {
    let driver = FakeDriver::new();
    let project = approved(&driver);
    let file = golden_file(&project, HOME);
    fs::remove_file(&file).expect("it is ours");
    fs::create_dir(&file).expect("a folder");
    let ran = project.test(&driver, &GOLDEN);
    ran.exit(3).verdict(CART, Verdict::Match);
    assert!(
        ran.shown().contains("golden/Shop/home@small.png"),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_known_difference_between_live_sides_is_approved() {
    let changed = FakeDriver::new().with_a_change_on_staging();
    let project = approved(&changed);
    let ran = project.test(&changed, &["--ci"]);
    ran.exit(0)
        .verdict(HOME, Verdict::Approved)
        .stdout_has("≈ Shop › home @small  approved: ")
        .stdout_has("2 shots: 2 approved");
    let comparison = ran
        .shot(HOME)
        .comparison
        .expect("the live sides were compared");
    assert_eq!(comparison.mismatched_pixels, 100);

    let otherwise = FakeDriver::new().paints(|view| match view.is_on(STAGING) {
        true => view.page().with_box([30, 20, 10, 10], Canvas::RED).png(),
        false => view.page().png(),
    });
    project
        .test(&otherwise, &[])
        .exit(1)
        .verdict(HOME, Verdict::Mismatch);
}

#[test]
fn a_golden_picture_of_another_size_differs() {
    let driver = FakeDriver::new();
    let project = approved(&driver);
    let larger = Canvas::new(60, 44, Canvas::WHITE)
        .with_box([4, 4, 12, 6], [40, 60, 90])
        .png();
    fs::write(golden_file(&project, HOME), larger).expect("it is ours");
    let ran = project.test(&driver, &GOLDEN);
    ran.exit(1)
        .verdict(HOME, Verdict::Mismatch)
        .stdout_has("size 60×44 → 60×40");
}

#[test]
fn a_live_mismatch_can_be_approved_from_its_report() {
    let project = Project::two_sides();
    let changed = FakeDriver::new().with_a_change_on_staging();
    let ran = project.test(&changed, &[]);
    ran.exit(1);
    project.run(["approve", HOME]).exit(0);
    assert_eq!(
        fs::read(golden_file(&project, HOME)).ok(),
        Some(picture(&ran, HOME))
    );
    let ran = project.test(&changed, &[]);
    ran.exit(1)
        .verdict(HOME, Verdict::Approved)
        .verdict(CART, Verdict::Mismatch);
}

#[test]
fn a_broken_golden_picture_beside_a_live_baseline_is_a_warning() {
    let whole = Canvas::new(60, 40, Canvas::RED).png();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let cut = whole[..whole.len() - 20].to_vec();
    for (bytes, says) in [
        (b"no picture".to_vec(), "is not a PNG file"),
        (flipped, "is a damaged PNG"),
        (cut, "is truncated"),
    ] {
        let project = Project::two_sides().file("golden/Shop/home@small.png", bytes);
        let changed = FakeDriver::new().with_a_change_on_staging();
        for (driver, code) in [(FakeDriver::new(), 0), (changed, 1)] {
            let ran = project.test(&driver, &[]);
            let warnings = ran.exit(code).shot(HOME).warnings;
            let is_told = |it: &String| it.contains(says) && it.contains("; it approves nothing");
            assert!(warnings.iter().any(is_told), "{says}: {warnings:?}");
            assert!(ran.shot(CART).warnings.is_empty());
        }
    }
}

#[test]
fn a_whole_golden_picture_beside_a_live_baseline_is_no_warning() {
    let other = Canvas::new(60, 40, Canvas::RED).png();
    let project = Project::two_sides().file("golden/Shop/home@small.png", other);
    let ran = project.test(&FakeDriver::new(), &[]);
    assert!(ran.exit(0).shot(HOME).warnings.is_empty());
}

/// Staging differs, and the last run says so.
fn reviewed() -> Project {
    let project = Project::two_sides();
    project
        .test(&FakeDriver::new().with_a_change_on_staging(), &[])
        .exit(1);
    project
}

#[test]
fn approving_says_that_a_spec_changed_since_the_run() {
    for (file, is_told) in [
        ("specs/shop.yaml", true),
        ("specs/part.yaml", true),
        ("twinshot.yaml", false),
        ("specs/notes.txt", false),
    ] {
        let project = Project::two_sides()
            .file("specs/part.yaml", "fragment: part\nsteps:\n  - goto: /\n")
            .file("specs/notes.txt", "");
        project
            .test(&FakeDriver::new().with_a_change_on_staging(), &[])
            .exit(1);
        let text = fs::read_to_string(project.path(file)).expect("it is ours");
        fs::write(project.path(file), text + "# changed\n").expect("it is ours");
        let ran = project.run(["approve", HOME]);
        ran.exit(0);
        match is_told {
            true => ran.stderr_has(&format!("warning: changed since the last run: {file}\n")),
            false => ran.stderr_is_empty(),
        };
        assert!(golden_file(&project, HOME).is_file());
    }
}

#[test]
fn a_spec_of_another_flow_does_not_matter() {
    let text = "flow: Other\nsteps:\n  - goto: /other\n    shot: other\n";
    let project = Project::two_sides().spec("other.yaml", text);
    project
        .test(&FakeDriver::new().with_a_change_on_staging(), &[])
        .exit(1);
    let project = project.spec("other.yaml", &text.replace("/other", "/more"));
    project
        .run(["approve", HOME, CART])
        .exit(0)
        .stderr_is_empty();
    let ran = project.run(["approve", "--all"]);
    ran.exit(0)
        .stderr_has("changed since the last run: specs/other.yaml");
}

#[test]
fn approving_says_that_a_spec_is_gone() {
    let project = reviewed();
    fs::remove_file(project.path("specs/shop.yaml")).expect("it is ours");
    let ran = project.run(["approve", "--all"]);
    ran.exit(0)
        .stderr_has("warning: changed since the last run: specs/shop.yaml");
}

#[test]
fn approving_says_that_the_run_is_old() {
    let project = reviewed();
    let file = project.path("reports/latest/report.json");
    let text = fs::read_to_string(&file).expect("it is ours");
    let mut report: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    report["run"]["finished"] = "2026-01-02T03:04:05Z".into();
    fs::write(&file, report.to_string()).expect("it is ours");
    let ran = project.run(["approve", "--all"]);
    ran.exit(0)
        .stderr_has("warning: the last run is ")
        .stderr_has(" days old");
}

#[test]
fn a_run_that_is_older_than_a_golden_picture_is_not_approved() {
    let project = reviewed();
    let golden = golden_file(&project, HOME);
    let other = Canvas::new(60, 40, Canvas::RED).png();
    let project = project.file("golden/Shop/home@small.png", &other);
    let ran = project.run(["approve", "--all"]);
    ran.exit(2)
        .stderr_has("the golden picture changed since the last run compared it: Shop/home@small")
        .stderr_has("nothing is approved: run `twinshot test` again, or approve with --yes");
    assert_eq!(fs::read(&golden).ok().as_ref(), Some(&other));
    assert!(!golden_file(&project, CART).exists());
    project.run(["approve", CART]).exit(0).stderr_is_empty();
    project.run(["approve", "--all", "--yes"]).exit(0);
    assert_ne!(fs::read(&golden).ok().as_ref(), Some(&other));
}

#[test]
fn approving_twice_and_in_parts_says_nothing() {
    let project = reviewed();
    for words in [
        &["approve", HOME][..],
        &["approve", "--all"],
        &["approve", "--all"],
    ] {
        let ran = project.run(words.iter().copied());
        ran.exit(0).stderr_is_empty();
    }
}

/// The files in a folder and below it whose names begin so.
fn strays(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let found = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => strays(&entry.path()),
        _ => vec![entry.path()],
    });
    let is_stray = |path: &std::path::PathBuf| path.to_string_lossy().contains("/.tmp");
    found.filter(is_stray).collect()
}

#[test]
fn what_killed_processes_left_is_removed_by_the_next() {
    let project = reviewed();
    let run = fs::canonicalize(project.path("reports/latest")).expect("it is there");
    for next in ["test", "approve"] {
        let places = [project.path("golden/Shop"), run.join("shots"), run.clone()];
        for place in &places {
            fs::create_dir_all(place).expect("a folder");
            fs::write(place.join(".tmp-twinshot-Ab12Cd"), "half").expect("a file");
        }
        let mine = project.path("golden/Shop/.tmp-mine");
        fs::write(&mine, "mine").expect("a file");
        match next {
            "test" => project
                .test(&FakeDriver::new().with_a_change_on_staging(), &[])
                .exit(1),
            _ => project.run(["approve", "--all"]).exit(0),
        };
        assert_eq!(strays(&project.path("golden")), [mine]);
        assert_eq!(strays(&project.path("reports")).is_empty(), next == "test");
    }
}

#[test]
fn an_approval_that_was_killed_leaves_whole_pictures_and_nothing_after_the_next() {
    let old = Canvas::new(60, 40, Canvas::RED).png();
    for moment in 0..12 {
        let project = reviewed();
        let new = fs::read(project.path("reports/latest/report.json")).expect("it is there");
        let project = project.file("golden/Shop/home@small.png", &old);
        let approval = project.start(["approve", "--all", "--yes"]);
        std::thread::sleep(std::time::Duration::from_millis(moment * 2));
        approval.signal(rustix::process::Signal::KILL);
        let _ = approval.finish();
        let found = fs::read(golden_file(&project, HOME)).expect("never missing");
        assert!(found == old || found.ends_with(b"IEND\xaeB`\x82"), "torn");
        assert_eq!(
            fs::read(project.path("reports/latest/report.json")).ok(),
            Some(new)
        );
        project.run(["approve", "--all", "--yes"]).exit(0);
        assert!(strays(&project.path("golden")).is_empty());
    }
}

#[test]
fn a_broken_record_of_a_golden_picture_is_a_warning() {
    let project =
        approved(&FakeDriver::new()).file("golden/Shop/home@small.json", "{ \"picture\":");
    for arguments in [&GOLDEN[..], &[]] {
        let ran = project.test(&FakeDriver::new(), arguments);
        ran.exit(0).verdict(HOME, Verdict::Match);
        let home = ran.shot(HOME).warnings;
        let says = "home@small.json, which says what drew the golden picture, cannot be read: EOF";
        assert!(home.iter().any(|it| it.contains(says)), "{home:?}");
        assert!(ran.shot(CART).warnings.is_empty(), "{}", ran.shown());
    }
    // No record is no trouble.
    fs::remove_file(project.path("golden/Shop/home@small.json")).expect("our own file");
    let ran = project.test(&FakeDriver::new(), &GOLDEN);
    assert!(ran.exit(0).shot(HOME).warnings.is_empty());
}
