//! One browser session: commands with deadlines, scripts in a world of our own, and the viewport.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder,
    error::{CmdError, ErrorStatus},
    wd::{WebDriverCompatibleCommand, WindowHandle},
};
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use url::{ParseError, Url};

use super::{
    device::Screen,
    document::Document,
    driver::{Driver, Launcher},
    engine::{Engine, capabilities, start_limit},
    error::{BrowserError, LaunchError},
    firefox::DEPARTED,
    headers::HeaderSender,
    page,
    shoot::Shown,
    webkit,
};
use crate::{
    config::{Browser, Device, Emulation, Network},
    spec::{Settle, Viewport},
};

/// How long an ordinary command may take.
pub(super) const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// How long it may take until it has room. A Selenium Grid gives up after 300 s by itself, and says why.
const QUEUE_LIMIT: Duration = Duration::from_secs(330);
/// How long a polite goodbye may take before the processes are killed.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// How long a document that is going away is given before its successor is asked.
const NAVIGATION_PAUSE: Duration = Duration::from_millis(20);
/// What our deadline adds to the driver's own page-load timeout.
const PAGE_LIMIT_MARGIN: Duration = Duration::from_secs(5);

/// Worlds are counted from 1.
const NO_WORLD: i64 = 0;

/// What a session is asked to be, for all of its flows.
#[derive(Debug, Clone)]
pub(crate) struct SessionOptions {
    /// What it runs in.
    pub(crate) browser: Browser,
    /// How long a page may take to load.
    pub(crate) page_timeout: Duration,
    /// How long waits and searches take when the step says nothing.
    pub(crate) timeout: Duration,
    /// Where relative URLs lead.
    pub(crate) base: Url,
    /// Other hosts (`name` or `name:port`) that pages may end on.
    pub(crate) hosts: Vec<String>,
    /// The other side's environment, where no page of this side may end.
    pub(crate) other: Option<Url>,
    /// Taller pages are cut here; CSS pixels.
    pub(crate) max_page_height: u32,
    /// What the environment asks of its browser.
    pub(crate) emulation: Emulation,
    /// What is brought to rest where a shot does not say.
    pub(crate) settle: Settle,
    /// When the run began, for clocks that begin there; milliseconds since 1970.
    pub(crate) run_began: u64,
    /// What its driver is asked for besides.
    pub(crate) capabilities: Map<String, Value>,
    /// What is sent along to its own hosts.
    pub(crate) headers: HeaderMap,
    /// How its browser reaches it.
    pub(crate) network: Network,
}

/// The page in front, as it was at some moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageInfo {
    /// The document's URL.
    pub(crate) url: String,
    /// Its title.
    pub(crate) title: String,
    /// Its HTTP status, when the browser knows it.
    pub(crate) status: Option<u16>,
}

