//! WebKitGTK (experimental): how it is started, and what it gives through its inspector — scripts before a page's own,
//! pictures of any part of a page, statuses. Our functions run in the page's own world there: it has no other.

mod script;
mod window;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fantoccini::wd::WindowHandle;
use serde_json::{Map, Value, json};

use super::{
    common::{Base, CookieChanges, Traits, host_of, refused_cookie},
    kind::{Kind, Protocol},
    resources,
};
use crate::{
    browser::{
        error::{BrowserError, LaunchError},
        launch::{
            Driver, Launcher, Programs, Startup, existing, first_in_path, inspector_address, named,
        },
        options::SessionOptions,
        wire::{
            COMMAND_LIMIT, Wire,
            inspector::{Inspector, PageNumber},
        },
    },
    config::Browser,
    spec::{Cookie, Text},
};

pub(super) const KIND: Kind = Kind {
    programs,
    capabilities,
    // It takes a few seconds for itself, and most of a minute beside others on a small machine.
    start_limit: Duration::from_secs(120),
    protocol: Protocol::Inspector,
    can_be_remote: false,
};

pub(super) const TRAITS: Traits = Traits {
    can_be_cleaned: false,
    can_change_scale: false,
    draws_for_pictures: false,
    can_drop: false,
    types_line_ends: false,
    names_itself: false,
};

fn programs(headed: bool) -> Result<Programs, LaunchError> {
    let driver = named("TWINSHOT_WEBKITDRIVER")?
        .or_else(|| first_in_path(&["WebKitWebDriver"]))
        .ok_or(LaunchError::NoWebKitDriver)?;
    let browser = named("TWINSHOT_WEBKIT")?
        .or_else(|| first_in_path(&["MiniBrowser"]))
        .or_else(mini_browser)
        .ok_or(LaunchError::NoWebKit)?;
    let display = match headed {
        true => some_display().map(|()| None)?,
        false => Some(first_in_path(&["Xvfb"]).ok_or(LaunchError::NoXvfb)?),
    };
    Ok(Programs {
        driver,
        browser,
        display,
        driver_name: "WebKitWebDriver",
        startup: Startup::OnDisplay,
        arguments: driver_arguments,
    })
}

/// Its display bears the run's folder on the command line.
fn driver_arguments(_: &Path, port: u16) -> Vec<OsString> {
    vec![format!("--port={port}").into()]
}

/// Without one the driver waits for its browser for ever.
fn some_display() -> Result<(), LaunchError> {
    let names_one = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_there = ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(names_one);
    is_there.then_some(()).ok_or(LaunchError::NoDisplay)
}

/// WebKitGTK's own browser stands beside its library: on Debian in a folder of the machine's kind, elsewhere not.
fn mini_browser() -> Option<PathBuf> {
    const VERSIONS: [&str; 3] = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
    let kind = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let folders = [kind.as_str(), "/usr/libexec", "/usr/lib", "/usr/lib64"];
    VERSIONS.iter().find_map(|version| {
        let paths = folders.map(|folder| format!("{folder}/{version}/MiniBrowser"));
        paths.iter().find_map(|path| existing(path))
    })
}

/// The browser's own name is another one on every system, so that none is asked for.
fn capabilities(launcher: &Launcher, options: &SessionOptions) -> Map<String, Value> {
    let emulation = &options.emulation;
    let mut arguments = vec![
        "--automation".to_owned(),
        // A page that is gone back to is loaded, as in other browsers.
        "--enable-page-cache=false".to_owned(),
        "--enable-smooth-scrolling=false".to_owned(),
        "--javascript-can-open-windows-automatically=true".to_owned(),
    ];
    if let Some(user_agent) = &emulation.user_agent {
        arguments.push(format!("--user-agent={user_agent}"));
    }
    if let Some(timezone) = &emulation.timezone {
        arguments.push(format!("--time-zone={timezone}"));
    }
    let mut own = json!({ "args": arguments });
    if let Some(binary) = launcher.binary(Browser::WebKit) {
        own["binary"] = json!(binary);
    }
    Map::from_iter([("webkitgtk:browserOptions".to_owned(), own)])
}

