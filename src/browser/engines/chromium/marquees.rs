//! Hands marquees over to our page functions: Chromium moves their text in a shadow tree that no script can reach.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::Chromium;
use crate::browser::error::BrowserError;

impl Chromium {
    /// Stops the marquees of a page that has settled. One that goes away meanwhile is left as it is.
    pub(in crate::browser::engines) async fn stop_marquees(&self) -> Result<(), BrowserError> {
        match self.stop_all_marquees().await {
            Err(error) if !error.is_fatal() => Ok(()),
            stopped => stopped,
        }
    }

    async fn stop_all_marquees(&self) -> Result<(), BrowserError> {
        let name = &self.base.name;
        let world = self.world.load(Ordering::Relaxed);
        let list = self
            .command(
                "Runtime.evaluate",
                json!({ "expression": format!("globalThis[\"{name}\"].movingMarquees()"), "contextId": world }),
            )
            .await?;
        let elements = json!({ "objectId": list["result"]["objectId"], "ownProperties": true });
        let elements = self.command("Runtime.getProperties", elements).await?;
        for element in elements["result"].as_array().into_iter().flatten() {
            let object = &element["value"]["objectId"];
            if element["enumerable"] == true && object.is_string() {
                self.stop_marquee(object, world).await?;
            }
        }
        Ok(())
    }

    async fn stop_marquee(&self, element: &Value, world: i64) -> Result<(), BrowserError> {
        let described = json!({ "objectId": element });
        let described = self.command("DOM.describeNode", described).await?;
        let tree = &described["node"]["shadowRoots"][0]["backendNodeId"];
        if !tree.is_number() {
            return Ok(());
        }
        let tree = json!({ "backendNodeId": tree, "executionContextId": world });
        let tree = self.command("DOM.resolveNode", tree).await?;
        let name = &self.base.name;
        let stop = json!({
            "objectId": tree["object"]["objectId"],
            "functionDeclaration": format!("function () {{ globalThis[\"{name}\"].stopMarquee(this); }}"),
        });
        self.command("Runtime.callFunctionOn", stop).await.map(drop)
    }
}
