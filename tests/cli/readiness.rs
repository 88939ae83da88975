//! `ready`: a run begins when both environments serve what is wanted, and decides nothing when one of them
//! was not the same from the beginning to the end.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::process::Signal;
use twinshot::report::{RunState, Verdict};

use super::support::{Asked, Canvas, FakeDriver, FakeEnvironment, Project, Ran, Said};

const HOME: &str = "Shop/home@small";
const WANTED: &str = "json: /release, equals: 1.4.2, every: 50ms, timeout: 1s";

/// Staging is at `url` and must be `ready`; production is not watched.
fn project(url: &str, ready: &str) -> Project {
    Project::two_sides().config(&format!(
        "environments:\n  production: {{ url: \"http://production.test\" }}\n  \
         staging: {{ url: \"{url}\", ready: {{ {ready} }} }}\n\
         viewports: {{ small: 60x40 }}\ntimeout: 1s\npage_timeout: 1s\n"
    ))
}

/// Staging answers so, and must serve release 1.4.2 within a second.
fn answering(said: Said) -> Ran {
    let staging = FakeEnvironment::new(move |_| said.clone());
    project(&staging.url(), &format!("url: /version, {WANTED}")).test(&FakeDriver::new(), &[])
}

/// Nothing was photographed, and every output says why.
#[track_caller]
fn not_ready(ran: &Ran, seen: &str) {
    let says = format!("staging did not serve release 1.4.2 at /version within 1s: {seen}");
    ran.exit(3)
        .partial(RunState::Stopped)
        .stdout_has("NOT DECIDED, whatever the shots say: ended early, partial: 0 of 2 — 0 shots")
        .stdout_has(&format!("warning: could not decide: {says}"))
        .stderr_has("note: waiting for staging to serve release 1.4.2 at /version\n")
        .stderr_has(&format!(
            "note: waiting for staging to serve release 1.4.2 at /version: {seen}"
        ));
    let report = ran.report();
    assert_eq!(report.run.undecided.len(), 1, "{:?}", report.run.undecided);
    assert!(report.run.undecided[0].starts_with(&says));
    assert!(report.shots.is_empty());
    for file in ["index.html", "summary.md", "junit.xml"] {
        let text = ran.read(&ran.report_folder().join(file));
        assert!(text.contains("staging did not serve"), "{file}:\n{text}");
    }
}

#[test]
fn a_release_that_is_there_is_in_every_report() {
    let (production, staging) = (
        FakeEnvironment::serving("1.4.1"),
        FakeEnvironment::serving("1.4.2"),
    );
    let config = format!(
        "environments:\n  production: {{ url: \"{}/shop\", ready: {{ url: /version, json: /release }} }}\n  \
         staging: {{ url: \"{}\", ready: {{ url: version, json: /release, equals: \"${{RELEASE}}\" }} }}\n\
         viewports: {{ small: 60x40 }}\n",
        production.url(),
        staging.url()
    );
    let project = Project::two_sides().config(&config).env("RELEASE", "1.4.2");
    let ran = project.test(&FakeDriver::new(), &[]);
    ran.exit(0)
        .verdict(HOME, Verdict::Match)
        .stderr_has("note: waiting for production to serve a release at /version\n")
        .stderr_has("note: production: release 1.4.1\n")
        .stderr_has("note: staging: release 1.4.2\n");
    let environments = ran.report().run.environments;
    assert_eq!(environments.baseline.release.as_deref(), Some("1.4.1"));
    assert_eq!(environments.candidate.release.as_deref(), Some("1.4.2"));
    for (file, says) in [
        ("index.html", ", release 1.4.2</span>"),
        ("summary.md", "staging (release 1.4.2)"),
        ("junit.xml", "name=\"candidate_release\" value=\"1.4.2\""),
    ] {
        let text = ran.read(&ran.report_folder().join(file));
        assert!(text.contains(says), "{file}:\n{text}");
    }
    // Once before the run and once after it, below the base URL.
    let paths = |site: &FakeEnvironment| -> Vec<_> {
        site.asked().into_iter().map(|asked| asked.path).collect()
    };
    assert_eq!(paths(&production), ["/shop/version", "/shop/version"]);
    assert_eq!(paths(&staging), ["/version", "/version"]);
}

