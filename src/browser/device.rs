//! What a viewport asks of the browser beside its size, and how a session goes from one viewport's flow to another's:
//! what the next one does not ask for is the browser's own again.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{engine::Engine, error::BrowserError, session::Session};
use crate::{
    config::{Device, Emulation, NamedViewport},
    spec::Viewport,
};

/// A viewport and what is seen through it; cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Screen {
    pub(super) viewport: Viewport,
    pub(super) device: Arc<Device>,
}

impl From<&NamedViewport> for Screen {
    fn from(named: &NamedViewport) -> Self {
        Self {
            viewport: named.viewport,
            device: Arc::clone(&named.device),
        }
    }
}

impl Session {
    /// The viewport as it is now, and the device.
    pub(super) fn screen(&self) -> Screen {
        Screen {
            viewport: self.viewport,
            device: Arc::clone(&self.device),
        }
    }

    /// What the browser is to be: the viewport's wishes before the environment's.
    pub(super) fn emulation(&self) -> Emulation {
        self.device.emulation.or(&self.options.emulation)
    }

    /// Makes the window in front this screen.
    pub(super) async fn turn_to(&mut self, screen: &Screen) -> Result<(), BrowserError> {
        if self.screen() == *screen {
            return Ok(());
        }
        let (before, had_touch) = (self.emulation(), self.device.touch);
        self.device = Arc::clone(&screen.device);
        self.viewport = screen.viewport;
        self.apply_viewport(screen.viewport).await?;
        if had_touch != self.device.touch {
            self.apply_touch().await?;
        }
        if before == self.emulation() {
            return Ok(());
        }
        if let Engine::Firefox(bidi) = &self.engine {
            return self.set_firefox_environment(bidi, &before).await;
        }
        self.take_back(&before).await?;
        self.apply_environment().await
    }

    /// Only Chrome has it; for others validation refuses it.
    pub(super) async fn apply_touch(&self) -> Result<(), BrowserError> {
        let params = json!({ "enabled": self.device.touch });
        self.cdp("Emulation.setTouchEmulationEnabled", params)
            .await
            .map(drop)
    }

    /// Takes back what was asked for and is not any more.
    async fn take_back(&self, before: &Emulation) -> Result<(), BrowserError> {
        let now = self.emulation();
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
                self.cdp(command, params).await?;
            }
        }
        Ok(())
    }
}
