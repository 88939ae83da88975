//! What differs between browsers: how a session is asked for, and by which protocol it gives what the
//! standard's HTTP commands do not. Everything else is the same for all.

use std::time::Duration;

use fantoccini::{Client, wd::Capabilities};
use serde_json::{Value, json};

use super::{bidi::Bidi, driver::Launcher, error::BrowserError, firefox};
use crate::config::{Browser, Emulation};

/// By which protocol the browser of a session gives pictures, viewports and a world of our own.
#[derive(Debug)]
pub(super) enum Engine {
    /// The Chrome DevTools protocol, through the driver.
    Chrome,
    /// WebDriver BiDi.
    Firefox(Box<Bidi>),
}

impl Engine {
    /// Of a session that has just begun.
    pub(super) async fn of(browser: Browser, client: &Client) -> Result<Self, BrowserError> {
        Ok(match browser {
            Browser::Chrome => Self::Chrome,
            Browser::Firefox => Self::Firefox(Box::new(firefox::connect(client).await?)),
        })
    }

    /// Whether a session can be made as good as new by commands.
    pub(super) fn can_be_cleaned(&self) -> bool {
        matches!(self, Self::Chrome)
    }
}

/// How long a browser may take to start.
pub(super) fn start_limit(browser: Browser) -> Duration {
    match browser {
        Browser::Chrome => Duration::from_secs(60),
        // It takes a few seconds for itself, and most of a minute beside others on a small machine.
        Browser::Firefox => Duration::from_secs(120),
    }
}

/// What a session is asked to be.
pub(super) fn capabilities(
    browser: Browser,
    launcher: &Launcher,
    emulation: &Emulation,
    page_timeout: Duration,
) -> Capabilities {
    let milliseconds = u64::try_from(page_timeout.as_millis()).unwrap_or(u64::MAX);
    let mut wanted = json!({
        "browserName": browser.name(),
        "pageLoadStrategy": "normal",
        "unhandledPromptBehavior": "ignore",
        "timeouts": { "pageLoad": milliseconds, "script": milliseconds, "implicit": 0 },
    });
    match browser {
        Browser::Chrome => wanted["goog:chromeOptions"] = launcher.chrome_options(),
        Browser::Firefox => {
            wanted["webSocketUrl"] = json!(true);
            wanted["moz:firefoxOptions"] = firefox::options(launcher, emulation);
        }
    }
    match wanted {
        Value::Object(map) => map,
        _ => unreachable!("an object literal is an object"),
    }
}
