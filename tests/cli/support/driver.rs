//! A WebDriver server in this process: it drives no browser, but answers as if one had loaded and photographed a page,
//! and can be told to break off at any command in any way. What our functions in the page give is recorded from a real
//! browser (`recorded.rs`); none of them is imitated here.

use std::{
    collections::{BTreeSet, HashMap},
    io::{BufReader, Read},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    Canvas,
    http::{self, Request},
    recorded::PlainPage,
};

/// The host of the candidate in the projects of these tests.
pub(crate) const STAGING: &str = "staging.test";

const JSON: &str = "application/json; charset=utf-8";

/// What a picture is to show.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// The page's URL.
    pub(crate) url: String,
    /// Device pixels.
    pub(crate) width: u32,
    /// Device pixels.
    pub(crate) height: u32,
    /// How many pictures this driver took before.
    pub(crate) number: usize,
}

impl View {
    pub(crate) fn is_on(&self, host: &str) -> bool {
        self.url.contains(&format!("://{host}"))
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.url.ends_with(path)
    }

    /// A white page with a dark box, and a line that is as long as the last part of its path.
    pub(crate) fn page(&self) -> Canvas {
        let part = self.url.rsplit('/').next().unwrap_or_default();
        let length = u32::try_from(part.len()).expect("a short path");
        Self::one_for_all(self).with_box([0, 0, length, 1], [90, 60, 40])
    }

    /// The same for every path.
    pub(crate) fn one_for_all(&self) -> Canvas {
        Canvas::new(self.width, self.height, Canvas::WHITE).with_box([4, 4, 12, 6], [40, 60, 90])
    }
}

/// What is said to a command.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// `{"value": …}`.
    Value(Value),
    /// An error as the W3C has it: code and message.
    Refusal(&'static str, String),
    /// Anything: status, content type, body.
    Text(u16, &'static str, Vec<u8>),
    /// The head, half of the body, and the connection is closed.
    CutOff,
    /// Nothing, ever.
    Silence,
}

/// An answer to a command instead of the usual one.
struct Rule {
    command: &'static str,
    /// Only for sessions whose page is on this host.
    host: Option<&'static str>,
    /// Only so often.
    left: usize,
    answer: Answer,
}

type Paint = dyn Fn(&View) -> Vec<u8> + Send + Sync;
type Title = dyn Fn(&Session) -> String + Send + Sync;

struct Script {
    rules: Vec<Rule>,
    paint: Arc<Paint>,
    title: Arc<Title>,
    /// How many sessions it has room for.
    room: usize,
    debugger: Option<&'static str>,
    /// Of the browser.
    version: &'static str,
}

/// One session as the driver keeps it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    /// The page's URL.
    pub(crate) url: String,
    /// Everything that was typed.
    pub(crate) typed: String,
    /// Counts the documents.
    documents: u32,
    /// The document that settled last.
    settled: Option<u32>,
    width: u32,
    height: u32,
    scale: f64,
}

#[derive(Default)]
struct Sessions {
    open: HashMap<String, Session>,
    begun: usize,
    most: usize,
    pictures: usize,
    commands: Vec<String>,
    /// What new sessions were asked to be.
    wanted: Vec<Value>,
    visited: Vec<String>,
    /// What requests had as `authorization`; empty for none.
    authorizations: BTreeSet<String>,
    /// Under which vendors' names it was asked for commands of the DevTools.
    vendors: BTreeSet<String>,
    streams: Vec<TcpStream>,
}

struct Shared {
    script: Mutex<Script>,
    sessions: Mutex<Sessions>,
    /// Told whenever a session ends.
    ended: Condvar,
    closing: AtomicBool,
}

