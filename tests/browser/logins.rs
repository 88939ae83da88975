//! Logins that flows share: one for each side, and none of it where it was not asked for.

use std::path::Path;

use crate::support::{Outcome, Project, Site, failures_of};

const LOGIN: &str = "steps:
  - goto: /account/login
  - type: { into: '[name=user]', text: '${user}' }
  - type: { into: '[name=password]', text: '${password}' }
  - click: button
  - wait: .avatar
";

const STORED: &str = "__proto__=é\"<,token=stored-for-jane-0123456789";

/// `sessions` for jane and joe, who know their passwords, with more settings for jane.
fn with_sessions(project: Project, more: &str) -> Project {
    let session = |name: &str, more: &str| {
        format!(
            "  {name}: {{ use: log in, with: {{ user: {name}, password: \"is ${{A_PASSWORD}}\" }}{more} }}"
        )
    };
    let sessions = format!(
        "sessions:\n{}\n{}",
        session("jane", more),
        session("joe", "")
    );
    project
        .setting("timeout: 2s")
        .setting(&sessions)
        .variable("A_PASSWORD", "right")
        .fragment("log in", &format!("params: [user, password]\n{LOGIN}"))
}

/// A flow of `jane` that sees her on this page.
fn sees_jane(page: &str) -> String {
    format!(
        "session: jane\nsteps:\n  - goto: {page}\n  - expect: {{ text: {{ of: .avatar, contains: jane }} }}\n"
    )
}

fn logins(site: &Site) -> usize {
    let requests = site.requests_of("/account/login");
    requests
        .iter()
        .filter(|request| request.method == "POST")
        .count()
}

/// Every failure of a flow, as it is told.
fn told(outcome: &Outcome, flow: &str) -> String {
    let shots = outcome.shots().iter().filter(|shot| shot["flow"] == flow);
    let messages = shots.flat_map(failures_of);
    messages
        .map(|failure| failure["message"].to_string())
        .collect()
}

#[test]
fn flows_that_start_together_log_in_once_on_each_side() {
    let (production, staging) = (Site::new(), Site::new());
    let project = with_sessions(Project::pair(&production, &staging), "");
    let project = ["a", "b", "c", "d"]
        .into_iter()
        .fold(project, |project, name| {
            project.flow(name, &sees_jane(&format!("/account/{name}")))
        });
    project.run_with(&["--workers", "4"]).exits(0);
    for (site, other) in [(&production, &staging), (&staging, &production)] {
        assert_eq!(logins(site), 1);
        for page in ["a", "b", "c", "d"] {
            let requests = site.requests_of(&format!("/account/{page}"));
            assert!(!requests.is_empty(), "{page}");
            for request in requests {
                let own = format!("session=token-1-of-jane-on-{}", site.port());
                assert!(request.cookie.contains(&own), "{}", request.cookie);
                assert!(request.cookie.contains("theme=dark"), "{}", request.cookie);
                let foreign = other.port().to_string();
                assert!(!request.head.contains(&foreign), "{}", request.head);
            }
        }
    }
}

#[test]
fn a_flow_finds_the_storage_of_every_origin_that_the_login_saw() {
    let site = Site::new();
    let elsewhere = "goto: 'http://localhost:${PORT}/isolation/page.html'";
    let login = LOGIN.replace(
        "  - click: button",
        &format!("  - {elsewhere}\n  - evaluate: 'localStorage.elsewhere = 1'\n  - back\n  - type: {{ into: '[name=password]', text: '${{password}}' }}\n  - click: button"),
    );
    let flow = format!(
        "session: jane\nsteps:\n  - goto: /account/a\n  - expect: {{ text: 'stored: {STORED};' }}\n  \
         - expect: {{ text: 'seen: theme=dark;' }}\n  - {elsewhere}\n  \
         - wait: {{ js: 'localStorage.elsewhere === `1` && localStorage.length === 1' }}"
    );
    with_sessions(Project::solo(&site), "")
        .fragment("log in", &format!("params: [user, password]\n{login}"))
        .variable("PORT", site.port())
        .flow("a", &flow)
        .flow("b", &flow)
        .run_with(&["--workers", "1"])
        .exits(0);
    assert_eq!(logins(&site), 1);
}

