//! The embedded demo site over HTTP: its login, its pages, and that its releases differ exactly
//! where they should.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};
use twinshot::demo::{DemoServer, Release, serve};

const VERSION: &str = "GET /version HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n";

/// Pages whose HTML is the same in both releases.
const SAME: [&str; 7] = [
    "/login",
    "/marketing",
    "/table",
    "/table?q=tidepool",
    "/motion",
    "/sources/new",
    "/no/such/page",
];
/// Pages with a planted difference; that of the last shows only once its dialog is open.
const DIFFERENT: [&str; 3] = ["/workspaces", "/settings", "/settings/move-source"];

#[test]
fn a_login_starts_a_session() {
    let mut browser = Browser::open(Release::Production);
    let answer = browser.post("/login", "email=jane%40example.com&password=demo");
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/workspaces");
    assert!(answer.header("set-cookie").contains("HttpOnly"));
    let page = browser.get("/workspaces");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("class=\"dashboard\""));
}

#[test]
fn a_wrong_password_is_refused_and_the_address_kept() {
    let mut browser = Browser::open(Release::Production);
    let answer = browser.post("/login", "email=%22%3E%3Cb%3E&password=wrong");
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .text()
            .contains("The email address or the password is wrong.")
    );
    assert!(answer.text().contains("value=\"&quot;&gt;&lt;b&gt;\""));
    assert_eq!(browser.get("/workspaces").status, 303);
}

#[test]
fn without_a_session_every_inner_page_leads_to_the_login() {
    let mut browser = Browser::open(Release::Staging);
    for path in [
        "/workspaces",
        "/settings",
        "/settings/move-source",
        "/sources/new",
        "/table",
        "/table/1/logo.png",
        "/motion",
    ] {
        let answer = browser.get(path);
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/login"),
            "{path}"
        );
    }
    for path in ["/login", "/marketing", "/version", "/assets/app.css"] {
        assert_eq!(browser.get(path).status, 200, "{path}");
    }
}

#[test]
fn a_logout_ends_the_session() {
    let mut browser = Browser::log_in(Release::Production);
    let answer = browser.get("/logout");
    assert_eq!((answer.status, answer.header("location")), (303, "/login"));
    assert_eq!(browser.get("/workspaces").status, 303);
}

#[test]
fn a_session_belongs_to_one_release() {
    let production = Browser::log_in(Release::Production);
    let mut staging = Browser::open(Release::Staging);
    staging.cookie.clone_from(&production.cookie);
    assert_eq!(staging.get("/workspaces").status, 303);
}

#[test]
fn an_unknown_page_is_not_found_with_and_without_a_session() {
    for mut browser in [
        Browser::open(Release::Production),
        Browser::log_in(Release::Staging),
    ] {
        for path in ["/no/such/page", "/assets/../mod.rs", "/assets/nothing.css"] {
            assert_eq!(browser.get(path).status, 404, "{path}");
        }
    }
}

#[test]
fn the_releases_are_equal_but_for_the_planted_pages() {
    let mut production = Browser::log_in(Release::Production);
    let mut staging = Browser::log_in(Release::Staging);
    for path in SAME {
        assert!(
            production.get(path).body == staging.get(path).body,
            "{path}"
        );
    }
    for path in DIFFERENT {
        assert!(
            production.get(path).body != staging.get(path).body,
            "{path}"
        );
    }
    let form = "name=Checkout&kind=Server&region=Dublin&notes=&anonymise=on";
    assert_eq!(
        production.post("/sources/new", form).body,
        staging.post("/sources/new", form).body
    );
}

#[test]
fn two_visits_give_the_same_bytes() {
    let mut first = Browser::log_in(Release::Staging);
    let mut second = Browser::log_in(Release::Staging);
    for path in SAME.into_iter().chain(DIFFERENT) {
        assert_eq!(first.get(path).body, second.get(path).body, "{path}");
    }
}

