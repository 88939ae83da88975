//! How a browser reaches an environment: through a proxy, past a self-signed certificate.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    support::{Project, Site, failures_of},
    webkit::in_chrome_and_webkit,
};

const FLOW: &str = "steps:\n  - goto: /headers/opened.html\n  - expect: { title: Opened }\n";

/// A project whose one environment is at this address.
fn at(url: &str, more: &str) -> Project {
    let environment = format!("staging: {{ url: \"{url}\"{more} }}");
    Project::new(format!(
        "environments:\n  {environment}\nbaseline: golden\n"
    ))
    .flow("a", FLOW)
}

/// The site plays the proxy: it is asked for the whole URL of a host that is nowhere else.
#[test]
fn pages_are_asked_from_the_proxy() {
    let site = Site::new();
    let proxy = format!(", proxy: \"{}\"", site.url());
    for project in in_chrome_and_webkit(|| at("http://nowhere.invalid", &proxy)) {
        let before = site.requests().len();
        project.run().exits(0);
        let all = site.requests_of("http://nowhere.invalid/headers/opened.html");
        assert!(!all.is_empty() && site.requests().len() > before);
    }
}

#[test]
fn a_host_may_be_excepted_from_the_proxy() {
    let site = Site::new();
    let proxy = format!(", proxy: \"{}\", no_proxy: [nowhere.invalid]", site.url());
    for project in in_chrome_and_webkit(|| at("http://nowhere.invalid", &proxy)) {
        let outcome = project.run().exits(3);
        let failure = failures_of(outcome.first_shot_of("a"))
            .next()
            .expect("a failure");
        let message = failure["message"].to_string();
        let is_about_the_name =
            message.contains("ERR_NAME_NOT_RESOLVED") || message.contains("Error resolving");
        assert!(is_about_the_name, "{failure}");
    }
    assert!(
        site.requests_of("http://nowhere.invalid/headers/opened.html")
            .is_empty()
    );
}

/// A server with a certificate that it signed itself, by the openssl of the command line.
struct Secure {
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Secure {
    /// Nothing where there is no openssl.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command.args(arguments.split(' ')).current_dir(&folder);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command
        };
        let made = openssl("req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1").status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
        fs::create_dir(folder.path().join("headers")).expect("a folder");
        let page = "<!doctype html><title>Opened</title><link rel=icon href=data:,>";
        fs::write(folder.path().join("headers/opened.html"), page).expect("a page");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let mut server = openssl(&format!(
            "s_server -accept 127.0.0.1:{port} -key key.pem -cert cert.pem -WWW -quiet"
        ));
        let server = server.spawn().expect("openssl starts");
        let began = Instant::now();
        while !is_listening(port) && began.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(20));
        }
        Some(Self {
            server,
            port,
            _folder: folder,
        })
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

/// Without a connection, which the server would take for a visit.
fn is_listening(port: u16) -> bool {
    let table = fs::read_to_string(Path::new("/proc/net/tcp")).unwrap_or_default();
    table.contains(&format!("0100007F:{port:04X} 00000000:0000 0A"))
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_self_signed_certificate_is_believed_where_that_is_said() {
    let Some(server) = Secure::start() else {
        eprintln!("SKIPPED: there is no openssl that makes a certificate");
        return;
    };
    for project in in_chrome_and_webkit(|| at(&server.url(), "")) {
        let outcome = project.run().exits(3);
        let failure = failures_of(outcome.first_shot_of("a"))
            .next()
            .expect("a failure");
        assert!(
            failure["message"].to_string().contains("certificate"),
            "{failure}"
        );
    }
    let believing = ", ignore_certificate_errors: true";
    for project in in_chrome_and_webkit(|| at(&server.url(), believing)) {
        project.run().exits(0);
    }
}
