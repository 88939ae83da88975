//! Windows: their viewport, device, clock, scripts and the environment's settings. Chrome needs all of these again for
//! every window.

use std::sync::atomic::Ordering;

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};

use super::Chromium;
use crate::{
    browser::{
        engines::{
            chrome::{CLIPS_NOTHING, RENDERER_SETTINGS},
            common::WindowSetup,
        },
        error::BrowserError,
        options::PageClock,
        page::Scrollbars,
    },
    config::{ColorScheme, Emulation},
    spec::Viewport,
};

impl Chromium {
    /// Checks that the browser got the setting without which the lower part of a whole page would be blank: a wrapper
    /// script around the browser may have replaced it. A browser that does not tell its command line is trusted.
    pub(in crate::browser::engines) async fn check_switches(&self) -> Result<(), BrowserError> {
        const COMMAND: &str = "Browser.getBrowserCommandLine";
        let answer = match self.command(COMMAND, json!({})).await {
            Err(BrowserError::Refused { .. }) => return Ok(()),
            answer => answer?,
        };
        let arguments = answer["arguments"].as_array().into_iter().flatten();
        let arguments: Vec<&str> = arguments.filter_map(Value::as_str).collect();
        let mut settings = arguments.iter().rev();
        let settings = settings.find(|argument| argument.starts_with(RENDERER_SETTINGS));
        let is_ours = settings.is_some_and(|settings| settings.contains(CLIPS_NOTHING));
        if is_ours || arguments.is_empty() {
            return Ok(());
        }
        let found = settings.unwrap_or(&"no such switch");
        Err(BrowserError::refused(
            ErrorStatus::UnsupportedOperation,
            &format!(
                "the browser was started with `{found}` instead of the `{RENDERER_SETTINGS}{CLIPS_NOTHING}` that Twinshot \
                 asks for, without which the lower part of a page is blank; if a script around the browser sets it, write \
                 it under `capabilities` instead, where both are joined"
            ),
        ))
    }

    /// Adds our script to a window, for the page in front and all later pages, and applies the window's setup.
    pub(in crate::browser::engines) async fn enter_window(
        &self,
        setup: WindowSetup<'_>,
    ) -> Result<(), BrowserError> {
        self.command("Emulation.setScrollbarsHidden", json!({ "hidden": true }))
            .await?;
        let preload = self.base.preload(Scrollbars::HiddenByBrowser, setup.clock);
        self.add_preload(preload.clone()).await?;
        self.command("Runtime.evaluate", json!({ "expression": preload }))
            .await?;
        if setup.screen.device.touch {
            self.set_touch(true).await?;
        }
        self.set_emulation(&setup.emulation()).await
    }

    pub(in crate::browser::engines) async fn set_viewport(
        &self,
        viewport: Viewport,
        is_mobile: bool,
    ) -> Result<(), BrowserError> {
        let metrics = json!({
            "width": viewport.width,
            "height": viewport.height,
            "deviceScaleFactor": viewport.scale,
            "mobile": is_mobile,
        });
        self.command("Emulation.setDeviceMetricsOverride", metrics)
            .await
            .map(drop)
    }

    /// Changes from one device and its emulation to another.
    pub(in crate::browser::engines) async fn change_device(
        &self,
        before: WindowSetup<'_>,
        now: WindowSetup<'_>,
    ) -> Result<(), BrowserError> {
        let is_touched = now.screen.device.touch;
        if before.screen.device.touch != is_touched {
            self.set_touch(is_touched).await?;
        }
        let (before, now) = (before.emulation(), now.emulation());
        if before == now {
            return Ok(());
        }
        self.take_back(&before, &now).await?;
        self.set_emulation(&now).await
    }

    async fn set_touch(&self, is_on: bool) -> Result<(), BrowserError> {
        let params = json!({ "enabled": is_on });
        self.command("Emulation.setTouchEmulationEnabled", params)
            .await
            .map(drop)
    }

