//! Two environments at the same time: what differs is found with its numbers, what is masked is not, and
//! neither side knows of the other.

use serde_json::json;

use crate::support::{Project, Site};

#[test]
fn a_difference_has_its_numbers() {
    let (production, staging) = (Site::new(), Site::candidate());
    let outcome = Project::pair(&production, &staging)
        .spec("flows/sides.yaml")
        .run()
        .exits(1);
    let verdict = |name: &str| outcome.shot(name)["verdict"].clone();
    let regions = |name: &str| outcome.shot(name)["comparison"]["regions"].clone();
    let pixels = |name: &str| outcome.shot(name)["comparison"]["mismatched_pixels"].clone();
    let card = json!({ "x": 30, "y": 40, "width": 20, "height": 10, "mismatched_pixels": 200 });

    assert_eq!(verdict("viewport"), "mismatch");
    assert_eq!(pixels("viewport"), 200 + 900 + 900);
    assert_eq!(
        outcome.shot("viewport")["comparison"]["total_pixels"],
        800 * 600
    );
    assert_eq!(
        outcome.shot("viewport")["comparison"]["mismatch_ratio"],
        2000.0 / 480_000.0
    );
    assert!(
        regions("viewport")
            .as_array()
            .expect("regions")
            .contains(&card)
    );

    // The mask goes where the clock is on either side.
    assert_eq!(verdict("masked clock"), "mismatch");
    assert_eq!(regions("masked clock"), json!([card]));
    let boxes = [200, 260].map(|x| json!({ "x": x, "y": 50, "width": 30, "height": 30 }));
    let mask = json!([{ "selector": "#clock", "boxes": boxes }]);
    assert_eq!(outcome.shot("masked clock")["comparison"]["masks"], mask);
    assert_eq!(verdict("all masked"), "match");
    assert_eq!(verdict("tolerated"), "match");
    assert_eq!(pixels("tolerated"), 200);
    assert_eq!(verdict("idle mask"), "match");
    let warnings = outcome.shot("idle mask")["warnings"].to_string();
    assert!(
        warnings.contains("`.nothing` matches nothing"),
        "{warnings}"
    );

    assert_eq!(verdict("taller"), "mismatch");
    let sizes =
        ["baseline", "candidate"].map(|side| &outcome.shot("taller")["pictures"][side]["size"]);
    assert_eq!(sizes, [&json!([800, 600]), &json!([800, 800])]);
}

#[test]
fn the_overlay_is_red_where_they_differ() {
    let (production, staging) = (Site::new(), Site::candidate());
    let project = Project::pair(&production, &staging).spec("flows/sides.yaml");
    let outcome = project.run_with(&["masked clock"]).exits(1);
    let shot = outcome.shot("masked clock");
    let overlay = outcome.stored(&shot["overlay"]);
    assert_eq!(overlay.size(), (800, 600));
    assert_eq!(overlay.at(35, 45)[0], 255);
    assert_ne!(overlay.at(35, 45), overlay.at(100, 100));
    let titles = ["baseline", "candidate"].map(|side| &shot["pictures"][side]["page"]["title"]);
    assert_eq!(titles, ["Card", "New card"]);
}

/// Both are on one host, where a cookie would serve every port.
#[test]
fn cookies_belong_to_one_side_of_one_flow() {
    let (production, staging) = (Site::new(), Site::candidate());
    let log_in =
        "steps:\n  - goto: /log-in\n  - cookies: { set: { side: \"1\" } }\n  - goto: /cookies";
    let later = "steps:\n  - goto: /cookies\n  - expect: { text: { of: \"#sent\", contains: \"sent: ;\" } }";
    let own = format!(
        "steps:\n  - evaluate: if (location.port === \"{}\") document.cookie = \"only=here\"\n  - goto: /cookies",
        staging.port()
    );
    let own = own.replace("steps:\n", "steps:\n  - goto: /find.html\n");
    let outcome = Project::pair(&production, &staging)
        .flow("A log in", log_in)
        .flow("B later", later)
        .flow("C own cookie", &own)
        .run()
        .exits(1);
    let sent = |site: &Site| -> Vec<String> {
        let requests = site.requests_of("/cookies").into_iter();
        requests.map(|request| request.cookie).collect()
    };
    assert_eq!(sent(&production), ["session=open; side=1", "", ""]);
    assert_eq!(sent(&staging), ["session=open; side=1", "", "only=here"]);
    let verdicts: Vec<_> = outcome
        .shots()
        .iter()
        .map(|shot| &shot["verdict"])
        .collect();
    assert_eq!(
        verdicts
            .iter()
            .filter(|verdict| **verdict == "match")
            .count(),
        verdicts.len() - 1
    );
}