/// The server; it and its connections end with this value.
pub(crate) struct FakeDriver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl FakeDriver {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let script = Script {
            rules: Vec::new(),
            paint: Arc::new(|view| view.page().png()),
            title: Arc::new(|_| "A page".to_owned()),
            room: usize::MAX,
            debugger: None,
            version: "150.0.1.2",
        };
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            sessions: Mutex::default(),
            ended: Condvar::new(),
            closing: AtomicBool::new(false),
        });
        let server = Arc::clone(&shared);
        thread::spawn(move || server.accept(&listener));
        Self { address, shared }
    }

    /// Paints every picture with this.
    pub(crate) fn paints(self, paint: impl Fn(&View) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.shared.script().paint = Arc::new(paint);
        self
    }

    /// Paints staging with a box where production has none.
    pub(crate) fn with_a_change_on_staging(self) -> Self {
        self.paints(|view| match view.is_on(STAGING) {
            true => view.page().with_box([20, 20, 10, 10], Canvas::RED).png(),
            false => view.page().png(),
        })
    }

    pub(crate) fn titles(self, title: impl Fn(&Session) -> String + Send + Sync + 'static) -> Self {
        self.shared.script().title = Arc::new(title);
        self
    }

    /// Lets whoever asks for more sessions than this wait until there is room, as a Selenium Grid does.
    pub(crate) fn with_room_for(self, sessions: usize) -> Self {
        self.shared.script().room = sessions;
        self
    }

    /// Says that its browsers can be talked to there.
    pub(crate) fn with_debugger_at(self, address: &'static str) -> Self {
        self.shared.script().debugger = Some(address);
        self
    }

    /// Says that its browser is of this version.
    pub(crate) fn with_version(self, version: &'static str) -> Self {
        self.shared.script().version = version;
        self
    }

    /// Says this to a command, always.
    pub(crate) fn answers(self, command: &'static str, answer: Answer) -> Self {
        self.rule(command, None, usize::MAX, answer)
    }

    /// Says this to a command when the page is on a host.
    pub(crate) fn answers_on(
        self,
        host: &'static str,
        command: &'static str,
        answer: Answer,
    ) -> Self {
        self.rule(command, Some(host), usize::MAX, answer)
    }

    /// Says this to a command once.
    pub(crate) fn answers_once(self, command: &'static str, answer: Answer) -> Self {
        self.rule(command, None, 1, answer)
    }

    fn rule(
        self,
        command: &'static str,
        host: Option<&'static str>,
        left: usize,
        answer: Answer,
    ) -> Self {
        let rule = Rule {
            command,
            host,
            left,
            answer,
        };
        self.shared.script().rules.push(rule);
        self
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Sessions that nobody ended.
    pub(crate) fn open_sessions(&self) -> usize {
        self.shared.sessions().open.len()
    }

    /// How many sessions there ever were.
    pub(crate) fn begun_sessions(&self) -> usize {
        self.shared.sessions().begun
    }

    /// How many sessions there were at the same time at most.
    pub(crate) fn most_sessions(&self) -> usize {
        self.shared.sessions().most
    }

    /// Whether any flow went to a URL with this in it.
    pub(crate) fn has_visited(&self, place: &str) -> bool {
        let sessions = self.shared.sessions();
        sessions.visited.iter().any(|url| url.contains(place))
    }

    pub(crate) fn how_often(&self, command: &str) -> usize {
        let sessions = self.shared.sessions();
        let asked = sessions.commands.iter();
        asked.filter(|asked| *asked == command).count()
    }

    /// What the first session was asked to be.
    pub(crate) fn first_capabilities(&self) -> Value {
        let sessions = self.shared.sessions();
        let wanted = sessions.wanted.first().expect("nobody asked for a session");
        wanted["capabilities"]["alwaysMatch"].clone()
    }

    /// What its requests had as `authorization`, each once; empty for none.
    pub(crate) fn authorizations(&self) -> BTreeSet<String> {
        self.shared.sessions().authorizations.clone()
    }

    /// Under which vendors' names it was asked for commands of the DevTools, each once.
    pub(crate) fn vendors(&self) -> Vec<String> {
        self.shared.sessions().vendors.iter().cloned().collect()
    }

    pub(crate) fn was_asked(&self, command: &str) -> bool {
        let sessions = self.shared.sessions();
        sessions.commands.iter().any(|asked| asked == command)
    }
}