/// What the flow does with its storage is its own: a page that empties it finds it empty.
#[test]
fn storage_is_filled_once() {
    let site = Site::new();
    let empty = "expect: { text: 'stored: ;' }";
    let flow = format!(
        "session: jane\nsteps:\n  - goto: /account/out\n  - {empty}\n  - goto: /account/a\n  - {empty}\n"
    );
    with_sessions(Project::solo(&site), "")
        .flow("a", &flow)
        .run()
        .exits(0);
}

/// One browser for all of them.
#[test]
fn nobody_has_the_login_of_another() {
    let site = Site::new();
    let nobody = "steps:\n  - goto: /account/a\n  - expect: { path: /account/login }\n  \
        - wait: { js: 'localStorage.length === 0 && document.cookie === ``' }\n";
    let is = |name: &str| sees_jane("/account/a").replace("jane", name);
    let jane = format!("{}  - expect: {{ text: '{STORED}' }}\n", is("jane"));
    let joe = format!(
        "{}  - expect: {{ text: 'token=stored-for-joe' }}\n",
        is("joe")
    );
    let outcome = with_sessions(Project::solo(&site), "")
        .flow("a", &jane)
        .flow("b", nobody)
        .flow("c", &joe)
        .flow("d", nobody)
        .flow("e", &jane)
        .run_with(&["--workers", "1", "--verbose"])
        .exits(0);
    assert_eq!(logins(&site), 2);
    assert!(
        outcome.said().contains("1 browser started for 5 flows"),
        "{}",
        outcome.said()
    );
}

#[test]
fn each_flow_with_a_browser_of_its_own_is_logged_in_too() {
    let site = Site::new();
    with_sessions(Project::solo(&site), "")
        .setting("isolation: session")
        .flow("a", &sees_jane("/account/a"))
        .flow("b", &sees_jane("/account/a"))
        .run_with(&["--workers", "1"])
        .exits(0);
    assert_eq!(logins(&site), 1);
}

#[test]
fn the_login_happens_at_the_first_viewport_and_serves_all() {
    let site = Site::new();
    let login = LOGIN.replace(
        "  - wait",
        "  - wait: { js: 'innerWidth === 700' }\n  - wait",
    );
    let at_its_size = format!(
        "{}  - wait: {{ js: 'innerWidth === 390' }}\n",
        sees_jane("/account/a")
    );
    with_sessions(Project::solo(&site), "")
        .viewports("wide: 700x500, phone: 390x500@2")
        .fragment("log in", &format!("params: [user, password]\n{login}"))
        .flow("a", &at_its_size)
        .run_with(&["--viewport", "phone"])
        .exits(0);
    assert_eq!(logins(&site), 1);
}

#[test]
fn a_login_that_fails_fails_who_needs_it_and_nobody_else() {
    let site = Site::new();
    let outcome = with_sessions(Project::solo(&site), "")
        .variable("A_PASSWORD", "wrong")
        .flow("a", &sees_jane("/account/a"))
        .flow(
            "b",
            "steps:\n  - goto: /account/login\n    shot: unharmed\n",
        )
        .flow("c", &sees_jane("/account/c"))
        .run()
        .exits(3);
    assert_eq!(outcome.shot("unharmed")["verdict"], "new");
    for flow in ["a", "c"] {
        let shot = outcome.first_shot_of(flow);
        let failure = failures_of(shot).next().expect("a failure");
        let message = failure["message"].as_str().unwrap_or_default();
        let begins = "the login of session `jane` failed: timed out after 2.";
        let is_told =
            message.starts_with(begins) && message.ends_with("for `.avatar` to be visible");
        assert!(is_told, "{message}");
        assert_eq!(failure["step"]["label"], "wait .avatar");
        assert_eq!(outcome.stored(&failure["pictures"][0]).size(), (800, 600));
    }
    assert_eq!(logins(&site), 1);
    assert!(site.requests_of("/account/c").is_empty());
}

