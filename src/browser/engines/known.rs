//! The supported browsers: how each is found, and which capabilities it needs.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use fantoccini::wd::Capabilities;
use serde_json::{Map, Value, json};

use super::{
    chrome, edge, firefox,
    kind::{BrowserKind, Protocol},
    webkit,
};
use crate::{
    browser::{
        error::LaunchError,
        launch::{self, Driver, Launcher, RunFolder},
        options::{LaunchOptions, SessionOptions},
    },
    config::{Browser, Emulation, Proxy},
};

/// The description of a browser.
pub(super) fn kind(browser: Browser) -> &'static BrowserKind {
    match browser {
        Browser::Chrome => &chrome::KIND,
        Browser::Edge => &edge::KIND,
        Browser::Firefox => &firefox::KIND,
        Browser::WebKit => &webkit::KIND,
    }
}

/// Finds the programs of these browsers, unless running drivers are given.
pub(crate) fn launcher(
    options: LaunchOptions,
    browsers: &BTreeSet<Browser>,
    scratch: Arc<RunFolder>,
) -> Result<Launcher, LaunchError> {
    let is_remote = !options.webdrivers.is_empty();
    let mut programs = Vec::new();
    for &browser in browsers {
        let kind = kind(browser);
        match is_remote {
            true if !kind.can_be_remote => return Err(LaunchError::WebKitElsewhere),
            true => {}
            false => programs.push((browser, (kind.programs)(options.headed)?)),
        }
    }
    Ok(Launcher::new(options, programs, scratch))
}

/// Checks that a browser's programs are installed on this machine.
pub(crate) fn check_programs(browser: Browser, headed: bool) -> Result<(), LaunchError> {
    (kind(browser).programs)(headed).map(drop)
}

/// How long a browser may take to start.
pub(crate) fn start_limit(browser: Browser) -> Duration {
    kind(browser).start_limit
}

/// Returns when a starting browser has ended, if its driver does not report that itself; otherwise never returns.
pub(crate) async fn end_of_browser(browser: Browser, driver: &Driver) {
    match kind(browser).protocol {
        Protocol::Inspector if driver.is_ours() => launch::browser_end(driver).await,
        _ => std::future::pending().await,
    }
}

/// The capabilities that a session asks for.
pub(crate) fn capabilities(launcher: &Launcher, options: &SessionOptions) -> Capabilities {
    let milliseconds = u64::try_from(options.page_timeout.as_millis()).unwrap_or(u64::MAX);
    let wanted = json!({
        "pageLoadStrategy": "normal",
        "unhandledPromptBehavior": "ignore",
        "timeouts": { "pageLoad": milliseconds, "script": milliseconds, "implicit": 0 },
    });
    let Value::Object(mut wanted) = wanted else {
        unreachable!("an object literal is an object")
    };
    wanted.extend((kind(options.browser).capabilities)(
        launcher,
        &options.emulation,
    ));
    if options.network.ignore_certificate_errors {
        wanted.insert("acceptInsecureCerts".to_owned(), json!(true));
    }
    if let Some(proxy) = &options.network.proxy {
        wanted.insert("proxy".to_owned(), proxy_capability(proxy));
    }
    add_all(&mut wanted, &options.capabilities);
    chrome::join_renderer_settings(&mut wanted);
    wanted
}

/// Everything that a browser is started with and that may show in pictures, as a text. `more` are the capabilities that
/// the user adds.
pub(crate) fn drawing_switches(
    launcher: &Launcher,
    browser: Browser,
    more: Option<&Capabilities>,
) -> String {
    let mut wanted = (kind(browser).capabilities)(launcher, &Emulation::default());
    for options in wanted.values_mut().filter_map(Value::as_object_mut) {
        // The browser's version is known.
        options.remove("binary");
        if let Some(arguments) = options.get_mut("args").and_then(Value::as_array_mut) {
            arguments.retain(|argument| !chrome::UNSEEN.iter().any(|it| argument == it));
        }
    }
    if let Some(more) = more {
        add_all(&mut wanted, more);
    }
    Value::Object(wanted).to_string()
}

/// Adds missing values. Lists are joined; where both have a value, ours wins.
fn add_all(ours: &mut Map<String, Value>, theirs: &Map<String, Value>) {
    for (name, value) in theirs {
        match ours.get_mut(name) {
            Some(present) => add(present, value),
            None => drop(ours.insert(name.clone(), value.clone())),
        }
    }
}

fn add(ours: &mut Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => add_all(ours, theirs),
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
    fn further_capabilities_are_added_and_replace_nothing() {
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

    #[test]
    fn settings_of_the_renderer_are_joined_and_ours_win() {
        let mut both = json!({ "goog:chromeOptions": { "args": [
            "--blink-settings=ours=1,more=2", "--headless", "blink-settings=ours=0,theirs=3",
        ] } });
        let Value::Object(capabilities) = &mut both else {
            panic!("an object literal is an object")
        };
        chrome::join_renderer_settings(capabilities);
        let joined = json!([
            "--headless",
            "--blink-settings=ours=0,theirs=3,ours=1,more=2"
        ]);
        assert_eq!(both["goog:chromeOptions"]["args"], joined);
    }
}
