//! Firefox: its preferences, and what it gives through WebDriver BiDi — exact viewports, pictures of any
//! area, and a sandbox for our own functions.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fantoccini::{Client, error::ErrorStatus};
use serde_json::{Map, Value, json};

use super::{
    bidi::Bidi,
    driver::Launcher,
    error::BrowserError,
    session::{COMMAND_LIMIT, Session},
    shoot::CssBox,
};
use crate::{
    config::{Browser, ColorScheme, Emulation},
    spec::Viewport,
};

/// How often it is looked whether a script can still come to its end.
const PAUSE: Duration = Duration::from_millis(200);
/// Why it cannot.
pub(super) const DEPARTED: &str = "the document went away while a script ran in it";
/// The key under which WebDriver sends a frame.
const FRAME_KEY: &str = "frame-075b-4da1-b6ba-e579c2d3230a";
/// What all windows of a session belong to, those too that are not open yet.
const EVERY_WINDOW: [&str; 1] = ["default"];

/// Opens the session's second channel.
pub(super) async fn connect(client: &Client) -> Result<Bidi, BrowserError> {
    let capabilities = client.capabilities();
    let url = capabilities
        .as_ref()
        .and_then(|all| all.get("webSocketUrl"));
    let Some(url) = url.and_then(Value::as_str) else {
        let reason = "it offers no WebDriver BiDi (`webSocketUrl`)";
        return Err(BrowserError::nonsense("new session", reason));
    };
    let bidi = Bidi::connect(url).await?;
    let watched = tokio::time::timeout(COMMAND_LIMIT, bidi.watch_arrivals()).await;
    watched.map_err(|_| BrowserError::Deadline {
        command: "session.subscribe",
        limit: COMMAND_LIMIT,
    })??;
    Ok(bidi)
}

/// The capabilities that only Firefox has.
pub(super) fn options(launcher: &Launcher, emulation: &Emulation) -> Value {
    let arguments: &[&str] = if launcher.is_headed() {
        &[]
    } else {
        &["-headless"]
    };
    let mut options = json!({ "args": arguments, "prefs": preferences(launcher, emulation) });
    if let Some(binary) = launcher.binary(Browser::Firefox) {
        options["binary"] = json!(binary);
    }
    options
}

fn preferences(launcher: &Launcher, emulation: &Emulation) -> Map<String, Value> {
    let mut all: Map<String, Value> = QUIET_PREFERENCES
        .iter()
        .map(|&(name, value)| (name.to_owned(), json!(value)))
        .collect();
    for name in SWITCHED_OFF {
        all.insert((*name).to_owned(), json!(false));
    }
    for name in SWITCHED_ON {
        all.insert((*name).to_owned(), json!(true));
    }
    if !launcher.has_moving_images() {
        all.insert("image.animation_mode".to_owned(), json!("none"));
    }
    if let Some(scheme) = emulation.color_scheme {
        let number = match scheme {
            ColorScheme::Dark => 0,
            ColorScheme::Light => 1,
        };
        let name = "layout.css.prefers-color-scheme.content-override";
        all.insert(name.to_owned(), json!(number));
    }
    if let Some(reduced) = emulation.reduced_motion {
        let name = "ui.prefersReducedMotion";
        all.insert(name.to_owned(), json!(i32::from(reduced)));
    }
    all
}

/// Keep the browser from talking to anyone, from asking anything, and from drawing by taste or by time.
const QUIET_PREFERENCES: &[(&str, i32)] = &[
    ("browser.startup.page", 0),
    ("layout.spellcheckDefault", 0),
    ("network.dns.disablePrefetch", 1),
    ("network.http.speculative-parallel-limit", 0),
    // A user and a password in a URL are asked about otherwise.
    ("network.http.phishy-userpass-length", 255),
    ("ui.caretBlinkTime", 0),
    ("ui.scrollbarFadeBeginDelay", 0),
    ("ui.scrollbarFadeDuration", 0),
    // Scrollbars that take no room, as nowhere in our pictures.
    ("ui.useOverlayScrollbars", 1),
];

const SWITCHED_OFF: &[&str] = &[
    "app.normandy.enabled",
    "app.update.auto",
    "browser.aboutwelcome.enabled",
    "browser.discovery.enabled",
    "browser.formfill.enable",
    "browser.newtabpage.enabled",
    "browser.safebrowsing.blockedURIs.enabled",
    "browser.safebrowsing.downloads.enabled",
    "browser.safebrowsing.malware.enabled",
    "browser.safebrowsing.phishing.enabled",
    "browser.search.update",
    "browser.shell.checkDefaultBrowser",
    "browser.translations.enable",
    "datareporting.healthreport.uploadEnabled",
    "datareporting.policy.dataSubmissionEnabled",
    "dom.push.connection.enabled",
    "extensions.getAddons.cache.enabled",
    "extensions.update.enabled",
    // What scrolls smoothly out of view stops wherever it is.
    "general.smoothScroll",
    "media.gmp-manager.updateEnabled",
    "messaging-system.rsexperimentloader.enabled",
    "network.captive-portal-service.enabled",
    "network.connectivity-service.enabled",
    "network.predictor.enabled",
    "network.prefetch-next",
    // Two loads of one page are told apart by when they began.
    "privacy.reduceTimerPrecision",
    "signon.autofillForms",
    "signon.rememberSignons",
    "toolkit.telemetry.enabled",
];