impl Drop for FakeDriver {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.shared.ended.notify_all();
        for stream in self.shared.sessions().streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Answer {
    /// What a function of ours gave for a plain page of 60x40, but at this URL and with these changes.
    pub(crate) fn of_page(function: &str, url: &str, changes: &Value) -> Self {
        let page = PlainPage {
            url: url.to_owned(),
            title: String::new(),
            load: json!(1),
            width: 60,
            height: 40,
            scale: 1.0,
        };
        let mut answer = recorded(&page, function);
        for (key, value) in changes.as_object().into_iter().flatten() {
            assert!(!answer[key].is_null(), "`{function}` gives no `{key}`");
            answer[key] = value.clone();
        }
        Self::Value(json!({ "result": { "value": answer } }))
    }

    pub(crate) fn not_json() -> Self {
        Self::Text(200, JSON, b"<html>502 Bad Gateway</html>".to_vec())
    }

    pub(crate) fn web_page() -> Self {
        Self::Text(200, "text/html", b"<h1>It works!</h1>".to_vec())
    }

    pub(crate) fn not_webdriver() -> Self {
        Self::Text(200, JSON, br#"{"status": "it is fine"}"#.to_vec())
    }

    pub(crate) fn not_text() -> Self {
        Self::Text(200, JSON, b"{\"value\": \"\xFF\xFE\"}".to_vec())
    }

    pub(crate) fn server_error() -> Self {
        Self::Text(500, JSON, b"{}".to_vec())
    }

    pub(crate) fn no_such_session() -> Self {
        Self::Refusal(
            "invalid session id",
            "session deleted as the browser has closed".into(),
        )
    }

    pub(crate) fn dialog() -> Self {
        Self::Refusal(
            "unexpected alert open",
            "unexpected alert open: {Alert text : Hi}".into(),
        )
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no answer panics")
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().expect("no answer panics")
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            let _ = stream.set_nodelay(true);
            self.sessions().streams.extend(stream.try_clone());
            let server = Arc::clone(self);
            thread::spawn(move || server.converse(BufReader::new(stream)));
        }
    }

    fn converse(&self, mut stream: BufReader<TcpStream>) {
        while let Some(request) = http::read_request(&mut stream) {
            let asked = Asked::new(&request);
            self.sessions().vendors.extend(vendor_of(&request));
            let authorization = request.header("authorization").unwrap_or_default();
            let authorization = authorization.to_owned();
            self.sessions().authorizations.insert(authorization);
            let answer = self.ruled(&asked).unwrap_or_else(|| self.usual(&asked));
            if !say(&mut stream, answer) {
                let _ = stream.get_ref().shutdown(Shutdown::Both);
                return;
            }
        }
    }

    /// The answer of the first rule that applies.
    fn ruled(&self, asked: &Asked) -> Option<Answer> {
        let mut sessions = self.sessions();
        sessions.commands.push(asked.command.clone());
        if asked.command == "new session" {
            sessions.wanted.push(asked.body.clone());
        }
        sessions
            .visited
            .extend(asked.body["url"].as_str().map(str::to_owned));
        let url = sessions
            .open
            .get(&asked.session)
            .map(|session| session.url.clone());
        // A navigation is on the host that it leads to.
        let url = match asked.command.as_str() {
            "url" => asked.body["url"].as_str().map(str::to_owned),
            _ => url,
        };
        let mut script = self.script();
        let applies = |rule: &&mut Rule| {
            let is_there = |host| url.as_ref().is_some_and(|url| url.contains(host));
            rule.left > 0 && rule.command == asked.command && rule.host.is_none_or(is_there)
        };
        let rule = script.rules.iter_mut().find(applies)?;
        rule.left = rule.left.saturating_sub(1);
        Some(rule.answer.clone())
    }

    /// The answer of a driver whose browser does what it is told.
    fn usual(&self, asked: &Asked) -> Answer {
        match asked.command.as_str() {
            "new session" => Answer::Value(self.begin()),
            "delete session" => {
                self.sessions().open.remove(&asked.session);
                self.ended.notify_all();
                Answer::Value(Value::Null)
            }
            _ => self.in_session(asked),
        }
    }

    fn begin(&self) -> Value {
        let debugger = self.script().debugger;
        let version = self.script().version;
        let room = self.script().room;
        let is_full = |sessions: &mut Sessions| {
            sessions.open.len() >= room && !self.closing.load(Ordering::SeqCst)
        };
        let waited = self.ended.wait_while(self.sessions(), is_full);
        let mut sessions = waited.expect("no answer panics");
        sessions.most = sessions.most.max(sessions.open.len() + 1);
        sessions.begun += 1;
        let id = format!("session-{}", sessions.begun);
        sessions.open.insert(id.clone(), Session::default());
        json!({
            "sessionId": id,
            "capabilities": { "browserName": "chrome", "browserVersion": version,
                "goog:chromeOptions": { "debuggerAddress": debugger } },
        })
    }

    fn in_session(&self, asked: &Asked) -> Answer {
        let title = Arc::clone(&self.script().title);
        let mut sessions = self.sessions();
        let Some(session) = sessions.open.get_mut(&asked.session) else {
            return Answer::no_such_session();
        };
        if asked.command == "alert/text" {
            return Answer::Refusal("no such alert", "no such alert".into());
        }
        if let Some(value) = session.answer(asked, &*title) {
            return Answer::Value(value);
        }
        let view = session.view(asked);
        sessions.pictures += 1;
        let view = View {
            number: sessions.pictures,
            ..view
        };
        drop(sessions);
        let paint = Arc::clone(&self.script().paint);
        let data = BASE64_STANDARD.encode(paint(&view));
        Answer::Value(match asked.command.as_str() {
            "screenshot" => json!(data),
            _ => json!({ "data": data }),
        })
    }
}

/// A command as it was asked.
struct Asked {
    command: String,
    session: String,
    body: Value,
}

impl Asked {
    /// Commands are called by the end of their path, those of the DevTools by their name, and our own
    /// functions in the page `page.settle`, `page.boxes` and so on.
    fn new(request: &Request) -> Self {
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let session = parts.get(1).copied().unwrap_or_default().to_owned();
        let command = match (request.method.as_str(), &parts[..]) {
            ("POST", ["session"]) => "new session".to_owned(),
            ("DELETE", ["session", _]) => "delete session".to_owned(),
            (_, ["session", _, _, "cdp", "execute"]) => devtools_command(&body),
            (_, ["session", _, "element", _, deed]) => format!("element/{deed}"),
            (_, ["session", _, rest @ ..]) => rest.join("/"),
            _ => request.path.clone(),
        };
        Self {
            command,
            session,
            body,
        }
    }

