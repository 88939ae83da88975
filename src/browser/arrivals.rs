//! What the browser asked a server for and has not got yet. Of an image that only a style names, no page can tell.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

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
    /// Returns whether there was anything to wait for; it takes its time from what is `left`, and what has not arrived
    /// by then is overdue.
    pub(super) async fn wait_for_arrivals(
        &self,
        left: &mut Duration,
        times: &mut ShotTimes,
    ) -> Result<bool, BrowserError> {
        if left.is_zero() {
            return Ok(false);
        }
        let began = Instant::now();
        let mut most = 0;
        loop {
            let mut arriving = self.arriving().await?;
            arriving.retain(|url| !self.overdue.contains(url) && !times.overdue.contains(url));
            most = most.max(arriving.len());
            if began.elapsed() >= *left {
                times.overdue.append(&mut arriving);
            }
            if arriving.is_empty() {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        if most == 0 {
            return Ok(false);
        }
        *left = left.saturating_sub(began.elapsed());
        let count = u32::try_from(most).unwrap_or(u32::MAX);
        times.add_wait_for(Awaited::Images, count, began.elapsed());
        Ok(true)
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
            Engine::Firefox(bidi) => {
                let asked = bidi.arriving();
                return self.within("session.status", COMMAND_LIMIT, asked).await;
            }
        };
        let mut urls = BTreeSet::new();
        add_arriving(&tree["frameTree"], &mut urls);
        if urls.is_empty() {
            return Ok(Vec::new());
        }
        // An answer without anything in it looks the same in the tree as none.
        let argument = json!({ "urls": urls });
        let left = self
            .in_page(COMMAND_LIMIT, "notAnswered", &argument)
            .await?;
        let left = left.as_array().into_iter().flatten();
        Ok(left
            .filter_map(|url| url.as_str().map(str::to_owned))
            .collect())
    }
}

/// Adds what a frame and the frames in it have asked for and not got.
fn add_arriving(frame: &Value, urls: &mut BTreeSet<String>) {
    let list = |key: &str| frame[key].as_array().into_iter().flatten();
    let arriving = list("resources").filter(|resource| is_arriving(resource));
    urls.extend(arriving.filter_map(|resource| resource["url"].as_str().map(str::to_owned)));
    for child in list("childFrames") {
        add_arriving(child, urls);
    }
}

/// An answer that has begun has a type, and one that has ended a size; WebKit tells of the first only.
fn is_arriving(resource: &Value) -> bool {
    let is = |key: &str| resource[key] == json!(true);
    let is_seen = matches!(
        resource["type"].as_str(),
        Some("Image" | "Font" | "Stylesheet" | "StyleSheet")
    );
    let is_open = resource["mimeType"] == "" || resource["contentSize"] == 0;
    let url = resource["url"].as_str().unwrap_or_default();
    // What is part of its own address is there, but has no size.
    let is_asked_for = !url.starts_with("data:") && !url.starts_with("blob:");
    is_seen && is_open && is_asked_for && !is("failed") && !is("canceled")
}
