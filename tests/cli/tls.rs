//! Drivers and the addresses of `ready` by https: refused in time where Twinshot was built without `remote-tls`, and
//! reached where it was. Whatever goes wrong, nobody sees the user and the password.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::support::{FakeDriver, Project, Ran};

const USER: &str = "jane-of-the-grid";
const PASSWORD: &str = "c4n4ry-7731";

#[track_caller]
fn shows_no_credentials(ran: &Ran) {
    let shown = ran.shown();
    // Its first line is the command itself.
    let (_, shown) = shown.split_once('\n').expect("several lines");
    for secret in [USER, PASSWORD] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[track_caller]
fn was_always_asked_by_the_user(driver: &FakeDriver) {
    let sent = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    assert_eq!(driver.authorizations(), [format!("Basic {sent}")].into());
    assert_eq!(driver.open_sessions(), 0, "a session was left open");
}

/// The driver's line of a configuration, after the two environments.
fn project(webdriver: &str) -> Project {
    let project = Project::two_sides();
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
    project.config(&format!("{config}webdriver: {webdriver}\n"))
}

#[test]
fn a_driver_that_is_no_url_is_refused_without_a_look_at_its_password() {
    let wrong = [
        format!("ftp://{USER}:{PASSWORD}@grid.example"),
        format!("http://{USER}:{PASSWORD}@grid example"),
        format!("http://{USER}:{PASSWORD}@"),
    ];
    for url in wrong {
        let ran = Project::two_sides().run(["test", "--webdriver", &url]);
        ran.exit(2)
            .stderr_has("--webdriver: this is not an http(s) URL: write `auto`");
        shows_no_credentials(&ran);
        let ran = project(&format!("\"{url}\"")).run(["validate"]);
        ran.exit(2).stderr_has("this is not an http(s) URL");
        shows_no_credentials(&ran);
    }
}

#[test]
fn credentials_are_sent_with_every_command() {
    let driver = FakeDriver::new();
    let url = format!("http://{USER}:{PASSWORD}@127.0.0.1:{}", driver.port());
    let ran = Project::two_sides().run(["test", "--webdriver", &url]);
    ran.exit(0);
    shows_no_credentials(&ran);
    was_always_asked_by_the_user(&driver);
}

#[test]
fn credentials_that_would_be_sent_otherwise_than_they_are_meant_are_refused() {
    let url = format!("http://{USER}:{PASSWORD}%2F@127.0.0.1:1");
    let ran = Project::two_sides().run(["test", "--webdriver", &url]);
    ran.exit(2)
        .stderr_has("the user or the password of a driver has a character that a URL writes as");
    shows_no_credentials(&ran);
}

#[test]
fn help_shows_no_credentials_of_the_environment() {
    let url = format!("http://{USER}:{PASSWORD}@127.0.0.1:1");
    let names = ["WEBDRIVER", "BASELINE_URL", "CANDIDATE_URL"];
    let project = names.iter().fold(Project::two_sides(), |project, name| {
        project.env(&format!("TWINSHOT_{name}"), url.clone())
    });
    let ran = project.run(["test", "--help"]);
    ran.exit(0).stdout_has("[env: TWINSHOT_WEBDRIVER]");
    shows_no_credentials(&ran);
}

#[cfg(not(feature = "remote-tls"))]
mod without {
    use super::*;

    const REFUSED: &str = "a driver cannot be reached by https: this Twinshot was built without the cargo feature `remote-tls`";

    #[test]
    fn a_driver_by_https_is_refused_and_the_feature_named() {
        let url = format!("https://{USER}:{PASSWORD}@grid.example/");
        let ran = Project::two_sides().run(["test", "--webdriver", &url]);
        ran.exit(2)
            .stderr_has(REFUSED)
            .stderr_has("build it with `--features remote-tls`");
        shows_no_credentials(&ran);
        for written in [format!("\"{url}\""), format!("[\"http://one\", \"{url}\"]")] {
            let ran = project(&written).run(["validate"]);
            ran.exit(2)
                .stderr_has(REFUSED)
                .stderr_has("twinshot.yaml:7:");
            shows_no_credentials(&ran);
        }
    }

    #[test]
    fn ready_by_https_is_refused_and_the_feature_named() {
        const REFUSED: &str = "an https:// address cannot be asked for `ready`: this Twinshot was built without the cargo \
                               feature `remote-tls`";
        for (url, ready) in [
            ("https://staging.test", "/version"),
            ("http://staging.test", "https://staging.test/version"),
        ] {
            let project = Project::two_sides().config(&format!(
                "environments:\n  production: {{ url: \"http://production.test\" }}\n  \
                 staging: {{ url: \"{url}\", ready: {{ url: \"{ready}\" }} }}\n"
            ));
            let ran = project.run(["validate"]);
            ran.exit(2)
                .stderr_has(REFUSED)
                .stderr_has("twinshot.yaml:3:");
        }
        let project = Project::two_sides().config(
            "environments:\n  production: { url: \"http://production.test\" }\n  \
             staging: { url: \"http://staging.test\", ready: { url: /version } }\n",
        );
        let ran = project.run(["test", "--candidate-url", "https://staging.test"]);
        ran.exit(2)
            .stderr_has(&format!("--candidate-url: {REFUSED}"));
    }
}

#[cfg(feature = "remote-tls")]
mod with {
    use super::*;
    use crate::cli::support::{Answer, FakeEnvironment, TlsFront};
    use std::{
        io::{Read, Write},
        net::{Ipv4Addr, TcpListener},
    };

    use twinshot::report::{FailureKind, Verdict};

    const HOME: &str = "Shop/home@small";

    fn believing(project: Project, authority: &str) -> Project {
        project.env("SSL_CERT_FILE", TlsFront::certificates(authority))
    }

    /// A run through a driver at this URL, whose authority is believed.
    fn run(url: &str, arguments: &[&str]) -> Ran {
        let project = believing(project(&format!("\"{url}\"")), "authority");
        let ran = project.run(["test"].into_iter().chain(arguments.iter().copied()));
        shows_no_credentials(&ran);
        for file in ["report.json", "index.html", "summary.md", "junit.xml"] {
            let text = ran.read(&ran.report_folder().join(file));
            assert!(!text.contains(PASSWORD) && !text.contains(USER), "{file}");
        }
        ran
    }

    fn url(front: &TlsFront) -> String {
        format!("https://{USER}:{PASSWORD}@{}", front.host())
    }

    #[test]
    fn a_driver_behind_https_is_used_with_its_credentials() {
        let driver = FakeDriver::new();
        let front = TlsFront::before(&driver.url());
        run(&url(&front), &["--verbose"])
            .exit(0)
            .verdict(HOME, Verdict::Match);
        was_always_asked_by_the_user(&driver);
    }

    #[test]
    fn a_driver_that_fails_behind_https_shows_no_credentials() {
        let refusal = Answer::Refusal("session not created", format!("not for {PASSWORD}"));
        for (command, answer) in [
            ("new session", Answer::server_error()),
            ("new session", Answer::CutOff),
            (
                "new session",
                Answer::Text(401, "text/html", b"no".to_vec()),
            ),
            ("new session", refusal),
            ("Page.captureScreenshot", Answer::CutOff),
            ("url", Answer::not_json()),
        ] {
            let driver = FakeDriver::new().answers(command, answer);
            let front = TlsFront::before(&driver.url());
            run(&url(&front), &[]).exit(3);
        }
    }

    #[test]
    fn a_certificate_that_nobody_believed_vouches_for_is_refused() {
        let driver = FakeDriver::new();
        let front = TlsFront::before(&driver.url());
        let project = believing(project(&format!("\"{}\"", url(&front))), "stranger");
        let ran = project.run(["test"]);
        ran.exit(3)
            .failed(HOME, FailureKind::Driver, "its certificate is not believed")
            .failed(HOME, FailureKind::Driver, "in SSL_CERT_FILE");
        shows_no_credentials(&ran);
        assert!(!driver.was_asked("new session"));
    }

    #[test]
    fn a_certificate_for_another_host_is_refused() {
        let driver = FakeDriver::new();
        let front = TlsFront::before(&driver.url());
        let url = url(&front).replace("localhost", "127.0.0.1");
        run(&url, &[])
            .exit(3)
            .failed(HOME, FailureKind::Driver, "its certificate is not believed");
        assert!(!driver.was_asked("new session"));
    }

    #[test]
    fn a_driver_that_speaks_no_tls_is_told_from_one_that_is_down() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let url = format!("https://{USER}:{PASSWORD}@127.0.0.1:{port}");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("it is reached");
            let _ = stream.read(&mut [0; 16]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        });
        run(&url, &["--workers", "1"])
            .exit(3)
            .failed(HOME, FailureKind::Driver, "speaks no TLS");
        server.join().expect("it was asked");
        run(&url, &[]).exit(3).failed(
            HOME,
            FailureKind::Driver,
            "no WebDriver server answers there",
        );
    }

    #[test]
    fn authorities_that_cannot_be_read_end_the_run() {
        let project = project("\"https://localhost:1\"").env("SSL_CERT_FILE", "/no/such/file");
        let ran = project.run(["test"]);
        ran.exit(3)
            .stderr_has("no certificate authority is known")
            .stderr_has("SSL_CERT_FILE");
        let driver = FakeDriver::new();
        let ran = project.run(["test", "--webdriver", &driver.url()]);
        ran.exit(0);
    }

    #[test]
    fn a_release_is_asked_for_by_https() {
        let staging = FakeEnvironment::serving("1.4.2");
        let front = TlsFront::before(&staging.url());
        let config = format!(
            "environments:\n  production: {{ url: \"http://production.test\" }}\n  \
             staging: {{ url: \"https://{}\", basic_auth: \"{USER}:{PASSWORD}\", \
             ready: {{ url: /version, json: /release, timeout: 2s, every: 50ms }} }}\n\
             viewports: {{ small: 60x40 }}\n",
            front.host()
        );
        let project = Project::two_sides().config(&config);
        let ran = believing(project, "authority").test(&FakeDriver::new(), &[]);
        ran.exit(0).stderr_has("note: staging: release 1.4.2\n");
        assert_eq!(staging.asked().len(), 2, "once before and once after");
        shows_no_credentials(&ran);

        let project = Project::two_sides().config(&config);
        let ran = believing(project, "stranger").test(&FakeDriver::new(), &[]);
        ran.exit(3)
            .stderr_has("it cannot be asked: its certificate is not believed");
        shows_no_credentials(&ran);
    }
}
