//! WebKitGTK: the same flows on the same pages as in the other browsers, with the same numbers. Where it is not
//! installed its tests are skipped with a word on the terminal; `make setup-webkit` tries to bring it.

use std::io::Write as _;

use serde_json::Value;

use crate::{
    engines::{assert_areas, assert_exact, assert_tall, assert_told, in_path, named},
    support::{Project, Site, fixture},
};

/// In WebKit alone; nothing where there is none.
pub(crate) fn webkit(project: Project) -> Option<Project> {
    in_browsers(project, "webkit")
}

/// In Chrome, and in WebKit where there is one.
pub(crate) fn in_chrome_and_webkit(make: impl Fn() -> Project) -> impl Iterator<Item = Project> {
    [Some(make()), webkit(make())].into_iter().flatten()
}

fn in_browsers(project: Project, browsers: &str) -> Option<Project> {
    let driver = named("TWINSHOT_WEBKITDRIVER").or_else(|| in_path(&["WebKitWebDriver"]));
    if driver.and(in_path(&["Xvfb"])).is_none() {
        // Past the test harness, which keeps to itself what a test that succeeds prints.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: this needs WebKitWebDriver and Xvfb, see scripts/setup-webkit.sh"
        );
        return None;
    }
    Some(project.setting(&format!("browsers: [{browsers}]")))
}

/// What is dragged a second time lies in what the first time selected; WebKit then drags the selection.
const DRAG_OF_A_SELECTION: &str = r##"  - drag: { from: "#handle", to: { x: -10, y: 21 } }
  - expect: { text: { of: "#log", contains: "moved -10,21 in steps" } }
"##;

/// What Shift makes of Tab has no name in WebKit.
const BACK_TAB: (&str, &str) = ("shift Tab Tab", "shift Unidentified Tab");

/// Keys that the browser's window takes for itself never come to a page.
const KEY_OF_THE_WINDOW: (&str, &str) = (
    r#"  - press: Control++
  - press: Alt+x
  - wait: { js: "logged.some((line) => line.startsWith('keydown trusted ctrl') && line.includes('+'))" }
"#,
    "  - press: Alt+x\n",
);

/// A flow of the fixtures, but for what WebKit does differently.
fn changed(project: Project, name: &str, changes: &[(&str, &str)]) -> Project {
    let text = std::fs::read_to_string(fixture(&format!("actions/{name}.yaml"))).expect("a flow");
    let (head, rest) = text.split_once('\n').expect("a flow begins with its name");
    let flow = head.trim_start_matches("flow: ");
    let steps = changes.iter().fold(rest.to_owned(), |steps, (from, to)| {
        assert!(steps.contains(from), "{name} has no `{from}`");
        steps.replace(from, to)
    });
    project.flow(flow, &steps)
}

/// Every expectation of these flows holds: what a person does arrives in the page.
#[test]
fn webkit_does_what_a_person_does() {
    let site = Site::new();
    let project = Project::solo(&site)
        .variable("PORT", site.port())
        .file("one.txt")
        .file("two ü.txt")
        .file("helper.js")
        .file("look.css");
    let actions = [
        "type",
        "select",
        "frames",
        "frame-script",
        "dialogs",
        "windows",
        "upload",
        "cookies",
        "scripts",
    ];
    let project = actions.iter().fold(project, |project, name| {
        project.spec(format!("actions/{name}.yaml"))
    });
    let project = changed(project, "pointer", &[(DRAG_OF_A_SELECTION, "")]);
    let project = changed(project, "press", &[BACK_TAB, KEY_OF_THE_WINDOW]);
    let project = changed(project, "viewport", &[("@2", "")]);
    let Some(project) = webkit(project) else {
        return;
    };
    let outcome = project.run().exits(0);
    assert!(outcome.shots().len() >= actions.len() + 3);
    let is_webkit = |shot: &Value| shot["browser"] == "webkit";
    assert!(outcome.shots().iter().all(is_webkit));
    let id = outcome.first_shot_of("Frames")["id"].as_str();
    assert!(
        id.is_some_and(|id| id.ends_with("@desktop-webkit")),
        "{id:?}"
    );
    let browser = outcome.report["run"]["browser"].as_str();
    assert!(
        browser.is_some_and(|it| it.starts_with("webkit 2.")),
        "{browser:?}"
    );
}