#[test]
fn workspaces_differ_in_the_lock_and_the_plan() {
    let [production, staging] = both("/workspaces");
    assert_eq!(production.matches("Enterprise Plan").count(), 2);
    let (before, lock) = production
        .split_once("<svg class=\"icon icon-lock")
        .expect("a lock");
    let (_, after) = lock.split_once("</svg> ").expect("text after the lock");
    let planted = format!("{before}{after}").replace("Enterprise Plan", "Business Plan");
    assert_eq!(planted, staging);
}

#[test]
fn the_settings_overview_is_redesigned() {
    let [production, staging] = both("/settings");
    assert!(production.contains("<h1>Settings</h1>"));
    assert!(staging.contains("<h1>Organisation settings</h1>"));
    assert!(staging.contains("Data protection"));
    assert!(!production.contains("Data protection"));
    for page in [production, staging] {
        assert_eq!(page.matches("move-source\"").count(), 1);
    }
}

#[test]
fn the_dialog_differs_in_one_alert() {
    let [production, staging] = both("/settings/move-source");
    let alert = "Could not load destinations";
    assert!(staging.contains(alert));
    let lines = |page: &str| -> Vec<String> {
        let kept = page
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.contains(alert));
        kept.map(str::to_owned).collect()
    };
    assert_eq!(lines(&production), lines(&staging));
    assert!(!production.contains(alert));
}

#[test]
fn moving_a_source_comes_back_and_changes_nothing() {
    for release in Release::ALL {
        let mut browser = Browser::log_in(release);
        let before = browser.get("/settings/move-source").body;
        let answer = browser.post("/settings/move-source", "workspace=acme-europe");
        assert_eq!(answer.status, 303);
        let page = browser.get(answer.header("location"));
        assert!(page.text().contains("now belongs to Acme Europe"));
        assert_eq!(browser.get("/settings/move-source").body, before);
        let refused = browser.post("/settings/move-source", "workspace=%0d%0aX");
        assert_eq!(refused.status, 422);
    }
}

#[test]
fn what_is_typed_is_shown_and_escaped() {
    let mut browser = Browser::log_in(Release::Production);
    let page = browser.post(
        "/sources/new",
        "name=%3Cb%3E&kind=Server&region=Dublin&alerts=on",
    );
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<h1>&lt;b&gt;</h1>"));
    let page = browser.get("/table?q=%3Cscript%3E");
    assert!(page.text().contains("value=\"&lt;script&gt;\""));
    assert!(page.text().contains("0 of 60 deliveries"));
}

#[test]
fn the_table_has_lazy_pictures_that_take_their_time() {
    let mut browser = Browser::log_in(Release::Production);
    let page = browser.get("/table");
    assert_eq!(page.text().matches("loading=\"lazy\"").count(), 120);
    for (path, kind) in [
        ("/table/60/logo.png", "image/png"),
        ("/table/1/trend.svg", "image/svg+xml"),
    ] {
        let asked = Instant::now();
        let picture = browser.get(path);
        assert!(asked.elapsed() >= Duration::from_millis(30), "{path}");
        assert_eq!(
            (picture.status, picture.header("content-type")),
            (200, kind)
        );
        assert_eq!(picture.header("cache-control"), "no-store");
    }
    assert_eq!(browser.get("/table/61/logo.png").status, 404);
}

#[test]
fn the_web_font_is_real_small_late_and_licensed() {
    let mut browser = Browser::open(Release::Production);
    let asked = Instant::now();
    let font = browser.get("/late/harbor-sans.woff2");
    assert!(asked.elapsed() >= Duration::from_millis(150));
    assert!(font.body.starts_with(b"wOF2") && font.body.len() < 30_000);
    assert_eq!(
        browser.get("/assets/fonts/harbor-sans.woff2").body,
        font.body
    );
    let licence = browser.get("/assets/fonts/OFL.txt");
    assert!(licence.text().contains("SIL Open Font License"));
}

#[test]
fn no_page_asks_another_host() {
    for release in Release::ALL {
        let mut browser = Browser::log_in(release);
        for path in SAME
            .into_iter()
            .chain(DIFFERENT)
            .chain(["/assets/app.css", "/assets/app.js"])
        {
            let page = browser.get(path).text().replace("http://www.w3.org/", "");
            assert!(
                !page.contains("http://") && !page.contains("https://"),
                "{path}"
            );
            assert!(!page.contains("\"//") && !page.contains("(//"), "{path}");
        }
    }
}

