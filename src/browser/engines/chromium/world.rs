//! Runs scripts: ours in an isolated world, which the page's scripts can neither see nor change, and the flow's in the
//! page's world.

use std::{
    sync::{MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};

use super::Chromium;
use crate::browser::{engines::common::Patience, error::BrowserError, page};

/// Worlds are numbered from 1.
pub(super) const NO_WORLD: i64 = 0;
/// How long to wait for a page's next two frames, in milliseconds. After that the page counts as one that draws no
/// frames.
const FRAMES_MS: u32 = 100;

impl Chromium {
    /// Runs one of our functions in the top document.
    pub(in crate::browser::engines) async fn run(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        let patience = Patience::of(limit);
        loop {
            let answer = self.run_once(limit, function, argument).await;
            if !patience.should_retry(&answer).await {
                return answer;
            }
        }
    }

    async fn run_once(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        let name = &self.base.name;
        let call = format!("const {{ {function} }} = ours;\nreturn {function}({argument}); }})()");
        let known = self.world.swap(NO_WORLD, Ordering::Relaxed);
        if known != NO_WORLD {
            let ours =
                format!("const ours = globalThis[\"{name}\"]; if (!ours) return \"{name}\";");
            let expression = format!("(() => {{ {ours}\n{call}");
            match self.evaluate_in(known, limit, expression).await {
                Err(error) if is_about_a_world(&error) => {}
                // The world of another document has this number now.
                Ok(answer) if answer == json!(name) => {}
                Ok(answer) => {
                    self.world.store(known, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => return Err(error),
            }
        }
        let world = self.new_world().await?;
        let library = page::library(name, FRAMES_MS);
        let expression = format!("(() => {{ {library}\n{call}");
        let answer = self.evaluate_in(world, limit, expression).await?;
        self.world.store(world, Ordering::Relaxed);
        Ok(answer)
    }

    /// Forgets the old document's world after a navigation.
    pub(in crate::browser::engines) fn leave_world(&self) {
        self.world.store(NO_WORLD, Ordering::Relaxed);
    }

    /// The number of our world in the top document. Creates the world if there is none.
    async fn new_world(&self) -> Result<i64, BrowserError> {
        let known = self.main_frame().clone();
        if let Some(frame) = known {
            match self.world_in(&frame).await {
                // Another window may be in front now.
                Err(error) if !error.is_fatal() => {}
                made => return made,
            }
        }
        let mut tree = self.command("Page.getFrameTree", json!({})).await?;
        let frame = tree["frameTree"]["frame"]["id"].take();
        let world = self.world_in(&frame).await?;
        *self.main_frame() = Some(frame);
        Ok(world)
    }

    fn main_frame(&self) -> MutexGuard<'_, Option<Value>> {
        self.main_frame
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn world_in(&self, frame: &Value) -> Result<i64, BrowserError> {
        const COMMAND: &str = "Page.createIsolatedWorld";
        let world = json!({ "frameId": frame, "worldName": "twinshot" });
        let world = self.command(COMMAND, world).await?;
        let number = world["executionContextId"].as_i64();
        number.ok_or_else(|| BrowserError::nonsense(COMMAND, "there is no number in it"))
    }

    async fn evaluate_in(
        &self,
        world: i64,
        limit: Duration,
        expression: String,
    ) -> Result<Value, BrowserError> {
        let evaluation = json!({
            "expression": expression,
            "contextId": world,
            "awaitPromise": true,
            "returnByValue": true,
        });
        let answer = self
            .command_within(limit, "Runtime.evaluate", evaluation)
            .await?;
        Ok(returned(&answer)?["value"].clone())
    }

    /// Runs the source as a script of the page: its declarations are global. The page's CSP does not block it.
    pub(in crate::browser::engines) async fn inject(
        &self,
        source: &str,
    ) -> Result<(), BrowserError> {
        let evaluation =
            json!({ "expression": source, "awaitPromise": false, "returnByValue": false });
        let limit = self.wire().page_limit();
        let answer = self
            .command_within(limit, "Runtime.evaluate", evaluation)
            .await?;
        returned(&answer).map(drop)
    }
}

/// The script's result, or the error that it threw.
fn returned(answer: &Value) -> Result<&Value, BrowserError> {
    match answer.get("exceptionDetails") {
        None => Ok(&answer["result"]),
        Some(details) => Err(BrowserError::Refused {
            status: ErrorStatus::JavascriptError,
            message: exception_text(details),
        }),
    }
}

fn exception_text(details: &Value) -> String {
    details["exception"]["description"]
        .as_str()
        .or_else(|| details["text"].as_str())
        .unwrap_or("the script failed")
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Whether the error means that the world of the script is gone. Chromedriver reports that as a timeout, immediately
/// and without a message; for a real timeout it says what it waited for.
fn is_about_a_world(error: &BrowserError) -> bool {
    let BrowserError::Refused { status, message } = error else {
        return false;
    };
    message.contains("Cannot find context")
        || (*status == ErrorStatus::Timeout && message == "timeout")
}
