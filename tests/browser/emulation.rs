//! What an environment asks of its browser holds in every window, on its own side alone.

use crate::support::{Outcome, Project, Site};

const ASKED: &str = "user_agent: Twin/1, locale: de-DE, timezone: Pacific/Chatham, color_scheme: dark, reduced_motion: true";

/// A title that tells what a script can see.
const TELL: &str = "document.title = [navigator.userAgent, navigator.language, \
    Intl.DateTimeFormat().resolvedOptions().timeZone, (1234.5).toLocaleString(), \
    matchMedia('(prefers-color-scheme: dark)').matches, \
    matchMedia('(prefers-reduced-motion: reduce)').matches].join(' | ')";

#[test]
fn every_window_is_what_the_environment_asks_for() {
    let (production, staging) = (Site::new(), Site::new());
    let environments = format!(
        "environments:\n  production: {{ url: \"{}\" }}\n  staging: {{ url: \"{}\", {ASKED} }}\n",
        production.url(),
        staging.url()
    );
    let flow = format!(
        "steps:\n  - goto: /find.html\n    shot: false\n  - evaluate: \"{TELL}\"\n    shot: first\n  \
         - evaluate: window.open('/card.html')\n    shot: false\n  - window: newest\n    shot: false\n  \
         - evaluate: \"{TELL}\"\n    shot: second"
    );
    let outcome = Project::new(environments).flow("Who", &flow).run();
    for name in ["first", "second"] {
        let title = |side: &str| outcome.shot(name)["pictures"][side]["page"]["title"].clone();
        assert_eq!(
            title("candidate"),
            "Twin/1 | de-DE | Pacific/Chatham | 1.234,5 | true | true",
            "{name}: {}",
            outcome.said()
        );
        let other = title("baseline").to_string();
        let is_own = |part: &str| !other.contains(part);
        assert!(
            ["Twin/1", "de-DE", "Chatham", "true"]
                .into_iter()
                .all(is_own),
            "{other}"
        );
    }
    // The page that a new window opens with was asked for before the window could be prepared.
    let head = |site: &Site| site.requests_of("/find.html")[0].head.clone();
    for line in ["User-Agent: Twin/1\r\n", "Accept-Language: de-DE"] {
        assert!(head(&staging).contains(line), "{}", head(&staging));
        assert!(!head(&production).contains(line), "{}", head(&production));
    }
}

#[test]
fn a_zone_that_there_is_not_is_told_of() {
    let site = Site::new();
    let environments = format!(
        "environments:\n  staging: {{ url: \"{}\", timezone: Mars/Olympus }}\nbaseline: golden\n",
        site.url()
    );
    let outcome = Project::new(environments)
        .flow("Who", "steps:\n  - goto: /find.html")
        .run();
    let said = outcome.exits(3).said();
    assert!(said.contains("Invalid timezone id"), "{said}");
}

/// Three viewports, of which the middle one is a phone with every wish.
const PHONE: &str = "wide: 800x600, phone: { size: 390x700@2, mobile: true, touch: true, user_agent: Phone/1, locale: de-DE, \
    timezone: Pacific/Chatham, color_scheme: dark, reduced_motion: true }, narrow: 700x600";

/// What the page found at a viewport, by the title that it gave itself.
fn found(outcome: &Outcome, viewport: &str) -> String {
    let mut shots = outcome.shots().iter();
    let shot = shots.find(|shot| shot["viewport"] == viewport);
    let shot = shot.unwrap_or_else(|| panic!("nothing at {viewport}:\n{}", outcome.said()));
    let title = &shot["pictures"]["candidate"]["page"]["title"];
    title.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_viewport_is_a_device_and_leaves_nothing_of_it_to_the_next() {
    let site = Site::new();
    let flow =
        "steps:\n  - goto: /device.html\n    shot: page\n  - goto: /device.html\n    shot: again";
    let project = Project::solo(&site).flow("Who", flow).viewports(PHONE);
    let outcome = project.run_with(&["--verbose", "--workers", "1"]);
    let said = outcome.said();
    assert!(said.contains("1 browser started for 3 flows"), "{said}");
    assert_eq!(
        found(&outcome, "phone"),
        "390x700@2 | screen 390 | Phone/1 | de-DE | Pacific/Chatham | 1.234,5 | 1110 | touch true 1"
    );
    let (wide, narrow) = (found(&outcome, "wide"), found(&outcome, "narrow"));
    let rest = |title: &str| title.split_once(" | ").expect("parts").1.to_owned();
    assert!(wide.starts_with("800x600@1 | "), "{wide}");
    assert!(narrow.starts_with("700x600@1 | "), "{narrow}");
    let plain = |title: &str| {
        rest(title)
            .replace("screen 800", "")
            .replace("screen 700", "")
    };
    assert_eq!(plain(&wide), plain(&narrow), "the phone left something");
    for part in ["Phone/1", "de-DE", "Chatham", "| 11", "touch true"] {
        assert!(!wide.contains(part), "{wide}");
    }
    let heads = site.requests_of("/device.html");
    let names = heads
        .iter()
        .map(|request| request.head.contains("User-Agent: Phone/1\r\n"));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [false, false, true, true, false, false]
    );
}

