//! What the engines have in common: what they hold, what they are asked with, and how long they are patient.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fantoccini::error::ErrorStatus;
use serde_json::Value;
use url::Url;

use crate::{
    browser::{
        error::{BrowserError, DEPARTED},
        options::Screen,
        page::{self, PictureWindow},
        wire::{SILENCE, Wire},
    },
    config::Emulation,
    spec::{Cookie, Text},
};

/// What an engine can and cannot do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    /// A session can be made as good as new by commands.
    pub(crate) can_be_cleaned: bool,
    /// A session that began at one pixel ratio can have another.
    pub(crate) can_change_scale: bool,
    /// A picture shows what the page is at that moment, whether that was drawn before or not.
    pub(crate) draws_for_pictures: bool,
    /// Its driver drops what the browser itself drags (`draggable`).
    pub(crate) can_drop: bool,
    /// Its driver types a line end as the key that makes one.
    pub(crate) types_line_ends: bool,
    /// The browser tells its own name.
    pub(crate) names_itself: bool,
}

/// What a window of the flow is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSetup<'a> {
    /// Its viewport and device.
    pub(crate) screen: &'a Screen,
    /// What the environment asks of its browser.
    pub(crate) environment: &'a Emulation,
    /// The moment at which the clock of its pages begins, if it is not the time; milliseconds since 1970.
    pub(crate) clock: Option<u64>,
}

impl WindowSetup<'_> {
    /// What the browser is to be in it.
    pub(super) fn emulation(&self) -> Emulation {
        self.screen.emulation(self.environment)
    }
}

/// What every engine holds: the wire, and the unguessable name that our scripts bear in pages.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) wire: Arc<Wire>,
    pub(super) name: String,
}

impl Base {
    /// The script of every page, with the clock of the flow.
    pub(super) fn preload(&self, window: PictureWindow, clock: Option<u64>) -> String {
        let scripts = page::preload(&self.name, window);
        match clock {
            None => scripts,
            Some(moment) => format!("{scripts}{}", self.clock(moment)),
        }
    }

    /// The script that sets the clock of pages.
    pub(super) fn clock(&self, moment: u64) -> String {
        page::clock(&self.name, moment)
    }
}

/// How a step changes the cookies of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CookieChanges<'a> {
    /// Deletes all of them first.
    pub(crate) clear: bool,
    /// Deletes these.
    pub(crate) delete: &'a [Text],
    /// Sets these.
    pub(crate) set: &'a [Cookie],
}

/// The host of a URL, to which a cookie belongs.
pub(super) fn host_of(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or_default().to_owned()
}

/// The browser did not take a cookie.
pub(super) fn refused_cookie(cookie: &Cookie) -> BrowserError {
    let name = &cookie.name;
    let message = format!("the browser refused the cookie `{name}`");
    BrowserError::refused(ErrorStatus::UnableToSetCookie, &message)
}

/// How long a document that is going away is given before its successor is asked.
const NAVIGATION_PAUSE: Duration = Duration::from_millis(20);

/// How long a script of ours is run again in the next document while documents go away under it.
pub(super) struct Patience {
    began: Instant,
    limit: Duration,
}

impl Patience {
    pub(super) fn of(limit: Duration) -> Self {
        let began = Instant::now();
        Self { began, limit }
    }

    /// Whether the script is to be run again; waits for the next document then.
    pub(super) async fn is_left(&self, answer: &Result<Value, BrowserError>) -> bool {
        let is_left = answer.as_ref().is_err_and(is_about_navigation);
        let is_left = is_left && self.began.elapsed() < self.limit;
        if is_left {
            tokio::time::sleep(NAVIGATION_PAUSE).await;
        }
        is_left
    }
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