/// One browser with one page in front.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) client: Client,
    /// What its browser gives beyond the standard's HTTP commands, and how.
    pub(super) engine: Engine,
    pub(super) options: SessionOptions,
    pub(super) viewport: Viewport,
    /// What the viewport asks for beside its size.
    pub(super) device: Arc<Device>,
    /// The event that hushes the page; unguessable, so that no page can listen for it. In our own
    /// world, what we have there bears this name too.
    pub(super) hush_event: String,
    /// The moment at which the clock of the flow's pages begins, if it is not the time.
    pub(super) clock: Option<u64>,
    /// What the first window calls the script that sets this clock.
    pub(super) clock_script: Option<Value>,
    /// The number of our world in the document that was asked last, or `NO_WORLD`.
    pub(super) world: AtomicI64,
    /// What the browser calls the top frame of the window that was asked last, which is the same for all of its documents.
    pub(super) main_frame: Mutex<Option<Value>>,
    /// Whether no person works with the clipboard that its pages copy to.
    pub(super) has_own_clipboard: bool,
    /// The window that the flow began in.
    pub(super) first_window: Option<WindowHandle>,
    /// Windows that have our emulation and preload script, in the order of the flow.
    pub(super) prepared_windows: Vec<WindowHandle>,
    /// Where the last `goto` was to lead, as the environment would write it.
    pub(super) asked: Option<String>,
    /// How many frames deep the flow is in the page.
    pub(super) frame_depth: u32,
    /// Whether the pointer was moved away from where the browser starts it.
    pub(super) is_pointer_parked: bool,
    /// The load of the document that was judged last.
    pub(super) judged_document: String,
    /// The document that the session began with, as long as nothing was done with it.
    pub(super) untouched: Option<Document>,
    /// What was photographed last, if nothing was done with the page since.
    pub(super) last_shown: Option<Shown>,
    /// What the document that was judged last waited for in vain; it is not waited for again.
    pub(super) overdue: Vec<String>,
    /// How many documents were judged since the browser started.
    pub(super) documents: u32,
    /// How many since it has the process that shows its pages.
    pub(super) documents_in_process: u32,
    /// Whether the flow did more than look at pages: it may have been somebody.
    pub(super) has_touched: bool,
    /// Whether the page in front was hushed, and nobody waited for the end of it.
    pub(super) is_hushed: AtomicBool,
    /// Whether it went to a URL with a password other than the environment's; no command makes a
    /// browser forget one.
    pub(super) knows_a_password: bool,
    /// The script that fills storage as a login left it.
    pub(super) restoring: Option<String>,
    /// Adds the environment's headers, where it has any.
    pub(super) header_sender: Option<HeaderSender>,
    pub(super) lost: AtomicBool,
    /// Ends with the session, and every process with it.
    pub(super) driver: Driver,
}

/// A command of the WebDriver protocol that fantoccini has no method for.
#[derive(Debug)]
pub(super) struct Raw {
    path: String,
    body: Value,
}

impl Raw {
    /// A POST to a path below the session's.
    pub(super) fn post(path: String, body: Value) -> Self {
        Self { path, body }
    }
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Ends a session. Fantoccini's own way does so without the user and the password in the driver's URL.
#[derive(Debug)]
struct End;

impl WebDriverCompatibleCommand for End {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::DELETE, None)
    }
}

/// Whether the driver ended the client's session.
pub(super) async fn end(client: &Client) -> bool {
    let is_ended = client.issue_cmd(End).await.is_ok();
    if is_ended {
        // Nobody tries again when the client goes.
        let _ = client.persist().await;
    }
    is_ended
}

impl Session {
    /// Starts a browser with an empty page at the asked screen.
    pub(crate) async fn start(
        launcher: &Launcher,
        options: SessionOptions,
        screen: Screen,
    ) -> Result<Self, LaunchError> {
        let (driver, client) = connect(launcher, &options, screen.viewport.scale).await?;
        let engine = Engine::of(options.browser, &client, &driver).await;
        let engine = engine.map_err(|error| not_started(&driver, &error))?;
        let mut session = Self {
            client,
            engine,
            viewport: screen.viewport,
            device: screen.device,
            options,
            hush_event: format!("twinshot-{}", random_name()),
            clock: None,
            clock_script: None,
            world: AtomicI64::new(NO_WORLD),
            main_frame: Mutex::default(),
            has_own_clipboard: !launcher.is_headed(),
            first_window: None,
            prepared_windows: Vec::new(),
            asked: None,
            frame_depth: 0,
            is_pointer_parked: false,
            judged_document: String::new(),
            untouched: None,
            last_shown: None,
            overdue: Vec::new(),
            documents: 0,
            documents_in_process: 0,
            has_touched: false,
            is_hushed: AtomicBool::new(false),
            knows_a_password: false,
            restoring: None,
            header_sender: None,
            lost: AtomicBool::new(false),
            driver,
        };
        if let Err(error) = session.send_headers().await {
            session.close().await;
            return Err(error);
        }
        session
            .prepare_first_window()
            .await
            .map_err(|error| session.not_started(&error))?;
        Ok(session)
    }

