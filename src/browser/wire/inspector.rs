//! WebKit's inspector: commands and answers over one socket, next to the driver's HTTP. WebKit offers through it what
//! Chrome offers through the DevTools protocol.
//!
//! The driver starts its browser with an inspector server. The server has two clients: the driver and us. A message is
//! its length and a byte of flags, a zero-terminated name, and its values in order. Messages to a page and from it are
//! JSON inside of such a message.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::timeout,
};

use crate::browser::{
    document::BLANK_PAGE,
    error::{BrowserError, DEPARTED},
};

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// How long a page may take to answer for the first time.
const ATTACH_LIMIT: Duration = Duration::from_secs(10);
/// The maximum message size. A picture of the tallest page takes a hundredth of it.
const MOST_BYTES: u32 = 1 << 30;
/// The inspector server's number of the browser. There is only one browser.
const BROWSER: u64 = 1;
/// The page that the browser starts with.
pub(crate) const FIRST_PAGE: PageNumber = PageNumber(1);
/// The driver's own target, which must be left alone.
const DRIVER: u64 = 2;
/// The server reports new pages to the driver but not to us, so this many numbers are tried.
const TRIED_NUMBERS: u64 = 24;
/// The values are little-endian.
const LITTLE_ENDIAN: u8 = 1;

/// The inspector server's number of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PageNumber(u64);

/// The inspector connection of one session.
#[derive(Debug)]
pub(crate) struct Inspector {
    writer: tokio::sync::Mutex<OwnedWriteHalf>,
    shared: Arc<Shared>,
    last_number: AtomicU64,
    reader: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    pages: BTreeMap<PageNumber, InspectedPage>,
    waiting: HashMap<u64, oneshot::Sender<Value>>,
    /// Whether reading has ended.
    is_over: bool,
}

/// The state of a page, from the events that it sends.
#[derive(Debug, Default)]
struct InspectedPage {
    /// The target to which it takes commands.
    target: String,
    main_frame: String,
    /// The loader of the document in front.
    loader: String,
    /// The HTTP statuses of main documents, by loader.
    statuses: HashMap<String, u16>,
    /// The main document that was requested last, until it has fully arrived.
    request: Option<String>,
    /// The length that its answer declares, in bytes as transferred.
    length: Option<u64>,
    /// Why that document did not arrive.
    trouble: Option<String>,
    /// How many documents have been in front.
    documents: u64,
}

/// How the document in front was loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Its HTTP status, if it has one.
    pub(crate) status: Option<u16>,
    /// Why the document that was requested last did not arrive.
    pub(crate) trouble: Option<String>,
    /// How many documents have been in front.
    pub(crate) documents: u64,
    /// Whether a document was requested and has not fully arrived.
    pub(crate) is_pending: bool,
}

/// A command that was sent and may still have to be answered.
#[derive(Debug)]
pub(crate) struct PendingAnswer {
    method: &'static str,
    answer: oneshot::Receiver<Value>,
}

