//! What Chrome, Chromium and Edge offer through the Chrome DevTools protocol, which their driver passes on.

mod marquees;
mod picture;
mod storage;
mod window;
mod world;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64},
    },
    time::Duration,
};

use serde_json::{Value, json};

use super::common::{Base, Traits};
use crate::browser::{
    error::BrowserError,
    wire::{COMMAND_LIMIT, Wire},
};
pub(crate) use storage::Leftovers;
use world::NO_WORLD;

/// How long a page that failed may take to fail once more. A redirect loop takes a moment.
const AGAIN_LIMIT: Duration = Duration::from_secs(10);

pub(super) const TRAITS: Traits = Traits {
    can_be_cleaned: true,
    can_change_scale: true,
    draws_for_pictures: true,
    leaves_frames_out_of_view: true,
    can_drop: true,
    types_line_ends: true,
    overlooks_cut_frames: true,
    names_itself: true,
    photographs_backwards: true,
};

/// A Chromium-based browser and its driver.
#[derive(Debug)]
pub(crate) struct Chromium {
    base: Base,
    /// The driver's path for DevTools commands, below the session's path.
    path: &'static str,
    /// The number of our world in the document that was last used, or `NO_WORLD`.
    world: AtomicI64,
    /// The ID of the top frame of the window that was last used. It is the same for all documents of the window.
    main_frame: Mutex<Option<Value>>,
    /// The script that sets the clock in the first window, by the browser's ID.
    clock_script: Option<Value>,
    /// The script that restores a login's storage, by the browser's ID.
    storage_script: Option<Value>,
    /// Whether the pointer was moved away from its initial position.
    is_pointer_parked: AtomicBool,
}

impl Chromium {
    pub(super) fn new(base: Base, path: &'static str) -> Self {
        Self {
            base,
            path,
            world: AtomicI64::new(NO_WORLD),
            main_frame: Mutex::default(),
            clock_script: None,
            storage_script: None,
            is_pointer_parked: AtomicBool::new(false),
        }
    }

    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    fn wire(&self) -> &Wire {
        &self.base.wire
    }

    /// Loads the page that failed once more: only the answer to that names the error, and the error page of a browser
    /// without windows is empty.
    pub(super) async fn load_error(&self) -> Option<String> {
        let history = self.command("Page.getNavigationHistory", json!({})).await;
        let history = history.ok()?;
        let current = usize::try_from(history["currentIndex"].as_u64()?).ok()?;
        let url = &history["entries"][current]["url"];
        let url = url.as_str().filter(|url| url.starts_with("http"))?;
        let params = json!({ "url": url });
        let answer = self
            .command_within(AGAIN_LIMIT, "Page.navigate", params)
            .await;
        let name = answer.ok()?["errorText"].as_str()?.to_owned();
        name.starts_with("net::").then_some(name)
    }

    /// Sends a command of the Chrome DevTools protocol.
    async fn command(&self, command: &'static str, params: Value) -> Result<Value, BrowserError> {
        self.command_within(COMMAND_LIMIT, command, params).await
    }

    /// Sends a command with its own deadline.
    async fn command_within(
        &self,
        limit: Duration,
        command: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        let body = json!({ "cmd": command, "params": params });
        let answer = self.wire().post(limit, command, self.path, body).await?;
        if answer.is_null() {
            self.wire().check_dialog().await?;
        }
        Ok(answer)
    }
}