    fn param(&self, name: &str) -> &Value {
        &self.body["params"][name]
    }

    /// What our function in the page was called with.
    fn page_argument(&self) -> Value {
        let call = page_call(&self.body).unwrap_or_default();
        let argument = call.split_once('(').map_or("", |(_, rest)| rest);
        let argument = argument.strip_suffix("); })()").unwrap_or_default();
        serde_json::from_str(argument).unwrap_or(Value::Null)
    }
}

/// `goog` or `ms` of a command of the DevTools.
fn vendor_of(request: &Request) -> Option<String> {
    let mut parts = request.path.trim_matches('/').split('/').skip(2);
    let (vendor, domain) = (parts.next()?, parts.next()?);
    (domain == "cdp").then(|| vendor.to_owned())
}

fn devtools_command(body: &Value) -> String {
    let function = page_call(body).and_then(|call| call.split_once('('));
    match function {
        Some((function, _)) => format!("page.{function}"),
        None => body["cmd"].as_str().unwrap_or_default().to_owned(),
    }
}

/// `settle({…}); })()` of an evaluation that calls one of our functions.
fn page_call(body: &Value) -> Option<&str> {
    let expression = body["params"]["expression"].as_str()?;
    let (_, call) = expression.rsplit_once("\nreturn ")?;
    Some(call)
}

impl Session {
    /// The answer to everything but a picture.
    fn answer(&mut self, asked: &Asked, title: &Title) -> Option<Value> {
        let in_page = |value: Value| json!({ "result": { "value": value } });
        Some(match asked.command.as_str() {
            "Page.captureScreenshot" | "screenshot" => return None,
            "window" => json!("the-window"),
            "window/handles" => json!(["the-window"]),
            "actions" => Value::Null,
            "url" => {
                let url = asked.body["url"].as_str().unwrap_or_default();
                self.go_to(url.to_owned())
            }
            "refresh" => self.go_to(self.url.clone()),
            "Emulation.setDeviceMetricsOverride" => self.resize(asked),
            "Page.getFrameTree" => json!({ "frameTree": { "frame": { "id": "frame" } } }),
            "Page.createIsolatedWorld" => json!({ "executionContextId": 7 }),
            // What is left after a flow, as cleaning asks for it.
            "Runtime.evaluate" => in_page(json!({ "url": self.url, "load": self.documents })),
            "page.settle" => in_page(self.settle(title)),
            "page.boxes" | "page.areas" => in_page(self.boxes(&asked.page_argument(), title)),
            "execute/sync" => self.executed(asked, title),
            "element/value" => {
                self.typed
                    .push_str(asked.body["text"].as_str().unwrap_or_default());
                Value::Null
            }
            "Network.getAllCookies" => {
                json!({ "cookies": [{ "name": "session", "value": "c4n4ry-of-jane", "httpOnly": true }] })
            }
            "DOMStorage.getDOMStorageItems" => json!({ "entries": [["token", "stored"]] }),
            "Page.addScriptToEvaluateOnNewDocument" => json!({ "identifier": "1" }),
            command => match command.strip_prefix("page.") {
                Some(function) => in_page(recorded(&self.page(title), function)),
                None => json!({}),
            },
        })
    }

