//! What differs between browsers: how a session is asked for, and by which protocol it gives what the
//! standard's HTTP commands do not. Everything else is the same for all.

use std::time::Duration;

use fantoccini::{Client, wd::Capabilities};
use serde_json::{Value, json};

use super::{
    bidi::Bidi,
    driver::{Driver, Launcher},
    error::BrowserError,
    firefox,
    session::SessionOptions,
    webkit::{self, WebKit},
    webkit_driver,
};
use crate::config::{Browser, Proxy};

/// By which protocol the browser of a session gives pictures, viewports and a world of our own.
#[derive(Debug)]
pub(super) enum Engine {
    /// The Chrome DevTools protocol, through the driver.
    Chrome,
    /// WebDriver BiDi.
    Firefox(Box<Bidi>),
    /// WebKit's inspector.
    WebKit(Box<WebKit>),
}

impl Engine {
    /// Of a session that has just begun.
    pub(super) async fn of(
        browser: Browser,
        client: &Client,
        driver: &Driver,
    ) -> Result<Self, BrowserError> {
        Ok(match browser {
            Browser::Chrome => Self::Chrome,
            Browser::Firefox => Self::Firefox(Box::new(firefox::connect(client).await?)),
            Browser::WebKit => Self::WebKit(Box::new(webkit::connect(driver).await?)),
        })
    }

    /// Whether a session can be made as good as new by commands.
    pub(super) fn can_be_cleaned(&self) -> bool {
        matches!(self, Self::Chrome)
    }

    /// How long a page is given for its next two frames, in milliseconds, before it is taken for one that has none.
    /// WebKit takes pictures between two frames, so that it must have drawn one; on a busy machine that takes long.
    pub(super) fn frames_limit(&self) -> u32 {
        match self {
            Self::Chrome | Self::Firefox(_) => 100,
            Self::WebKit(_) => 2000,
        }
    }

    /// Whether a picture shows what the page is by then, drawn or not.
    pub(super) fn draws_for_pictures(&self) -> bool {
        !matches!(self, Self::WebKit(_))
    }

    /// Whether a session that began at one pixel ratio can have another.
    pub(super) fn can_change_scale(&self) -> bool {
        !matches!(self, Self::WebKit(_))
    }
}

/// How long a browser may take to start.
pub(super) fn start_limit(browser: Browser) -> Duration {
    match browser {
        Browser::Chrome => Duration::from_secs(60),
        // It takes a few seconds for itself, and most of a minute beside others on a small machine.
        Browser::Firefox | Browser::WebKit => Duration::from_secs(120),
    }
}

/// What a session is asked to be.
pub(super) fn capabilities(launcher: &Launcher, options: &SessionOptions) -> Capabilities {
    let milliseconds = u64::try_from(options.page_timeout.as_millis()).unwrap_or(u64::MAX);
    let mut wanted = json!({
        "pageLoadStrategy": "normal",
        "unhandledPromptBehavior": "ignore",
        "timeouts": { "pageLoad": milliseconds, "script": milliseconds, "implicit": 0 },
    });
    // WebKit's browser goes by another name on every system.
    if options.browser != Browser::WebKit {
        wanted["browserName"] = json!(options.browser.name());
    }
    match options.browser {
        Browser::Chrome => wanted["goog:chromeOptions"] = launcher.chrome_options(),
        Browser::Firefox => {
            wanted["webSocketUrl"] = json!(true);
            wanted["moz:firefoxOptions"] = firefox::options(launcher, &options.emulation);
        }
        Browser::WebKit => {
            let own = webkit_driver::options(launcher, &options.emulation);
            wanted["webkitgtk:browserOptions"] = own;
        }
    }
    if options.network.ignore_certificate_errors {
        wanted["acceptInsecureCerts"] = json!(true);
    }
    if let Some(proxy) = &options.network.proxy {
        wanted["proxy"] = proxy_capability(proxy);
    }
    add(&mut wanted, &Value::Object(options.capabilities.clone()));
    match wanted {
        Value::Object(map) => map,
        _ => unreachable!("an object literal is an object"),
    }
}

/// Adds what is not there yet. Lists grow; of what both have, ours stays.
fn add(ours: &mut Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, value) in theirs {
                match ours.get_mut(name) {
                    Some(present) => add(present, value),
                    None => drop(ours.insert(name.clone(), value.clone())),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => ours.extend(theirs.iter().cloned()),
        _ => {}
    }
}

fn proxy_capability(proxy: &Proxy) -> Value {
    let mut wanted = json!({ "proxyType": "manual" });
    if proxy.is_socks {
        wanted["socksProxy"] = json!(proxy.address);
        wanted["socksVersion"] = json!(5);
    } else {
        wanted["httpProxy"] = json!(proxy.address);
        wanted["sslProxy"] = json!(proxy.address);
    }
    if !proxy.except.is_empty() {
        wanted["noProxy"] = json!(proxy.except);
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_besides_is_added_and_replaces_nothing() {
        let mut ours = json!({ "name": "chrome", "options": { "args": ["--ours"], "kept": 1 } });
        let theirs = json!({ "name": "other", "build": 7, "options": { "args": ["--theirs"], "kept": 2, "more": [3] } });
        add(&mut ours, &theirs);
        let expected = json!({
            "name": "chrome",
            "build": 7,
            "options": { "args": ["--ours", "--theirs"], "kept": 1, "more": [3] },
        });
        assert_eq!(ours, expected);
    }
}
