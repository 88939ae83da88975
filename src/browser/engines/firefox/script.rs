//! Runs scripts: ours in a sandbox, and the flow's in the page's own world.

use std::time::Duration;

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};

use super::Firefox;
use crate::browser::{
    engines::common::Patience,
    error::{BrowserError, DEPARTED},
    page,
    wire::COMMAND_LIMIT,
};

/// How long to wait for a page's next two frames, in milliseconds. After that the page counts as one that draws no
/// frames.
const FRAMES_MS: u32 = 100;
/// How often to check whether a script can still finish.
const PAUSE: Duration = Duration::from_millis(200);
/// The key under which WebDriver sends a frame.
const FRAME_KEY: &str = "frame-075b-4da1-b6ba-e579c2d3230a";

impl Firefox {
    /// The BiDi ID of the window in front, or of the frame of it that the flow is in.
    async fn context(&self, is_in_frame: bool) -> Result<String, BrowserError> {
        if !is_in_frame {
            return self.window_context().await;
        }
        let window = self
            .wire()
            .execute(COMMAND_LIMIT, "return window;", Vec::new())
            .await?;
        let frame = window[FRAME_KEY].as_str().map(str::to_owned);
        frame.ok_or_else(|| BrowserError::nonsense("execute", "the frame has no name"))
    }

    /// The BiDi ID of the window in front, regardless of the frame that the flow is in.
    pub(super) async fn window_context(&self) -> Result<String, BrowserError> {
        Ok(String::from(self.wire().window().await?))
    }

    /// Runs one of our functions in the top document's sandbox. The sandbox does not see what a page puts in place of
    /// the browser's own functions, and the page does not see what we store in the sandbox.
    pub(in crate::browser::engines) async fn run(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        let ours = page::library(&self.base.name, FRAMES_MS);
        let body = format!("{ours} return ours.{function}({argument});");
        let patience = Patience::of(limit);
        loop {
            let answer = self.in_sandbox(limit, &body).await;
            if !patience.should_retry(&answer).await {
                return answer;
            }
        }
    }

    async fn in_sandbox(&self, limit: Duration, body: &str) -> Result<Value, BrowserError> {
        self.wire().check_dialog().await?;
        let function = format!("async () => {{ {body} }}");
        let call = json!({
            "functionDeclaration": format!("async () => JSON.stringify((await ({function})()) ?? null)"),
            "awaitPromise": true,
            "target": { "context": self.window_context().await?, "sandbox": "twinshot" },
        });
        let answer = self.call_function(limit, call).await?;
        let text = answer["value"].as_str().unwrap_or("null");
        serde_json::from_str(text)
            .map_err(|error| BrowserError::nonsense("script.callFunction", &error.to_string()))
    }

    /// Runs a function's body in the page's own world. A driver ends a script that takes too long; over BiDi we stop
    /// waiting for it, and it goes on in the page.
    pub(in crate::browser::engines) async fn evaluate(
        &self,
        limit: Duration,
        script: &str,
        arguments: &[Value],
        is_in_frame: bool,
    ) -> Result<Value, BrowserError> {
        let answer = self.in_page_world(limit, script, arguments, is_in_frame);
        let answer = tokio::time::timeout(self.wire().page_timeout(), answer).await;
        let mut answer = answer.unwrap_or_else(|_| {
            let status = ErrorStatus::ScriptTimeout;
            Err(BrowserError::refused(status, "the script did not finish"))
        })?;
        Ok(answer["value"].take())
    }

    async fn in_page_world(
        &self,
        limit: Duration,
        script: &str,
        arguments: &[Value],
        is_in_frame: bool,
    ) -> Result<Value, BrowserError> {
        self.wire().check_dialog().await?;
        let arguments = Value::from(arguments.to_vec());
        let call = json!({
            "functionDeclaration": format!("function () {{ return (function () {{ {script}\n}}).apply(window, {arguments}); }}"),
            "awaitPromise": true,
            "target": { "context": self.context(is_in_frame).await? },
            "userActivation": true,
        });
        self.call_function(limit, call).await
    }

    /// Runs the source as a script of the page: its declarations are global.
    pub(in crate::browser::engines) async fn inject(
        &self,
        source: &str,
        is_in_frame: bool,
    ) -> Result<(), BrowserError> {
        let evaluation = json!({
            "expression": source,
            "awaitPromise": false,
            "target": { "context": self.context(is_in_frame).await? },
            "serializationOptions": { "maxObjectDepth": 0 },
        });
        let limit = self.wire().page_limit();
        let answer = self.command(limit, "script.evaluate", evaluation).await?;
        returned(answer).map(drop)
    }

    /// A dialog stops the page's scripts and ours. That is reported at once, as chromedriver does. Firefox never
    /// answers for a document that went away, so this checks for that, too.
    async fn call_function(&self, limit: Duration, call: Value) -> Result<Value, BrowserError> {
        const COMMAND: &str = "script.callFunction";
        let context = call["target"]["context"].clone();
        let document = self.realm(&context).await?;
        let sent = self
            .wire()
            .within(COMMAND, limit, self.bidi.send(COMMAND, &call))
            .await?;
        let answer = async {
            loop {
                match tokio::time::timeout(PAUSE, self.bidi.answer(&sent)).await {
                    Ok(answer) => return returned(answer?),
                    Err(_) => self.wire().check_dialog().await?,
                }
                if self.realm(&context).await? != document {
                    return Err(BrowserError::refused(
                        ErrorStatus::JavascriptError,
                        DEPARTED,
                    ));
                }
            }
        };
        let answer = self.wire().within(COMMAND, limit, answer).await;
        self.bidi.forget(sent).await;
        answer.map_err(departed)
    }

    /// The ID that distinguishes the document of a window or frame from all others.
    async fn realm(&self, context: &Value) -> Result<Value, BrowserError> {
        let params = json!({ "context": context, "type": "window" });
        let mut answer = self
            .command(COMMAND_LIMIT, "script.getRealms", params)
            .await?;
        let realms = answer["realms"].as_array_mut();
        let mut realms = realms.into_iter().flatten();
        let own = realms.find(|realm| realm["sandbox"].is_null());
        Ok(own.map(|realm| realm["realm"].take()).unwrap_or_default())
    }
}

/// If Firefox does answer for a document that went away, its message is about its internals.
fn departed(error: BrowserError) -> BrowserError {
    match &error {
        BrowserError::Refused { message, .. } if message.contains("destroyed before query") => {
            BrowserError::refused(ErrorStatus::JavascriptError, DEPARTED)
        }
        _ => error,
    }
}

/// The script's result, or the error that it threw.
fn returned(mut answer: Value) -> Result<Value, BrowserError> {
    if answer["type"] == json!("success") {
        return Ok(answer["result"].take());
    }
    let text = answer["exceptionDetails"]["text"].as_str();
    let text = text.unwrap_or("the script failed");
    Err(BrowserError::refused(ErrorStatus::JavascriptError, text))
}