#[test]
fn a_server_that_switches_after_three_seconds_is_waited_for() {
    let switch = |asked: &Asked| match asked.age < Duration::from_secs(3) {
        true => Said::release("1.4.1"),
        false => Said::release("1.4.2"),
    };
    let (production, staging) = (FakeEnvironment::new(switch), FakeEnvironment::new(switch));
    let ready =
        "ready: { url: /version, json: /release, equals: 1.4.2, every: 100ms, timeout: 1m }";
    let config = format!(
        "environments:\n  production: {{ url: \"{}\", {ready} }}\n  staging: {{ url: \"{}\", {ready} }}\n\
         viewports: {{ small: 60x40 }}\n",
        production.url(),
        staging.url()
    );
    let began = Instant::now();
    let ran = Project::two_sides()
        .config(&config)
        .test(&FakeDriver::new(), &[]);
    let took = began.elapsed();
    ran.exit(0).verdict(HOME, Verdict::Match);
    assert!(took >= Duration::from_secs(3), "it began after {took:?}");
    for name in ["production", "staging"] {
        // Told when what is seen changes, not at every look.
        let waiting = format!("note: waiting for {name} to serve release 1.4.2 at /version");
        assert_eq!(
            ran.stderr().matches(&waiting).count(),
            2,
            "{}",
            ran.stderr()
        );
        ran.stderr_has(&format!("{waiting}: it serves release 1.4.1\n"));
        ran.stderr_has(&format!("note: {name}: release 1.4.2\n"));
    }
    // Both at the same time: neither waited for the other before it was asked.
    let first = production.asked()[0].age.max(staging.asked()[0].age);
    assert!(
        first < Duration::from_secs(2),
        "the second was asked after {first:?}"
    );
}

#[test]
fn a_server_that_switches_back_during_the_run_decides_nothing() {
    let is_photographed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_photographed);
    let staging = FakeEnvironment::new(move |_| match seen.load(Ordering::SeqCst) {
        true => Said::release("1.4.1"),
        false => Said::release("1.4.2"),
    });
    let driver = FakeDriver::new().paints(move |view| {
        is_photographed.store(true, Ordering::SeqCst);
        view.page().png()
    });
    for wanted in [WANTED, "json: /release, every: 50ms"] {
        let ready = format!("url: /version, {wanted}");
        let ran = project(&staging.url(), &ready).test(&driver, &[]);
        if wanted != WANTED {
            // The server stays with what it switched to: the same before and after.
            ran.exit(0).stderr_has("note: staging: release 1.4.1");
            continue;
        }
        let says = "staging changed during the run: at /version it served release 1.4.2 before, \
                    afterwards it serves release 1.4.1; run again";
        ran.exit(3)
            .verdict(HOME, Verdict::Match)
            .stdout_has("NOT DECIDED, whatever the shots say: 2 shots: 2 match")
            .stdout_has(&format!("warning: could not decide: {says}"));
        let report = ran.report();
        assert_eq!(report.run.state, RunState::Complete);
        assert_eq!(report.run.undecided, [says]);
        let junit = ran.read(&ran.report_folder().join("junit.xml"));
        assert!(
            junit.contains("<error ") && junit.contains("errors=\"1\""),
            "{junit}"
        );
        for file in ["index.html", "summary.md"] {
            let text = ran.read(&ran.report_folder().join(file));
            assert!(
                text.contains("Could not decide: staging changed"),
                "{file}:\n{text}"
            );
        }
    }
}

#[test]
fn nothing_is_built_on_a_run_that_decided_nothing() {
    let staging = FakeEnvironment::new(|asked| Said::release(&asked.number.to_string()));
    let project = project(&staging.url(), "url: /version, json: /release");
    let driver = FakeDriver::new().paints(|view| match view.is_on("production.test") {
        true => view.page().png(),
        false => view.page().with_box([20, 20, 10, 10], Canvas::RED).png(),
    });
    let ran = project.test(&driver, &[]);
    ran.exit(3)
        .verdict(HOME, Verdict::Mismatch)
        .stdout_lacks("again:");
    project
        .run(["approve", "--all"])
        .exit(2)
        .stderr_has("the last run decided nothing, so it cannot be approved: staging changed");
    assert!(!project.path("golden").exists());
    project
        .test(&driver, &["--last-failed"])
        .exit(2)
        .stderr_has("the last run decided nothing: run again without --last-failed");
}

#[test]
fn any_release_will_do_but_it_must_stay() {
    let staging = FakeEnvironment::new(|asked| Said::release(&format!("build-{}", asked.number)));
    let ran =
        project(&staging.url(), "url: /version, json: /release").test(&FakeDriver::new(), &[]);
    ran.exit(3).stdout_has(
        "staging changed during the run: at /version it served release build-0 before, afterwards \
         it serves release build-1; run again",
    );
}