    fn go_to(&mut self, url: String) -> Value {
        self.url = url;
        self.documents += 1;
        Value::Null
    }

    fn resize(&mut self, asked: &Asked) -> Value {
        let pixels = |name| u32::try_from(asked.param(name).as_u64().unwrap_or(0)).unwrap_or(0);
        (self.width, self.height) = (pixels("width"), pixels("height"));
        self.scale = asked.param("deviceScaleFactor").as_f64().unwrap_or(1.0);
        json!({})
    }

    fn page(&self, title: &Title) -> PlainPage {
        PlainPage {
            url: self.url.clone(),
            title: title(self),
            load: json!(self.documents),
            width: self.width,
            height: self.height,
            scale: self.scale,
        }
    }

    /// Only the first time in a document something is waited for.
    fn settle(&mut self, title: &Title) -> Value {
        let before = self.settled.replace(self.documents);
        let name = match before == Some(self.documents) {
            true => "settle, the second time",
            false => "settle",
        };
        recorded(&self.page(title), name)
    }

    /// One target was asked for when it was recorded. `areas` answers alike.
    fn boxes(&self, targets: &Value, title: &Title) -> Value {
        let one = recorded(&self.page(title), "boxes")[0].take();
        let targets = targets.as_array().into_iter().flatten();
        targets.map(|_| one.clone()).collect()
    }

    /// A script of a step is known by its last line.
    fn executed(&self, asked: &Asked, title: &Title) -> Value {
        let script = asked.body["script"].as_str().unwrap_or_default();
        let last = script.rfind("return ").map_or("", |at| &script[at..]);
        self.page(title).answer(last).unwrap_or_default()
    }

    fn view(&self, asked: &Asked) -> View {
        let clip = asked.param("clip");
        let device = |length: f64| (length * self.scale) as u32;
        let clipped = |name: &str, whole: u32| clip[name].as_f64().unwrap_or(f64::from(whole));
        View {
            url: self.url.clone(),
            width: device(clipped("width", self.width)),
            height: device(clipped("height", self.height)),
            number: 0,
        }
    }
}

fn recorded(page: &PlainPage, name: &str) -> Value {
    let answer = page.answer(name);
    answer.unwrap_or_else(|| panic!("there is no record of `{name}`"))
}

/// Whether the connection can go on.
fn say(stream: &mut BufReader<TcpStream>, answer: Answer) -> bool {
    match answer {
        Answer::Value(value) => {
            let body = json!({ "value": value }).to_string();
            http::write(stream, &http::head(200, JSON, body.len()), body.as_bytes())
        }
        Answer::Refusal(error, message) => {
            let value = json!({ "error": error, "message": message, "stacktrace": "#0 0x5" });
            let body = json!({ "value": value }).to_string();
            http::write(stream, &http::head(500, JSON, body.len()), body.as_bytes())
        }
        Answer::Text(status, kind, body) => {
            http::write(stream, &http::head(status, kind, body.len()), &body)
        }
        Answer::CutOff => {
            http::write(stream, &http::head(200, JSON, 1000), b"{\"value\": ");
            false
        }
        Answer::Silence => {
            // Until the client has had enough.
            let _ = stream.read_to_end(&mut Vec::new());
            false
        }
    }
}
