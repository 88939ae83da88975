//! Cleans a session between two flows, so that it behaves like a browser that has just started.

use std::time::Duration;

use serde_json::json;

use super::{COMMAND_LIMIT, Flow, Session};
use crate::browser::{document::BLANK_PAGE, engines::Leftovers, error::BrowserError};

/// The time limit for cleaning a session. Starting a new one takes less.
pub(crate) const CLEAN_LIMIT: Duration = Duration::from_secs(3);
/// The page that a driver starts with. Navigating to it makes the browser switch to a fresh page process, with nothing
/// in its memory.
const FIRST_PAGE: &str = "data:,";

impl Session {
    /// Whether the session can be cleaned and used by another flow.
    pub(in crate::browser) fn is_worth_cleaning(&self) -> bool {
        self.engine.traits().can_be_cleaned
            && !self.wire().is_lost()
            && self.life.is_worth_cleaning()
    }

    /// Removes everything that the flow left behind. After an error the session must not be used again.
    ///
    /// When the flow only viewed pages, the cache is kept: the next flow then behaves like the same visitor opening
    /// more pages. Hosts that require https (HSTS) stay known.
    pub(in crate::browser) async fn clean(&mut self) -> Result<(), BrowserError> {
        let is_touched = self.flow.is_touched();
        if is_touched {
            let released = self.wire().client().release_actions();
            self.wire()
                .call("release actions", COMMAND_LIMIT, released)
                .await?;
        }
        self.close_other_windows().await?;
        let keeps_cache = !is_touched && !self.life.has_login();
        // The blank page does not make the browser switch to another page process.
        let keeps_process = keeps_cache && self.life.process_is_fresh();
        let first_page = match keeps_process {
            true => BLANK_PAGE,
            false => FIRST_PAGE,
        };
        // As long as the flow's page is open, its handlers can still store data.
        let empty = json!({ "url": first_page });
        self.wire().post(COMMAND_LIMIT, "url", "url", empty).await?;
        self.engine.leave_document();
        let leftovers = Leftovers {
            is_touched,
            has_own_clipboard: self.life.has_own_clipboard(),
            keeps_cache,
        };
        let described = self.engine.forget(leftovers).await?;
        self.life.set_login(false);
        if !keeps_process {
            self.life.begin_process();
        }
        let document = self.read_document(&described);
        if document.info.url != first_page {
            let reason = format!("it shows {} instead of `{first_page}`", document.info.url);
            return Err(BrowserError::nonsense("url", &reason));
        }
        self.flow = Flow::begin(self.life.first_window(), document);
        Ok(())
    }

    /// Leaves all frames, too.
    async fn close_other_windows(&self) -> Result<(), BrowserError> {
        let wire = self.wire();
        let windows = wire.windows().await?;
        let first = self.life.first_window();
        let is_in_first = !self.flow.is_touched() && !self.flow.is_in_frame();
        if is_in_first && windows.len() == 1 {
            return Ok(());
        }
        for other in windows.into_iter().filter(|window| *window != first) {
            wire.switch_to_window(other).await?;
            wire.close_window().await?;
        }
        wire.switch_to_window(first).await
    }
}
