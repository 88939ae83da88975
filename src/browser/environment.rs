//! What an environment's browser is to be: its name, language, time zone and the colours that it prefers.
//! One place for all of it in Chrome, where every window needs it anew; `firefox.rs` has Firefox's.

use serde_json::json;

use super::{error::BrowserError, session::Session};
use crate::config::{ColorScheme, Emulation};

impl Session {
    /// Makes the window in front what the environment asks for. What is not asked for is left alone.
    pub(super) async fn apply_environment(&self) -> Result<(), BrowserError> {
        let Emulation {
            user_agent,
            locale,
            timezone,
            ..
        } = self.emulation();
        if user_agent.is_some() || locale.is_some() {
            self.set_user_agent(user_agent.as_deref(), locale.as_deref())
                .await?;
        }
        if let Some(locale) = &locale {
            let set = self.cdp("Emulation.setLocaleOverride", json!({ "locale": locale }));
            unless_set_before(set.await)?;
        }
        if let Some(timezone) = timezone {
            let zone = json!({ "timezoneId": timezone });
            unless_set_before(self.cdp("Emulation.setTimezoneOverride", zone).await)?;
        }
        self.set_media().await
    }

    /// The language that is sent along belongs to the same command as the browser's name.
    async fn set_user_agent(
        &self,
        user_agent: Option<&str>,
        locale: Option<&str>,
    ) -> Result<(), BrowserError> {
        let user_agent = match user_agent {
            Some(user_agent) => json!(user_agent),
            None => self.cdp("Browser.getVersion", json!({})).await?["userAgent"].clone(),
        };
        let mut params = json!({ "userAgent": user_agent });
        if let Some(locale) = locale {
            params["acceptLanguage"] = json!(locale);
        }
        self.cdp("Emulation.setUserAgentOverride", params)
            .await
            .map(drop)
    }

    async fn set_media(&self) -> Result<(), BrowserError> {
        let Emulation {
            color_scheme,
            reduced_motion,
            ..
        } = self.emulation();
        let mut features = Vec::new();
        if let Some(scheme) = color_scheme {
            let value = match scheme {
                ColorScheme::Light => "light",
                ColorScheme::Dark => "dark",
            };
            features.push(json!({ "name": "prefers-color-scheme", "value": value }));
        }
        if let Some(reduced) = reduced_motion {
            let value = if reduced { "reduce" } else { "no-preference" };
            features.push(json!({ "name": "prefers-reduced-motion", "value": value }));
        }
        if features.is_empty() {
            return Ok(());
        }
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await
        .map(drop)
    }
}

/// Windows of one process share locale and time zone, and the second one to ask is refused what it has.
fn unless_set_before<T>(result: Result<T, BrowserError>) -> Result<(), BrowserError> {
    match result {
        Err(BrowserError::Refused { message, .. }) if message.contains("already in effect") => {
            Ok(())
        }
        other => other.map(drop),
    }
}