/// Whether by a redirect, a status or a check: the flow begins again with a new login, and all goes well.
#[test]
fn a_login_that_holds_no_longer_is_made_anew() {
    let check = ", check: { visible: .avatar, timeout: 500ms }";
    for (more, page) in [
        ("", "/account/a"),
        ("", "/account/a?strict=1"),
        (check, "/account/a"),
    ] {
        let site = Site::new();
        let outcome = with_sessions(Project::solo(&site), more)
            .flow("a", &sees_jane("/account/a"))
            .flow("b", "steps:\n  - goto: /account/expire\n")
            .flow("c", &format!("{}    shot: seen again\n", sees_jane(page)))
            .flow("d", &sees_jane(page))
            .run_with(&["--workers", "1"])
            .exits(0);
        assert_eq!(logins(&site), 2, "{more} {page}");
        assert_eq!(outcome.shot("seen again")["verdict"], "new");
    }
}

/// The pictures before are not taken twice, and none is lost; the same when the login ends each time.
#[test]
fn a_login_that_ends_in_the_middle_of_a_flow_costs_no_picture() {
    for (how_often, code, last) in [("once=1", 0, "new"), ("each=1", 3, "failed")] {
        let site = Site::new();
        let flow = format!(
            "session: jane\nsteps:\n  - goto: /account/a\n  - expect: {{ text: login 1 }}\n  - goto: /account/b\n  \
             - evaluate: 'return fetch(`/account/expire?{how_often}`).then(() => null)'\n  \
             - goto: /account/c\n  - expect: {{ text: jane }}\n"
        );
        let outcome = with_sessions(Project::solo(&site), "")
            .flow("a", &flow)
            .run();
        let outcome = outcome.exits(code);
        let verdicts = outcome.shots().iter().map(|shot| shot["verdict"].clone());
        let verdicts: Vec<_> = verdicts.collect();
        assert_eq!(
            verdicts,
            ["new", "new", "new", "new", last, last],
            "{}",
            outcome.said()
        );
        assert_eq!(logins(&site), 2);
        let told = told(&outcome, "a");
        let honest = "session `jane` is not valid even after a new login: /account/c led to the login page /account/login";
        assert_eq!(told.contains(honest), code == 3, "{told}");
    }
}

#[test]
fn a_login_that_never_holds_is_made_twice_and_told() {
    let site = Site::new();
    let outcome = with_sessions(Project::solo(&site), "")
        .flow("a", "steps:\n  - goto: /account/expire?ever=1\n")
        .flow("b", &sees_jane("/account/a"))
        .run_with(&["--workers", "1"])
        .exits(3);
    assert_eq!(logins(&site), 2);
    let told = told(&outcome, "b");
    assert!(
        told.contains("even after a new login: /account/a led to the login page"),
        "{told}"
    );
    let failure = failures_of(outcome.first_shot_of("b"))
        .next()
        .expect("a failure");
    assert_eq!(outcome.stored(&failure["pictures"][0]).size(), (800, 600));
}

/// A flow may ask for the login page itself.
#[test]
fn who_asks_for_the_login_page_is_not_logged_out() {
    let site = Site::new();
    with_sessions(Project::solo(&site), "")
        .flow(
            "a",
            "session: jane\nsteps:\n  - goto: /account/login?again=1\n",
        )
        .run()
        .exits(0);
    assert_eq!(logins(&site), 1);
}

#[test]
fn no_output_tells_what_a_login_left() {
    let site = Site::new();
    let flow = "session: jane\nsteps:
  - goto: /account/a?tell=1
  - expect: { title: 'not this' }
  - expect: { text: { of: '#stored', contains: 'not this' } }
  - goto: '/account/b?token=token-1'
";
    let outcome = with_sessions(Project::solo(&site), "")
        .flow("a", flow)
        .run()
        .exits(1);
    let told = told(&outcome, "a");
    assert!(told.contains("found `••••••`"), "{told}");
    assert!(told.contains("token=••••••"), "{told}");
    let token = format!("token-1-of-jane-on-{}", site.port());
    for secret in [&token, "stored-for-jane-0123456789"] {
        assert!(!outcome.said().contains(secret), "{}", outcome.said());
        assert_not_below(outcome.folder(), secret);
    }
}

/// No text file below the folder holds this.
fn assert_not_below(folder: &Path, secret: &str) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            assert_not_below(&path, secret);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            assert!(
                !String::from_utf8_lossy(&bytes).contains(secret),
                "{}",
                path.display()
            );
        }
    }
}
