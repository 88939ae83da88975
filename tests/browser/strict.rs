//! How strictly two pictures are compared by default: small changes of a style, planted one by one, and what drew a golden
//! picture.

use std::fs;

use serde_json::Value;

use crate::{
    engines::firefox,
    support::{Outcome, Project, Site},
    webkit::webkit,
};

/// What `candidate/planted/plant.js` changes.
const PLANTED: [&str; 12] = [
    "background",
    "panel",
    "text",
    "border",
    "hairline",
    "radius",
    "shadow",
    "stroke",
    "spacing",
    "opacity",
    "shift",
    "size",
];

/// A shot for each planted change.
fn planted(project: Project) -> Project {
    let step = |name: &&str| format!("  - goto: /planted/card.html?{name}\n    shot: {name}\n");
    let steps: String = PLANTED.iter().map(step).collect();
    project.flow("Planted", &format!("steps:\n{steps}"))
}

fn rule(shot: &Value) -> &Value {
    &shot["comparison"]["rule"]
}

fn assert_all_found(project: Project) {
    let outcome = planted(project).run().exits(1);
    for name in PLANTED {
        let shot = outcome.shot(name);
        assert_eq!(shot["verdict"], "mismatch", "{name}");
        assert_eq!(rule(shot)["name"], "strict", "{name}");
    }
}

/// The same pages, where the other side changes nothing.
fn assert_none_found(project: Project) {
    let outcome = planted(project).run().exits(0);
    assert_eq!(outcome.shots().len(), PLANTED.len());
}

#[test]
fn each_planted_change_is_found() {
    let (one, other, next) = (Site::new(), Site::new(), Site::candidate());
    assert_all_found(Project::pair(&one, &next));
    assert_all_found(Project::pair(&one, &next).viewports("phone: 390x844@2"));
    assert_none_found(Project::pair(&one, &other));
    assert_none_found(Project::pair(&one, &other).viewports("phone: 390x844@2"));
}

#[test]
fn each_planted_change_is_found_in_firefox() {
    let (one, other, next) = (Site::new(), Site::new(), Site::candidate());
    if let Some(project) = firefox(Project::pair(&one, &next)) {
        assert_all_found(project);
    }
    if let Some(project) = firefox(Project::pair(&one, &other)) {
        assert_none_found(project);
    }
}

#[test]
fn each_planted_change_is_found_in_webkit() {
    let (one, other, next) = (Site::new(), Site::new(), Site::candidate());
    if let Some(project) = webkit(Project::pair(&one, &next)) {
        assert_all_found(project);
    }
    if let Some(project) = webkit(Project::pair(&one, &other)) {
        assert_none_found(project);
    }
}

#[test]
fn what_is_set_wins() {
    let (one, next) = (Site::new(), Site::candidate());
    let project = Project::pair(&one, &next)
        .setting("threshold: 0.1")
        .setting("antialiasing: ignore");
    let outcome = planted(project).run().exits(1);
    for name in ["background", "panel", "text", "hairline"] {
        let shot = outcome.shot(name);
        assert_eq!(shot["verdict"], "match", "{name}");
        assert_eq!(rule(shot)["name"], "set", "{name}");
    }
    let strict = "steps:\n  - goto: /planted/card.html?text\n    threshold: auto\n    shot: text\n";
    let project = Project::pair(&one, &next)
        .setting("threshold: 0.1")
        .flow("One", strict);
    let outcome = project.run().exits(1);
    assert_eq!(rule(outcome.shot("text"))["name"], "strict");
}

/// A project with a golden picture of the card as this site shows it.
fn approved(site: &Site) -> Project {
    let steps = "steps:\n  - goto: /planted/card.html?panel\n    shot: card\n";
    let project = Project::solo(site).flow("Card", steps);
    project.run().exits(0);
    project.approve_all();
    project
}

/// Compares with what another site shows.
fn compared(project: &Project, site: &Site, exit: i32) -> Outcome {
    let outcome = project.run_with(&["--candidate-url", &site.url()]);
    outcome.exits(exit)
}

#[test]
fn a_golden_picture_is_compared_strictly_if_the_same_drew_it() {
    let (one, other, next) = (Site::new(), Site::new(), Site::candidate());
    let project = approved(&one);
    for (site, exit) in [(&other, 0), (&next, 1)] {
        let outcome = compared(&project, site, exit);
        assert_eq!(rule(outcome.shot("card"))["name"], "strict");
    }
}

/// An area that changes its colour is still found.
#[test]
fn a_golden_picture_of_something_else_is_compared_forgivingly() {
    let (one, other, next) = (Site::new(), Site::new(), Site::candidate());
    let project = approved(&one);
    let file = project.golden("Card/card@desktop.json");
    let record = fs::read_to_string(&file).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    let [mut other_fonts, mut other_picture] = [record.clone(), record];
    other_fonts["circumstances"]["fonts"] = "other".into();
    other_picture["picture"] = "0".repeat(64).into();
    for (record, why) in [
        (other_fonts.to_string(), "other fonts"),
        (other_picture.to_string(), "not recorded"),
        ("{}".to_owned(), "not recorded"),
    ] {
        fs::write(&file, record).expect("it can be written");
        for (site, exit) in [(&other, 0), (&next, 1)] {
            let outcome = compared(&project, site, exit);
            let rule = rule(outcome.shot("card"));
            assert_eq!(rule["name"], "forgiving", "{why}");
            assert_eq!(rule["tint"], true);
            let reason = rule["reason"].to_string();
            assert!(reason.contains(why), "{reason}");
            let said = outcome.said();
            assert!(said.contains("1 of 1 shot compared forgivingly"), "{said}");
        }
    }
}