    /// Resets settings that are no longer asked for.
    async fn take_back(&self, before: &Emulation, now: &Emulation) -> Result<(), BrowserError> {
        let had_name = before.user_agent.is_some() || before.locale.is_some();
        let has_name = now.user_agent.is_some() || now.locale.is_some();
        let had_media = before.color_scheme.is_some() || before.reduced_motion.is_some();
        let has_media = now.color_scheme.is_some() || now.reduced_motion.is_some();
        let over: [(&'static str, Value, bool); 4] = [
            (
                "Emulation.setUserAgentOverride",
                json!({ "userAgent": "" }),
                had_name && !has_name,
            ),
            (
                "Emulation.setLocaleOverride",
                json!({}),
                before.locale.is_some() && now.locale.is_none(),
            ),
            (
                "Emulation.setTimezoneOverride",
                json!({ "timezoneId": "" }),
                before.timezone.is_some() && now.timezone.is_none(),
            ),
            (
                "Emulation.setEmulatedMedia",
                json!({ "features": [] }),
                had_media && !has_media,
            ),
        ];
        for (command, params, is_over) in over {
            if is_over {
                self.command(command, params).await?;
            }
        }
        Ok(())
    }

    /// Applies the wanted settings to the window in front, and leaves all others as they are.
    async fn set_emulation(&self, wanted: &Emulation) -> Result<(), BrowserError> {
        let Emulation {
            user_agent,
            locale,
            timezone,
            ..
        } = wanted;
        if user_agent.is_some() || locale.is_some() {
            self.set_user_agent(user_agent.as_deref(), locale.as_deref())
                .await?;
        }
        if let Some(locale) = locale {
            let set = self.command("Emulation.setLocaleOverride", json!({ "locale": locale }));
            unless_set_before(set.await)?;
        }
        if let Some(timezone) = timezone {
            let zone = json!({ "timezoneId": timezone });
            unless_set_before(self.command("Emulation.setTimezoneOverride", zone).await)?;
        }
        self.set_media(wanted).await
    }

    /// The user agent and the `Accept-Language` header are set by the same command.
    async fn set_user_agent(
        &self,
        user_agent: Option<&str>,
        locale: Option<&str>,
    ) -> Result<(), BrowserError> {
        let user_agent = match user_agent {
            Some(user_agent) => json!(user_agent),
            None => self.command("Browser.getVersion", json!({})).await?["userAgent"].clone(),
        };
        let mut params = json!({ "userAgent": user_agent });
        if let Some(locale) = locale {
            params["acceptLanguage"] = json!(locale);
        }
        self.command("Emulation.setUserAgentOverride", params)
            .await
            .map(drop)
    }

    async fn set_media(&self, wanted: &Emulation) -> Result<(), BrowserError> {
        let mut features = Vec::new();
        if let Some(scheme) = wanted.color_scheme {
            let value = match scheme {
                ColorScheme::Light => "light",
                ColorScheme::Dark => "dark",
            };
            features.push(json!({ "name": "prefers-color-scheme", "value": value }));
        }
        if let Some(reduced) = wanted.reduced_motion {
            let value = if reduced { "reduce" } else { "no-preference" };
            features.push(json!({ "name": "prefers-reduced-motion", "value": value }));
        }
        if features.is_empty() {
            return Ok(());
        }
        self.command(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await
        .map(drop)
    }

    /// Sets the clock of the pages, from the next page on. In the first window the clock has its own script, which can
    /// be removed.
    pub(in crate::browser::engines) async fn set_clock(
        &mut self,
        clock: Option<PageClock>,
    ) -> Result<(), BrowserError> {
        if let Some(script) = self.clock_script.take() {
            self.remove_preload(script).await?;
        }
        if let Some(clock) = clock {
            self.clock_script = Some(self.add_preload(self.base.clock(clock)).await?);
        }
        Ok(())
    }

    /// Runs this source in every page from the next one on, before the page's own scripts. Returns the ID with which
    /// the script can be removed.
    async fn add_preload(&self, source: String) -> Result<Value, BrowserError> {
        let params = json!({ "source": source });
        let mut added = self
            .command("Page.addScriptToEvaluateOnNewDocument", params)
            .await?;
        Ok(added["identifier"].take())
    }

    pub(super) async fn remove_preload(&self, script: Value) -> Result<(), BrowserError> {
        let params = json!({ "identifier": script });
        self.command("Page.removeScriptToEvaluateOnNewDocument", params)
            .await
            .map(drop)
    }

    /// Moves the pointer away. In headless Chromium it starts in the corner of the first page, and hovers over what is
    /// there.
    pub(in crate::browser::engines) async fn park_pointer(&self) -> Result<(), BrowserError> {
        if !self.is_pointer_parked.load(Ordering::Relaxed) {
            self.move_pointer_away().await?;
            self.is_pointer_parked.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    pub(super) async fn move_pointer_away(&self) -> Result<(), BrowserError> {
        let away = json!({ "type": "mouseMoved", "x": -10, "y": -10 });
        self.command("Input.dispatchMouseEvent", away)
            .await
            .map(drop)
    }
}

/// Accepts the refusal of a locale or time zone that is already set: windows of one process share them.
fn unless_set_before<T>(result: Result<T, BrowserError>) -> Result<(), BrowserError> {
    match result {
        Err(BrowserError::Refused { message, .. }) if message.contains("already in effect") => {
            Ok(())
        }
        other => other.map(drop),
    }
}