#[test]
fn a_viewports_wishes_go_before_the_environments() {
    let site = Site::new();
    let environments = format!(
        "environments:\n  staging: {{ url: \"{}\", user_agent: Desk/1, locale: fr-FR, timezone: Europe/Paris, \
         color_scheme: dark }}\nbaseline: golden\n",
        site.url()
    );
    let viewports =
        "phone: { size: 390x700, user_agent: Phone/1, color_scheme: light }, wide: 800x600";
    let outcome = Project::new(environments)
        .flow("Who", "steps:\n  - goto: /device.html")
        .viewports(viewports)
        .run_with(&["--workers", "1"]);
    for (viewport, expected) in [
        ("phone", "Phone/1 | fr-FR | Europe/Paris | 1 234,5 | 0000"),
        ("wide", "Desk/1 | fr-FR | Europe/Paris | 1 234,5 | 1000"),
    ] {
        let title = found(&outcome, viewport).replace('\u{202f}', " ");
        assert!(title.contains(expected), "{viewport}: {title}");
    }
}

#[test]
fn a_window_that_opens_is_the_same_device() {
    let site = Site::new();
    let flow = "steps:\n  - goto: /device.html\n    shot: false\n  \
        - evaluate: window.open('/card.html')\n    shot: false\n  - window: newest\n    shot: false\n  \
        - goto: /device.html\n    shot: second";
    let viewports = "phone: { size: 390x700@2, mobile: true, touch: true, user_agent: Phone/1 }";
    let outcome = Project::solo(&site)
        .flow("Who", flow)
        .viewports(viewports)
        .run();
    let title = found(&outcome, "phone");
    assert!(
        title.starts_with("390x700@2 | screen 390 | Phone/1"),
        "{title}"
    );
    assert!(title.ends_with("touch true 1"), "{title}");
}

#[test]
fn a_viewport_has_a_name_a_language_and_a_zone_in_firefox_too() {
    let site = Site::new();
    let viewports = "phone: { size: 390x700, user_agent: Phone/1, locale: de-DE, \
        timezone: Pacific/Chatham }, wide: 800x600";
    let project = Project::solo(&site).flow("Who", "steps:\n  - goto: /device.html");
    let Some(project) = super::engines::firefox(project.viewports(viewports)) else {
        return;
    };
    let outcome = project.run_with(&["--workers", "1"]);
    let (phone, wide) = (found(&outcome, "phone"), found(&outcome, "wide"));
    for part in ["390x700@1", "Phone/1", "de-DE", "Chatham", "1.234,5"] {
        assert!(phone.contains(part), "{phone}");
        assert!(!wide.contains(part), "{wide}");
    }
}

#[test]
fn a_page_that_is_not_made_for_phones_is_shown_as_phones_do_and_told_of() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .flow(
            "Who",
            "steps:\n  - goto: /find.html\n    shot: no viewport\n  - goto: /kinds/wide-table.html\n    shot: wide\n  \
             - goto: /kinds/scrolled.html\n    shot: made for phones",
        )
        .viewports("phone: { size: 390x700@2, mobile: true }")
        .run()
        .exits(0);
    let warnings = |name: &str| outcome.shot(name)["warnings"].to_string();
    let without = warnings("no viewport");
    assert!(
        without.contains("980 px wide on a screen of 390 px"),
        "{without}"
    );
    assert_eq!(outcome.picture("no viewport").width, 2 * 980);
    let wide = warnings("wide");
    // The browser rounds up what it shows.
    assert!(
        wide.contains(" px wide on a screen of 390 px; `table.prices`"),
        "{wide}"
    );
    assert!((2 * 420..=2 * 421).contains(&outcome.picture("wide").width));
    assert_eq!(warnings("made for phones"), "[]");
    assert_eq!(outcome.picture("made for phones").width, 2 * 390);
}
