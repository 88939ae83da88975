//! A page server of our own on a free port of the loopback: files of the fixtures, and answers that no
//! honest server gives.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{accounts::Accounts, fixture};

/// How long `/hang` keeps a connection, unless the site is gone before.
const HANG: Duration = Duration::from_secs(60);

/// A running server; it stops when it is dropped.
pub(crate) struct Site {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    /// Looked through in order.
    roots: Vec<PathBuf>,
    requests: Mutex<Vec<Request>>,
    accounts: Accounts,
    stopped: AtomicBool,
}

/// What a browser asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) cookie: String,
    /// All header lines as they came.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Site {
    /// The pages of the fixtures.
    pub(crate) fn new() -> Self {
        Self::of(vec![fixture("pages")])
    }

    /// The same pages, but for those that the next release changes.
    pub(crate) fn candidate() -> Self {
        Self::of(vec![fixture("candidate"), fixture("pages")])
    }

    /// Any folder.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        Self::of(vec![folder.to_owned()])
    }

    fn of(roots: Vec<PathBuf>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            roots,
            requests: Mutex::default(),
            accounts: Accounts::new(address.port()),
            stopped: AtomicBool::new(false),
        });
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared)
        });
        Self {
            address,
            shared,
            listening: Some(listening),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was asked for so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("no panic").clone()
    }

    /// Those of one path.
    pub(crate) fn requests_of(&self, path: &str) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.path == path);
        requests
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees the sign.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().flatten() {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let shared = Arc::clone(shared);
        // A browser that hangs up in the middle is its own business.
        thread::spawn(move || serve(stream, &shared).ok());
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let Some(request) = Request::read(&stream)? else {
        return Ok(());
    };
    let list = shared.requests.lock();
    list.expect("no panic").push(request.clone());
    thread::sleep(Duration::from_millis(request.number("delay")));
    match request.path.as_str() {
        "/hang" => hang(shared),
        "/truncated" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n<!doctype html><title>Half</title><p>Only the beg")?;
        }
        "/garbage" => stream.write_all(b"\x00\x01\x02 this is no HTTP\r\n\r\n")?,
        _ => {
            let bytes = answer(&request, shared).bytes();
            let head = bytes.windows(4).position(|it| it == b"\r\n\r\n");
            let (head, body) = bytes.split_at(head.map_or(0, |at| at + 4));
            stream.write_all(head)?;
            thread::sleep(Duration::from_millis(request.number("late-body")));
            stream.write_all(body)?;
        }
    }
    stream.flush()
}

fn hang(shared: &Shared) {
    let step = Duration::from_millis(20);
    let steps = HANG.as_millis() / step.as_millis();
    for _ in 0..steps {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        thread::sleep(step);
    }
}

impl Request {
    /// Nothing when the browser only opened a connection in advance.
    fn read(stream: &TcpStream) -> std::io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut words = first.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            cookie: String::new(),
            head: String::new(),
            body: String::new(),
        };
        let length = request.read_headers(&mut reader)?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        request.body = String::from_utf8_lossy(&body).into_owned();
        Ok(Some(request))
    }

    /// Returns the body's length.
    fn read_headers(&mut self, reader: &mut impl BufRead) -> std::io::Result<usize> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            self.head.push_str(&line);
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                return Ok(length);
            };
            match name.to_lowercase().as_str() {
                "cookie" => self.cookie = value.to_owned(),
                "content-length" => length = value.parse().unwrap_or(0),
                _ => {}
            }
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn number(&self, name: &str) -> u64 {
        let value = self.parameter(name);
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    headers: String,
    body: Vec<u8>,
    /// Whether the browser may answer with it the next time.
    is_kept: bool,
}

impl Answer {
    pub(super) fn html(body: String) -> Self {
        Self::new("text/html; charset=utf-8", body.into_bytes())
    }

    fn new(kind: &str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            headers: format!("Content-Type: {kind}\r\n"),
            body,
            is_kept: false,
        }
    }

    pub(super) fn with(mut self, header: &str) -> Self {
        self.headers.push_str(&format!("{header}\r\n"));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {} x\r\n{}Content-Length: {}\r\nCache-Control: {}\r\nConnection: close\r\n\r\n",
            self.status,
            self.headers,
            self.body.len(),
            if self.is_kept {
                "max-age=1000"
            } else {
                "no-store"
            },
        );
        [head.as_bytes(), &self.body].concat()
    }
}

