//! Browsers beside Chrome: the same flows on the same pages, with the same numbers. What is not installed is
//! skipped with a word on the terminal; `make setup-firefox` tries to bring it.

use std::{io::Write as _, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{Outcome, Picture, Project, Site};

/// Firefox's driver, where it is installed with Firefox.
fn geckodriver() -> Option<PathBuf> {
    let firefox = named("TWINSHOT_FIREFOX").or_else(|| in_path(&["firefox", "firefox-esr"]));
    let driver = named("TWINSHOT_GECKODRIVER")
        .or_else(|| in_path(&["geckodriver"]))
        .or_else(built);
    let found = firefox.and(driver);
    if found.is_none() {
        // Past the test harness, which keeps to itself what a test that succeeds prints.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: this needs Firefox and geckodriver, see scripts/setup-firefox.sh"
        );
    }
    found
}

pub(crate) fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

pub(crate) fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}

/// Where `scripts/setup-firefox.sh` builds it.
fn built() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = named("XDG_CACHE_HOME").or(home)?;
    let file = cache.join("twinshot/geckodriver-0.37.1/bin/geckodriver");
    file.is_file().then_some(file)
}

/// In Firefox alone; nothing where there is none.
pub(crate) fn firefox(project: Project) -> Option<Project> {
    in_browsers(project, "firefox")
}

fn in_browsers(project: Project, browsers: &str) -> Option<Project> {
    let driver = geckodriver()?;
    let project = project.setting(&format!("browsers: [{browsers}]"));
    Some(project.variable("TWINSHOT_GECKODRIVER", driver.display()))
}

/// Every expectation of these flows holds: what a person does arrives in the page.
#[test]
fn firefox_does_what_a_person_does() {
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
        "pointer",
        "press",
        "dialogs",
        "windows",
        "upload",
        "cookies",
        "scripts",
        "viewport",
    ];
    let project = actions.iter().fold(project, |project, name| {
        project.spec(format!("actions/{name}.yaml"))
    });
    let Some(project) = firefox(project) else {
        return;
    };
    let outcome = project.run().exits(0);
    assert!(outcome.shots().len() >= actions.len());
    let is_firefox = |shot: &Value| shot["browser"] == "firefox";
    assert!(outcome.shots().iter().all(is_firefox));
    let id = outcome.first_shot_of("Frames")["id"].as_str();
    assert!(
        id.is_some_and(|id| id.ends_with("@desktop-firefox")),
        "{id:?}"
    );
    let browser = outcome.report["run"]["browser"].as_str();
    assert!(
        browser.is_some_and(|it| it.starts_with("firefox ")),
        "{browser:?}"
    );
}

