//! What an environment asks of its browser holds in every window, on its own side alone.

use crate::support::{Project, Site};

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