const SWITCHED_ON: &[&str] = &[
    "gfx.color_management.force_srgb",
    "widget.gtk.overlay-scrollbars.enabled",
];

impl Session {
    /// A command of WebDriver BiDi, with a deadline of its own.
    pub(super) async fn bidi(
        &self,
        bidi: &Bidi,
        limit: Duration,
        method: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        let answer = bidi.command(method, &params);
        self.within(method, limit, answer).await
    }

    /// The window in front, or the frame of it that the flow is in, as BiDi calls it.
    async fn context(&self) -> Result<String, BrowserError> {
        if self.frame_depth == 0 {
            return self.window_context().await;
        }
        let window = self.client.execute("return window;", Vec::new());
        let window = self.call("execute", COMMAND_LIMIT, window).await?;
        let frame = window[FRAME_KEY].as_str().map(str::to_owned);
        frame.ok_or_else(|| BrowserError::nonsense("execute", "the frame has no name"))
    }

    /// The window in front, whatever frame of it the flow is in.
    async fn window_context(&self) -> Result<String, BrowserError> {
        let window = self.call("window", COMMAND_LIMIT, self.client.window());
        Ok(String::from(window.await?))
    }

    /// A call of one of our functions in the top document's sandbox: what a page puts in the place of the
    /// browser's own functions is not seen there, and what we keep there is not seen by the page.
    pub(super) async fn in_sandbox(
        &self,
        bidi: &Bidi,
        limit: Duration,
        body: &str,
    ) -> Result<Value, BrowserError> {
        self.check_dialog().await?;
        let function = format!("async () => {{ {body} }}");
        let call = json!({
            "functionDeclaration": format!("async () => JSON.stringify((await ({function})()) ?? null)"),
            "awaitPromise": true,
            "target": { "context": self.window_context().await?, "sandbox": "twinshot" },
        });
        let answer = self.call_function(bidi, limit, call).await?;
        let text = answer["value"].as_str().unwrap_or("null");
        serde_json::from_str(text)
            .map_err(|error| BrowserError::nonsense("script.callFunction", &error.to_string()))
    }

    /// Runs a function's body in the page's own world, in the flow's frame; `arguments` is an array.
    pub(super) async fn in_page_world(
        &self,
        bidi: &Bidi,
        limit: Duration,
        script: &str,
        arguments: &[Value],
    ) -> Result<Value, BrowserError> {
        self.check_dialog().await?;
        let arguments = Value::from(arguments.to_vec());
        let call = json!({
            "functionDeclaration": format!("function () {{ return (function () {{ {script}\n}}).apply(window, {arguments}); }}"),
            "awaitPromise": true,
            "target": { "context": self.context().await? },
            "userActivation": true,
        });
        self.call_function(bidi, limit, call).await
    }

    /// As a script of the page would run: what it declares is global.
    pub(super) async fn run_as_page_script(
        &self,
        bidi: &Bidi,
        limit: Duration,
        source: &str,
    ) -> Result<(), BrowserError> {
        let evaluation = json!({
            "expression": source,
            "awaitPromise": false,
            "target": { "context": self.context().await? },
            "serializationOptions": { "maxObjectDepth": 0 },
        });
        let answer = self
            .bidi(bidi, limit, "script.evaluate", evaluation)
            .await?;
        returned(answer).map(drop)
    }

    /// A dialog stops the page's scripts and ours; that is told at once, as chromedriver does. Nor does
    /// Firefox ever answer for a document that went away.
    async fn call_function(
        &self,
        bidi: &Bidi,
        limit: Duration,
        call: Value,
    ) -> Result<Value, BrowserError> {
        const COMMAND: &str = "script.callFunction";
        let context = call["target"]["context"].clone();
        let document = self.realm(bidi, &context).await?;
        let sent = self
            .within(COMMAND, limit, bidi.send(COMMAND, &call))
            .await?;
        let answer = async {
            loop {
                match tokio::time::timeout(PAUSE, bidi.answer(&sent)).await {
                    Ok(answer) => return returned(answer?),
                    Err(_) => self.check_dialog().await?,
                }
                if self.realm(bidi, &context).await? != document {
                    return Err(BrowserError::refused(
                        ErrorStatus::JavascriptError,
                        DEPARTED,
                    ));
                }
            }
        };
        let answer = self.within(COMMAND, limit, answer).await;
        bidi.forget(sent).await;
        answer.map_err(departed)
    }

