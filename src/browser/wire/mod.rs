//! One session's connections to its browser: WebDriver over HTTP with a deadline for each command, and next to it
//! WebDriver BiDi, WebKit's inspector, and Chrome's own socket. Nothing here knows about flows.

pub(crate) mod bidi;
mod headers;
pub(crate) mod inspector;
mod socket;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use fantoccini::{
    Client,
    error::{CmdError, ErrorStatus},
    wd::{WebDriverCompatibleCommand, WindowHandle},
};
use http::Method;
use serde_json::Value;
use url::{ParseError, Url};

use super::{error::BrowserError, options::SessionOptions};
use headers::HeaderSender;

/// How long an ordinary command may take.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// How much longer our deadline is than the driver's page-load timeout.
const PAGE_LIMIT_MARGIN: Duration = Duration::from_secs(5);

/// The session's connection to its driver. When a command misses its deadline, or the driver or browser is gone, the
/// session is lost: every later command fails immediately.
#[derive(Debug)]
pub(crate) struct Wire {
    client: Client,
    /// How long a page may take to load.
    page_timeout: Duration,
    /// Adds the environment's headers, if it has any.
    header_sender: Option<HeaderSender>,
    is_lost: AtomicBool,
}

impl Wire {
    /// The wire of a session that has just started.
    pub(crate) fn new(client: Client, page_timeout: Duration) -> Self {
        Self {
            client,
            page_timeout,
            header_sender: None,
            is_lost: AtomicBool::new(false),
        }
    }

    /// Fantoccini's client, for the commands that it has methods for.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Adds the environment's headers to the browser's requests from now on. This machine must be able to connect to
    /// the browser. An error says why headers cannot be added.
    pub(crate) async fn send_headers(&mut self, options: &SessionOptions) -> Result<(), String> {
        let Some(address) = self.debugger_address() else {
            return Err(
                "its browser must be a Chrome, Chromium or Edge on this machine".to_owned(),
            );
        };
        self.header_sender = Some(HeaderSender::start(address, options).await?);
        Ok(())
    }

    /// Where a Chromium on this machine can be asked without its driver.
    fn debugger_address(&self) -> Option<&str> {
        let capabilities = self.client.capabilities().into_iter();
        let mut vendors = capabilities.flat_map(|all| all.values());
        vendors.find_map(|options| options["debuggerAddress"].as_str())
    }

    /// The URL of a window's page, as a Chromium on this machine tells it also while a dialog is open.
    pub(crate) async fn url_of(&self, window: &WindowHandle) -> Option<String> {
        let asked = headers::ask_browser(self.debugger_address()?, "/json/list");
        let pages = tokio::time::timeout(COMMAND_LIMIT, asked)
            .await
            .ok()?
            .ok()?;
        let handle = String::from(window.clone());
        let mut pages = pages.as_array()?.iter();
        let page = pages.find(|page| page["id"] == handle.as_str())?;
        page["url"].as_str().map(str::to_owned)
    }

