//! What a picture shows: exactly the viewport that was asked for, the whole page however tall, or one
//! element; and the page takes no notice of it.

use crate::support::{Outcome, Project, Site};

#[test]
fn the_viewport_is_exact_at_every_ratio() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .viewports("one: 801x601, two: 390x844@2, half: 500x334@1.5, large: 1920x1080")
        .flow(
            "Sizes",
            "steps:\n  - goto: /size.html\n    shot: { area: viewport }",
        )
        .run()
        .exits(0);
    let sizes = [(801, 601), (780, 1688), (750, 501), (1920, 1080)];
    assert_eq!(outcome.shots().len(), sizes.len());
    for (shot, (width, height)) in outcome.shots().iter().zip(sizes) {
        let picture = &shot["pictures"]["candidate"];
        let viewport = shot["viewport_size"].as_str().expect("a size");
        assert_eq!(
            picture["size"],
            serde_json::json!([width, height]),
            "{viewport}"
        );
        assert_eq!(picture["page"]["title"], format!("{viewport} bars 0"));
    }
}

/// Otherwise a line's height depends on which ratio the browser had when it met the font, and that on luck.
#[test]
fn heights_of_fonts_are_the_same_at_every_ratio() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .viewports("one: 390x844, two: 390x844@2, three: 390x844@3")
        .flow("Heights", "steps:\n  - goto: /font-heights.html")
        .run()
        .exits(0);
    let title = |shot: &serde_json::Value| shot["pictures"]["candidate"]["page"]["title"].clone();
    let shots = outcome.shots();
    assert_eq!(shots.len(), 3);
    for shot in shots {
        assert_eq!(title(shot), title(&shots[0]), "{}", shot["viewport"]);
    }
}

#[test]
fn an_area_is_the_viewport_the_page_or_an_element() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .spec("flows/areas.yaml")
        .run()
        .exits(0);
    assert_eq!(outcome.picture("viewport").size(), (800, 600));
    assert_eq!(outcome.picture("page").size(), (800, 3000));
    // From 10.4 to 110.6 and from 20.3 to 70.8: whole pixels around it.
    for name in ["element", "element above"] {
        let element = outcome.picture(name);
        assert_eq!(element.size(), (101, 51), "{name}");
        assert_eq!(element.at(50, 25), [0, 128, 128], "{name}");
    }
    assert_eq!(outcome.picture("own").size(), (666, 444));
    let title = &outcome.shot("own")["pictures"]["candidate"]["page"]["title"];
    assert_eq!(title, "333x222@2 bars 0");
}

/// Where each band of `tall.html` begins, below the hero and the sticky line.
const BANDS: u32 = 600 + 30;

#[test]
fn a_tall_page_comes_out_whole() {
    let site = Site::new();
    let project = Project::pair(&site, &site).spec("flows/tall.yaml");
    let outcome = project.run_with(&["› page"]).exits(0);
    let page = outcome.picture("page");
    assert_eq!(page.size(), (800, BANDS + 12_000));
    for number in 0..12 {
        let colour = [number as u8 * 20, 100, 250 - number as u8 * 20];
        for y in [10, 500, 990] {
            assert_eq!(
                page.at(300, BANDS + number * 1000 + y),
                colour,
                "band {number}"
            );
        }
    }
    // The hero keeps the viewport's height; what is fixed stands there once, what is sticky in its place.
    assert_eq!(page.at(300, 10), [0, 0, 200]);
    assert_eq!(page.at(300, 60), [200, 0, 0]);
    assert_eq!(page.at(300, 599), [200, 0, 0]);
    assert_eq!(page.at(300, 610), [0, 200, 0]);
    assert_eq!(page.at(790, 590), [0, 200, 200]);
    assert_eq!(page.at(790, 12_620), [220, 100, 30]);
}

/// Where a flow has scrolled makes no difference to the whole page: bars are where they are at its beginning.
#[test]
fn a_scrolled_page_is_photographed_from_its_beginning() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .spec("flows/tall.yaml")
        .run()
        .exits(0);
    let page = outcome.picture("scrolled page");
    assert_eq!(page.size(), (800, BANDS + 12_000));
    let heads = (0..page.height).filter(|&y| page.at(300, y) == [0, 0, 200]);
    assert_eq!(heads.collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
    let lines = (0..page.height).filter(|&y| page.at(300, y) == [0, 200, 0]);
    assert_eq!(lines.collect::<Vec<_>>(), (600..630).collect::<Vec<_>>());
    let view = outcome.picture("scrolled viewport");
    assert_eq!(view.size(), (800, 600));
    assert_eq!(view.at(300, 10), [0, 0, 200]);
}

/// Without its box, the picture would show less than was asked for, perhaps on both sides.
#[test]
fn a_box_that_is_to_hold_the_page_must_be_there() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .setting("timeout: 500ms")
        .flow(
            "Boxes",
            "steps:\n  - goto: /kinds/shell.html\n    shot: { name: there, area: { scroll: main } }\n  \
             - goto: /kinds/shell.html\n    shot: { name: not there, area: { scroll: \"#nowhere\" } }",
        )
        .run()
        .exits(3);
    assert_eq!(outcome.shot("there")["verdict"], "match");
    assert_eq!(outcome.picture("there").size(), (800, 1720));
    let missing = outcome.shot("not there");
    assert_eq!(missing["verdict"], "failed");
    let reason = missing["reason"].to_string();
    assert!(
        reason.contains("the shot's area `#nowhere` matches nothing visible"),
        "{reason}"
    );
}

