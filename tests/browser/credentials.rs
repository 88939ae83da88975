//! The password of an environment reaches its own server, and nobody else.

use crate::{
    support::{Project, Site},
    webkit::webkit,
};

/// `jane:c4n4ry` as basic authentication sends it.
const SENT: &str = "Basic amFuZTpjNG40cnk=";

#[test]
fn a_password_goes_to_its_own_environment_alone() {
    sent_to_its_own_alone(Some);
}

#[test]
fn webkit_sends_a_password_to_its_own_environment_alone() {
    sent_to_its_own_alone(webkit);
}

fn sent_to_its_own_alone(in_a_browser: impl Fn(Project) -> Option<Project>) {
    let (site, other) = (Site::new(), Site::new());
    let environments = format!(
        "environments:\n  staging: {{ url: \"{}\", basic_auth: \"jane:${{SITE_PASSWORD}}\" }}\nbaseline: golden\n",
        site.url()
    );
    let flow = format!(
        "steps:\n  - goto: /private?other={}\n  - wait: {{ text: done }}\n  - refresh",
        other.port()
    );
    let project = Project::new(environments)
        .variable("SITE_PASSWORD", "c4n4ry")
        .flow("Private", &flow);
    let Some(project) = in_a_browser(project) else {
        return;
    };
    let outcome = project.run().exits(0);

    assert!(!site.requests_of("/private").is_empty());
    let pictures = site.requests_of("/private.svg");
    assert!(
        !pictures.is_empty(),
        "the page's own picture was not asked for"
    );
    // A browser may wait until it is asked who it is.
    let is_sent = pictures.iter().any(|request| request.head.contains(SENT));
    assert!(is_sent, "{pictures:#?}");
    for path in ["/picture.svg", "/form"] {
        let requests = other.requests_of(path);
        assert!(!requests.is_empty(), "{path} was not asked for");
        for request in requests {
            let head = request.head.to_lowercase();
            let leaks = ["authorization", "c4n4ry", "amfuztpj", "jane"];
            assert!(
                !leaks.iter().any(|leak| head.contains(leak)),
                "{}",
                request.head
            );
        }
    }
    let report = outcome.report.to_string();
    assert!(!report.contains("c4n4ry") && !outcome.said().contains("c4n4ry"));
}

/// How a page can lead a secret to another host, and the steps that would send it.
const WAYS: &[(&str, &str)] = &[
    (
        "wait",
        "  - type: { into: \"#field\", text: \"${SITE_PASSWORD}\" }\n    timeout: 5s\n",
    ),
    (
        "wait",
        "  - insert: { into: \"#field\", text: \"${SITE_PASSWORD}\" }\n    timeout: 5s\n",
    ),
    (
        "frame",
        "  - frame: \"#frame\"\n  - type: { into: \"#field\", text: \"${SITE_PASSWORD}\" }\n",
    ),
    (
        "frame",
        "  - frame: \"#frame\"\n  - evaluate: { script: \"tell(arguments[0])\", args: [\"${SITE_PASSWORD}\"] }\n",
    ),
    (
        "ask",
        "  - dialog: { accept: \"${SITE_PASSWORD}\" }\n    timeout: 5s\n  - wait: 300ms\n",
    ),
    (
        "type",
        "  - type: { into: \"#field\", text: \"${SITE_PASSWORD}\" }\n",
    ),
];

#[test]
fn a_secret_is_sent_to_no_other_host() {
    const SECRET: &str = "c4n4ry";
    for hosts in [false, true] {
        let (site, other) = (Site::new(), Site::new());
        let there = format!("localhost:{}", other.port());
        let listed = match hosts {
            true => format!(", hosts: [\"{there}\"]"),
            false => String::new(),
        };
        let environments = format!(
            "environments:\n  staging: {{ url: \"{}\"{listed} }}\nbaseline: golden\n",
            site.url()
        );
        let mut project = Project::new(environments).variable("SITE_PASSWORD", SECRET);
        for (number, (way, steps)) in WAYS.iter().enumerate() {
            let flow = format!("steps:\n  - goto: '/leads-away.html?{there}#{way}'\n{steps}");
            project = project.flow(&format!("{number} {way}"), &flow);
        }
        let outcome = project.run();
        let heard = other.requests_of("/heard");
        let heard: Vec<String> = heard.iter().map(|request| format!("{request:?}")).collect();
        match hosts {
            false => {
                let said = outcome.exits(3).said();
                let leaks = heard.iter().filter(|line| line.contains("c4"));
                assert_eq!(leaks.count(), 0, "{heard:#?}\n{said}");
                assert!(said.contains("this step sends a secret"), "{said}");
            }
            true => {
                let whole = heard.iter().filter(|line| line.contains(SECRET));
                assert!(whole.count() >= 5, "{heard:#?}\n{}", outcome.said());
            }
        }
    }
}
