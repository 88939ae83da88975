//! Scrolls the page, runs scripts in it and adds styles.

use std::time::{Duration, Instant};

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};

use super::{StepError, find::ElementState, reference};
use crate::{
    browser::session::Session,
    files,
    spec::{Inject, Scroll},
};

impl Session {
    pub(super) async fn scroll(&self, scroll: &Scroll, deadline: Instant) -> Result<(), StepError> {
        const TO: &str = "(arguments[0] || window).scrollTo({ left: arguments[1], top: arguments[2], behavior: 'instant' });";
        let (script, arguments) = match scroll {
            Scroll::IntoView(target) => {
                let element = self.find(target, ElementState::Present, deadline).await?;
                let script = "arguments[0].scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });";
                (script, vec![reference(&element)])
            }
            Scroll::To {
                within: Some(target),
                x,
                y,
            } => {
                let element = self.find(target, ElementState::Present, deadline).await?;
                (TO, vec![reference(&element), json!(x), json!(y)])
            }
            Scroll::To { within: None, x, y } => (TO, vec![Value::Null, json!(x), json!(y)]),
            Scroll::Top => (TO, vec![Value::Null, json!(0), json!(0)]),
            Scroll::Bottom => (
                "window.scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });",
                Vec::new(),
            ),
        };
        self.act_by_script(script, arguments).await.map(drop)
    }

    pub(super) async fn evaluate(&self, script: &str, args: &[Value]) -> Result<(), StepError> {
        let limit = self.wire().page_limit();
        self.in_own_world(limit, script, args).await.map(drop)
    }

    /// Runs a script of the flow in the page's own world.
    pub(super) async fn in_own_world(
        &self,
        limit: Duration,
        script: &str,
        args: &[Value],
    ) -> Result<Value, StepError> {
        if self.holds_secret(script) || self.hold_secret(args) {
            self.check_recipient().await?;
        }
        let is_in_frame = self.flow.is_in_frame();
        let answer = self.engine.evaluate(limit, script, args, is_in_frame).await;
        match answer {
            Err(error) if error.is(ErrorStatus::ScriptTimeout) => Err(StepError::Step(format!(
                "the script did not finish within {} s",
                self.wire().page_timeout().as_secs_f32()
            ))),
            other => Ok(other?),
        }
    }

    pub(super) async fn inject(&self, inject: &Inject) -> Result<(), StepError> {
        match inject {
            Inject::Js(source) => self.inject_script(source.value()).await,
            Inject::Css(source) => self.inject_style(source.value()).await,
            Inject::File(path) => {
                let source = files::read_text(path, files::WRITTEN_LIMIT).map_err(|error| {
                    StepError::Step(format!("{} cannot be read: {error}", path.display()))
                })?;
                if path.extension().is_some_and(|extension| extension == "css") {
                    self.inject_style(&source).await
                } else {
                    self.inject_script(&source).await
                }
            }
        }
    }

    /// Runs the source as a script of the page: its declarations are global. The CSP does not block it in the page
    /// itself; in a frame, the frame's CSP does.
    async fn inject_script(&self, source: &str) -> Result<(), StepError> {
        if self.holds_secret(source) {
            self.check_recipient().await?;
        }
        Ok(self.engine.inject(source, self.flow.is_in_frame()).await?)
    }

    async fn inject_style(&self, source: &str) -> Result<(), StepError> {
        let script = "
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(arguments[0]);
            document.adoptedStyleSheets.push(sheet);";
        self.script(script, vec![json!(source)]).await.map(drop)
    }
}