#[test]
fn every_kind_of_document_has_a_picture() {
    let site = Site::new();
    let project = Project::pair(&site, &site).spec("flows/documents.yaml");
    let outcome = project.run().exits(0);
    for name in ["SVG", "plain text", "JSON", "XML", "nothing"] {
        assert_eq!(outcome.picture(name).size(), (800, 600), "{name}");
    }
    assert_eq!(outcome.picture("SVG").at(20, 20), [255, 0, 0]);
    assert_eq!(outcome.picture("wide page").size(), (2000, 5000));
    let page = outcome.picture("tall page at 2");
    assert_eq!(page.size(), (800, 2 * (BANDS + 12_000)));
    for number in 0..12 {
        let colour = [number as u8 * 20, 100, 250 - number as u8 * 20];
        let y = 2 * (BANDS + number * 1000 + 500);
        assert_eq!(page.at(300, y), colour, "band {number}");
    }
}

#[test]
fn what_is_hovered_is_so_in_the_picture() {
    let site = Site::new();
    let project = Project::pair(&site, &site).spec("flows/hover.yaml");
    let outcome = project.run().exits(0);
    assert_eq!(outcome.picture("before").at(50, 150), [0, 0, 128]);
    for (name, y) in [("viewport", 150), ("page", 150), ("element", 50)] {
        let found = outcome.picture(name).at(50, y);
        assert_eq!(found, [255, 165, 0], "{name}");
    }
}

#[test]
fn a_page_beyond_the_limit_is_cut_with_a_warning() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .setting("max_page_height: 5000")
        .spec("flows/tall.yaml")
        .run_with(&["› page"])
        .exits(0);
    assert_eq!(outcome.picture("page").size(), (800, 5000));
    let warnings = outcome.shot("page")["warnings"].to_string();
    assert!(
        warnings.contains("12630 px tall") && warnings.contains("max_page_height, 5000 px"),
        "{warnings}"
    );
    assert!(
        outcome
            .said()
            .contains("warning: the page is 12630 px tall")
    );
}

#[test]
fn a_page_that_grows_wherever_it_is_scrolled_is_cut_with_a_warning() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .setting("max_page_height: 5000")
        .flow("Endless", "steps:\n  - goto: /moving/endless.html")
        .run()
        .exits(0);
    let shot = outcome.first_shot_of("Endless");
    let picture = outcome.stored(&shot["pictures"]["candidate"]["file"]);
    assert_eq!(picture.size(), (800, 5000));
    assert_eq!(picture.at(200, 4990), [128, 128, 0]);
    let warnings = shot["warnings"].to_string();
    assert!(warnings.contains("max_page_height, 5000 px"), "{warnings}");
}

#[test]
fn the_page_takes_no_notice_of_its_picture() {
    let outcome = assert_quiet("quiet");
    assert_eq!(outcome.picture("first").at(10, 10), [0, 128, 128]);
}

#[test]
fn nor_do_the_frames_in_it() {
    assert_quiet("quiet-frame");
}

/// The flow ends with an expectation that fails, whose message says what the page saw: nothing.
fn assert_quiet(flow: &str) -> Outcome {
    let site = Site::new();
    let project = Project::solo(&site).spec(format!("flows/{flow}.yaml"));
    let outcome = project.run().exits(1);
    let reason = outcome.shot("what it saw")["reason"].as_str();
    let reason = reason.expect("a reason");
    assert!(reason.contains("found ``"), "the page saw: {reason}");
    outcome
}

#[test]
fn no_observer_loses_its_first_call() {
    let site = Site::new();
    let alone = Project::solo(&site).spec("flows/observers-alone.yaml");
    alone.run().exits(0);
    Project::solo(&site)
        .spec("flows/observers.yaml")
        .run()
        .exits(0);
}

/// Chromium leaves them empty, on both sides alike.
#[test]
fn a_frame_of_another_site_out_of_view_is_told() {
    let site = Site::new();
    let flow = "steps:\n  - goto: /far-frame.html\n    shot: far\n  - goto: /far-frame.html?10\n    shot: near\n  \
                - goto: /far-frame.html\n    shot: { name: view, area: viewport }";
    let outcome = Project::pair(&site, &site).flow("Frames", flow).run();
    let outcome = outcome.exits(0);
    let warnings = |shot: &str| outcome.shot(shot)["warnings"].to_string();
    let far = warnings("far");
    assert!(
        far.contains("so iframe#far is empty in the picture"),
        "{far}"
    );
    assert_eq!(outcome.picture("far").at(100, 950), [238, 238, 238]);
    for shot in ["near", "view"] {
        let found = warnings(shot);
        assert!(!found.contains("only in view"), "{shot}: {found}");
    }
    assert_ne!(outcome.picture("near").at(100, 60), [238, 238, 238]);
}
