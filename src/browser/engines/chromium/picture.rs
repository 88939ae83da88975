//! Takes pictures. The switch `CLIPS_NOTHING` in `engines/chrome.rs` has the browser draw the page beyond its view, so that
//! a picture larger than that resizes nothing and the page does not notice it.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::Chromium;
use crate::browser::{error::BrowserError, picture::PhotographedArea};

impl Chromium {
    pub(in crate::browser::engines) async fn picture(
        &self,
        limit: Duration,
        area: &PhotographedArea,
    ) -> Result<Vec<u8>, BrowserError> {
        const COMMAND: &str = "Page.captureScreenshot";
        let mut params = json!({ "format": "png", "optimizeForSpeed": true });
        if let Some(part) = area.page {
            // Here a page begins at zero also if it is written from right to left.
            let (first_x, first_y) = area.origin;
            params["clip"] = json!({
                "x": part.x - first_x, "y": part.y - first_y, "width": part.width, "height": part.height, "scale": 1,
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
