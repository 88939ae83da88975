//! What the browser asked a server for and has not got yet. Of an image that only a style names, no page can tell.

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    engine::Engine,
    error::BrowserError,
    find::POLL,
    session::{COMMAND_LIMIT, Session},
    shoot::ShotTimes,
};
use crate::capture::Awaited;

impl Session {
    /// Waits until all images, fonts and style sheets have arrived, except those that were waited for in vain before.
    /// Returns whether something arrived; what has not by the `deadline` is overdue.
    pub(super) async fn wait_for_arrivals(
        &self,
        deadline: Instant,
        times: &mut ShotTimes,
    ) -> Result<bool, BrowserError> {
        let began = Instant::now();
        let mut most = 0;
        let is_late = loop {
            let mut arriving = self.arriving().await?;
            arriving.retain(|url| !self.overdue.contains(url) && !times.overdue.contains(url));
            most = most.max(arriving.len());
            if arriving.is_empty() {
                break false;
            }
            if Instant::now() >= deadline {
                times.overdue.append(&mut arriving);
                break true;
            }
            tokio::time::sleep(POLL).await;
        };
        if most > 0 {
            let count = u32::try_from(most).unwrap_or(u32::MAX);
            times.add_wait_for(Awaited::Images, count, began.elapsed());
        }
        Ok(most > 0 && !is_late)
    }

    /// The addresses of the images, fonts and style sheets that the page in front still waits for.
    async fn arriving(&self) -> Result<Vec<String>, BrowserError> {
        const COMMAND: &str = "Page.getResourceTree";
        let tree = match &self.engine {
            Engine::Chrome => self.cdp(COMMAND, json!({})).await?,
            Engine::WebKit(webkit) => {
                self.inspect(webkit, COMMAND_LIMIT, COMMAND, json!({}))
                    .await?
            }
            Engine::Firefox(bidi) => return bidi.arriving().await,
        };
        let mut urls = Vec::new();
        add_arriving(&tree["frameTree"], &mut urls);
        Ok(urls)
    }
}

/// Adds what a frame and the frames in it have asked for and got no answer to.
fn add_arriving(frame: &Value, urls: &mut Vec<String>) {
    let list = |key: &str| frame[key].as_array().into_iter().flatten();
    let arriving = list("resources").filter(|resource| is_arriving(resource));
    urls.extend(arriving.filter_map(|resource| resource["url"].as_str().map(str::to_owned)));
    for child in list("childFrames") {
        add_arriving(child, urls);
    }
}

/// An answer has a type, if only of its own making.
fn is_arriving(resource: &Value) -> bool {
    let is = |key: &str| resource[key] == json!(true);
    let is_seen = matches!(
        resource["type"].as_str(),
        Some("Image" | "Font" | "Stylesheet" | "StyleSheet")
    );
    is_seen && resource["mimeType"] == "" && !is("failed") && !is("canceled")
}
