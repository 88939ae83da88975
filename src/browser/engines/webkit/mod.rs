//! WebKitGTK (experimental): how to start it, and what it offers through its inspector: scripts that run before a
//! page's own, pictures of any part of a page, and HTTP statuses. Our functions run in the page's own world, because
//! there is no other.

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
    kind::{BrowserKind, Protocol},
};
use crate::{
    browser::{
        error::{BrowserError, LaunchError},
        launch::{
            Driver, Launcher, Programs, Startup, existing, first_in_path, inspector_address, named,
        },
        wire::{
            COMMAND_LIMIT, Wire,
            inspector::{Inspector, PageNumber},
        },
    },
    config::{Browser, Emulation},
    spec::{Cookie, Text},
};

pub(super) const KIND: BrowserKind = BrowserKind {
    programs,
    capabilities,
    // WebKit alone takes a few seconds; next to others on a small machine it can take most of a minute.
    start_limit: Duration::from_secs(120),
    protocol: Protocol::Inspector,
    can_be_remote: false,
};

pub(super) const TRAITS: Traits = Traits {
    can_be_cleaned: false,
    can_change_scale: false,
    draws_for_pictures: false,
    leaves_frames_out_of_view: false,
    can_drop: false,
    types_line_ends: false,
    overlooks_cut_frames: false,
    names_itself: false,
    photographs_backwards: true,
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

/// The display has the run's folder on its command line, so the driver need not.
fn driver_arguments(_: &Path, port: u16) -> Vec<OsString> {
    vec![format!("--port={port}").into()]
}

/// Without a display the driver waits for its browser forever.
fn some_display() -> Result<(), LaunchError> {
    let names_one = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_there = ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(names_one);
    is_there.then_some(()).ok_or(LaunchError::NoDisplay)
}

/// WebKitGTK's MiniBrowser is installed next to its library: on Debian in a folder named after the architecture,
/// elsewhere not.
fn mini_browser() -> Option<PathBuf> {
    const VERSIONS: [&str; 3] = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
    let kind = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let folders = [kind.as_str(), "/usr/libexec", "/usr/lib", "/usr/lib64"];
    VERSIONS.iter().find_map(|version| {
        let paths = folders.map(|folder| format!("{folder}/{version}/MiniBrowser"));
        paths.iter().find_map(|path| existing(path))
    })
}

/// The browser has a different name on every system, so we do not ask for one.
fn capabilities(launcher: &Launcher, emulation: &Emulation) -> Map<String, Value> {
    let mut arguments = vec![
        "--automation".to_owned(),
        // Going back loads the page again, as in other browsers.
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

/// A WebKit, its driver, the session's inspector connection, and what is known about its windows.
#[derive(Debug)]
pub(crate) struct WebKit {
    base: Base,
    inspector: Inspector,
    windows: Mutex<Windows>,
}

#[derive(Debug, Default)]
struct Windows {
    pages: Vec<(WindowHandle, PageNumber)>,
    /// Pages of windows that the flow has not entered.
    unclaimed: Vec<PageNumber>,
    /// The size of a picture of the viewport, in CSS pixels.
    viewport: (u32, u32),
}

impl WebKit {
    /// Opens the session's inspector connection.
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

    /// Sends a command of WebKit's inspector to the window in front, with its own deadline.
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

    /// The resources of the page in front and of its frames, in the protocol's form.
    pub(super) async fn resource_tree(&self) -> Result<Value, BrowserError> {
        self.inspect(COMMAND_LIMIT, "Page.getResourceTree", json!({}))
            .await
    }

    /// WebKit's inspector deletes cookies of the page in front, one at a time.
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

/// Whether WebKit can set the cookie: its inspector accepts any cookie, but does not set an invalid one.
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