fn answer(request: &Request, shared: &Shared) -> Answer {
    let mut answer = match request.path.as_str() {
        "/redirect" => {
            let to = request
                .parameter("to")
                .unwrap_or("/")
                .replace("%2F", "/")
                .replace("%3F", "?")
                .replace("%23", "#");
            let mut answer = Answer::html(String::new()).with(&format!("Location: {to}"));
            answer.status = 302;
            answer
        }
        "/loop" => {
            let mut answer = Answer::html(String::new()).with("Location: /loop");
            answer.status = 302;
            answer
        }
        // Only of the next release.
        "/unwell" => {
            let mut answer = Answer::html("<!doctype html><title>Well</title><p>Well".to_owned());
            answer.status = if shared.roots.len() > 1 { 500 } else { 200 };
            answer
        }
        "/no-content" => {
            let mut answer = Answer::html(String::new());
            answer.status = 204;
            answer
        }
        "/download" => Answer::new("application/octet-stream", b"data".to_vec())
            .with("Content-Disposition: attachment; filename=data.bin"),
        "/cookies" => Answer::html(cookie_page(&request.cookie)),
        "/log-in" => {
            Answer::html(cookie_page(&request.cookie)).with("Set-Cookie: session=open; HttpOnly")
        }
        "/private" | "/private.svg" => private(request),
        "/form" => Answer::html(format!(
            "<!doctype html><title>Answer</title><p id=answer>{} {}",
            request.method, request.body
        )),
        "/events" => Answer::new("text/event-stream", b"data: Told\n\n".to_vec()),
        "/picture.svg" => Answer::new("image/svg+xml", picture(request).into_bytes()),
        path if path.starts_with("/account/") => shared.accounts.answer(request),
        path => file(path, &shared.roots),
    };
    answer.is_kept = request.parameter("keep").is_some();
    if let Some(status) = request.parameter("status") {
        answer.status = status.parse().expect("a status");
    }
    answer
}

/// Shows what the server got and what a script can see.
fn cookie_page(cookie: &str) -> String {
    let sent: Vec<&str> = cookie.split("; ").collect();
    let mut sent = sent;
    sent.sort_unstable();
    format!(
        "<!doctype html><title>Cookies</title><link rel=icon href=data:,><p id=sent>sent: {};</p>\
         <p id=seen></p><script>seen.textContent = `seen: ${{document.cookie.split('; ').sort().join('; ')}};`</script>",
        sent.join("; ")
    )
}

/// Asks for a user and a password; its page asks another server (`other`, a port) for a picture and for data.
fn private(request: &Request) -> Answer {
    if !request
        .head
        .to_lowercase()
        .contains("authorization: basic ")
    {
        let mut answer = Answer::html("<!doctype html><title>Who?</title>Who?".to_owned())
            .with("WWW-Authenticate: Basic realm=\"preview\"");
        answer.status = 401;
        return answer;
    }
    if request.path == "/private.svg" {
        return Answer::new("image/svg+xml", picture(request).into_bytes());
    }
    let other = format!("http://127.0.0.1:{}", request.number("other"));
    Answer::html(format!(
        "<!doctype html><title>Private</title><img src=/private.svg><img src={other}/picture.svg>\
         <p id=done></p><script>fetch('{other}/form', {{ mode: 'no-cors', credentials: 'include' }})\
         .finally(() => {{ done.textContent = 'done' }})</script>"
    ))
}

fn picture(request: &Request) -> String {
    let colour = request.parameter("colour").unwrap_or("green");
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><rect width='40' height='40' fill='{colour}'/></svg>"
    )
}

fn file(path: &str, roots: &[PathBuf]) -> Answer {
    // A proxy is asked for whole URLs.
    let whole = path
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'));
    let name = whole.map_or(path, |(_, name)| name).trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    let found = roots
        .iter()
        .find_map(|root| std::fs::read(root.join(name)).ok());
    match found {
        Some(body) => Answer::new(kind_of(name), body),
        None => {
            let mut answer =
                Answer::html("<!doctype html><title>Not here</title>Not here".to_owned());
            answer.status = 404;
            answer
        }
    }
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript",
        "css" => "text/css",
        "png" => "image/png",
        "gif" => "image/gif",
        "woff2" => "font/woff2",
        "xml" => "text/xml",
        "txt" => "text/plain",
        "json" => "application/json",
        _ => "text/html; charset=utf-8",
    }
}
