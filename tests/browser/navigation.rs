//! Where a flow ended and how it was answered: facts that are in the report, and time that is given to
//! what is slow.

use crate::support::{Outcome, Project, Site, failures_of};

#[test]
fn status_and_final_url_are_in_the_report() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .spec("flows/answers.yaml")
        .run()
        .exits(0);
    let page = |name: &str| {
        let page = &outcome.shot(name)["pictures"]["candidate"]["page"];
        (
            page["url"].as_str().unwrap_or_default().to_owned(),
            page["status"].as_u64(),
        )
    };
    assert_eq!(page("plain"), ("/find.html".into(), Some(200)));
    assert_eq!(page("redirected"), ("/find.html?a=1#b".into(), Some(200)));
    assert_eq!(page("not found"), ("/nowhere.html".into(), Some(404)));
    assert_eq!(page("error"), ("/find.html?status=503".into(), Some(503)));
    assert_eq!(page("pushed"), ("/pushed".into(), Some(503)));
}

#[test]
fn slow_answers_are_waited_for() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .spec("flows/slow.yaml")
        .run()
        .exits(0);
    for (name, url) in [
        ("form", "/form?delay=1500"),
        ("link", "/find.html?delay=1500"),
        ("script", "/find.html?delay=1500"),
    ] {
        assert_eq!(
            outcome.shot(name)["pictures"]["candidate"]["page"]["url"],
            url
        );
    }
    // Once on each side.
    let sent = site.requests_of("/form");
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter()
            .all(|request| request.method == "POST" && request.body == "a=1")
    );
}

#[test]
fn a_shot_begins_again_on_the_page_that_comes_meanwhile() {
    let site = Site::new();
    let login = "fetch('/data.json?delay=150').then(() => { location = '/find.html?delay=600'; })";
    let popup = "const own = window.open(''); setTimeout(() => { own.location = '/find.html?delay=300'; }, 200)";
    let flow = |script: &str, rest: &str| {
        format!(
            "setup:\n  - goto: /pointer.html\n  - evaluate: \"document.body.innerHTML = '<button>Go</button>'; \
             document.body.firstChild.onclick = () => {{ {script} }}\"\nsteps:\n  - click: button\n{rest}"
        )
    };
    let newest = "    shot: false\n  - window: newest\n    shot: popup\n";
    let outcome = Project::pair(&site, &site)
        .flow("Login", &flow(login, "    shot: login\n"))
        .flow("Popup", &flow(popup, newest))
        .run()
        .exits(0);
    for (name, url) in [
        ("login", "/find.html?delay=600"),
        ("popup", "/find.html?delay=300"),
    ] {
        let page = &outcome.shot(name)["pictures"]["candidate"]["page"];
        assert_eq!(page["url"], url);
    }
}

#[test]
fn a_page_that_takes_too_long_fails() {
    let site = Site::new();
    let outcome = Project::solo(&site)
        .setting("page_timeout: 700ms")
        .flow("Hangs", "steps:\n  - goto: /hang")
        .flow("Picture hangs", "steps:\n  - goto: /hanging-picture.html")
        .flow(
            "Script hangs",
            "setup:\n  - goto: /find.html\nsteps:\n  - evaluate: return new Promise(() => {})",
        )
        .run()
        .exits(3);
    assert_failed(&outcome, "Hangs", "did not finish loading within 0.7 s");
    assert_failed(
        &outcome,
        "Picture hangs",
        "did not finish loading within 0.7 s",
    );
    assert_failed(
        &outcome,
        "Script hangs",
        "the script did not finish within 0.7 s",
    );
}

/// The page was there long ago; its picture lacks the image and says so.
#[test]
fn a_page_that_lacks_only_an_image_is_photographed() {
    let site = Site::new();
    let outcome = Project::pair(&site, &site)
        .setting("page_timeout: 3s")
        .flow("Picture hangs", "steps:\n  - goto: /hanging-picture.html")
        .run()
        .exits(0);
    let warnings = outcome.first_shot_of("Picture hangs")["warnings"].to_string();
    assert!(warnings.contains("taken without /hang"), "{warnings}");
}

#[test]
fn an_answer_that_never_comes_fails_the_step_that_asked_for_it() {
    let site = Site::new();
    let flow = |step: &str| format!("setup:\n  - goto: /slow-form.html\nsteps:\n  - {step}\n");
    let steps = [
        ("Click", "click: \"#hangs\""),
        ("Script", "evaluate: \"location.href = '/hang'\""),
        (
            "Later",
            "evaluate: \"setTimeout(() => { location.href = '/hang'; })\"",
        ),
    ];
    let project = Project::solo(&site).setting("page_timeout: 3s");
    let project = steps.iter().fold(project, |project, (name, step)| {
        project.flow(name, &flow(step))
    });
    let outcome = project.run().exits(3);
    for (name, _) in steps {
        let said = "the page that this step led to did not finish loading within 3 s";
        assert_failed(&outcome, name, said);
    }
}

fn assert_failed(outcome: &Outcome, flow: &str, part: &str) {
    let failure = failures_of(outcome.first_shot_of(flow))
        .next()
        .expect("a failure");
    let message = failure["message"].as_str().unwrap_or_default();
    assert!(message.contains(part), "{flow}: {message}");
}

#[test]
fn a_foreign_host_may_be_listed() {
    let site = Site::new();
    let environments = |hosts: &str| {
        format!(
            "environments:\n  staging: {{ url: \"{}\", hosts: {hosts} }}\nbaseline: golden\n",
            site.url()
        )
    };
    let to = format!("http:%2F%2Flocalhost:{}%2Ffind.html", site.port());
    let flow = format!("steps:\n  - goto: \"/redirect?to={to}\"");
    for hosts in [
        "[localhost]".to_owned(),
        format!("[\"localhost:{}\"]", site.port()),
    ] {
        let project = Project::new(environments(&hosts)).flow("Abroad", &flow);
        let outcome = project.run().exits(0);
        let url = format!("http://localhost:{}/find.html", site.port());
        assert_eq!(
            outcome.shots()[0]["pictures"]["candidate"]["page"]["url"],
            url
        );
    }
    let project = Project::new(environments("[\"localhost:1\"]")).flow("Abroad", &flow);
    assert_failed(&project.run().exits(3), "Abroad", "another host");
}

/// One side that fails decides nothing, also when the other one is well.
#[test]
fn an_environment_that_is_down_fails_its_side() {
    let site = Site::new();
    let gone = Site::new();
    let project = Project::pair(&gone, &site).flow(
        "Down",
        "steps:\n  - goto: /find.html\n  - click: text=Save all",
    );
    drop(gone);
    let outcome = project.run().exits(3);
    let failures: Vec<_> = outcome.shots().iter().flat_map(failures_of).collect();
    assert_eq!(failures.len(), 2);
    assert!(
        failures.iter().all(|failure| failure["role"] == "baseline"),
        "{failures:?}"
    );
    assert_eq!(failures[0]["kind"], "navigation");
    assert_eq!(failures[1]["kind"], "not-reached");
}
