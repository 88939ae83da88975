//! What the engines have in common: their shared fields, the types of their questions, and how long they retry.

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
        options::{PageClock, Screen},
        page::{self, Scrollbars},
        wire::{SILENCE, Wire},
    },
    config::Emulation,
    spec::{Cookie, Text},
};

/// What an engine can and cannot do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    /// A session can be cleaned with commands for the next flow.
    pub(crate) can_be_cleaned: bool,
    /// A session can change to another pixel ratio than it started with.
    pub(crate) can_change_scale: bool,
    /// A picture shows the page's state at that moment, even if that state was not drawn before.
    pub(crate) draws_for_pictures: bool,
    /// It paints frames of other sites only where they are in view.
    pub(crate) leaves_frames_out_of_view: bool,
    /// Its driver can drop what the browser itself drags (`draggable`).
    pub(crate) can_drop: bool,
    /// Its driver types a line end as Enter.
    pub(crate) types_line_ends: bool,
    /// Its driver moves the pointer in a frame as if no part of the frame were left of or above the view.
    pub(crate) overlooks_cut_frames: bool,
    /// Its capabilities have the browser's real name.
    pub(crate) names_itself: bool,
    /// It photographs what lies to the left of a page's zero, or above it.
    pub(in crate::browser) photographs_backwards: bool,
}

/// How a window of the flow is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSetup<'a> {
    /// Its viewport and device.
    pub(crate) screen: &'a Screen,
    /// The environment's settings for the browser.
    pub(crate) environment: &'a Emulation,
    /// The clock of its pages; `None` is the real time.
    pub(crate) clock: Option<PageClock>,
}

impl WindowSetup<'_> {
    /// The emulation in this window.
    pub(super) fn emulation(&self) -> Emulation {
        self.screen.emulation(self.environment)
    }
}

/// What every engine has: the wire, and the unguessable name of our scripts in pages.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) wire: Arc<Wire>,
    pub(super) name: String,
}

impl Base {
    /// The script that runs in every page, with the flow's clock.
    pub(super) fn preload(&self, scrollbars: Scrollbars, clock: Option<PageClock>) -> String {
        let scripts = page::preload(&self.name, scrollbars);
        match clock {
            None => scripts,
            Some(clock) => format!("{scripts}{}", self.clock(clock)),
        }
    }

    /// The script that sets the clock of pages.
    pub(super) fn clock(&self, clock: PageClock) -> String {
        page::clock(&self.name, clock.start, clock.seed)
    }
}

/// How a step changes the cookies of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CookieChanges<'a> {
    /// Deletes all cookies first.
    pub(crate) clear: bool,
    /// Deletes the cookies with these names.
    pub(crate) delete: &'a [Text],
    /// Sets these cookies.
    pub(crate) set: &'a [Cookie],
}

/// The host of a URL, for which a cookie is set.
pub(super) fn host_of(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or_default().to_owned()
}

/// The error for a cookie that the browser did not accept.
pub(super) fn refused_cookie(cookie: &Cookie) -> BrowserError {
    let name = &cookie.name;
    BrowserError::Refused {
        status: ErrorStatus::UnableToSetCookie,
        message: format!("the browser refused the cookie `{name}`"),
    }
}

/// The pause before asking the next document, after the previous one went away.
const NAVIGATION_PAUSE: Duration = Duration::from_millis(20);

/// How long to retry one of our scripts while documents go away under it.
pub(super) struct Patience {
    began: Instant,
    limit: Duration,
}

impl Patience {
    pub(super) fn of(limit: Duration) -> Self {
        let began = Instant::now();
        Self { began, limit }
    }

    /// Whether to run the script again. If so, waits for the next document first.
    pub(super) async fn should_retry(&self, answer: &Result<Value, BrowserError>) -> bool {
        let should_retry = answer.as_ref().is_err_and(is_about_navigation);
        let should_retry = should_retry && self.began.elapsed() < self.limit;
        if should_retry {
            tokio::time::sleep(NAVIGATION_PAUSE).await;
        }
        should_retry
    }
}

/// Whether this is a driver's error for a document that went away before a script ran in it.
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