#[test]
fn one_that_is_gone_after_the_run_decides_nothing() {
    let staging = FakeEnvironment::new(|asked| match asked.number {
        0 => Said::release("1.4.2"),
        _ => Said::Text(404, "", String::new()),
    });
    let ran = project(&staging.url(), &format!("url: /version, {WANTED}"));
    ran.test(&FakeDriver::new(), &[])
        .exit(3)
        .stdout_has("before, afterwards it answers 404 Not Found; run again");
}

#[test]
fn trouble_after_the_run_gets_a_little_time() {
    let staging = FakeEnvironment::new(|asked| match asked.number {
        1 | 2 => Said::Text(503, "", String::new()),
        3 => Said::Raw(""),
        _ => Said::release("1.4.2"),
    });
    let ran = project(&staging.url(), &format!("url: /version, {WANTED}"));
    ran.test(&FakeDriver::new(), &[]).exit(0);
    assert_eq!(staging.asked().len(), 5);
}

#[test]
fn a_balancer_with_two_releases_is_not_ready() {
    let staging = FakeEnvironment::new(|asked| match asked.number {
        1 | 4 => Said::release("1.4.1"),
        _ => Said::release("1.4.2"),
    });
    let ready = format!("url: /version, times: 3, {WANTED}");
    let ran = project(&staging.url(), &ready).test(&FakeDriver::new(), &[]);
    ran.exit(0);
    // 0, not 1, 2 and 3, not 4, then 5 to 7; and three times after the run.
    assert_eq!(staging.asked().len(), 8 + 3);
}

#[test]
fn a_server_that_does_not_answer_ends_the_wait() {
    not_ready(
        &answering(Said::Hang("")),
        "it gave no whole answer within ",
    );
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"release\":";
    not_ready(
        &answering(Said::Hang(head)),
        "it gave no whole answer within ",
    );
}

#[test]
fn a_server_that_refuses_connections_ends_the_wait() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    drop(listener);
    let project = project(&url, &format!("url: /version, {WANTED}"));
    let ran = project.test(&FakeDriver::new(), &[]);
    not_ready(&ran, "it cannot be asked: Connection refused");
}

#[test]
fn a_wrong_answer_ends_the_wait_with_what_it_was() {
    let text = |status, headers, body: &str| Said::Text(status, headers, body.to_owned());
    for (said, seen) in [
        (text(500, "", ""), "it answers 500 Internal Server Error"),
        (
            text(302, "location: /login\r\n", ""),
            "it redirects to /login (302), which is not followed",
        ),
        (text(200, "", "<h1>Hi</h1>"), "its answer is no JSON: "),
        (text(200, "", ""), "its answer is no JSON: "),
        (text(200, "", "{}"), "its JSON has nothing at `/release`"),
        (Said::release("1.4.20"), "it serves release 1.4.20"),
        (Said::Raw("SSH-2.0-OpenSSH\r\n\r\n"), "it cannot be asked: "),
        (Said::Raw(""), "it cannot be asked: "),
        (
            Said::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"rel"),
            "its answer breaks off: ",
        ),
    ] {
        not_ready(&answering(said), seen);
    }
}

#[test]
fn a_huge_answer_is_not_read() {
    let staging = FakeEnvironment::new(|_| Said::Long(1 << 30));
    let project = project(&staging.url(), &format!("url: /version, {WANTED}"));
    let ran = project.test(&FakeDriver::new(), &[]);
    not_ready(&ran, "its answer is longer than 1 MiB");
    let each = staging.written() / staging.asked().len();
    assert!(each < 64 << 20, "{each} bytes were taken at each look");
}

#[test]
fn what_a_server_says_cannot_move_the_cursor() {
    let ran = answering(Said::release("\\u001b[2J\\u202e1.4.1"));
    not_ready(&ran, "it serves release \\u{1b}[2J\\u{202e}1.4.1");
}

