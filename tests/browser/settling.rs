//! Pages that move: most come to rest and then look the same however often they are visited; the others
//! are called unstable, never equal and never different.

use serde_json::Value;

use crate::support::{Outcome, Project, Site, failures_of};

#[test]
fn three_visits_give_the_same_pictures() {
    let site = Site::new();
    let project = Project::pair(&site, &site).spec("flows/moving.yaml");
    let runs = [(); 3].map(|()| project.run().exits(0));
    let hashes = runs.each_ref().map(Outcome::hashes);
    for (first, second, third) in zip(&hashes) {
        assert!(
            first == second && second == third,
            "{first:?} {second:?} {third:?}"
        );
    }
    assert!(hashes[0].iter().all(|(_, hash)| hash.len() > 60));
    assert_everything_arrived(&runs[0]);
}

/// The runs' hashes, shot by shot.
fn zip<T>(runs: &[Vec<T>]) -> impl Iterator<Item = (&T, &T, &T)> {
    (0..runs[0].len()).map(|at| (&runs[0][at], &runs[1][at], &runs[2][at]))
}

/// What loads late is in the picture, what moves is at its end, and no caret blinks.
fn assert_everything_arrived(outcome: &Outcome) {
    let images = outcome.picture("images");
    assert_eq!(images.at(20, 100), [255, 165, 0]);
    assert_eq!(images.at(300, 100), [0, 0, 255]);
    let lazy = outcome.picture("lazy images");
    assert_eq!(lazy.size(), (800, 12_000));
    for number in 0..12 {
        assert_eq!(
            lazy.at(50, number * 1000 + 50),
            [0, 128, 0],
            "image {number}"
        );
    }
    let transition = outcome.picture("transitions");
    assert_eq!(transition.at(600, 30), [255, 165, 0]);
    let caret = outcome.picture("caret");
    let is_red = |at: u32| caret.at(at % 800, at / 800) == [255, 0, 0];
    assert!(!(0..800 * 120).any(is_red), "the caret is in the picture");
}

#[test]
fn a_page_that_never_holds_still_is_unstable() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .spec("flows/unstable.yaml")
        .run()
        .exits(3);
    assert_unstable(outcome.shot("ticker"), &outcome);
    assert_eq!(
        outcome.shot("what stands still beside it")["verdict"],
        "match"
    );
}

/// What moves under a mask keeps nobody waiting.
#[test]
fn a_mask_makes_a_page_stable() {
    let site = Site::new();
    let project = Project::pair(&site, &site).spec("flows/unstable.yaml");
    let outcome = project.run_with(&["ticker masked"]).exits(0);
    assert_eq!(outcome.shot("ticker masked")["verdict"], "match");
}

fn assert_unstable(shot: &Value, outcome: &Outcome) {
    assert_eq!(shot["verdict"], "failed", "{}", outcome.said());
    for failure in failures_of(shot) {
        assert_eq!(failure["kind"], "unstable");
        let message = failure["message"].as_str().unwrap_or_default();
        assert!(
            message.contains("no two frames in a row were equal"),
            "{message}"
        );
        let frames = failure["pictures"].as_array().expect("frames");
        assert_eq!(frames.len(), 2);
        assert_ne!(frames[0], frames[1]);
        assert!(frames.iter().all(|file| outcome.has_file(file)));
    }
}

/// A marquee shows its text, a foreign frame its first picture, and what we cannot stop is painted over and named.
#[test]
fn marquees_and_frames_of_other_sites_are_stilled_or_painted_over() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .spec("flows/stilled.yaml")
        .run()
        .exits(0);
    let foreign = outcome.shot("frames of another site");
    let warnings = foreign["warnings"].to_string();
    assert!(
        warnings.contains("/moving/foreign-timer.html never held still and was painted over"),
        "{warnings}"
    );
    let picture = outcome.picture("frames of another site");
    assert_eq!(picture.at(25, 25), [255, 165, 0]);
    for name in ["marquee", "marquee that went on"] {
        let shot = outcome.shot(name);
        assert_eq!(shot["warnings"].as_array().map_or(0, Vec::len), 0, "{shot}");
        let marquee = outcome.picture(name);
        let is_text = |at: u32| marquee.at(at % 200, 10 + at / 200) == [0, 0, 0];
        assert!((0..200 * 30).any(is_text), "{name}: the text is not there");
    }
}
