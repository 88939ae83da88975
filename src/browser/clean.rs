//! A session between two flows: made as if its browser had just started, or found not to be worth it.

use std::{sync::atomic::AtomicBool, time::Duration};

use serde_json::json;

use super::{
    device::Screen,
    document::{BLANK_PAGE, Document},
    error::BrowserError,
    session::{COMMAND_LIMIT, Session},
};
use crate::spec::Clock;

/// How long a session may take to become as good as new; a new one takes less.
pub(super) const CLEAN_LIMIT: Duration = Duration::from_secs(3);
/// The page that a driver begins with. To go there means another process for pages, with nothing in its memory.
const FIRST_PAGE: &str = "data:,";
/// Undoes what a page may have left in its window and, by copying, beside it.
const FORGET: &str = "
    window.name = '';
    const empty = (event) => { event.clipboardData.setData('text/plain', ''); event.preventDefault(); };
    document.addEventListener('copy', empty, { once: true });
    document.execCommand('copy');";
/// The same on a desktop, whose clipboard is its owner's.
const FORGET_NAME: &str = "window.name = '';";
/// The page that is left then, as our function in the page describes documents.
const DESCRIBE: &str = "({ url: location.href, load: performance.timeOrigin })";
/// So many documents are shown by one browser: its memory grows with what it has shown.
const MOST_DOCUMENTS: u32 = 40;
/// So many are shown by one of its processes for pages.
const MOST_DOCUMENTS_IN_PROCESS: u32 = 10;

impl Session {
    /// Whether another flow may have it, once it is clean.
    pub(super) fn is_worth_cleaning(&self) -> bool {
        self.engine.can_be_cleaned()
            && !self.is_lost()
            && !self.knows_a_password
            && self.documents < MOST_DOCUMENTS
    }

    /// Leaves nothing of the flow behind; after an error the session is of no more use.
    ///
    /// A flow that only looked at pages was nobody in particular: what its pages loaded stays cached for the next one, as
    /// for a first visitor of several pages. What is not there to be cleaned: hosts that told the browser to come back by
    /// https only (HSTS).
    pub(super) async fn clean(&mut self) -> Result<(), BrowserError> {
        if self.has_touched {
            let released = self.client.release_actions();
            self.call("release actions", COMMAND_LIMIT, released)
                .await?;
        }
        self.close_other_windows().await?;
        let keeps_cache = !self.has_touched && self.restoring.is_none();
        // The blank page leaves the process for pages as it is.
        let keeps_process = keeps_cache && self.documents_in_process < MOST_DOCUMENTS_IN_PROCESS;
        let first_page = if keeps_process {
            BLANK_PAGE
        } else {
            FIRST_PAGE
        };
        // Only when its page is gone can no handler of it store anything more.
        let empty = json!({ "url": first_page });
        self.post("url", "url".to_owned(), empty).await?;
        self.leave_world();
        self.stop_restoring().await?;
        let document = self.forget_the_past().await?;
        if !keeps_cache {
            self.cdp("Network.clearBrowserCache", json!({})).await?;
        }
        if !keeps_process {
            self.documents_in_process = 0;
        }
        if document.info.url != first_page {
            let reason = format!("it shows {} instead of `{first_page}`", document.info.url);
            return Err(BrowserError::nonsense("url", &reason));
        }
        self.begin_anew(document);
        Ok(())
    }

    /// Also leaves every frame.
    async fn close_other_windows(&self) -> Result<(), BrowserError> {
        let windows = self
            .call("windows", COMMAND_LIMIT, self.client.windows())
            .await?;
        let first = self.first_window.as_ref();
        let first = first.expect("a session knows the window that it began in");
        let is_in_first = !self.has_touched && self.frame_depth == 0;
        if is_in_first && windows.len() == 1 {
            return Ok(());
        }
        for other in windows.into_iter().filter(|window| window != first) {
            let switch = self.client.switch_to_window(other);
            self.call("switch to window", COMMAND_LIMIT, switch).await?;
            self.call("close window", COMMAND_LIMIT, self.client.close_window())
                .await?;
        }
        let switch = self.client.switch_to_window(first.clone());
        self.call("switch to window", COMMAND_LIMIT, switch).await
    }

    /// The `*` stands for every origin, also those of frames and of frames within other sites.
    async fn forget_the_past(&self) -> Result<Document, BrowserError> {
        let everywhere = json!({ "origin": "*", "storageTypes": "all" });
        let forget = if self.has_own_clipboard {
            FORGET
        } else {
            FORGET_NAME
        };
        for (command, params) in [
            ("Page.resetNavigationHistory", json!({})),
            ("Storage.clearDataForOrigin", everywhere),
            ("Network.clearBrowserCookies", json!({})),
            ("Browser.resetPermissions", json!({})),
        ] {
            self.cdp(command, params).await?;
        }
        let forget = json!({
            "expression": format!("{forget} {DESCRIBE}"),
            "userGesture": true,
            "returnByValue": true,
        });
        let described = self.cdp("Runtime.evaluate", forget).await?;
        if self.has_touched {
            let away = json!({ "type": "mouseMoved", "x": -10, "y": -10 });
            self.cdp("Input.dispatchMouseEvent", away).await?;
        }
        Ok(Document::of(&described["result"]["value"]))
    }

    /// Every field is named, so that none that is added can be forgotten here.
    fn begin_anew(&mut self, document: Document) {
        let Self {
            client: _,
            engine: _,
            options: _,
            viewport: _,
            device: _,
            hush_event: _,
            clock: _,
            clock_script: _,
            world: _,
            main_frame: _,
            has_own_clipboard: _,
            first_window,
            prepared_windows,
            asked,
            frame_depth,
            is_pointer_parked,
            judged_document,
            untouched,
            last_shown,
            overdue,
            documents: _,
            documents_in_process: _,
            has_touched,
            is_hushed,
            knows_a_password: _,
            restoring: _,
            header_sender: _,
            lost: _,
            driver: _,
        } = self;
        *prepared_windows = first_window.iter().cloned().collect();
        *asked = None;
        *frame_depth = 0;
        *is_pointer_parked &= !*has_touched;
        *has_touched = false;
        *is_hushed = AtomicBool::new(false);
        judged_document.clone_from(&document.load);
        *untouched = Some(document);
        *last_shown = None;
        overdue.clear();
    }

    /// Whether a flow can begin in it at this screen.
    pub(super) fn can_begin_at(&self, screen: &Screen) -> bool {
        self.engine.can_change_scale() || self.viewport.scale == screen.viewport.scale
    }

    /// Gives a flow the screen and the clock that it begins with.
    pub(crate) async fn begin_at(
        &mut self,
        screen: &Screen,
        clock: Clock,
    ) -> Result<(), BrowserError> {
        self.set_clock(clock).await?;
        self.turn_to(screen).await
    }
}