impl PendingAnswer {
    /// Waits for the answer. A caller that stops waiting may wait again.
    pub(crate) async fn answer(&mut self) -> Result<Value, BrowserError> {
        match (&mut self.answer).await {
            Ok(answer) => outcome(self.method, answer),
            Err(_) => Err(ended()),
        }
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Inspector {
    /// Connects to the inspector server of a browser.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, BrowserError> {
        let lost = |reason: String| BrowserError::Lost(format!("WebKit's inspector: {reason}"));
        let stream = timeout(CONNECT_LIMIT, TcpStream::connect(address)).await;
        let stream = match stream {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(lost(error.to_string())),
            Err(_) => return Err(lost(format!("{address} does not answer"))),
        };
        stream
            .set_nodelay(true)
            .map_err(|error| lost(error.to_string()))?;
        let (reader, writer) = stream.into_split();
        let shared = Arc::new(Shared::default());
        let reader = tokio::spawn(read(BufReader::new(reader), Arc::clone(&shared)));
        let inspector = Self {
            writer: tokio::sync::Mutex::new(writer),
            shared,
            last_number: AtomicU64::new(0),
            reader,
        };
        // The hash of the protocol version that we know. Nothing depends on it.
        inspector
            .write(&message("SetupInspectorClient", &[0]))
            .await?;
        Ok(inspector)
    }

    /// Attaches to a page.
    pub(crate) async fn attach(&self, page: PageNumber) -> Result<(), BrowserError> {
        self.write(&setup(page.0)).await?;
        let is_there = || self.state().pages.contains_key(&page);
        if !self.wait_until(ATTACH_LIMIT, is_there).await {
            let reason = format!("page {} does not answer", page.0);
            return Err(BrowserError::Lost(format!("WebKit's inspector: {reason}")));
        }
        self.learn(page).await
    }

    /// Attaches to pages that were not reported to us, and returns those that exist now.
    pub(crate) async fn attach_new(&self, wait: Duration) -> Result<Vec<PageNumber>, BrowserError> {
        let known: Vec<PageNumber> = self.state().pages.keys().copied().collect();
        let last = known.last().map_or(0, |page| page.0).max(DRIVER);
        for number in DRIVER + 1..=last + TRIED_NUMBERS {
            if !known.contains(&PageNumber(number)) {
                self.write(&setup(number)).await?;
            }
        }
        let has_more = || self.state().pages.len() > known.len();
        self.wait_until(wait, has_more).await;
        let all: Vec<PageNumber> = self.state().pages.keys().copied().collect();
        let new = all.into_iter().filter(|page| !known.contains(page));
        let new: Vec<PageNumber> = new.collect();
        for page in &new {
            self.learn(*page).await?;
        }
        Ok(new)
    }

    /// Reads the state of a page that it had before it reported its requests.
    async fn learn(&self, page: PageNumber) -> Result<(), BrowserError> {
        for domain in ["Page.enable", "Network.enable"] {
            self.command(page, domain, &json!({})).await?;
        }
        let tree = self
            .command(page, "Page.getResourceTree", &json!({}))
            .await?;
        let frame = &tree["frameTree"]["frame"];
        if let Some(page) = self.state().pages.get_mut(&page) {
            page.main_frame = text(&frame["id"]);
            page.loader = text(&frame["loaderId"]);
        }
        Ok(())
    }

    /// How the document in front was loaded.
    pub(crate) fn arrival(&self, page: PageNumber) -> Arrival {
        let state = self.state();
        let Some(page) = state.pages.get(&page) else {
            return Arrival::default();
        };
        Arrival {
            status: page.statuses.get(&page.loader).copied(),
            trouble: page.trouble.clone(),
            documents: page.documents,
            is_pending: page.request.is_some(),
        }
    }

    /// Waits until the document in front has fully arrived, but no longer than this.
    pub(crate) async fn wait_for_arrival(&self, page: PageNumber, limit: Duration) {
        let has_come = || {
            let state = self.state();
            let page = state.pages.get(&page);
            page.is_none_or(|page| page.request.is_none())
        };
        self.wait_until(limit, has_come).await;
    }

    /// Sends a command and waits for its answer.
    pub(crate) async fn command(
        &self,
        page: PageNumber,
        method: &'static str,
        params: &Value,
    ) -> Result<Value, BrowserError> {
        self.send(page, method, params).await?.answer().await
    }

    /// Sends a command whose answer may take long.
    pub(crate) async fn send(
        &self,
        page: PageNumber,
        method: &'static str,
        params: &Value,
    ) -> Result<PendingAnswer, BrowserError> {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, answer) = oneshot::channel();
        let target = {
            let mut state = self.state();
            if state.is_over {
                return Err(ended());
            }
            state.waiting.retain(|_, sender| !sender.is_closed());
            state.waiting.insert(number, sender);
            let page = state.pages.get(&page);
            page.map(|page| page.target.clone()).unwrap_or_default()
        };
        let command = json!({ "id": number, "method": method, "params": params });
        let envelope = json!({
            "id": number,
            "method": "Target.sendMessageToTarget",
            "params": { "targetId": target, "message": command.to_string() },
        });
        self.write(&to_page(page, &envelope)).await?;
        Ok(PendingAnswer { method, answer })
    }

    async fn write(&self, message: &[u8]) -> Result<(), BrowserError> {
        let mut writer = self.writer.lock().await;
        writer.write_all(message).await.map_err(|_| ended())
    }