/// A hero as tall as the viewport, a sticky line, twelve bands and a fixed box; elements; pages that move.
#[test]
fn webkit_finds_nothing_between_equal_pages() {
    let site = Site::new();
    let areas = std::fs::read_to_string(fixture("flows/areas.yaml")).expect("a flow");
    let areas = areas
        .replace("flow: Areas\n", "")
        .replace("333x222@2", "666x444");
    let project = Project::pair(&site, &site)
        .flow("Areas", &areas)
        .spec("flows/tall.yaml")
        .spec("flows/moving.yaml");
    let Some(project) = webkit(project) else {
        return;
    };
    let outcome = project.run().exits(0);
    for shot in outcome.shots() {
        assert_eq!(shot["comparison"]["mismatched_pixels"], 0, "{}", shot["id"]);
    }
    assert_tall(&outcome.picture_of("Tall", "page"));
    assert_areas(&outcome);
    let lazy = outcome.picture("lazy images");
    for number in 0..12 {
        assert_eq!(lazy.at(50, number * 1000 + 50), [0, 128, 0], "{number}");
    }
}

#[test]
fn webkit_gives_a_difference_the_numbers_that_chrome_gives_it() {
    let (production, staging) = (Site::new(), Site::candidate());
    let project = Project::pair(&production, &staging).spec("flows/sides.yaml");
    let Some(project) = in_browsers(project, "chrome, webkit") else {
        return;
    };
    let outcome = project.run().exits(1);
    for name in [
        "everything",
        "viewport",
        "masked clock",
        "all masked",
        "tolerated",
        "taller",
    ] {
        let shots = outcome.shots().iter().filter(|shot| shot["shot"] == name);
        let [chrome, webkit] = shots.collect::<Vec<_>>()[..] else {
            panic!("not two of `{name}`: {}", outcome.said());
        };
        assert_eq!(webkit["browser"], "webkit");
        assert_eq!(chrome["verdict"], webkit["verdict"], "{name}");
        assert_eq!(
            chrome["comparison"]["regions"], webkit["comparison"]["regions"],
            "{name}"
        );
        assert_eq!(
            chrome["comparison"]["masks"], webkit["comparison"]["masks"],
            "{name}"
        );
    }
}

#[test]
fn webkit_has_exactly_the_viewport_that_is_asked_for() {
    assert_exact(
        webkit,
        "one: 801x601, two: 390x844@2, small: 320x200, large: 1920x1080",
        &[(801, 601), (780, 1688), (320, 200), (1920, 1080)],
    );
}

#[test]
fn webkit_says_what_could_not_be_done() {
    let add = |project: Project| {
        project
            .flow("Closed", "steps:\n  - goto: http://127.0.0.1:9999/")
            .flow("Later closed", "steps:\n  - goto: /find.html\n    shot: false\n  - goto: http://127.0.0.1:9999/")
            .flow("Cut off", "steps:\n  - goto: /truncated")
            .flow("Cookie", "steps:\n  - goto: /find.html\n    shot: false\n  - cookies: { set: [{ name: \"bad;name\", value: \"1\" }] }")
            .flow("Tampered", "steps:\n  - goto: /moving/tampered.html")
    };
    let reasons = [
        ("Closed", "its own error page"),
        ("Later closed", "its own error page"),
        (
            "Cut off",
            "the response ended early: 49 of 5000 bytes arrived",
        ),
        ("Cookie", "refused the cookie `bad;name`"),
        // Our functions need what the page took away; they do not go on with something else.
        ("Tampered", "is not a constructor"),
    ];
    assert_told(webkit, add, &reasons);
}