#[test]
fn pages_are_never_stored_and_assets_are() {
    let mut browser = Browser::log_in(Release::Production);
    for path in SAME
        .into_iter()
        .chain(DIFFERENT)
        .chain(["/version", "/logout"])
    {
        assert_eq!(
            browser.get(path).header("cache-control"),
            "no-store",
            "{path}"
        );
    }
    let style = browser.get("/assets/app.css");
    assert_eq!(style.header("cache-control"), "max-age=300");
}

#[test]
fn the_version_names_the_release() {
    for release in Release::ALL {
        let answer = Browser::open(release).get("/version");
        assert_eq!(answer.header("content-type"), "application/json");
        let expected = format!("{{\"product\":\"harbor\",\"release\":\"{release}\"}}");
        assert_eq!(answer.text().trim(), expected);
        assert_eq!(release.to_string().parse(), Ok(release));
    }
    let error = "prod".parse::<Release>().expect_err("no such release");
    assert!(error.to_string().contains("`production` or `staging`"));
}

#[test]
fn the_server_stops_when_it_is_dropped() {
    let Browser {
        runtime, server, ..
    } = Browser::open(Release::Production);
    let address = server.address();
    drop(server);
    let asked = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(asked.elapsed() < Duration::from_secs(5), "still listening");
        std::thread::sleep(Duration::from_millis(10));
    }
    let again = runtime.block_on(DemoServer::start_on(Release::Staging, address));
    assert_eq!(
        again.expect("the port is free").url(),
        format!("http://{address}")
    );
}

#[test]
fn an_idle_connection_does_not_keep_it_from_stopping() {
    let runtime = Runtime::new().expect("a tokio runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(Release::Production, listener, async {
            let _ = stopped.await;
        }));
        let idle = TcpStream::connect(address).expect("the demo listens");
        assert_eq!(Answer::read(address, VERSION).status, 200);
        drop(stop);
        let ended = tokio::time::timeout(Duration::from_secs(5), serving).await;
        ended
            .expect("it stops in time")
            .expect("no panic")
            .expect("no error");
        drop(idle);
    });
}

/// One page of each release as text, production first.
fn both(path: &str) -> [String; 2] {
    Release::ALL.map(|release| Browser::log_in(release).get(path).text())
}

/// A release of its own, and a visitor who keeps one cookie and follows nothing.
struct Browser {
    runtime: Runtime,
    server: DemoServer,
    cookie: String,
}

impl Browser {
    fn open(release: Release) -> Self {
        let runtime = Runtime::new().expect("a tokio runtime");
        let server = runtime
            .block_on(DemoServer::start(release))
            .expect("a free port");
        Self {
            runtime,
            server,
            cookie: String::new(),
        }
    }

    fn log_in(release: Release) -> Self {
        let mut browser = Self::open(release);
        browser.post("/login", "email=jane%40example.com&password=demo");
        assert!(!browser.cookie.is_empty(), "the login sets a cookie");
        browser
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    fn post(&mut self, path: &str, form: &str) -> Answer {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let length = form.len();
        let head = format!("POST {path} HTTP/1.1\r\n{kind}\r\nContent-Length: {length}\r\n");
        self.send(&head, form)
    }

    fn send(&mut self, head: &str, body: &str) -> Answer {
        let cookie = &self.cookie;
        let request =
            format!("{head}Host: demo\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n{body}");
        let answer = Answer::read(self.server.address(), &request);
        if let Some(cookie) = answer.find("set-cookie") {
            let ended = cookie.contains("Max-Age=0");
            let pair = cookie.split(';').next().unwrap_or_default();
            self.cookie = if ended {
                String::new()
            } else {
                pair.to_owned()
            };
        }
        answer
    }
}

/// What came back: status, headers with lower-case names, body.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn read(address: SocketAddr, request: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("the demo listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a timeout");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head of ASCII");
        let (first, rest) = head.split_once("\r\n").expect("headers");
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let headers = rest.lines().filter_map(|line| line.split_once(": "));
        Self {
            status: status.expect("a status"),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn find(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }
}