#[test]
fn texts_headers_and_statuses_are_enough() {
    let staging = FakeEnvironment::new(|_| {
        Said::Text(
            203,
            "x-release: main-77\r\n",
            "up: yes\nbuild 77\n".to_owned(),
        )
    });
    for (ready, release) in [
        ("url: /", None),
        ("url: /, status: 203", None),
        ("url: /, text: \"up: yes\"", None),
        ("url: /, matches: 'build (\\d+)'", Some("77")),
        (
            "url: /, header: { name: X-Release, equals: main-77 }",
            Some("main-77"),
        ),
        (
            "url: /, header: { name: X-Release, matches: '^main-(.*)' }",
            Some("77"),
        ),
    ] {
        let ran = project(&staging.url(), ready).test(&FakeDriver::new(), &[]);
        ran.exit(0);
        let found = ran.report().run.environments.candidate.release;
        assert_eq!(found.as_deref(), release, "{ready}");
    }
    let ran = project(
        &staging.url(),
        "url: /, status: 200, timeout: 200ms, every: 100ms",
    );
    ran.test(&FakeDriver::new(), &[])
        .exit(3)
        .stdout_has("staging did not serve status 200 at / within 200ms: it answers 203");
}

#[test]
fn another_address_is_asked_in_the_same_way() {
    let (written, given) = (
        FakeEnvironment::serving("1.4.1"),
        FakeEnvironment::serving("1.4.2"),
    );
    let project = project(&written.url(), &format!("url: /version, {WANTED}"));
    let ran = project.test(&FakeDriver::new(), &["--candidate-url", &given.url()]);
    ran.exit(0).stderr_has("note: staging: release 1.4.2");
    assert!(written.asked().is_empty());
}

#[test]
fn an_environment_without_a_role_is_not_asked() {
    let staging = FakeEnvironment::serving("1.4.1");
    let project = project(&staging.url(), &format!("url: /version, {WANTED}"));
    let ran = project.test(&FakeDriver::new(), &["--candidate", "production"]);
    ran.exit(0);
    assert!(staging.asked().is_empty());
}

#[test]
fn credentials_go_to_the_environment_alone_and_into_no_output() {
    let (staging, elsewhere) = (
        FakeEnvironment::serving("1.4.2"),
        FakeEnvironment::serving("1.4.2"),
    );
    for (url, asked, sent) in [
        (
            "/version".to_owned(),
            &staging,
            Some("Basic amFuZTpjNG40cnk="),
        ),
        (format!("\"{}/version\"", elsewhere.url()), &elsewhere, None),
    ] {
        let config = format!(
            "environments:\n  production: {{ url: \"http://production.test\" }}\n  staging:\n    \
             url: \"{}\"\n    basic_auth: jane:c4n4ry\n    ready: {{ url: {url}, json: /release }}\n\
             viewports: {{ small: 60x40 }}\n",
            staging.url()
        );
        let driver = FakeDriver::new();
        let ran = Project::two_sides()
            .config(&config)
            .test(&driver, &["--verbose"]);
        ran.exit(0);
        for asked in asked.asked() {
            assert_eq!(asked.header("authorization"), sent);
        }
        assert!(
            driver.has_visited("jane:c4n4ry@127.0.0.1"),
            "the browser has none"
        );
        for file in ["report.json", "index.html", "summary.md", "junit.xml"] {
            let text = ran.read(&ran.report_folder().join(file));
            assert!(
                !text.contains("c4n4ry") && !text.contains("amFuZTpj"),
                "{file}"
            );
        }
        assert!(!ran.shown().contains("c4n4ry"), "{}", ran.shown());
    }
}

#[test]
fn a_release_that_is_secret_stays_so() {
    let staging = FakeEnvironment::serving("c4n4ry-1");
    let ready = "url: /version, json: /release, equals: \"${RELEASE_TOKEN}\"";
    let project = project(&staging.url(), ready).env("RELEASE_TOKEN", "c4n4ry-1");
    let ran = project.test(&FakeDriver::new(), &[]);
    ran.exit(0).stderr_has("note: staging: release ••••••");
    let report = ran.read(&ran.report_folder().join("report.json"));
    assert!(!ran.shown().contains("c4n4ry") && !report.contains("c4n4ry"));
}

#[test]
fn a_wait_can_be_interrupted() {
    let staging = FakeEnvironment::serving("1.4.1");
    let ready = "url: /version, json: /release, equals: 1.4.2, every: 50ms, timeout: 10m";
    let project = project(&staging.url(), ready);
    let driver = FakeDriver::new();
    let url = driver.url();
    let running = project.start(["test", "--webdriver", &url]);
    let began = Instant::now();
    while staging.asked().len() < 3 {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not ask");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.signal(Signal::INT);
    let ran = running.finish();
    ran.exit(130).partial(RunState::Interrupted);
    project.is_swept();
    assert!(!driver.was_asked("new session"));
}