#[test]
fn webkit_is_what_the_environment_asks_for() {
    const TELL: &str = "document.title = [navigator.userAgent, navigator.language, \
        Intl.DateTimeFormat().resolvedOptions().timeZone, \
        matchMedia('(prefers-color-scheme: dark)').matches, \
        matchMedia('(prefers-reduced-motion: reduce)').matches].join(' | ')";
    let site = Site::new();
    let environments = format!(
        "environments:\n  staging: {{ url: \"{}\", user_agent: Twin/1, timezone: Pacific/Chatham, \
         color_scheme: dark, reduced_motion: true }}\nbaseline: golden\n",
        site.url()
    );
    let flow = format!(
        "steps:\n  - goto: /find.html\n    shot: false\n  - evaluate: \"{TELL}\"\n    shot: first\n  \
         - evaluate: window.open('/card.html')\n    shot: false\n  - window: newest\n    shot: false\n  \
         - evaluate: \"{TELL}\"\n    shot: second"
    );
    let Some(project) = webkit(Project::new(environments).flow("Who", &flow)) else {
        return;
    };
    let outcome = project.run().exits(0);
    for name in ["first", "second"] {
        assert_eq!(
            outcome.shot(name)["pictures"]["candidate"]["page"]["title"],
            "Twin/1 | en-US | Pacific/Chatham | true | true",
            "{name}"
        );
    }
    let head = &site.requests_of("/find.html")[0].head;
    for line in ["User-Agent: Twin/1\r\n", "Accept-Language: en-US"] {
        assert!(head.contains(line), "{head}");
    }
}

/// What the page saw came with its loading; of its pictures it sees nothing, however tall they are.
#[test]
fn webkit_takes_pictures_that_no_page_notices() {
    let site = Site::new();
    let flow = "settle: { images: false }\nsteps:\n  - goto: /quiet.html\n    shot: first\n  - evaluate: logged.length = 0\n    shot: again\n  \
        - evaluate: document.title = JSON.stringify(logged)\n    shot: what it saw";
    let Some(project) = webkit(Project::solo(&site).flow("Quiet", flow)) else {
        return;
    };
    let outcome = project.run().exits(0);
    assert_eq!(outcome.picture("first").at(10, 10), [0, 128, 128]);
    let last = outcome.shot("what it saw");
    assert_eq!(last["pictures"]["candidate"]["page"]["title"], "[]");
    assert_eq!(outcome.picture("again").size().1, 4000);
}

/// Flows share nothing: each has a browser of its own, and the next one has another pixel ratio.
#[test]
fn each_flow_has_a_webkit_of_its_own() {
    let site = Site::new();
    let project = Project::solo(&site)
        .viewports("one: 400x300, two: 400x300@2")
        .flow(
            "a",
            "steps:\n  - goto: /find.html\n  - evaluate: localStorage.left = 1\n    shot: false",
        )
        .flow(
            "b",
            "steps:\n  - goto: /find.html\n  - wait: { js: \"localStorage.left === undefined\" }",
        );
    let Some(project) = webkit(project) else {
        return;
    };
    let outcome = project.run_with(&["--workers", "1", "--verbose"]).exits(0);
    assert!(
        outcome.said().contains("browsers started for 4 flows"),
        "{}",
        outcome.said()
    );
}

#[test]
fn webkit_has_a_picture_of_every_kind_of_document() {
    let site = Site::new();
    let documents = std::fs::read_to_string(fixture("flows/documents.yaml")).expect("a flow");
    let (_, steps) = documents.split_once("flow: Documents\n").expect("a name");
    let project = Project::pair(&site, &site).flow("Documents", &steps.replace("@2", ""));
    let Some(project) = webkit(project) else {
        return;
    };
    let outcome = project.run().exits(0);
    for name in ["SVG", "plain text", "JSON", "XML", "nothing"] {
        assert_eq!(outcome.picture(name).size(), (800, 600), "{name}");
    }
    assert_eq!(outcome.picture("SVG").at(20, 20), [255, 0, 0]);
    assert_eq!(outcome.picture("wide page").size(), (2000, 5000));
    assert_eq!(outcome.picture("tall page at 2").size(), (400, 12_630));
}