/// A WebKit, its driver, the session's second channel, and what is known of its windows.
#[derive(Debug)]
pub(crate) struct WebKit {
    base: Base,
    inspector: Inspector,
    windows: Mutex<Windows>,
}

#[derive(Debug, Default)]
struct Windows {
    pages: Vec<(WindowHandle, PageNumber)>,
    /// Pages of windows that the flow has not been in.
    unclaimed: Vec<PageNumber>,
    /// The size of the picture of a viewport; CSS pixels.
    viewport: (u32, u32),
}

impl WebKit {
    /// Opens the session's second channel.
    pub(super) async fn connect(base: Base, driver: &Driver) -> Result<Self, BrowserError> {
        let Some(address) = inspector_address(driver) else {
            let reason =
                "its browser has no server for inspectors, or it is not one of this machine";
            return Err(BrowserError::nonsense("new session", reason));
        };
        Ok(Self {
            base,
            inspector: Inspector::connect(address).await?,
            windows: Mutex::default(),
        })
    }

    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    fn wire(&self) -> &Wire {
        &self.base.wire
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command of WebKit's inspector to the window in front, with a deadline of its own.
    async fn inspect(
        &self,
        limit: Duration,
        method: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        let page = self.page().await?;
        let answer = self.inspector.command(page, method, &params);
        self.wire().within(method, limit, answer).await
    }

    /// The addresses of the images, fonts and style sheets that are under way.
    pub(super) async fn pending_resources(&self) -> Result<Vec<String>, BrowserError> {
        let tree = self
            .inspect(COMMAND_LIMIT, "Page.getResourceTree", json!({}))
            .await?;
        let urls = resources::pending_in(&tree);
        if urls.is_empty() {
            return Ok(Vec::new());
        }
        let argument = json!({ "urls": urls });
        let left = self.run(COMMAND_LIMIT, "notAnswered", &argument).await?;
        Ok(resources::addresses(&left))
    }

    /// WebKit's inspector deletes cookies one by one, of the page in front.
    pub(super) async fn change_cookies(
        &self,
        changes: CookieChanges<'_>,
        url: &str,
    ) -> Result<(), BrowserError> {
        const DELETE: &str = "Page.deleteCookie";
        if changes.clear {
            let of_page = self.wire().client().delete_all_cookies();
            self.wire()
                .call("delete cookies", COMMAND_LIMIT, of_page)
                .await?;
        }
        for name in changes.delete {
            let cookie = json!({ "cookieName": name.value(), "url": url });
            self.inspect(COMMAND_LIMIT, DELETE, cookie).await?;
        }
        let host = host_of(url);
        for cookie in changes.set {
            if !can_be_sent(cookie) {
                return Err(refused_cookie(cookie));
            }
            let cookie = json!({ "cookie": webkit_cookie(cookie, &host) });
            self.inspect(COMMAND_LIMIT, "Page.setCookie", cookie)
                .await?;
        }
        Ok(())
    }
}

/// WebKit's inspector takes whatever it is given, and sets nothing.
fn can_be_sent(cookie: &Cookie) -> bool {
    let (name, value) = (cookie.name.value(), cookie.value.value());
    let is_bad = |c: char| c.is_control() || c == ';';
    let is_bad_name = |c: char| is_bad(c) || c == '=' || c.is_whitespace();
    !name.is_empty() && !name.contains(is_bad_name) && !value.contains(is_bad)
}

fn webkit_cookie(cookie: &Cookie, host: &str) -> Value {
    json!({
        "name": cookie.name.value(),
        "value": cookie.value.value(),
        "domain": cookie.domain.as_ref().map_or(host, Text::value),
        "path": cookie.path.as_ref().map_or("/", Text::value),
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
        "session": true,
        "sameSite": "None",
    })
}