    /// Waits for a condition; returns whether it became true in time.
    async fn wait_until(&self, limit: Duration, is_true: impl Fn() -> bool) -> bool {
        let waiting = async {
            loop {
                let changed = self.shared.changed.notified();
                if is_true() {
                    return;
                }
                changed.await;
            }
        };
        timeout(limit, waiting).await.is_ok()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ended() -> BrowserError {
    BrowserError::Lost("the connection to WebKit's inspector ended".to_owned())
}

/// Reads until the connection ends.
async fn read(mut reader: BufReader<OwnedReadHalf>, shared: Arc<Shared>) {
    while let Some(body) = read_message(&mut reader).await {
        if let Some((page, said)) = said_by_page(&body) {
            shared.state().take(page, said);
            shared.changed.notify_waiters();
        }
    }
    let mut state = shared.state();
    state.is_over = true;
    state.waiting.clear();
}

async fn read_message(reader: &mut BufReader<OwnedReadHalf>) -> Option<Vec<u8>> {
    let length = reader.read_u32().await.ok()?;
    let _flags = reader.read_u8().await.ok()?;
    if length > MOST_BYTES {
        return None;
    }
    let mut body = vec![0; length as usize];
    reader.read_exact(&mut body).await.ok()?;
    Some(body)
}

/// A name, a zero, two numbers, and a zero-terminated text.
fn said_by_page(body: &[u8]) -> Option<(PageNumber, Value)> {
    let end = body.iter().position(|byte| *byte == 0)?;
    let (name, values) = (&body[..end], &body[end + 1..]);
    if name != b"SendMessageToFrontend" {
        return None;
    }
    let number = values.get(8..16)?.try_into().ok()?;
    let text = values.get(16..)?.strip_suffix(&[0])?;
    let said = serde_json::from_slice(text).ok()?;
    Some((PageNumber(u64::from_le_bytes(number)), said))
}

fn message(name: &str, values: &[u8]) -> Vec<u8> {
    let length = u32::try_from(name.len() + 1 + values.len()).expect("commands are short");
    let mut message = length.to_be_bytes().to_vec();
    message.push(LITTLE_ENDIAN);
    message.extend_from_slice(name.as_bytes());
    message.push(0);
    message.extend_from_slice(values);
    message
}

fn setup(number: u64) -> Vec<u8> {
    let values = [BROWSER.to_le_bytes(), number.to_le_bytes()].concat();
    message("Setup", &values)
}

fn to_page(page: PageNumber, said: &Value) -> Vec<u8> {
    let mut values = [BROWSER.to_le_bytes(), page.0.to_le_bytes()].concat();
    values.extend_from_slice(said.to_string().as_bytes());
    values.push(0);
    message("SendMessageToBackend", &values)
}

impl State {
    /// Handles a message of a page: its target, a message from inside of it, or an error.
    fn take(&mut self, page: PageNumber, mut said: Value) {
        match said["method"].as_str() {
            Some("Target.targetCreated") => {
                let info = &said["params"]["targetInfo"];
                if info["type"] == "page" && info["isProvisional"] != json!(true) {
                    self.pages.entry(page).or_default().target = text(&info["targetId"]);
                }
            }
            Some("Target.didCommitProvisionalTarget") => {
                if let Some(page) = self.pages.get_mut(&page) {
                    page.target = text(&said["params"]["newTargetId"]);
                    page.documents += 1;
                }
            }
            Some("Target.dispatchMessageFromTarget") => {
                let message = said["params"]["message"].as_str().unwrap_or_default();
                let message = serde_json::from_str(message).unwrap_or_default();
                self.take_from_inside(page, message);
            }
            Some(_) => {}
            // The confirmation that a command was passed on needs no handling.
            None if said["error"].is_null() => {}
            None => self.answer(said.take()),
        }
    }

    fn take_from_inside(&mut self, page: PageNumber, said: Value) {
        let Some(method) = said["method"].as_str() else {
            return self.answer(said);
        };
        if let Some(page) = self.pages.get_mut(&page) {
            page.take(method, &said["params"]);
        }
    }

    fn answer(&mut self, answer: Value) {
        let number = answer["id"].as_u64().unwrap_or_default();
        if let Some(waiting) = self.waiting.remove(&number) {
            let _ = waiting.send(answer);
        }
    }
}

impl InspectedPage {
    fn take(&mut self, event: &str, params: &Value) {
        let is_document = params["frameId"] == json!(self.main_frame)
            && params["type"] == "Document"
            // The browser shows this page in place of one that did not arrive.
            && params["request"]["url"] != BLANK_PAGE
            && params["response"]["url"] != BLANK_PAGE;
        match event {
            "Network.requestWillBeSent" if is_document => {
                self.request = Some(text(&params["requestId"]));
                self.length = None;
                self.trouble = None;
            }
            "Network.responseReceived" if is_document => {
                let status = params["response"]["status"].as_u64();
                if let Some(status) = status.and_then(|status| u16::try_from(status).ok()) {
                    self.statuses.insert(text(&params["loaderId"]), status);
                }
                self.length = length(&params["response"]["headers"]);
            }
            "Network.loadingFinished" if self.request == Some(text(&params["requestId"])) => {
                self.request = None;
                self.check_length(&params["metrics"]);
            }
            "Network.loadingFailed" if self.request == Some(text(&params["requestId"])) => {
                self.request = None;
                let is_given_up = params["canceled"] == json!(true);
                self.trouble = (!is_given_up).then(|| text(&params["errorText"]));
            }
            "Page.frameNavigated" if params["frame"]["parentId"].is_null() => {
                self.begin(&params["frame"]);
            }
            _ => {}
        }
    }

    /// WebKit accepts an answer that ended early as complete, so compare lengths.
    fn check_length(&mut self, metrics: &Value) {
        let came = metrics["responseBodyBytesReceived"].as_u64();
        if let (Some(came), Some(length)) = (came, self.length)
            && came < length
        {
            let reason = format!("the response ended early: {came} of {length} bytes arrived");
            self.trouble = Some(reason);
        }
    }

    /// Records that another document is in front.
    fn begin(&mut self, frame: &Value) {
        self.loader = text(&frame["loaderId"]);
        self.main_frame = text(&frame["id"]);
        self.statuses.retain(|loader, _| *loader == self.loader);
        self.documents += 1;
        if frame["url"] != BLANK_PAGE {
            self.trouble = None;
        }
    }
}

fn length(headers: &Value) -> Option<u64> {
    let mut headers = headers.as_object()?.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    found?.1.as_str()?.trim().parse().ok()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn outcome(method: &'static str, mut answer: Value) -> Result<Value, BrowserError> {
    let Some(error) = answer["error"]["message"].as_str() else {
        return Ok(answer["result"].take());
    };
    if error.contains("was not found") {
        let message = format!("the browser does not know `{method}`: install a newer one");
        return Err(BrowserError::refused(ErrorStatus::UnknownCommand, &message));
    }
    // Our function was in a document that is gone.
    if error.contains("injected script") || error.contains("InjectedScript") {
        let status = ErrorStatus::JavascriptError;
        return Err(BrowserError::refused(status, DEPARTED));
    }
    Err(BrowserError::refused(ErrorStatus::UnknownError, error))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn from_page(said: &Value) -> Vec<u8> {
        let mut values = [BROWSER.to_le_bytes(), FIRST_PAGE.0.to_le_bytes()].concat();
        values.extend_from_slice(said.to_string().as_bytes());
        values.push(0);
        message("SendMessageToFrontend", &values)
    }

    fn from_inside(said: &Value) -> Vec<u8> {
        let params = json!({ "targetId": "page-1", "message": said.to_string() });
        from_page(&json!({ "method": "Target.dispatchMessageFromTarget", "params": params }))
    }

    /// A browser whose page answers every command, or ends at the first unwanted one.
    async fn connected(answer: fn(u64, &str) -> Option<Vec<u8>>) -> Inspector {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (reader, mut writer) = stream.into_split();
            let mut reader = BufReader::new(reader);
            while let Some(body) = read_message(&mut reader).await {
                if body.starts_with(b"Setup\0") {
                    let info = json!({ "targetId": "page-1", "type": "page" });
                    let created = json!({ "method": "Target.targetCreated", "params": { "targetInfo": info } });
                    writer.write_all(&from_page(&created)).await.unwrap();
                }
                let Some(text) = body.strip_prefix(b"SendMessageToBackend\0") else {
                    continue;
                };
                let outer: Value = serde_json::from_slice(&text[16..text.len() - 1]).unwrap();
                let inner = outer["params"]["message"].as_str().unwrap();
                let inner: Value = serde_json::from_str(inner).unwrap();
                let number = inner["id"].as_u64().unwrap();
                let method = inner["method"].as_str().unwrap();
                match answer(number, method) {
                    Some(bytes) => writer.write_all(&bytes).await.unwrap(),
                    None => return,
                }
            }
        });
        Inspector::connect(address).await.unwrap()
    }

    fn frame(url: &str, loader: &str) -> Value {
        json!({ "id": "1", "loaderId": loader, "url": url })
    }

    /// Answers the questions about a new page: first its events, then the answer.
    fn usual(number: u64, method: &str) -> Option<Vec<u8>> {
        let passed_on = from_page(&json!({ "id": number, "result": {} }));
        let result = match method {
            "Page.getResourceTree" => json!({ "frameTree": { "frame": frame(BLANK_PAGE, "1") } }),
            "Runtime.evaluate" => json!({ "result": { "value": 42 } }),
            "Gone.away" => return None,
            _ => json!({}),
        };
        let answer = from_inside(&json!({ "id": number, "result": result }));
        Some([passed_on, answer].concat())
    }

    #[tokio::test]
    async fn a_command_has_its_own_answer() {
        let inspector = connected(usual).await;
        inspector.attach(FIRST_PAGE).await.unwrap();
        for _ in 0..2 {
            let answer = inspector
                .command(FIRST_PAGE, "Runtime.evaluate", &json!({}))
                .await;
            assert_eq!(answer.unwrap()["result"]["value"], 42);
        }
        assert!(inspector.state().waiting.is_empty());
    }

    #[tokio::test]
    async fn a_connection_that_ends_is_a_lost_session() {
        let inspector = connected(usual).await;
        inspector.attach(FIRST_PAGE).await.unwrap();
        for _ in 0..2 {
            let answer = inspector.command(FIRST_PAGE, "Gone.away", &json!({})).await;
            assert!(answer.unwrap_err().is_fatal());
        }
    }

    #[test]
    fn a_refusal_keeps_its_words() {
        let said = |text: &str| json!({ "error": { "code": -32601, "message": text } });
        let error = outcome("Page.newThing", said("'Page.newThing' was not found")).unwrap_err();
        assert!(error.to_string().contains("does not know `Page.newThing`"));
        let error = outcome("Runtime.evaluate", said("Something else")).unwrap_err();
        assert!(!error.is_fatal() && error.to_string() == "Something else");
    }

    /// A page that has requested the document.
    fn asked(url: &str, headers: &Value) -> InspectedPage {
        let mut page = InspectedPage {
            main_frame: "1".to_owned(),
            ..InspectedPage::default()
        };
        let document = |more: &Value| {
            let mut params =
                json!({ "frameId": "1", "loaderId": "2", "requestId": "7", "type": "Document" });
            for (name, value) in more.as_object().unwrap() {
                params[name] = value.clone();
            }
            params
        };
        let request = document(&json!({ "request": { "url": url } }));
        page.take("Network.requestWillBeSent", &request);
        let response = json!({ "response": { "url": url, "status": 404, "headers": headers } });
        page.take("Network.responseReceived", &document(&response));
        page
    }

    #[test]
    fn the_status_is_that_of_the_document_in_front() {
        let mut page = asked("http://a/", &json!({}));
        assert_eq!(page.statuses.get("2"), Some(&404));
        page.take(
            "Page.frameNavigated",
            &json!({ "frame": frame("http://a/", "2") }),
        );
        assert_eq!((page.loader.as_str(), page.documents), ("2", 1));
        page.take(
            "Page.frameNavigated",
            &json!({ "frame": frame("http://a/b", "3") }),
        );
        assert!(
            page.statuses.is_empty(),
            "the next one has none of its own yet"
        );
    }

    #[test]
    fn an_answer_that_broke_off_is_trouble_and_a_whole_one_is_none() {
        let finished = |came: u64| {
            let metrics = json!({ "responseBodyBytesReceived": came });
            json!({ "requestId": "7", "metrics": metrics })
        };
        for (came, trouble) in [
            (49, Some("the response ended early: 49 of 50 bytes arrived")),
            (50, None),
        ] {
            let mut page = asked("http://a/", &json!({ "content-length": "50" }));
            page.take("Network.loadingFinished", &finished(came));
            assert_eq!(page.trouble.as_deref(), trouble);
            assert!(page.request.is_none());
        }
    }

    /// The browser shows an empty page in place of one that did not arrive.
    #[test]
    fn trouble_lasts_until_another_document_is_asked_for() {
        let mut page = asked("http://a/", &json!({}));
        let failed = json!({ "requestId": "7", "errorText": "refused", "canceled": false });
        page.take("Network.loadingFailed", &failed);
        page.take(
            "Page.frameNavigated",
            &json!({ "frame": frame(BLANK_PAGE, "3") }),
        );
        assert_eq!(page.trouble.as_deref(), Some("refused"));
        page.take(
            "Page.frameNavigated",
            &json!({ "frame": frame("http://b/", "4") }),
        );
        assert_eq!(page.trouble, None);
    }
}
