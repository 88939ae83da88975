//! Firefox: how to start it, and what it offers through WebDriver BiDi: exact viewports, pictures of any area, and a
//! sandbox for our functions.

mod preferences;
mod script;

use std::{ffi::OsString, path::Path, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use super::{
    common::{Base, CookieChanges, Traits, WindowSetup, host_of},
    kind::{BrowserKind, Protocol},
    resources::MissingResources,
};
use crate::{
    browser::{
        error::{BrowserError, LaunchError},
        launch::{Launcher, Programs, Startup, existing, first_in_path, named},
        options::PageClock,
        page::Scrollbars,
        picture::{CssBox, ResourceKinds},
        wire::{COMMAND_LIMIT, Wire, bidi::Bidi},
    },
    config::{Browser, Emulation},
    spec::{Cookie, Text, Viewport},
};
use preferences::preferences;

pub(super) const KIND: BrowserKind = BrowserKind {
    programs,
    capabilities,
    // Firefox alone takes a few seconds; next to others on a small machine it can take most of a minute.
    start_limit: Duration::from_secs(120),
    protocol: Protocol::BiDi,
    can_be_remote: true,
};

pub(super) const TRAITS: Traits = Traits {
    can_be_cleaned: false,
    can_change_scale: true,
    draws_for_pictures: true,
    leaves_frames_out_of_view: false,
    can_drop: false,
    types_line_ends: true,
    overlooks_cut_frames: false,
    names_itself: true,
    photographs_backwards: false,
};

/// The user context of all windows of a session, including those that are not open yet.
const EVERY_WINDOW: [&str; 1] = ["default"];

fn programs(_: bool) -> Result<Programs, LaunchError> {
    let driver = named("TWINSHOT_GECKODRIVER")?
        .or_else(|| first_in_path(&["geckodriver"]))
        .ok_or(LaunchError::NoGeckodriver)?;
    let browser = named("TWINSHOT_FIREFOX")?
        .or_else(|| first_in_path(&["firefox", "firefox-esr"]))
        .or_else(|| existing("/Applications/Firefox.app/Contents/MacOS/firefox"))
        .ok_or(LaunchError::NoFirefox)?;
    Ok(Programs {
        driver,
        browser,
        display: None,
        driver_name: "geckodriver",
        startup: Startup::Greets,
        arguments: driver_arguments,
    })
}

fn driver_arguments(folder: &Path, port: u16) -> Vec<OsString> {
    vec![
        format!("--port={port}").into(),
        // The driver's default is one port for every Firefox.
        "--websocket-port=0".into(),
        "--profile-root".into(),
        folder.into(),
    ]
}

fn capabilities(launcher: &Launcher, emulation: &Emulation) -> Map<String, Value> {
    let arguments: &[&str] = match launcher.is_headed() {
        true => &[],
        false => &["-headless"],
    };
    let preferences = preferences(launcher, emulation);
    let mut own = json!({ "args": arguments, "prefs": preferences });
    if let Some(binary) = launcher.binary(Browser::Firefox) {
        own["binary"] = json!(binary);
    }
    Map::from_iter([
        ("browserName".to_owned(), json!("firefox")),
        ("webSocketUrl".to_owned(), json!(true)),
        ("moz:firefoxOptions".to_owned(), own),
    ])
}

/// A Firefox, its driver, and the session's BiDi connection.
#[derive(Debug)]
pub(crate) struct Firefox {
    base: Base,
    bidi: Bidi,
    /// The script that sets the clock, by the browser's ID.
    clock_script: Option<Value>,
}

impl Firefox {
    /// Opens the session's BiDi connection.
    pub(super) async fn connect(base: Base) -> Result<Self, BrowserError> {
        let capabilities = base.wire.client().capabilities();
        let url = capabilities
            .as_ref()
            .and_then(|all| all.get("webSocketUrl"));
        let Some(url) = url.and_then(Value::as_str) else {
            let reason = "it offers no WebDriver BiDi (`webSocketUrl`)";
            return Err(BrowserError::nonsense("new session", reason));
        };
        let bidi = Bidi::connect(url).await?;
        let watched = tokio::time::timeout(COMMAND_LIMIT, bidi.watch_resources()).await;
        watched.map_err(|_| BrowserError::Deadline {
            command: "session.subscribe",
            limit: COMMAND_LIMIT,
        })??;
        Ok(Self {
            base,
            bidi,
            clock_script: None,
        })
    }

    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    fn wire(&self) -> &Wire {
        &self.base.wire
    }

    /// Sends a BiDi command with its own deadline.
    async fn command(
        &self,
        limit: Duration,
        method: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        let answer = self.bidi.command(method, &params);
        self.wire().within(method, limit, answer).await
    }

    /// Prepares all windows, including later ones.
    pub(super) async fn begin(&self, setup: WindowSetup<'_>) -> Result<(), BrowserError> {
        self.change_environment(&Emulation::default(), setup)
            .await?;
        let preload = self.base.preload(Scrollbars::HiddenByBrowser, setup.clock);
        self.add_preload(&preload).await.map(drop)
    }

    /// The resources that the page in front does not have. Of those that are loading, only these kinds.
    pub(super) async fn missing_resources(
        &self,
        kinds: ResourceKinds,
    ) -> Result<MissingResources, BrowserError> {
        let asked = self.bidi.missing_resources(kinds);
        let asked = self.wire().within("session.status", COMMAND_LIMIT, asked);
        let (pending, failed) = asked.await?;
        Ok(MissingResources { pending, failed })
    }

    /// Whether the document of the window in front is being requested.
    pub(super) async fn is_navigating(&self) -> Result<bool, BrowserError> {
        let window = self.window_context().await?;
        let asked = self.bidi.is_navigating(&window);
        self.wire()
            .within("session.status", COMMAND_LIMIT, asked)
            .await
    }

    /// Sets exactly this viewport for the window in front.
    pub(super) async fn set_viewport(&self, viewport: Viewport) -> Result<(), BrowserError> {
        let params = json!({
            "context": self.window_context().await?,
            "viewport": { "width": viewport.width, "height": viewport.height },
            "devicePixelRatio": viewport.scale,
        });
        self.command(COMMAND_LIMIT, "browsingContext.setViewport", params)
            .await
            .map(drop)
    }

    /// Sets the clock of the pages, from the next page on.
    pub(super) async fn set_clock(&mut self, clock: Option<PageClock>) -> Result<(), BrowserError> {
        if let Some(script) = self.clock_script.take() {
            let params = json!({ "script": script });
            self.command(COMMAND_LIMIT, "script.removePreloadScript", params)
                .await?;
        }
        if let Some(clock) = clock {
            self.clock_script = Some(self.add_preload(&self.base.clock(clock)).await?);
        }
        Ok(())
    }

    /// Runs this source in every page from the next one on, before the page's own scripts. Returns the ID with which
    /// the script can be removed.
    async fn add_preload(&self, source: &str) -> Result<Value, BrowserError> {
        let function = format!("() => {{ {source}\n}}");
        let params = json!({ "functionDeclaration": function });
        let mut added = self
            .command(COMMAND_LIMIT, "script.addPreloadScript", params)
            .await?;
        Ok(added["script"].take())
    }

    /// Applies the settings for which there is no preference to all windows, including later ones. `before` has the
    /// previous settings.
    pub(super) async fn change_environment(
        &self,
        before: &Emulation,
        setup: WindowSetup<'_>,
    ) -> Result<(), BrowserError> {
        const USER_AGENT: &str = "emulation.setUserAgentOverride";
        const LOCALE: &str = "emulation.setLocaleOverride";
        const TIMEZONE: &str = "emulation.setTimezoneOverride";
        let now = setup.emulation();
        for (command, name, before, value) in [
            (USER_AGENT, "userAgent", &before.user_agent, now.user_agent),
            (LOCALE, "locale", &before.locale, now.locale),
            (TIMEZONE, "timezone", &before.timezone, now.timezone),
        ] {
            if *before != value {
                let params = json!({ "userContexts": EVERY_WINDOW, name: value });
                self.command(COMMAND_LIMIT, command, params).await?;
            }
        }
        Ok(())
    }

    /// Takes a PNG of the viewport, or of a box of the page. The page does not notice it.
    pub(super) async fn picture(
        &self,
        limit: Duration,
        area: Option<CssBox>,
    ) -> Result<Vec<u8>, BrowserError> {
        const COMMAND: &str = "browsingContext.captureScreenshot";
        let context = self.window_context().await?;
        let params = match area {
            None => json!({ "context": context, "origin": "viewport" }),
            Some(area) => json!({
                "context": context,
                "origin": "document",
                "clip": { "type": "box", "x": area.x, "y": area.y, "width": area.width, "height": area.height },
            }),
        };
        let answer = self.command(limit, COMMAND, params).await?;
        let data = answer["data"].as_str().unwrap_or_default();
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| BrowserError::nonsense(COMMAND, &error.to_string()))
    }

    pub(super) async fn change_cookies(
        &self,
        changes: CookieChanges<'_>,
        url: &str,
    ) -> Result<(), BrowserError> {
        const DELETE: &str = "storage.deleteCookies";
        let host = host_of(url);
        if changes.clear {
            self.command(COMMAND_LIMIT, DELETE, json!({})).await?;
        }
        for name in changes.delete {
            // A cookie may be set for this host alone, or for its subdomains too.
            for domain in [host.clone(), format!(".{host}")] {
                let filter = json!({ "filter": { "name": name.value(), "domain": domain } });
                self.command(COMMAND_LIMIT, DELETE, filter).await?;
            }
        }
        for cookie in changes.set {
            let cookie = json!({ "cookie": bidi_cookie(cookie, &host) });
            self.command(COMMAND_LIMIT, "storage.setCookie", cookie)
                .await?;
        }
        Ok(())
    }
}

fn bidi_cookie(cookie: &Cookie, host: &str) -> Value {
    json!({
        "name": cookie.name.value(),
        "value": { "type": "string", "value": cookie.value.value() },
        "domain": cookie.domain.as_ref().map_or(host, Text::value),
        "path": cookie.path.as_ref().map_or("/", Text::value),
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    })
}