    /// The browser must be one that this machine can reach: nobody else can be asked about requests.
    async fn send_headers(&mut self) -> Result<(), LaunchError> {
        if self.options.headers.is_empty() {
            return Ok(());
        }
        let capabilities = self.client.capabilities();
        let options = capabilities.and_then(|all| all.get("goog:chromeOptions"));
        let address = options.and_then(|options| options["debuggerAddress"].as_str());
        let started = match address.filter(|_| self.driver.is_on_this_machine()) {
            Some(address) => HeaderSender::start(address, &self.options).await,
            None => Err("its browser must be a Chrome or Chromium on this machine".to_owned()),
        };
        match started {
            Ok(sender) => {
                self.header_sender = Some(sender);
                Ok(())
            }
            Err(reason) => Err(LaunchError::Headers {
                driver: self.driver.describe(),
                reason,
            }),
        }
    }

    pub(super) fn not_started(&self, error: &BrowserError) -> LaunchError {
        not_started(&self.driver, error)
    }

    /// Whether the browser, its driver or our patience with them came to an end.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Gives up on the session: nobody is asked anything any more.
    pub(super) fn give_up(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    async fn prepare_first_window(&mut self) -> Result<(), BrowserError> {
        let window = self
            .call("window", COMMAND_LIMIT, self.client.window())
            .await?;
        self.prepared_windows.push(window.clone());
        self.first_window = Some(window);
        if let Engine::Firefox(bidi) = &self.engine {
            self.set_firefox_environment(bidi, &Emulation::default())
                .await?;
            self.add_preload(self.preload()).await?;
        }
        self.prepare_window().await?;
        // The page that the browser opens with is none of the flow's.
        let document = self.document().await?;
        self.judged_document.clone_from(&document.load);
        self.untouched = Some(document);
        Ok(())
    }

    /// Every window needs its own emulation and preload script.
    pub(super) async fn prepare_window(&self) -> Result<(), BrowserError> {
        match &self.engine {
            Engine::Chrome => self.prepare_chrome_window().await?,
            Engine::Firefox(_) => {}
            Engine::WebKit(webkit) => self.prepare_webkit_window(webkit).await?,
        }
        self.apply_viewport(self.viewport).await
    }

    async fn prepare_chrome_window(&self) -> Result<(), BrowserError> {
        self.cdp("Emulation.setScrollbarsHidden", json!({ "hidden": true }))
            .await?;
        let preload = self.preload();
        self.add_preload(preload.clone()).await?;
        self.cdp("Runtime.evaluate", json!({ "expression": preload }))
            .await?;
        if self.device.touch {
            self.apply_touch().await?;
        }
        self.apply_environment().await
    }

    /// Gives the page exactly this viewport.
    pub(super) async fn apply_viewport(&self, viewport: Viewport) -> Result<(), BrowserError> {
        match &self.engine {
            Engine::Chrome => self.set_chrome_viewport(viewport).await,
            Engine::Firefox(bidi) => self.set_firefox_viewport(bidi, viewport).await,
            Engine::WebKit(webkit) => self.set_webkit_viewport(webkit, viewport).await,
        }
    }

    async fn set_chrome_viewport(&self, viewport: Viewport) -> Result<(), BrowserError> {
        let metrics = json!({
            "width": viewport.width,
            "height": viewport.height,
            "deviceScaleFactor": viewport.scale,
            "mobile": self.device.mobile,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics)
            .await
            .map(drop)
    }

    /// Name and version of the browser, for example `chrome 156.0.8078.79`.
    pub(crate) fn browser(&self) -> Option<String> {
        let capabilities = self.client.capabilities()?;
        let name = match self.engine {
            Engine::WebKit(_) => self.options.browser.name(),
            _ => capabilities.get("browserName")?.as_str()?,
        };
        let version = capabilities.get("browserVersion")?.as_str()?;
        Some(format!("{name} {version}"))
    }

    /// Waits for a command, but never longer than `limit`: then the session is lost.
    pub(super) async fn call<T>(
        &self,
        command: &'static str,
        limit: Duration,
        answer: impl Future<Output = Result<T, CmdError>>,
    ) -> Result<T, BrowserError> {
        let answer = async {
            let answer = answer.await;
            answer.map_err(|error| self.or_silence(BrowserError::command(command, error)))
        };
        self.within(command, limit, answer).await
    }

    /// The same of a command that went another way than the driver's HTTP.
    pub(super) async fn within<T>(
        &self,
        command: &'static str,
        limit: Duration,
        answer: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, BrowserError> {
        if self.is_lost() {
            return Err(BrowserError::Lost("the session was lost before".to_owned()));
        }
        if self
            .header_sender
            .as_ref()
            .is_some_and(HeaderSender::is_over)
        {
            self.give_up();
            let reason = "the connection that adds `headers` broke".to_owned();
            return Err(BrowserError::Lost(reason));
        }
        let result = match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(BrowserError::Deadline { command, limit }),
        };
        if result.as_ref().is_err_and(BrowserError::is_fatal) {
            self.give_up();
        }
        result
    }

    /// Sends a POST that fantoccini has no method for.
    pub(super) async fn post(
        &self,
        command: &'static str,
        path: String,
        body: Value,
    ) -> Result<Value, BrowserError> {
        self.post_within(COMMAND_LIMIT, command, path, body).await
    }

    /// The same with a deadline of its own.
    pub(super) async fn post_within(
        &self,
        limit: Duration,
        command: &'static str,
        path: String,
        body: Value,
    ) -> Result<Value, BrowserError> {
        self.call(command, limit, self.client.issue_cmd(Raw::post(path, body)))
            .await
    }

    /// A command of the Chrome DevTools protocol, through the driver.
    pub(super) async fn cdp(
        &self,
        command: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        self.cdp_within(COMMAND_LIMIT, command, params).await
    }

    /// The same with a deadline of its own.
    pub(super) async fn cdp_within(
        &self,
        limit: Duration,
        command: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        let body = json!({ "cmd": command, "params": params });
        let raw = Raw::post("goog/cdp/execute".to_owned(), body);
        self.call(command, limit, self.client.issue_cmd(raw)).await
    }

    /// How long a navigation may take, our margin included.
    pub(super) fn page_limit(&self) -> Duration {
        self.options.page_timeout + PAGE_LIMIT_MARGIN
    }

    /// Runs one of our functions (`page/`) in the top document, in a world that the page's own
    /// scripts cannot reach, and returns what it resolves to. A document that goes away under it is
    /// no trouble: the function is run again in the next one.
    pub(super) async fn in_page(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        let began = Instant::now();
        loop {
            match self.in_this_document(limit, function, argument).await {
                Err(error) if is_about_navigation(&error) && began.elapsed() < limit => {
                    tokio::time::sleep(NAVIGATION_PAUSE).await;
                }
                other => return other,
            }
        }
    }

    /// The error, in words of ours when it is that the page's own scripts let nobody in.
    fn or_silence(&self, error: BrowserError) -> BrowserError {
        if !is_about_silence(&error) {
            return error;
        }
        let seconds = self.options.page_timeout.as_secs_f32();
        BrowserError::Refused {
            status: ErrorStatus::Timeout,
            message: format!(
                "{SILENCE} within {seconds} s: its scripts never end, or it is still loading"
            ),
        }
    }

    fn page_library(&self) -> String {
        page::library(&self.hush_event, self.engine.frames_limit())
    }

    async fn in_this_document(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        let name = &self.hush_event;
        if let Engine::Firefox(bidi) = &self.engine {
            let ours = self.page_library();
            let body = format!("{ours} return ours.{function}({argument});");
            return self.in_sandbox(bidi, limit, &body).await;
        }
        if let Engine::WebKit(webkit) = &self.engine {
            let before = webkit::before(function, argument);
            let ours = self.page_library();
            let body = format!("{before}{ours} return ours.{function}({argument});");
            return self.in_webkit_page(webkit, limit, &body).await;
        }
        let call = format!("const {{ {function} }} = ours;\nreturn {function}({argument}); }})()");
        let known = self.world.swap(NO_WORLD, Ordering::Relaxed);
        if known != NO_WORLD {
            let ours =
                format!("const ours = globalThis[\"{name}\"]; if (!ours) return \"{name}\";");
            let expression = format!("(() => {{ {ours}\n{call}");
            match self.evaluate_in(known, limit, expression).await {
                Err(error) if is_about_a_world(&error) => {}
                // Another document's world has this number now.
                Ok(answer) if answer == json!(name) => {}
                Ok(answer) => {
                    self.world.store(known, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => return Err(error),
            }
        }
        let world = self.new_world().await?;
        let library = self.page_library();
        let expression = format!("(() => {{ {library}\n{call}");
        let answer = self.evaluate_in(world, limit, expression).await?;
        self.world.store(world, Ordering::Relaxed);
        Ok(answer)
    }

    /// After a navigation there is no use in asking the old document's world.
    pub(super) fn leave_world(&self) {
        self.world.store(NO_WORLD, Ordering::Relaxed);
    }

    /// The number of our world in the top document; it is made when there is none yet.
    async fn new_world(&self) -> Result<i64, BrowserError> {
        let known = self.main_frame().clone();
        if let Some(frame) = known {
            match self.world_in(&frame).await {
                // Another window may be in front.
                Err(error) if !error.is_fatal() => {}
                made => return made,
            }
        }
        let mut tree = self.cdp("Page.getFrameTree", json!({})).await?;
        let frame = tree["frameTree"]["frame"]["id"].take();
        let world = self.world_in(&frame).await?;
        *self.main_frame() = Some(frame);
        Ok(world)
    }

    fn main_frame(&self) -> MutexGuard<'_, Option<Value>> {
        self.main_frame
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn world_in(&self, frame: &Value) -> Result<i64, BrowserError> {
        const COMMAND: &str = "Page.createIsolatedWorld";
        let world = json!({ "frameId": frame, "worldName": "twinshot" });
        let world = self.cdp(COMMAND, world).await?;
        let number = world["executionContextId"].as_i64();
        number.ok_or_else(|| BrowserError::nonsense(COMMAND, "there is no number in it"))
    }

    async fn evaluate_in(
        &self,
        world: i64,
        limit: Duration,
        expression: String,
    ) -> Result<Value, BrowserError> {
        let evaluation = json!({
            "expression": expression,
            "contextId": world,
            "awaitPromise": true,
            "returnByValue": true,
        });
        let answer = self
            .cdp_within(limit, "Runtime.evaluate", evaluation)
            .await?;
        match answer.get("exceptionDetails") {
            None => Ok(answer["result"]["value"].clone()),
            Some(details) => Err(BrowserError::Refused {
                status: ErrorStatus::JavascriptError,
                message: exception_text(details),
            }),
        }
    }

    /// Tells the page's scripts nothing of resizes while a picture is taken.
    pub(super) async fn hush(&self, on: bool) -> Result<(), BrowserError> {
        self.is_hushed.store(true, Ordering::Relaxed);
        let argument = json!({ "event": self.hush_event, "on": on });
        self.in_page(COMMAND_LIMIT, "hush", &argument)
            .await
            .map(drop)
    }

    /// Before anything happens to a page that was photographed, it must be told of everything again.
    pub(super) async fn wait_for_end_of_hush(&self) -> Result<(), BrowserError> {
        if !self.is_hushed.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        self.in_page(COMMAND_LIMIT, "waitForEndOfHush", &json!(null))
            .await
            .map(drop)
    }

    /// What the page in front says of itself.
    pub(crate) async fn page_info(&self) -> Result<PageInfo, BrowserError> {
        self.document().await.map(|document| document.info)
    }

    /// Ends the session: our own driver's with its processes, somebody else's politely.
    pub(crate) async fn close(self) {
        if self.driver.is_ours() {
            return;
        }
        let started = self.client.session_creation_response().cloned();
        let is_lost = self.is_lost();
        let goodbye = async { !is_lost && end(&self.client).await };
        let is_closed = tokio::time::timeout(CLOSE_LIMIT, goodbye).await;
        if let (Ok(false) | Err(_), Some(started)) = (is_closed, started) {
            let _ =
                tokio::time::timeout(CLOSE_LIMIT, self.driver.forget(started.session_id())).await;
        }
    }
}

fn not_started(driver: &Driver, error: &BrowserError) -> LaunchError {
    LaunchError::Session {
        driver: driver.describe(),
        reason: error.to_string(),
    }
}

/// A new session at the first driver that gives one.
async fn connect(
    launcher: &Launcher,
    options: &SessionOptions,
    scale: f64,
) -> Result<(Driver, Client), LaunchError> {
    let mut asked = Vec::new();
    loop {
        let driver = launcher.driver(options.browser, scale, &asked).await?;
        match connect_to(launcher, &driver, options).await {
            Ok(client) => return Ok((driver, client)),
            Err(error) => {
                driver.was_refused();
                asked.push(driver.url.clone());
                if asked.len() >= launcher.drivers() {
                    return Err(error);
                }
            }
        }
    }
}

async fn connect_to(
    launcher: &Launcher,
    driver: &Driver,
    options: &SessionOptions,
) -> Result<Client, LaunchError> {
    let mut builder = ClientBuilder::new(driver.connector());
    builder.capabilities(capabilities(launcher, options));
    let limit = match driver.is_ours() {
        true => start_limit(options.browser),
        false => QUEUE_LIMIT,
    };
    let failed = |reason: String| LaunchError::Session {
        driver: driver.describe(),
        reason,
    };
    let connecting = tokio::time::timeout(limit, builder.connect(driver.url.as_str()));
    let connected = tokio::select! {
        connected = connecting => connected,
        () = driver.end_of_webkit(options.browser) => {
            return Err(failed("the browser ended while it started".to_owned()));
        }
    };
    match connected {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => Err(LaunchError::session(driver.describe(), &error)),
        Err(_) => Err(failed(format!("no answer within {} s", limit.as_secs()))),
    }
}

pub(super) fn exception_text(details: &Value) -> String {
    details["exception"]["description"]
        .as_str()
        .or_else(|| details["text"].as_str())
        .unwrap_or("the script failed")
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Whether the world is gone in which something was to be evaluated. Chromedriver calls that a timeout,
/// at once and without a word; of a real one it says what it waited for.
fn is_about_a_world(error: &BrowserError) -> bool {
    let BrowserError::Refused { status, message } = error else {
        return false;
    };
    message.contains("Cannot find context")
        || (*status == ErrorStatus::Timeout && message == "timeout")
}

/// What we say when the page's own scripts let nobody in.
const SILENCE: &str = "the page did not answer";

/// What chromedriver says then.
fn is_about_silence(error: &BrowserError) -> bool {
    error.is(ErrorStatus::Timeout)
        && matches!(error, BrowserError::Refused { message, .. }
            if message.contains("receiving message from renderer"))
}

/// What drivers say when a document went away while a script was to run in it.
fn is_about_navigation(error: &BrowserError) -> bool {
    let BrowserError::Refused { status, message } = error else {
        return false;
    };
    let is_silent = message.starts_with(SILENCE);
    (*status == ErrorStatus::Timeout && !is_silent)
        || [
            "Cannot find context",
            "context was destroyed",
            "No frame for given id",
            "navigated or closed",
            DEPARTED,
        ]
        .iter()
        .any(|sign| message.contains(sign))
}

/// 64 random bits from the standard library's hasher seeds.
pub(super) fn random_name() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
