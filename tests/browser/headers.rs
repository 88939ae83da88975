//! An environment's headers reach its own hosts on every way, and nobody else on any.

use crate::support::{Project, Request, Site};

const HEADERS: &str = "headers: { X-Preview: \"${PREVIEW_TOKEN}\" }";

/// A project whose one environment has headers.
fn project(site: &Site, more: &str) -> Project {
    let environment = format!("staging: {{ url: \"{}\", {HEADERS}{more} }}", site.url());
    Project::new(format!(
        "environments:\n  {environment}\nbaseline: golden\n"
    ))
    .variable("PREVIEW_TOKEN", "c4n4ry")
}

fn has_header(request: &Request) -> bool {
    request
        .head
        .to_lowercase()
        .contains("\r\nx-preview: c4n4ry\r\n")
}

/// Everything that the page asks for, whichever way, and then a picture of it.
fn flow(site: &Site, other: &Site) -> String {
    let (port, other) = (site.port(), other.port());
    format!(
        "steps:\n  - goto: '/headers/page.html?own={port}&other={other}'\n  \
         - wait: {{ text: done }}\n  - click: a\n  - window: newest\n  \
         - expect: {{ title: Opened }}\n"
    )
}

#[test]
fn headers_go_to_the_environments_own_hosts_alone() {
    let (site, other) = (Site::new(), Site::new());
    let outcome = project(&site, "")
        .flow("a", &flow(&site, &other))
        .run()
        .exits(0);
    for path in [
        "/headers/page.html",
        "/headers/frame.html",
        "/headers/opened.html",
        "/headers/worker.js",
        "/headers/service.js",
        "/picture.svg",
        "/redirect",
        "/from-a-script",
        "/from-a-frame",
        "/from-a-worker",
        "/from-a-service-worker",
        "/from-another-site",
    ] {
        let requests = site.requests_of(path);
        assert!(!requests.is_empty(), "{path} was not asked for");
        for request in requests {
            assert!(has_header(&request), "{path} without: {}", request.head);
        }
    }
    for path in [
        "/picture.svg",
        "/form",
        "/redirect",
        "/headers/foreign.html",
        "/from-a-redirect",
    ] {
        assert!(
            !other.requests_of(path).is_empty(),
            "{path} was not asked for"
        );
    }
    for request in other.requests() {
        assert!(
            !request.head.contains("c4n4ry"),
            "leaked: {} {}",
            request.path,
            request.head
        );
    }
    assert!(!outcome.said().contains("c4n4ry") && !outcome.report.to_string().contains("c4n4ry"));
}

#[test]
fn other_hosts_of_the_environment_get_them_too() {
    let (site, other) = (Site::new(), Site::new());
    let hosts = format!(", hosts: [\"127.0.0.1:{}\"]", other.port());
    project(&site, &hosts)
        .flow("a", &flow(&site, &other))
        .run()
        .exits(0);
    for path in ["/picture.svg", "/form", "/from-a-redirect"] {
        let requests = other.requests_of(path);
        assert!(
            requests.iter().all(has_header) && !requests.is_empty(),
            "{path}"
        );
    }
}

/// Beside a password, a login's cookies and a browser that is cleaned and used again.
#[test]
fn headers_stand_beside_what_else_is_sent() {
    let site = Site::new();
    let logs_in = "steps:
  - goto: /account/login
  - type: { into: '[name=user]', text: jane }
  - type: { into: '[name=password]', text: right }
  - click: button
  - wait: .avatar
";
    let flow = "session: jane\nsteps:\n  - goto: /account/a\n  - expect: { text: jane }\n  - goto: /private\n";
    project(&site, ", basic_auth: \"jane:secret\"")
        .setting("sessions: { jane: { use: log in } }")
        .fragment("log in", logs_in)
        .flow("a", flow)
        .flow("b", flow)
        .run_with(&["--workers", "1"])
        .exits(0);
    for path in ["/account/login", "/account/home", "/account/a", "/private"] {
        let requests = site.requests_of(path);
        assert!(
            !requests.is_empty() && requests.iter().all(has_header),
            "{path}: {requests:#?}"
        );
    }
    assert_eq!(site.requests_of("/account/a").len(), 2);
}

#[test]
fn each_side_has_its_own() {
    let (production, staging) = (Site::new(), Site::new());
    let environments = format!(
        "environments:\n  production: {{ url: \"{}\" }}\n  staging: {{ url: \"{}\", {HEADERS} }}\n",
        production.url(),
        staging.url()
    );
    Project::new(environments)
        .variable("PREVIEW_TOKEN", "c4n4ry")
        .flow("a", "steps:\n  - goto: /headers/opened.html\n")
        .run()
        .exits(0);
    assert!(
        staging
            .requests_of("/headers/opened.html")
            .iter()
            .all(has_header)
    );
    let plain = production.requests_of("/headers/opened.html");
    assert!(!plain.is_empty() && !plain.iter().any(has_header));
}
