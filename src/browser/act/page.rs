//! The page itself: scrolled, scripted and styled.

use std::time::Instant;

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};

use super::{Trouble, reference};
use crate::{
    browser::{
        bidi::Bidi,
        engine::Engine,
        error::BrowserError,
        find::Need,
        session::{Session, exception_text},
    },
    spec::{Inject, Scroll},
};

impl Session {
    pub(super) async fn scroll(&self, scroll: &Scroll, deadline: Instant) -> Result<(), Trouble> {
        const TO: &str = "(arguments[0] || window).scrollTo({ left: arguments[1], top: arguments[2], behavior: 'instant' });";
        let (script, arguments) = match scroll {
            Scroll::IntoView(target) => {
                let element = self.find(target, Need::Present, deadline).await?;
                let script = "arguments[0].scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });";
                (script, vec![reference(&element)])
            }
            Scroll::To {
                within: Some(target),
                x,
                y,
            } => {
                let element = self.find(target, Need::Present, deadline).await?;
                (TO, vec![reference(&element), json!(x), json!(y)])
            }
            Scroll::To { within: None, x, y } => (TO, vec![Value::Null, json!(x), json!(y)]),
            Scroll::Top => (TO, vec![Value::Null, json!(0), json!(0)]),
            Scroll::Bottom => (
                "window.scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });",
                Vec::new(),
            ),
        };
        self.script(script, arguments).await.map(drop)
    }

    pub(super) async fn evaluate(&self, script: &str, args: &[Value]) -> Result<(), Trouble> {
        let limit = self.page_limit();
        let answer = match &self.engine {
            Engine::Chrome | Engine::WebKit(_) => {
                let answer = self.client.execute(script, args.to_vec());
                self.call("execute", limit, answer).await
            }
            Engine::Firefox(bidi) => self.evaluate_over_bidi(bidi, script, args).await,
        };
        match answer {
            Err(error) if error.is(ErrorStatus::ScriptTimeout) => Err(Trouble::Step(format!(
                "the script did not end within {} s",
                self.options.page_timeout.as_secs_f32()
            ))),
            other => Ok(other.map(drop)?),
        }
    }

    /// Drivers end a script that takes too long; over BiDi nobody does, and the page is left to it.
    async fn evaluate_over_bidi(
        &self,
        bidi: &Bidi,
        script: &str,
        args: &[Value],
    ) -> Result<Value, BrowserError> {
        let answer = self.in_page_world(bidi, self.page_limit(), script, args);
        let answer = tokio::time::timeout(self.options.page_timeout, answer).await;
        answer.unwrap_or_else(|_| {
            let status = ErrorStatus::ScriptTimeout;
            Err(BrowserError::refused(status, "the script did not end"))
        })
    }

    pub(super) async fn inject(&self, inject: &Inject) -> Result<(), Trouble> {
        match inject {
            Inject::Js(source) => self.inject_script(source.value()).await,
            Inject::Css(source) => self.inject_style(source.value()).await,
            Inject::File(path) => {
                let source = std::fs::read_to_string(path).map_err(|error| {
                    Trouble::Step(format!("{} cannot be read: {error}", path.display()))
                })?;
                if path.extension().is_some_and(|extension| extension == "css") {
                    self.inject_style(&source).await
                } else {
                    self.inject_script(&source).await
                }
            }
        }
    }

    /// As a script of the page would run: what it declares is global. In the page itself no CSP stands
    /// against it; in a frame the frame's own does.
    async fn inject_script(&self, source: &str) -> Result<(), Trouble> {
        if let Engine::Firefox(bidi) = &self.engine {
            let run = self.run_as_page_script(bidi, self.page_limit(), source);
            return Ok(run.await?);
        }
        if self.frame_depth > 0 {
            let script = "(0, eval)(arguments[0]);";
            return self.script(script, vec![json!(source)]).await.map(drop);
        }
        if let Engine::WebKit(webkit) = &self.engine {
            let run = self.run_as_webkit_script(webkit, self.page_limit(), source);
            return Ok(run.await?);
        }
        let evaluation =
            json!({ "expression": source, "awaitPromise": false, "returnByValue": false });
        let answer = self
            .cdp_within(self.page_limit(), "Runtime.evaluate", evaluation)
            .await?;
        match answer.get("exceptionDetails") {
            None => Ok(()),
            Some(details) => Err(Trouble::Step(exception_text(details))),
        }
    }

    async fn inject_style(&self, source: &str) -> Result<(), Trouble> {
        let script = "
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(arguments[0]);
            document.adoptedStyleSheets.push(sheet);";
        self.script(script, vec![json!(source)]).await.map(drop)
    }
}
