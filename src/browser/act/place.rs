//! Switches to another frame or window, and answers dialogs.

use std::time::{Duration, Instant};

use fantoccini::{error::ErrorStatus, wd::WindowHandle};
use serde_json::json;

use super::{ElementCommand, StepError, find::ElementState};
use crate::{
    browser::{session::Session, target::POLL, wire::COMMAND_LIMIT},
    spec::{Frame, Text, Window},
};

/// How long to wait for a window that a step may have opened, before using an older one.
const OPENING_TIME: Duration = Duration::from_millis(500);

impl Session {
    pub(super) async fn frame_to(
        &mut self,
        frame: &Frame,
        deadline: Instant,
    ) -> Result<(), StepError> {
        match frame {
            Frame::Enter(target) => {
                self.command_element(
                    target,
                    ElementState::Present,
                    ElementCommand::EnterFrame,
                    deadline,
                )
                .await?;
                self.flow.enter_frame();
            }
            Frame::Parent => {
                let wire = self.wire();
                wire.post(COMMAND_LIMIT, "parent frame", "frame/parent", json!({}))
                    .await?;
                self.flow.leave_frame();
            }
            Frame::Top => {
                let top = json!({ "id": null });
                self.wire()
                    .post(COMMAND_LIMIT, "frame", "frame", top)
                    .await?;
                self.flow.leave_all_frames();
            }
        }
        Ok(())
    }

    pub(super) async fn answer_dialog(
        &self,
        accept: bool,
        text: Option<&Text>,
        deadline: Instant,
    ) -> Result<(), StepError> {
        self.wait_for_dialog(deadline).await?;
        if let Some(text) = text {
            if self.holds_secret(text.value()) {
                self.check_asking_page().await?;
            }
            let sent = self.wire().client().send_alert_text(text.value());
            self.wire().call("alert text", COMMAND_LIMIT, sent).await?;
        }
        let limit = self.wire().page_limit();
        if accept {
            let accepted = self.wire().client().accept_alert();
            Ok(self.wire().call("accept alert", limit, accepted).await?)
        } else {
            let dismissed = self.wire().client().dismiss_alert();
            Ok(self.wire().call("dismiss alert", limit, dismissed).await?)
        }
    }

    async fn wait_for_dialog(&self, deadline: Instant) -> Result<(), StepError> {
        loop {
            match self.wire().dialog_text().await {
                Err(error) if error.is(ErrorStatus::NoSuchAlert) => {}
                other => return Ok(other.map(drop)?),
            }
            if Instant::now() >= deadline {
                return Err(StepError::Step("no dialog is open".to_owned()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(super) async fn window_to(
        &mut self,
        window: &Window,
        deadline: Instant,
    ) -> Result<(), StepError> {
        let handle = match window {
            Window::First => self.life.first_window(),
            Window::Newest => self.newest_window(deadline).await?,
            Window::Matching(text) => self.window_matching(text, deadline).await?,
            Window::Close => {
                self.check_other_window().await?;
                self.wire().close_window().await?;
                self.life.first_window()
            }
        };
        if !self.flow.has_window(&handle) {
            self.end_written().await;
        }
        self.switch_to(handle).await
    }

    /// Ends the documents that scripts of the page in front have written into other windows. A driver waits for their end.
    async fn end_written(&self) {
        // A window that is closed, or that has a dialog open, has none to end.
        let _ = self
            .in_page(COMMAND_LIMIT, "endWritten", &json!(null))
            .await;
    }

    async fn check_other_window(&self) -> Result<(), StepError> {
        let handles = self.wire().windows().await?;
        if handles.len() > 1 {
            return Ok(());
        }
        Err(StepError::Step(
            "this is the only window; the flow cannot continue without it".to_owned(),
        ))
    }

    async fn switch_to(&mut self, handle: WindowHandle) -> Result<(), StepError> {
        self.wire().switch_to_window(handle.clone()).await?;
        self.flow.leave_all_frames();
        if self.flow.has_window(&handle) {
            return Ok(());
        }
        self.flow.add_window(handle);
        Ok(self.enter_window().await?)
    }

    /// The last opened window that the flow has not entered, or else the last one that it did enter.
    async fn newest_window(&self, deadline: Instant) -> Result<WindowHandle, StepError> {
        let grace = Instant::now() + OPENING_TIME;
        loop {
            let handles = self.wire().windows().await?;
            let is_known = |handle: &&_| self.flow.has_window(handle);
            let fresh = handles.iter().rfind(|handle| !is_known(handle));
            let known = self
                .flow
                .windows()
                .iter()
                .rfind(|handle| handles.contains(handle));
            if let Some(handle) =
                fresh.or(known.filter(|_| handles.len() > 1 && Instant::now() >= grace))
            {
                return Ok(handle.clone());
            }
            if Instant::now() >= deadline {
                return Err(StepError::Step("no other window was opened".to_owned()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn window_matching(
        &self,
        text: &Text,
        deadline: Instant,
    ) -> Result<WindowHandle, StepError> {
        let current = self.wire().window().await?;
        loop {
            for handle in self.wire().windows().await? {
                self.wire().switch_to_window(handle.clone()).await?;
                let page = self.page_info().await?;
                if page.title.contains(text.value()) || page.url.contains(text.value()) {
                    return Ok(handle);
                }
            }
            if Instant::now() >= deadline {
                self.wire().switch_to_window(current).await?;
                return Err(StepError::Step(format!(
                    "no window's title or URL contains `{text}`"
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
