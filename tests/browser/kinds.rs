//! Kinds of pages on which a picture can lie. Each page of `pages/kinds` says in `<meta name="differs">` where its two
//! releases differ (x, y, width and height in CSS pixels of the picture). That difference must be found, and nothing else;
//! and against itself the page must match.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    engines::firefox,
    support::{Outcome, Project, Site},
    webkit::webkit,
};

/// A page's name, and the box in which its releases differ.
type Kind = (String, [f64; 4]);

fn kinds() -> Vec<Kind> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/browser/pages/kinds");
    let files = fs::read_dir(folder).expect("a folder");
    let mut kinds: Vec<Kind> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|it| it == "html"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            let page = fs::read_to_string(&path).expect("a page");
            let numbers = page.split("name=\"differs\" content=\"").nth(1);
            let numbers = numbers.and_then(|rest| rest.split('"').next());
            let numbers = numbers.expect("where it differs").split(' ');
            let numbers: Vec<f64> = numbers.map(|it| it.parse().expect("a number")).collect();
            (name.into_owned(), numbers.try_into().expect("four numbers"))
        })
        .collect();
    kinds.sort_by(|one, other| one.0.cmp(&other.0));
    kinds
}

fn project(baseline: &Site, candidate: &Site, kinds: &[Kind]) -> Project {
    let mut flow = String::from("mask: .noise\nsteps:\n");
    for (name, _) in kinds {
        flow.push_str(&format!("  - goto: /kinds/{name}.html\n    shot: {name}\n"));
    }
    Project::pair(baseline, candidate)
        .setting("metric: exact")
        .flow("Kinds", &flow)
}

fn verdict<'a>(outcome: &'a Outcome, name: &str) -> &'a Value {
    &outcome.shot(name)["verdict"]
}

fn assert_found(outcome: &Outcome, kinds: &[Kind], ratio: f64) {
    for (name, [x, y, width, height]) in kinds {
        let shot = outcome.shot(name);
        assert_eq!(shot["verdict"], "mismatch", "{name}: {}", shot["reason"]);
        let regions = shot["comparison"]["regions"].as_array();
        for region in regions.expect("regions") {
            let number = |key: &str| region[key].as_f64().expect("a number") / ratio;
            let (left, top) = (number("x"), number("y"));
            let (right, bottom) = (left + number("width"), top + number("height"));
            let is_within = left >= x.floor() - 1.0
                && top >= y.floor() - 1.0
                && right <= x + width + 1.0
                && bottom <= y + height + 1.0;
            assert!(
                is_within,
                "{name} differs at {left},{top} to {right},{bottom}"
            );
        }
    }
}

fn assert_same(outcome: &Outcome, kinds: &[Kind]) {
    for (name, _) in kinds {
        let reason = &outcome.shot(name)["reason"];
        assert_eq!(verdict(outcome, name), "match", "{name}: {reason}");
    }
}

#[test]
fn each_kind_of_page_is_told_from_another_and_not_from_itself() {
    let (site, next) = (Site::new(), Site::candidate());
    let kinds = kinds();
    for (viewport, ratio) in [("one: 800x600", 1.0), ("sharp: 800x600@2.625", 2.625)] {
        let changed = project(&site, &next, &kinds).viewports(viewport).run();
        assert_found(&changed.exits(1), &kinds, ratio);
        let same = project(&site, &site, &kinds).viewports(viewport).run();
        assert_same(&same.exits(0), &kinds);
    }
}

/// Pages that go on to the left, which Firefox does not photograph there. It says so.
const BACKWARDS: [&str; 2] = ["right-to-left", "vertical"];

#[test]
fn firefox_tells_each_kind_of_page_too() {
    let (site, next) = (Site::new(), Site::candidate());
    let kinds = kinds();
    let Some(changed) = firefox(project(&site, &next, &kinds)) else {
        return;
    };
    let changed = changed.run().exits(1);
    let (backwards, others): (Vec<_>, Vec<_>) = kinds
        .iter()
        .cloned()
        .partition(|(name, _)| BACKWARDS.contains(&name.as_str()));
    assert_found(&changed, &others, 1.0);
    for (name, _) in &backwards {
        let warnings = changed.shot(name)["warnings"].to_string();
        assert!(
            warnings.contains("only what is in view"),
            "{name}: {warnings}"
        );
    }
    let same = firefox(project(&site, &site, &kinds)).expect("it was there");
    assert_same(&same.run().exits(0), &kinds);
}

#[test]
fn webkit_tells_each_kind_of_page_too() {
    let (site, next) = (Site::new(), Site::candidate());
    let kinds = kinds();
    let Some(changed) = webkit(project(&site, &next, &kinds)) else {
        return;
    };
    assert_found(&changed.run().exits(1), &kinds, 1.0);
    let same = webkit(project(&site, &site, &kinds)).expect("it was there");
    assert_same(&same.run().exits(0), &kinds);
}
