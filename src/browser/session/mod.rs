//! One browser with one page in front: its life, the flow that runs in it, and the document in front.

mod clean;
mod document;
mod flow;
mod life;
mod login_state;
mod reasons;
mod start;

use std::time::Duration;

use serde_json::Value;

use super::{
    engines::{Engine, WindowSetup},
    error::{BrowserError, LaunchError},
    launch::Driver,
    options::{PageClock, Screen, SessionOptions},
    wire::{COMMAND_LIMIT, Wire, end},
};

pub(crate) use clean::CLEAN_LIMIT;
pub(crate) use document::Allowance;
pub(crate) use flow::Flow;
pub(crate) use life::Life;
pub(crate) use login_state::{Storage, StoredLogin};

/// The time limit for ending a session politely, before its processes are killed.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// One browser with one page in front.
#[derive(Debug)]
pub(crate) struct Session {
    /// The engine: the wire to the driver, and the commands beyond WebDriver's HTTP standard.
    pub(in crate::browser) engine: Engine,
    /// The options that it was started with.
    pub(in crate::browser) options: SessionOptions,
    /// What it keeps from one flow to the next.
    pub(in crate::browser) life: Life,
    /// What it knows about the flow that runs in it.
    pub(in crate::browser) flow: Flow,
    /// The driver. Dropping it ends its processes.
    driver: Driver,
}

impl Session {
    /// The wire to its driver.
    pub(in crate::browser) fn wire(&self) -> &Wire {
        self.engine.wire()
    }

    /// Runs one of our page functions (`page/`) in the top document.
    pub(in crate::browser) async fn in_page(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        self.engine.run(limit, function, argument).await
    }

    /// The error for the dialog that is open, if one is. Many commands fail in other words while one opens.
    pub(in crate::browser) async fn open_dialog(&self) -> Option<BrowserError> {
        let error = self.wire().check_dialog().await.err()?;
        error.is_dialog().then_some(error)
    }

    /// Name and version of the browser, for example `chrome 156.0.8078.79`.
    pub(crate) fn browser(&self) -> Option<String> {
        let capabilities = self.wire().client().capabilities()?;
        let name = match self.engine.traits().names_itself {
            true => capabilities.get("browserName")?.as_str()?,
            false => self.options.browser.name(),
        };
        let version = capabilities.get("browserVersion")?.as_str()?;
        Some(format!("{name} {version}"))
    }

    /// How each window of the flow is set up.
    fn window_setup(&self) -> WindowSetup<'_> {
        self.setup_at(self.life.screen())
    }

    fn setup_at<'a>(&'a self, screen: &'a Screen) -> WindowSetup<'a> {
        WindowSetup {
            screen,
            environment: &self.options.emulation,
            clock: self.life.clock(),
        }
    }

    /// Applies our emulation and script to a window that the flow enters for the first time.
    pub(in crate::browser) async fn enter_window(&self) -> Result<(), BrowserError> {
        self.engine.enter_window(self.window_setup()).await
    }

    /// Whether a flow can start in this session with this screen.
    pub(in crate::browser) fn can_begin_at(&self, screen: &Screen) -> bool {
        self.engine.traits().can_change_scale
            || self.life.screen().viewport.scale == screen.viewport.scale
    }

    /// Applies the screen and the clock that a flow starts with.
    pub(crate) async fn begin_at(
        &mut self,
        screen: &Screen,
        clock: Option<PageClock>,
    ) -> Result<(), BrowserError> {
        self.set_clock(clock).await?;
        self.set_screen(screen).await
    }

    /// Sets the clock of the pages, from the next page on.
    async fn set_clock(&mut self, clock: Option<PageClock>) -> Result<(), BrowserError> {
        if clock != self.life.clock() {
            self.engine.set_clock(clock).await?;
            self.life.set_clock(clock);
        }
        Ok(())
    }

    async fn set_screen(&mut self, screen: &Screen) -> Result<(), BrowserError> {
        if self.life.screen() == screen {
            return Ok(());
        }
        let (before, now) = (self.window_setup(), self.setup_at(screen));
        self.engine.set_screen(before, now).await?;
        self.life.set_screen(screen.clone());
        Ok(())
    }

    /// Ends the session. Our own driver is killed with its processes; a remote driver is asked to end the session.
    pub(crate) async fn close(self) {
        close(self.engine.wire(), &self.driver).await;
    }

    /// Gives up on the session: it gets no further commands.
    pub(in crate::browser) fn give_up(&self) {
        self.wire().give_up();
    }

    /// Reports an error of the session as a failed launch.
    pub(in crate::browser) fn not_started(&self, error: &BrowserError) -> LaunchError {
        start::not_started(&self.driver, error)
    }
}

/// Ends a session of a remote driver. Our own driver's sessions end with its processes.
async fn close(wire: &Wire, driver: &Driver) {
    if driver.is_ours() {
        return;
    }
    let client = wire.client();
    let started = client.session_creation_response().cloned();
    let goodbye = async { !wire.is_lost() && end(client).await };
    let is_closed = tokio::time::timeout(CLOSE_LIMIT, goodbye).await;
    if let (Ok(false) | Err(_), Some(started)) = (is_closed, started) {
        let _ = tokio::time::timeout(CLOSE_LIMIT, driver.forget(started.session_id())).await;
    }
}