/// A hero as tall as the viewport, a sticky line, twelve bands and a fixed box; elements; pages that move.
#[test]
fn firefox_finds_nothing_between_equal_pages() {
    let site = Site::new();
    let project = Project::pair(&site, &site)
        .spec("flows/areas.yaml")
        .spec("flows/tall.yaml")
        .spec("flows/moving.yaml");
    let Some(project) = firefox(project) else {
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

pub(crate) fn assert_tall(page: &Picture) {
    const BANDS: u32 = 600 + 30;
    assert_eq!(page.size(), (800, BANDS + 12_000));
    for number in 0..12 {
        let colour = [number as u8 * 20, 100, 250 - number as u8 * 20];
        let y = BANDS + number * 1000 + 500;
        assert_eq!(page.at(300, y), colour, "band {number}");
    }
    assert_eq!(
        page.at(300, 599),
        [200, 0, 0],
        "the hero ends with the viewport"
    );
    assert_eq!(page.at(300, 610), [0, 200, 0]);
    assert_eq!(
        page.at(790, 590),
        [0, 200, 200],
        "what is fixed stands there once"
    );
    assert_eq!(page.at(790, 12_620), [220, 100, 30]);
}

pub(crate) fn assert_areas(outcome: &Outcome) {
    assert_eq!(outcome.picture("viewport").size(), (800, 600));
    for name in ["element", "element above"] {
        let element = outcome.picture(name);
        assert_eq!(element.size(), (101, 51), "{name}");
        assert_eq!(element.at(50, 25), [0, 128, 128], "{name}");
    }
    assert_eq!(outcome.picture("own").size(), (666, 444));
}

#[test]
fn firefox_gives_a_difference_the_numbers_that_chrome_gives_it() {
    let (production, staging) = (Site::new(), Site::candidate());
    let project = Project::pair(&production, &staging).spec("flows/sides.yaml");
    let Some(project) = in_browsers(project, "chrome, firefox") else {
        return;
    };
    let outcome = project.run().exits(1);
    let card = json!([{ "x": 30, "y": 40, "width": 20, "height": 10, "mismatched_pixels": 200 }]);
    for name in [
        "everything",
        "viewport",
        "masked clock",
        "all masked",
        "tolerated",
        "taller",
    ] {
        let shots = outcome.shots().iter().filter(|shot| shot["shot"] == name);
        let [chrome, firefox] = shots.collect::<Vec<_>>()[..] else {
            panic!("not two of `{name}`: {}", outcome.said());
        };
        assert_eq!(chrome["browser"], "chrome");
        assert_eq!(firefox["browser"], "firefox");
        assert_eq!(chrome["verdict"], firefox["verdict"], "{name}");
        assert_eq!(
            chrome["comparison"]["regions"], firefox["comparison"]["regions"],
            "{name}"
        );
        if name == "masked clock" {
            assert_eq!(firefox["comparison"]["regions"], card);
            assert_eq!(
                chrome["comparison"]["masks"],
                firefox["comparison"]["masks"]
            );
        }
    }
    let page = std::fs::read_to_string(project.report_folder().join("index.html"));
    assert!(
        page.expect("a page")
            .contains("<bdi>desktop [firefox]</bdi>")
    );
    let browser = outcome.report["run"]["browser"].to_string();
    assert!(
        browser.contains("chrome") && browser.contains(", firefox "),
        "{browser}"
    );
}

/// Every one of the `viewports` gives a picture of its size, on a page that tells its own in its title.
pub(crate) fn assert_exact(
    in_browser: impl Fn(Project) -> Option<Project>,
    viewports: &str,
    sizes: &[(u32, u32)],
) {
    let site = Site::new();
    let project = Project::solo(&site).viewports(viewports).flow(
        "Sizes",
        "steps:\n  - goto: /size.html\n    shot: { area: viewport }",
    );
    let Some(project) = in_browser(project) else {
        return;
    };
    let outcome = project.run().exits(0);
    assert_eq!(outcome.shots().len(), sizes.len());
    for (shot, (width, height)) in outcome.shots().iter().zip(sizes) {
        let picture = &shot["pictures"]["candidate"];
        let viewport = shot["viewport_size"].as_str().expect("a size");
        assert_eq!(picture["size"], json!([width, height]), "{viewport}");
        assert_eq!(picture["page"]["title"], format!("{viewport} bars 0"));
    }
}

/// What goes wrong in every browser is told, and besides what goes wrong in the flows that are added.
pub(crate) fn assert_told(
    in_browser: impl Fn(Project) -> Option<Project>,
    add: impl Fn(Project) -> Project,
    reasons: &[(&str, &str)],
) {
    let site = Site::new();
    let project = Project::solo(&site)
        .setting("timeout: 1s")
        .flow(
            "Missing",
            "steps:\n  - goto: /find.html\n  - click: \"#nowhere\"",
        )
        .flow("Gone", "steps:\n  - goto: /no-such-page.html")
        .flow("Refused", "steps:\n  - goto: http://127.0.0.1:1/")
        .flow(
            "Left",
            "steps:\n  - goto: /find.html\n    shot: false\n  \
             - evaluate: \"return new Promise(() => { setTimeout(() => { location = '/card.html' }, 300) })\"",
        )
        .spec("actions/drag-and-drop.yaml");
    let Some(project) = in_browser(add(project)) else {
        return;
    };
    let outcome = project.run().exits(3);
    let reason = |shot: &Value| shot["reason"].as_str().unwrap_or_default().to_owned();
    let missing = outcome.shot("click #nowhere");
    assert!(
        reason(missing).contains("nothing in the page matched `#nowhere`"),
        "{missing}"
    );
    assert!(
        outcome.has_file(&missing["failures"][0]["pictures"][0]),
        "{missing}"
    );
    let of_all = [
        ("Gone", "HTTP status 404"),
        ("Refused", "its own error page"),
        ("Left", "the document went away while a script ran in it"),
        (
            "Drag and drop",
            "cannot drop an element that the browser itself drags",
        ),
    ];
    for (flow, expected) in of_all.iter().chain(reasons) {
        let found = reason(outcome.first_shot_of(flow));
        assert!(found.contains(expected), "{flow}: {found}");
    }
}

#[test]
fn firefox_has_exactly_the_viewport_that_is_asked_for() {
    assert_exact(
        firefox,
        "one: 801x601, two: 390x844@2, half: 500x334@1.5, large: 1920x1080",
        &[(801, 601), (780, 1688), (750, 501), (1920, 1080)],
    );
}

#[test]
fn firefox_says_what_could_not_be_done() {
    assert_told(firefox, |project| project, &[]);
}

#[test]
fn firefox_is_what_the_environment_asks_for() {
    const TELL: &str = "document.title = [navigator.userAgent, navigator.language, \
        Intl.DateTimeFormat().resolvedOptions().timeZone, (1234.5).toLocaleString(), \
        matchMedia('(prefers-color-scheme: dark)').matches, \
        matchMedia('(prefers-reduced-motion: reduce)').matches].join(' | ')";
    let site = Site::new();
    let environments = format!(
        "environments:\n  staging: {{ url: \"{}\", user_agent: Twin/1, locale: de-DE, timezone: Pacific/Chatham, \
         color_scheme: dark, reduced_motion: true }}\nbaseline: golden\n",
        site.url()
    );
    let flow = format!(
        "steps:\n  - goto: /find.html\n    shot: false\n  - evaluate: \"{TELL}\"\n    shot: first\n  \
         - evaluate: window.open('/card.html')\n    shot: false\n  - window: newest\n    shot: false\n  \
         - evaluate: \"{TELL}\"\n    shot: second"
    );
    let Some(project) = firefox(Project::new(environments).flow("Who", &flow)) else {
        return;
    };
    let outcome = project.run().exits(0);
    for name in ["first", "second"] {
        assert_eq!(
            outcome.shot(name)["pictures"]["candidate"]["page"]["title"],
            "Twin/1 | de-DE | Pacific/Chatham | 1.234,5 | true | true",
            "{name}"
        );
    }
    let head = &site.requests_of("/find.html")[0].head;
    for line in ["User-Agent: Twin/1\r\n", "Accept-Language: de-DE"] {
        assert!(head.contains(line), "{head}");
    }
}

/// What each browser drew is compared with what the same one drew before.
#[test]
fn each_browser_has_golden_pictures_of_its_own() {
    let site = Site::new();
    let project =
        Project::solo(&site).flow("Golden", "steps:\n  - goto: /boxes.html\n    shot: boxes");
    let Some(project) = in_browsers(project, "chrome, firefox") else {
        return;
    };
    project.run().exits(0);
    project.approve_all();
    for id in ["Golden/boxes@desktop", "Golden/boxes@desktop-firefox"] {
        assert!(project.has_golden(id), "{id}");
    }
    let outcome = project.run().exits(0);
    let verdicts: Vec<_> = outcome
        .shots()
        .iter()
        .map(|shot| &shot["verdict"])
        .collect();
    assert_eq!(verdicts, ["match", "match"], "{}", outcome.said());
}

/// A page cannot make us see other numbers than the browser's.
#[test]
fn no_page_deceives_what_runs_in_firefox() {
    let site = Site::new();
    let lies = "Element.prototype.getBoundingClientRect = () => ({ left: 0, top: 0, width: 0, height: 0 }); \
        window.requestAnimationFrame = () => 0; performance.getEntriesByType = () => []; \
        Object.defineProperty(window, 'innerWidth', { value: 5 }); Document.prototype.getAnimations = () => [{}]";
    let flow = format!(
        "steps:\n  - goto: /size.html\n    shot: false\n  - evaluate: \"{lies}\"\n    shot: {{ name: lied to, area: \"#box\" }}"
    );
    let Some(project) = firefox(Project::solo(&site).flow("Lies", &flow)) else {
        return;
    };
    let outcome = project.run().exits(0);
    assert_eq!(outcome.picture("lied to").size(), (101, 51));
}