    /// Whether the browser or its driver is gone, or a command missed its deadline.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Gives up on the session: it gets no further commands.
    pub(crate) fn give_up(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    /// How long a page may take to load.
    pub(crate) fn page_timeout(&self) -> Duration {
        self.page_timeout
    }

    /// How long a navigation may take, including our margin.
    pub(crate) fn page_limit(&self) -> Duration {
        self.page_timeout + PAGE_LIMIT_MARGIN
    }

    /// Waits for a command, but no longer than `limit`. After that the session is lost.
    pub(crate) async fn call<T>(
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

    /// The same for a command that does not use the driver's HTTP.
    pub(crate) async fn within<T>(
        &self,
        command: &'static str,
        limit: Duration,
        answer: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, BrowserError> {
        if self.is_lost() {
            return Err(BrowserError::Lost("the session was lost before".to_owned()));
        }
        let sender = self.header_sender.as_ref();
        if sender.is_some_and(HeaderSender::is_over) {
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

    /// Sends a POST for which fantoccini has no method, to a path below the session's.
    pub(crate) async fn post(
        &self,
        limit: Duration,
        command: &'static str,
        path: &str,
        body: Value,
    ) -> Result<Value, BrowserError> {
        let path = path.to_owned();
        self.call(command, limit, self.client.issue_cmd(Post { path, body }))
            .await
    }

    /// Runs a script in the page's own world, in the flow's frame, through the driver.
    pub(crate) async fn execute(
        &self,
        limit: Duration,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, BrowserError> {
        let answer = self.execute_for_its_effect(limit, script, arguments);
        let answer = answer.await?;
        if answer.is_null() {
            self.check_dialog().await?;
        }
        Ok(answer)
    }

    /// The same for a script whose result nobody needs: it may open a dialog.
    pub(crate) async fn execute_for_its_effect(
        &self,
        limit: Duration,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, BrowserError> {
        let executed = self.client.execute(script, arguments);
        self.call("execute", limit, executed).await
    }

    /// The window in front.
    pub(crate) async fn window(&self) -> Result<WindowHandle, BrowserError> {
        self.call("window", COMMAND_LIMIT, self.client.window())
            .await
    }

    /// All windows of the session.
    pub(crate) async fn windows(&self) -> Result<Vec<WindowHandle>, BrowserError> {
        self.call("windows", COMMAND_LIMIT, self.client.windows())
            .await
    }

    /// Brings a window to the front and leaves every frame.
    pub(crate) async fn switch_to_window(&self, window: WindowHandle) -> Result<(), BrowserError> {
        let switch = self.client.switch_to_window(window);
        self.call("switch to window", COMMAND_LIMIT, switch).await
    }

    /// Closes the window in front.
    pub(crate) async fn close_window(&self) -> Result<(), BrowserError> {
        self.call("close window", COMMAND_LIMIT, self.client.close_window())
            .await
    }

    /// The text of the open dialog. If there is none, this is an error with the status `NoSuchAlert`.
    pub(crate) async fn dialog_text(&self) -> Result<String, BrowserError> {
        self.call("alert", COMMAND_LIMIT, self.client.get_alert_text())
            .await
    }

    /// Fails if a dialog is open: it stops every script. A driver may answer a command with nothing, and without an
    /// error, when a dialog opens during the command.
    pub(crate) async fn check_dialog(&self) -> Result<(), BrowserError> {
        match self.dialog_text().await {
            Err(error) if error.is(ErrorStatus::NoSuchAlert) => Ok(()),
            Err(error) => Err(error),
            Ok(text) => Err(BrowserError::Dialog { text }),
        }
    }

    /// Replaces the error with our own message if the page's scripts block the driver.
    fn or_silence(&self, error: BrowserError) -> BrowserError {
        if !is_about_silence(&error) {
            return error;
        }
        let seconds = self.page_timeout.as_secs_f32();
        BrowserError::Refused {
            status: ErrorStatus::Timeout,
            message: format!(
                "{SILENCE} within {seconds} s: its scripts never end, or it is still loading"
            ),
        }
    }
}

/// Our message for a page whose own scripts block the driver.
pub(crate) const SILENCE: &str = "the page did not answer";

/// Whether this is chromedriver's error for a page that blocks it.
fn is_about_silence(error: &BrowserError) -> bool {
    error.is(ErrorStatus::Timeout)
        && matches!(error, BrowserError::Refused { message, .. }
            if message.contains("receiving message from renderer"))
}

/// A command of the WebDriver protocol for which fantoccini has no method.
#[derive(Debug)]
struct Post {
    path: String,
    body: Value,
}

impl WebDriverCompatibleCommand for Post {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Ends a session. Fantoccini's own method drops the user and the password in the driver's URL.
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

/// Ends the client's session; returns whether the driver did so.
pub(crate) async fn end(client: &Client) -> bool {
    let is_ended = client.issue_cmd(End).await.is_ok();
    if is_ended {
        // Keeps fantoccini from ending it again when the client is dropped.
        let _ = client.persist().await;
    }
    is_ended
}
