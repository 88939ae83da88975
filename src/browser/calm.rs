//! What runs in pages before their own scripts, the clock that it may give them, and the drawing loops that
//! it can hold.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    document::Document,
    engine::Engine,
    error::BrowserError,
    page::{self, PictureWindow},
    session::{COMMAND_LIMIT, Session},
};
use crate::spec::Clock;

/// How long holding loops may take: the script's own limit, and the frames after it.
const HOLD_LIMIT: Duration = Duration::from_secs(10);

impl Session {
    /// The script of every page: hushed for pictures, what it waits for known, with the clock of the flow.
    pub(super) fn preload(&self) -> String {
        // WebKit takes pictures of any part of a page without another window.
        let window = match self.engine {
            Engine::Chrome | Engine::Firefox(_) => PictureWindow::Resized,
            Engine::WebKit(_) => PictureWindow::WithScrollbars,
        };
        let scripts = page::preload(&self.hush_event, window);
        match self.clock {
            None => scripts,
            Some(moment) => format!("{scripts}{}", self.clock_script(moment)),
        }
    }

    /// From the next page on; the first window has a script of its own for it, which can be taken away.
    pub(super) async fn set_clock(&mut self, clock: Clock) -> Result<(), BrowserError> {
        let wanted = match clock {
            Clock::Off => None,
            Clock::Fixed => Some(self.options.run_began),
            Clock::At(moment) => Some(moment),
        };
        if wanted == self.clock {
            return Ok(());
        }
        if let Engine::WebKit(webkit) = &self.engine {
            self.clock = wanted;
            return self.set_webkit_preload(webkit).await;
        }
        if let Some(script) = self.clock_script.take() {
            self.remove_preload(script).await?;
        }
        self.clock = wanted;
        if let Some(moment) = wanted {
            self.clock_script = Some(self.add_preload(self.clock_script(moment)).await?);
        }
        Ok(())
    }

    /// Lets this source run in every page from the next one on, before the page's own scripts. What is returned takes it
    /// away again.
    pub(super) async fn add_preload(&self, source: String) -> Result<Value, BrowserError> {
        if let Engine::Firefox(bidi) = &self.engine {
            return self.add_firefox_preload(bidi, &source).await;
        }
        let params = json!({ "source": source });
        let mut added = self
            .cdp("Page.addScriptToEvaluateOnNewDocument", params)
            .await?;
        Ok(added["identifier"].take())
    }

    pub(super) async fn remove_preload(&self, script: Value) -> Result<(), BrowserError> {
        if let Engine::Firefox(bidi) = &self.engine {
            return self.remove_firefox_preload(bidi, &script).await;
        }
        let params = json!({ "identifier": script });
        self.cdp("Page.removeScriptToEvaluateOnNewDocument", params)
            .await
            .map(drop)
    }

    /// Holds the page's own drawing loops at a round number of frames, which is returned; 0 when it has none.
    pub(super) async fn hold_loops(&self) -> Result<u64, BrowserError> {
        let frames = self
            .in_page(HOLD_LIMIT, "hold", &self.event_argument())
            .await?;
        Ok(frames.as_u64().unwrap_or(0))
    }

    /// Lets the page go on after a picture, and says which document it is.
    pub(super) async fn let_go(&self) -> Result<Document, BrowserError> {
        let document = self
            .in_page(COMMAND_LIMIT, "letGo", &self.event_argument())
            .await?;
        Ok(Document::of(&document))
    }

    fn clock_script(&self, moment: u64) -> String {
        page::clock(&self.hush_event, moment)
    }

    fn event_argument(&self) -> Value {
        json!({ "event": self.hush_event })
    }
}
