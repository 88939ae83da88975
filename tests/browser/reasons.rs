//! A page that does not come, or does not rest: the failure names the reason.

use crate::support::{Outcome, Project, Site, failures_of};

#[track_caller]
fn assert_failed(outcome: &Outcome, flow: &str, parts: &[&str]) {
    let failure = failures_of(outcome.first_shot_of(flow)).next();
    let failure = failure.unwrap_or_else(|| panic!("{flow} did not fail:\n{}", outcome.said()));
    let message = failure["message"].as_str().unwrap_or_default();
    let says = parts.iter().all(|part| message.contains(part));
    assert!(says && failure["kind"] == "navigation", "{flow}: {failure}");
}

#[test]
fn a_load_that_fails_has_the_browsers_name_for_it() {
    let site = Site::new();
    let loads = [
        (
            "loop",
            "/loop",
            "net::ERR_TOO_MANY_REDIRECTS: the page redirects in a circle",
        ),
        (
            "garbage",
            "/garbage",
            "net::ERR_INVALID_HTTP_RESPONSE: the answer is not HTTP",
        ),
        (
            "file",
            "/redirect?to=file:%2F%2F%2Fetc%2Fpasswd",
            "net::ERR_UNSAFE_REDIRECT",
        ),
        (
            "port",
            "/redirect?to=http:%2F%2F127.0.0.1:25%2F",
            "net::ERR_UNSAFE_PORT: browsers do not connect to this port",
        ),
    ];
    let project = loads
        .iter()
        .fold(Project::solo(&site), |project, (name, url, _)| {
            project.flow(name, &format!("steps:\n  - goto: \"{url}\"\n"))
        });
    let outcome = project.run().exits(3);
    for (name, _, reason) in loads {
        assert_failed(&outcome, name, &["could not be loaded", reason]);
    }
}

#[test]
fn a_page_that_reloads_itself_is_called_so() {
    let site = Site::new();
    let goto = |page: &str| format!("steps:\n  - goto: /{page}.html\n");
    let outcome = Project::solo(&site)
        .setting("page_timeout: 4s\ntimeout: 2s")
        .flow("reloads", &goto("hostile/reloads"))
        .flow("refreshes", &goto("hostile/refreshes"))
        .flow("once", &goto("reloads-once"))
        .run()
        .exits(3);
    // It depends on whether the driver still answers between two documents.
    assert_failed(&outcome, "reloads", &["itself again and again"]);
    assert_failed(&outcome, "refreshes", &["itself again and again"]);
    let once = outcome.first_shot_of("once");
    assert_eq!(once["verdict"], "new", "{}", outcome.said());
}

#[test]
fn a_page_that_no_server_sent_is_not_the_flows() {
    let site = Site::new();
    let click = |what: &str| {
        format!("setup:\n  - goto: /unsent.html\nsteps:\n  - click: \"#{what}\"\n    shot: led\n")
    };
    let outcome = Project::solo(&site)
        .flow("blob", &click("blob"))
        .flow("blank", &click("blank"))
        .flow(
            "popup",
            "setup:\n  - goto: /unsent.html\n  - click: \"#popup\"\nsteps:\n  - window: newest\n    shot: filled\n",
        )
        .run()
        .exits(3);
    assert_failed(&outcome, "blob", &["ended on blob:http", "no server sent"]);
    assert_failed(
        &outcome,
        "blank",
        &["ended on about:blank", "no server sent"],
    );
    assert!(!outcome.said().contains("``"), "{}", outcome.said());
    let popup = outcome.first_shot_of("popup");
    assert_eq!(popup["verdict"], "new", "{}", outcome.said());
}
