//! Where the following steps act: in which frame, in which window, past which dialog.

use std::time::{Duration, Instant};

use fantoccini::{error::ErrorStatus, wd::WindowHandle};
use serde_json::json;

use super::{Deed, Trouble};
use crate::{
    browser::{
        find::{Need, POLL},
        session::{COMMAND_LIMIT, Session},
    },
    spec::{Frame, Text, Window},
};

/// How long a window that a step opens may take to be there, before an older one is meant.
const OPENING_TIME: Duration = Duration::from_millis(500);

impl Session {
    pub(super) async fn frame_to(
        &mut self,
        frame: &Frame,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        match frame {
            Frame::Enter(target) => {
                self.deed(target, Need::Present, Deed::EnterFrame, deadline)
                    .await?;
                self.frame_depth += 1;
            }
            Frame::Parent => {
                let path = "frame/parent".to_owned();
                self.post("parent frame", path, json!({})).await?;
                self.frame_depth = self.frame_depth.saturating_sub(1);
            }
            Frame::Top => {
                self.post("frame", "frame".to_owned(), json!({ "id": null }))
                    .await?;
                self.frame_depth = 0;
            }
        }
        Ok(())
    }

    pub(super) async fn answer_dialog(
        &self,
        accept: bool,
        text: Option<&Text>,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        self.wait_for_dialog(deadline).await?;
        if let Some(text) = text {
            self.call(
                "alert text",
                COMMAND_LIMIT,
                self.client.send_alert_text(text.value()),
            )
            .await?;
        }
        let limit = self.page_limit();
        if accept {
            Ok(self
                .call("accept alert", limit, self.client.accept_alert())
                .await?)
        } else {
            Ok(self
                .call("dismiss alert", limit, self.client.dismiss_alert())
                .await?)
        }
    }

    async fn wait_for_dialog(&self, deadline: Instant) -> Result<(), Trouble> {
        loop {
            match self
                .call("alert", COMMAND_LIMIT, self.client.get_alert_text())
                .await
            {
                Err(error) if error.is(ErrorStatus::NoSuchAlert) => {}
                other => return Ok(other.map(drop)?),
            }
            if Instant::now() >= deadline {
                return Err(Trouble::Step("no dialog of the browser is open".to_owned()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(super) async fn window_to(
        &mut self,
        window: &Window,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let handle = match window {
            Window::First => self.first_window.clone(),
            Window::Newest => Some(self.newest_window(deadline).await?),
            Window::Matching(text) => Some(self.window_matching(text, deadline).await?),
            Window::Close => {
                self.check_other_window().await?;
                self.call("close window", COMMAND_LIMIT, self.client.close_window())
                    .await?;
                self.first_window.clone()
            }
        };
        let handle = handle.expect("a session knows the window that it began in");
        self.switch_to(handle).await
    }

    async fn check_other_window(&self) -> Result<(), Trouble> {
        let handles = self
            .call("windows", COMMAND_LIMIT, self.client.windows())
            .await?;
        if handles.len() > 1 {
            return Ok(());
        }
        Err(Trouble::Step(
            "this is the only window; the flow cannot go on without it".to_owned(),
        ))
    }

    async fn switch_to(&mut self, handle: WindowHandle) -> Result<(), Trouble> {
        self.call(
            "switch to window",
            COMMAND_LIMIT,
            self.client.switch_to_window(handle.clone()),
        )
        .await?;
        self.frame_depth = 0;
        if self.prepared_windows.contains(&handle) {
            return Ok(());
        }
        self.prepared_windows.push(handle);
        Ok(self.prepare_window().await?)
    }

    /// The window opened last that the flow has not been in, else the last one that it was in.
    async fn newest_window(&self, deadline: Instant) -> Result<WindowHandle, Trouble> {
        let grace = Instant::now() + OPENING_TIME;
        loop {
            let handles = self
                .call("windows", COMMAND_LIMIT, self.client.windows())
                .await?;
            let is_known = |handle: &&_| self.prepared_windows.contains(handle);
            let fresh = handles.iter().rfind(|handle| !is_known(handle));
            let known = self
                .prepared_windows
                .iter()
                .rfind(|handle| handles.contains(handle));
            if let Some(handle) =
                fresh.or(known.filter(|_| handles.len() > 1 && Instant::now() >= grace))
            {
                return Ok(handle.clone());
            }
            if Instant::now() >= deadline {
                return Err(Trouble::Step("no other window was opened".to_owned()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn window_matching(
        &self,
        text: &Text,
        deadline: Instant,
    ) -> Result<WindowHandle, Trouble> {
        let current = self
            .call("window", COMMAND_LIMIT, self.client.window())
            .await?;
        loop {
            for handle in self
                .call("windows", COMMAND_LIMIT, self.client.windows())
                .await?
            {
                let switch = self.client.switch_to_window(handle.clone());
                self.call("switch to window", COMMAND_LIMIT, switch).await?;
                let page = self.page_info().await?;
                if page.title.contains(text.value()) || page.url.contains(text.value()) {
                    return Ok(handle);
                }
            }
            if Instant::now() >= deadline {
                self.call(
                    "switch to window",
                    COMMAND_LIMIT,
                    self.client.switch_to_window(current),
                )
                .await?;
                return Err(Trouble::Step(format!(
                    "no window's title or URL contains `{text}`"
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
