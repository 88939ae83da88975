//! Takes pictures. The switch `CLIPS_NOTHING` in `engines/chrome.rs` has the browser draw the page beyond its view, so that
//! a picture larger than that resizes nothing and the page does not notice it.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::Chromium;
use crate::browser::{error::BrowserError, picture::CssBox};

impl Chromium {
    pub(in crate::browser::engines) async fn picture(
        &self,
        limit: Duration,
        area: Option<CssBox>,
    ) -> Result<Vec<u8>, BrowserError> {
        const COMMAND: &str = "Page.captureScreenshot";
        let mut params = json!({ "format": "png", "optimizeForSpeed": true });
        if let Some(area) = area {
            params["clip"] = json!({
                "x": area.x, "y": area.y, "width": area.width, "height": area.height, "scale": 1,
            });
        }
        let mut answer = self.command_within(limit, COMMAND, params).await?;
        let Value::String(data) = answer["data"].take() else {
            return Err(BrowserError::nonsense(COMMAND, "there is no picture in it"));
        };
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| BrowserError::nonsense(COMMAND, &error.to_string()))
    }
}