    /// What tells the document of a window or frame from all others.
    async fn realm(&self, bidi: &Bidi, context: &Value) -> Result<Value, BrowserError> {
        let params = json!({ "context": context, "type": "window" });
        let mut answer = self
            .bidi(bidi, COMMAND_LIMIT, "script.getRealms", params)
            .await?;
        let realms = answer["realms"].as_array_mut();
        let mut realms = realms.into_iter().flatten();
        let own = realms.find(|realm| realm["sandbox"].is_null());
        Ok(own.map(|realm| realm["realm"].take()).unwrap_or_default())
    }

    /// A dialog that is open stops every script.
    pub(super) async fn check_dialog(&self) -> Result<(), BrowserError> {
        let text = self.client.get_alert_text();
        match self.call("alert", COMMAND_LIMIT, text).await {
            Err(error) if error.is(ErrorStatus::NoSuchAlert) => Ok(()),
            Err(error) => Err(error),
            Ok(text) => Err(BrowserError::refused(
                ErrorStatus::UnexpectedAlertOpen,
                &format!("a dialog is open: {text}"),
            )),
        }
    }

    /// Gives the window in front exactly this viewport.
    pub(super) async fn set_firefox_viewport(
        &self,
        bidi: &Bidi,
        viewport: Viewport,
    ) -> Result<(), BrowserError> {
        let params = json!({
            "context": self.window_context().await?,
            "viewport": { "width": viewport.width, "height": viewport.height },
            "devicePixelRatio": viewport.scale,
        });
        self.bidi(bidi, COMMAND_LIMIT, "browsingContext.setViewport", params)
            .await
            .map(drop)
    }

    /// Lets this source run in every page from the next one on, before the page's own scripts. What is returned takes it
    /// away again.
    pub(super) async fn add_firefox_preload(
        &self,
        bidi: &Bidi,
        source: &str,
    ) -> Result<Value, BrowserError> {
        let function = format!("() => {{ {source}\n}}");
        let params = json!({ "functionDeclaration": function });
        let mut added = self
            .bidi(bidi, COMMAND_LIMIT, "script.addPreloadScript", params)
            .await?;
        Ok(added["script"].take())
    }

    pub(super) async fn remove_firefox_preload(
        &self,
        bidi: &Bidi,
        script: &Value,
    ) -> Result<(), BrowserError> {
        let params = json!({ "script": script });
        self.bidi(bidi, COMMAND_LIMIT, "script.removePreloadScript", params)
            .await
            .map(drop)
    }

    /// What is asked for and no preference gives, for every window that there will be; `before` is what it was.
    pub(super) async fn set_firefox_environment(
        &self,
        bidi: &Bidi,
        before: &Emulation,
    ) -> Result<(), BrowserError> {
        const USER_AGENT: &str = "emulation.setUserAgentOverride";
        const LOCALE: &str = "emulation.setLocaleOverride";
        const TIMEZONE: &str = "emulation.setTimezoneOverride";
        let now = self.emulation();
        for (command, name, before, value) in [
            (USER_AGENT, "userAgent", &before.user_agent, now.user_agent),
            (LOCALE, "locale", &before.locale, now.locale),
            (TIMEZONE, "timezone", &before.timezone, now.timezone),
        ] {
            if *before != value {
                let params = json!({ "userContexts": EVERY_WINDOW, name: value });
                self.bidi(bidi, COMMAND_LIMIT, command, params).await?;
            }
        }
        Ok(())
    }

    /// A PNG of the viewport, or of a box of the page, which takes no notice of it.
    pub(super) async fn firefox_picture(
        &self,
        bidi: &Bidi,
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
        let answer = self.bidi(bidi, limit, COMMAND, params).await?;
        let data = answer["data"].as_str().unwrap_or_default();
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| BrowserError::nonsense(COMMAND, &error.to_string()))
    }
}

/// Where Firefox does answer for a document that went away, it speaks of its own workings.
fn departed(error: BrowserError) -> BrowserError {
    match &error {
        BrowserError::Refused { message, .. } if message.contains("destroyed before query") => {
            BrowserError::refused(ErrorStatus::JavascriptError, DEPARTED)
        }
        _ => error,
    }
}

/// What a script gave, or what it threw.
fn returned(mut answer: Value) -> Result<Value, BrowserError> {
    if answer["type"] == json!("success") {
        return Ok(answer["result"].take());
    }
    let text = answer["exceptionDetails"]["text"].as_str();
    let text = text.unwrap_or("the script failed");
    Err(BrowserError::refused(ErrorStatus::JavascriptError, text))
}
