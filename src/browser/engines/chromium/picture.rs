//! Takes pictures. For a picture larger than the viewport the browser enlarges its view for a moment. This is hidden
//! from the page, so that the page does not react.

use std::{sync::atomic::Ordering, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::Chromium;
use crate::browser::{error::BrowserError, picture::CssBox, wire::COMMAND_LIMIT};

impl Chromium {
    pub(in crate::browser::engines) async fn picture(
        &self,
        limit: Duration,
        area: Option<CssBox>,
    ) -> Result<Vec<u8>, BrowserError> {
        let Some(area) = area else {
            let params = json!({ "format": "png", "optimizeForSpeed": true });
            return self.capture(limit, params).await;
        };
        self.hide_window(true).await?;
        let picture = self
            .capture(
                limit,
                json!({
                    "format": "png",
                    "optimizeForSpeed": true,
                    "captureBeyondViewport": true,
                    "clip": { "x": area.x, "y": area.y, "width": area.width, "height": area.height, "scale": 1 },
                }),
            )
            .await;
        // Hiding ends in the page's next frames. Nothing waits for these here.
        let shown = self.hide_window(false).await;
        let picture = picture?;
        shown?;
        Ok(picture)
    }

    async fn capture(&self, limit: Duration, params: Value) -> Result<Vec<u8>, BrowserError> {
        const COMMAND: &str = "Page.captureScreenshot";
        let mut answer = self.command_within(limit, COMMAND, params).await?;
        let Value::String(data) = answer["data"].take() else {
            return Err(BrowserError::nonsense(COMMAND, "there is no picture in it"));
        };
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| BrowserError::nonsense(COMMAND, &error.to_string()))
    }

    /// Hides resizes from the page's scripts from now on, or shows them again.
    async fn hide_window(&self, is_hidden: bool) -> Result<(), BrowserError> {
        self.is_window_hidden.store(true, Ordering::Relaxed);
        let argument = json!({ "on": is_hidden });
        self.run(COMMAND_LIMIT, "hideResize", &argument)
            .await
            .map(drop)
    }

    pub(in crate::browser::engines) async fn wait_for_end_of_picture(
        &self,
    ) -> Result<(), BrowserError> {
        if !self.is_window_hidden.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        self.run(COMMAND_LIMIT, "waitUntilResizeShown", &json!(null))
            .await
            .map(drop)
    }
}
