//! Steps: each action of the vocabulary as a real interaction with the page.

use std::time::{Duration, Instant};

use fantoccini::{elements::Element, error::ErrorStatus};
use serde_json::{Value, json};

use super::{
    document::Allowance,
    error::BrowserError,
    find::{Need, POLL},
    session::{COMMAND_LIMIT, Session},
};
use crate::spec::{
    Action, Condition, Cookie, DragTo, Expectation, Frame, Inject, Scroll, Step, Target, Text,
    Wait, Window,
};

/// Why a step was not done.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The step itself cannot be done.
    Step(String),
    /// The page that it led to is not the one that was meant.
    Navigation(String),
    /// Each expectation that does not hold, with what was expected and found.
    Expectation(Vec<String>),
    /// The browser or its driver.
    Browser(BrowserError),
}

impl From<BrowserError> for Trouble {
    fn from(error: BrowserError) -> Self {
        if error.is(ErrorStatus::UnexpectedAlertOpen) {
            return Self::Step(
                "a dialog of the browser is open; answer it with a `dialog` step".to_owned(),
            );
        }
        match error {
            BrowserError::Refused { message, .. } => Self::Step(message),
            fatal => Self::Browser(fatal),
        }
    }
}

impl Trouble {
    /// Names the selector when it was the selector that the browser did not understand.
    pub(super) fn about_selector(self, target: &Target) -> Self {
        match self {
            Self::Step(message)
                if message.contains("not a valid") || message.contains("SyntaxError") =>
            {
                Self::Step(format!("`{target}` is not a valid selector: {message}"))
            }
            other => other,
        }
    }
}

/// Refusals that pass when the page has moved on a little.
fn is_transient(error: &BrowserError) -> bool {
    [
        ErrorStatus::ElementClickIntercepted,
        ErrorStatus::ElementNotInteractable,
        ErrorStatus::StaleElementReference,
        ErrorStatus::MoveTargetOutOfBounds,
    ]
    .into_iter()
    .any(|status| error.is(status))
}

/// What is done with an element once it was found.
#[derive(Debug, Clone, Copy)]
enum Deed<'a> {
    Click,
    Clear,
    SendKeys(&'a str),
    EnterFrame,
}

impl Session {
    /// Does one step, then judges the document that it led to.
    pub(crate) async fn act(&mut self, step: &Step) -> Result<(), Trouble> {
        let deadline = Instant::now() + step.timeout.unwrap_or(self.options.timeout);
        let done = self.perform(&step.action, deadline).await;
        if let (Action::Goto { .. }, Err(Trouble::Step(message))) = (&step.action, &done) {
            return Err(Trouble::Navigation(message.clone()));
        }
        done?;
        self.judge_step(&step.action).await
    }

    async fn judge_step(&mut self, action: &Action) -> Result<(), Trouble> {
        let allowance = match action {
            Action::Goto { status, host, .. } => {
                let host = host.as_ref().map(|host| host.value().to_owned());
                Allowance {
                    status: *status,
                    host,
                }
            }
            _ => Allowance::default(),
        };
        match self.judge_document(&allowance).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => Err(Trouble::Navigation(message)),
            // The dialog that a step opened belongs to the step that answers it.
            Err(error) if error.is(ErrorStatus::UnexpectedAlertOpen) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn perform(&mut self, action: &Action, deadline: Instant) -> Result<(), Trouble> {
        match action {
            Action::Goto { url, .. } => self.go_to(url.value()).await,
            Action::Back => self.travel("back").await,
            Action::Forward => self.travel("forward").await,
            Action::Refresh => self.travel("refresh").await,
            Action::Click(target) => self.deed(target, Need::Seen, Deed::Click, deadline).await,
            Action::DoubleClick(target) => self.point_at(target, &DOUBLE_CLICK, deadline).await,
            Action::Hover(target) => self.point_at(target, &[], deadline).await,
            Action::MouseDown(target) => self.point_at(target, &[DOWN], deadline).await,
            Action::MouseUp(None) => self.pointer(vec![pointer_button(UP)]).await,
            Action::MouseUp(Some(target)) => self.point_at(target, &[UP], deadline).await,
            Action::Type { into, text, append } => {
                self.type_into(into, text.value(), *append, deadline).await
            }
            Action::Insert { into, text } => self.insert(into, text.value(), deadline).await,
            Action::Clear(target) => self.deed(target, Need::Seen, Deed::Clear, deadline).await,
            Action::Press { keys, on } => self.press(keys, on.as_ref(), deadline).await,
            Action::Check(target) => self.set_checked(target, true, deadline).await,
            Action::Uncheck(target) => self.set_checked(target, false, deadline).await,
            Action::Select { from, options } => self.select(from, options, deadline).await,
            Action::Upload { into, files } => {
                let paths: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
                self.upload(into, &paths.join("\n"), deadline).await
            }
            Action::Drag { from, to } => self.drag(from, to, deadline).await,
            Action::Scroll(scroll) => self.scroll(scroll, deadline).await,
            Action::Viewport(viewport) => {
                self.viewport = *viewport;
                Ok(self.apply_viewport(*viewport).await?)
            }
            Action::Wait(wait) => self.wait(wait, deadline).await,
            Action::Evaluate { script, args } => self.evaluate(script.value(), args).await,
            Action::Inject(inject) => self.inject(inject).await,
            Action::Cookies { clear, delete, set } => self.cookies(*clear, delete, set).await,
            Action::Frame(frame) => self.frame_to(frame, deadline).await,
            Action::Window(window) => self.window_to(window, deadline).await,
            Action::Dialog { accept, text } => {
                self.answer_dialog(*accept, text.as_ref(), deadline).await
            }
            Action::Expect(expectations) => self.expect(expectations, deadline).await,
        }
    }

    async fn go_to(&mut self, url: &str) -> Result<(), Trouble> {
        let url = self.resolve(url).map_err(Trouble::Step)?;
        if url.host_str().is_some() && !url.as_str().starts_with(self.options.base.as_str()) {
            self.options
                .hosts
                .push(super::document::host_and_port(&url));
        }
        let body = json!({ "url": url.as_str() });
        let answer = self.navigate("url", body).await;
        answer.map_err(|trouble| match trouble {
            Trouble::Step(message) => {
                Trouble::Step(format!("{url} could not be loaded: {message}"))
            }
            other => other,
        })
    }

    async fn travel(&self, where_to: &'static str) -> Result<(), Trouble> {
        self.navigate(where_to, json!({})).await
    }

    async fn navigate(&self, command: &'static str, body: Value) -> Result<(), Trouble> {
        let limit = self.page_limit();
        let answer = self
            .post_within(limit, command, command.to_owned(), body)
            .await;
        match answer {
            Err(error) if error.is(ErrorStatus::Timeout) => Err(Trouble::Step(format!(
                "the page did not finish loading within {} s",
                self.options.page_timeout.as_secs_f32()
            ))),
            other => Ok(other.map(drop)?),
        }
    }

    /// Finds the element and does something with it; what fails because the page is still moving is
    /// tried again until the deadline.
    async fn deed(
        &self,
        target: &Target,
        need: Need,
        deed: Deed<'_>,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        loop {
            let element = self.find(target, need, deadline).await?;
            match self.try_deed(&element, deed).await {
                Err(error) if is_transient(&error) && Instant::now() < deadline => {
                    tokio::time::sleep(POLL).await;
                }
                Err(error) if is_transient(&error) => {
                    return Err(Trouble::Step(format!("`{target}`: {error}")));
                }
                other => return Ok(other?),
            }
        }
    }

    async fn try_deed(&self, element: &Element, deed: Deed<'_>) -> Result<(), BrowserError> {
        let page_limit = self.page_limit();
        match deed {
            Deed::Click => self.call("click", page_limit, element.click()).await,
            Deed::Clear => self.call("clear", COMMAND_LIMIT, element.clear()).await,
            Deed::SendKeys(keys) => {
                self.call("send keys", page_limit, element.send_keys(keys))
                    .await
            }
            Deed::EnterFrame => {
                self.call("enter frame", COMMAND_LIMIT, element.enter_frame())
                    .await
            }
        }
    }

    /// Moves the pointer to the element's middle, then presses and releases as told.
    async fn point_at(
        &self,
        target: &Target,
        buttons: &[&str],
        deadline: Instant,
    ) -> Result<(), Trouble> {
        self.bring_into_view(target, deadline).await?;
        let element = self.find(target, Need::Seen, deadline).await?;
        let mut actions = vec![pointer_move_to(&element, 0)];
        actions.extend(buttons.iter().map(|button| pointer_button(button)));
        self.pointer(actions).await
    }

    /// The pointer can only go where the viewport is.
    async fn bring_into_view(&self, target: &Target, deadline: Instant) -> Result<(), Trouble> {
        let element = self.find(target, Need::Seen, deadline).await?;
        let script = "arguments[0].scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });";
        self.script(script, vec![reference(&element)])
            .await
            .map(drop)
    }

    async fn pointer(&self, actions: Vec<Value>) -> Result<(), Trouble> {
        let source = json!({
            "type": "pointer",
            "id": "mouse",
            "parameters": { "pointerType": "mouse" },
            "actions": actions,
        });
        self.input(source).await
    }

    async fn input(&self, source: Value) -> Result<(), Trouble> {
        let body = json!({ "actions": [source] });
        let limit = self.page_limit();
        Ok(self
            .post_within(limit, "actions", "actions".to_owned(), body)
            .await
            .map(drop)?)
    }

    async fn type_into(
        &self,
        into: &Target,
        text: &str,
        append: bool,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        if !append {
            let element = self.find(into, Need::Seen, deadline).await?;
            let script = "const field = arguments[0]; return Boolean(field.value || (field.isContentEditable && field.textContent));";
            let holds_text = self.script(script, vec![reference(&element)]).await?;
            if holds_text == json!(true) {
                self.deed(into, Need::Seen, Deed::Clear, deadline).await?;
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        self.deed(into, Need::Seen, Deed::SendKeys(text), deadline)
            .await
    }

    /// The value setter of the element's own class, as frameworks watch for it.
    async fn insert(&self, into: &Target, text: &str, deadline: Instant) -> Result<(), Trouble> {
        let element = self.find(into, Need::Seen, deadline).await?;
        let script = "
            const [field, text] = arguments;
            if (field.isContentEditable) field.textContent = text;
            else {
              let owner = field;
              while (owner && !Object.getOwnPropertyDescriptor(owner, 'value')) owner = Object.getPrototypeOf(owner);
              if (!owner) throw new Error('the element takes no text');
              Object.getOwnPropertyDescriptor(owner, 'value').set.call(field, text);
            }
            field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: text }));
            field.dispatchEvent(new Event('change', { bubbles: true }));";
        self.script(script, vec![reference(&element), json!(text)])
            .await
            .map(drop)
    }

    async fn press(
        &self,
        chords: &[Vec<String>],
        on: Option<&Target>,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        if let Some(target) = on {
            let element = self.find(target, Need::Present, deadline).await?;
            self.script("arguments[0].focus();", vec![reference(&element)])
                .await?;
        }
        let actions: Vec<Value> = chords.iter().flat_map(|chord| key_actions(chord)).collect();
        self.input(json!({ "type": "key", "id": "keyboard", "actions": actions }))
            .await
    }

    /// Clicks the box, or its label when the box itself is hidden by styling, unless it is as wanted.
    async fn set_checked(
        &self,
        target: &Target,
        wanted: bool,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let element = self.find(target, Need::Present, deadline).await?;
        let is_checked = || async {
            let script = "return Boolean(arguments[0].checked ?? arguments[0].getAttribute('aria-checked') === 'true');";
            self.script(script, vec![reference(&element)]).await
        };
        if is_checked().await? == json!(wanted) {
            return Ok(());
        }
        self.click_box(&element, target, deadline).await?;
        if is_checked().await? == json!(wanted) {
            return Ok(());
        }
        let state = if wanted { "unchecked" } else { "checked" };
        Err(Trouble::Step(format!(
            "`{target}` is still {state} after the click"
        )))
    }

    async fn click_box(
        &self,
        element: &Element,
        target: &Target,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let script = "
            const box = arguments[0];
            return canBeSeen(box) ? box : [...(box.labels || [])].find(canBeSeen) || box;";
        let clicked = self.script(script, vec![reference(element)]).await?;
        if clicked == reference(element) {
            return self
                .deed(target, Need::Present, Deed::Click, deadline)
                .await;
        }
        let path = format!("element/{}/click", element_id(&clicked));
        Ok(self
            .post_within(self.page_limit(), "click", path, json!({}))
            .await
            .map(drop)?)
    }

    /// Clicks those options whose state is not as wanted.
    async fn select(
        &self,
        from: &Target,
        options: &[Text],
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let element = self.find(from, Need::Seen, deadline).await?;
        let script = "
            const [list, wanted] = arguments;
            if (!(list instanceof HTMLSelectElement)) throw new Error('the element is not a <select>');
            if (wanted.length > 1 && !list.multiple) throw new Error('the <select> takes one option only');
            const options = [...list.options];
            const chosen = wanted.map((name) =>
              options.find((option) => option.value === name) || options.find((option) => collapse(option.text) === collapse(name)));
            const missing = chosen.indexOf(undefined);
            if (missing >= 0) return { missing, offered: options.map((option) => collapse(option.text)) };
            const wrong = list.multiple ? options.filter((option) => option.selected !== chosen.includes(option)) : chosen.filter((option) => !option.selected);
            return { click: wrong };";
        let names: Vec<&str> = options.iter().map(Text::value).collect();
        let answer = self
            .script(script, vec![reference(&element), json!(names)])
            .await?;
        if let Some(missing) = answer["missing"].as_u64() {
            let name = usize::try_from(missing)
                .ok()
                .and_then(|index| options.get(index));
            return Err(Trouble::Step(no_such_option(
                from,
                name,
                &answer["offered"],
            )));
        }
        for option in answer["click"].as_array().into_iter().flatten() {
            let path = format!("element/{}/click", element_id(option));
            self.post_within(self.page_limit(), "click", path, json!({}))
                .await?;
        }
        Ok(())
    }

    async fn upload(&self, into: &Target, paths: &str, deadline: Instant) -> Result<(), Trouble> {
        let element = self.find(into, Need::Present, deadline).await?;
        Ok(self.try_deed(&element, Deed::SendKeys(paths)).await?)
    }

    async fn drag(&self, from: &Target, to: &DragTo, deadline: Instant) -> Result<(), Trouble> {
        self.bring_into_view(from, deadline).await?;
        let start = self.find(from, Need::Seen, deadline).await?;
        let mut actions = vec![pointer_move_to(&start, 0), pointer_button(DOWN)];
        match to {
            DragTo::Element(target) => {
                let end = self.find(target, Need::Seen, deadline).await?;
                actions.push(pointer_move_by(4, 4));
                actions.push(pointer_move_to(&end, 200));
                actions.push(pointer_move_to(&end, 0));
            }
            DragTo::Offset { x, y } => {
                actions.push(pointer_move_by(x / 2, y / 2));
                actions.push(pointer_move_by(x - x / 2, y - y / 2));
            }
        }
        actions.push(pointer_button(UP));
        self.pointer(actions).await
    }

    async fn scroll(&self, scroll: &Scroll, deadline: Instant) -> Result<(), Trouble> {
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

    async fn wait(&self, wait: &Wait, deadline: Instant) -> Result<(), Trouble> {
        match wait {
            Wait::Duration(time) => {
                tokio::time::sleep(*time).await;
                Ok(())
            }
            Wait::Until(conditions) => {
                let began = Instant::now();
                for condition in conditions {
                    self.wait_until(condition, began, deadline).await?;
                }
                Ok(())
            }
        }
    }

    async fn wait_until(
        &self,
        condition: &Condition,
        began: Instant,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        while !self.holds(condition).await? {
            if Instant::now() >= deadline {
                return Err(Trouble::Step(format!(
                    "waited {:.1} s in vain for {}",
                    began.elapsed().as_secs_f32(),
                    describe(condition)
                )));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    async fn holds(&self, condition: &Condition) -> Result<bool, Trouble> {
        let presence = |target| async move {
            let found = self.find_now(target).await;
            found
                .map_err(|trouble| trouble.about_selector(target))
                .map(|found| found.map(|(_, seen)| seen))
        };
        match condition {
            Condition::Visible(target) => Ok(presence(target).await? == Some(true)),
            Condition::Hidden(target) => Ok(presence(target).await? != Some(true)),
            Condition::Gone(target) => Ok(presence(target).await?.is_none()),
            Condition::Text(text) => {
                let found = self.script("return pageText();", Vec::new()).await?;
                Ok(found
                    .as_str()
                    .is_some_and(|found| found.contains(&collapse(text.value()))))
            }
            Condition::Url(url) => {
                let found = self.script("return location.href;", Vec::new()).await?;
                Ok(found
                    .as_str()
                    .is_some_and(|found| url_is(found, url.value())))
            }
            Condition::Js(script) => {
                let script = format!("return Boolean(await ({}\n));", script.value());
                let script = format!("return (async () => {{ {script} }})();");
                Ok(self.script(&script, Vec::new()).await? == json!(true))
            }
        }
    }

    async fn evaluate(&self, script: &str, args: &[Value]) -> Result<(), Trouble> {
        let limit = self.page_limit();
        let answer = self
            .call("execute", limit, self.client.execute(script, args.to_vec()))
            .await;
        match answer {
            Err(error) if error.is(ErrorStatus::ScriptTimeout) => Err(Trouble::Step(format!(
                "the script did not end within {} s",
                self.options.page_timeout.as_secs_f32()
            ))),
            other => Ok(other.map(drop)?),
        }
    }

    async fn inject(&self, inject: &Inject) -> Result<(), Trouble> {
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

    /// As a script of the page would run: what it declares is global, and no CSP stands against it.
    async fn inject_script(&self, source: &str) -> Result<(), Trouble> {
        let evaluation =
            json!({ "expression": source, "awaitPromise": false, "returnByValue": false });
        let answer = self
            .cdp_within(self.page_limit(), "Runtime.evaluate", evaluation)
            .await?;
        match answer.get("exceptionDetails") {
            None => Ok(()),
            Some(details) => Err(Trouble::Step(super::session::exception_text(details))),
        }
    }

    async fn inject_style(&self, source: &str) -> Result<(), Trouble> {
        let script = "
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(arguments[0]);
            document.adoptedStyleSheets.push(sheet);";
        self.script(script, vec![json!(source)]).await.map(drop)
    }

    /// Cookies belong to the page in front, or to the environment while there is none yet.
    async fn cookies(&self, clear: bool, delete: &[Text], set: &[Cookie]) -> Result<(), Trouble> {
        let page = self.page_info().await?.url;
        let url = if page.starts_with("http") {
            page
        } else {
            self.options.base.to_string()
        };
        if clear {
            self.cdp("Network.clearBrowserCookies", json!({})).await?;
        }
        for name in delete {
            let cookie = json!({ "name": name.value(), "url": url });
            self.cdp("Network.deleteCookies", cookie).await?;
        }
        for cookie in set {
            let answer = self
                .cdp("Network.setCookie", cookie_params(cookie, &url))
                .await?;
            if answer["success"] == json!(false) {
                return Err(Trouble::Step(format!(
                    "the browser refused the cookie `{}`",
                    cookie.name
                )));
            }
        }
        Ok(())
    }

    async fn frame_to(&self, frame: &Frame, deadline: Instant) -> Result<(), Trouble> {
        match frame {
            Frame::Enter(target) => {
                self.deed(target, Need::Present, Deed::EnterFrame, deadline)
                    .await
            }
            Frame::Parent => {
                let path = "frame/parent".to_owned();
                Ok(self.post("parent frame", path, json!({})).await.map(drop)?)
            }
            Frame::Top => Ok(self
                .post("frame", "frame".to_owned(), json!({ "id": null }))
                .await
                .map(drop)?),
        }
    }

    async fn answer_dialog(
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

    async fn window_to(&mut self, window: &Window, deadline: Instant) -> Result<(), Trouble> {
        let handle = match window {
            Window::First => self.first_window.clone(),
            Window::Newest => Some(self.newest_window(deadline).await?),
            Window::Matching(text) => Some(self.window_matching(text, deadline).await?),
            Window::Close => {
                self.call("close window", COMMAND_LIMIT, self.client.close_window())
                    .await?;
                self.first_window.clone()
            }
        };
        let handle = handle.expect("a session knows the window that it began in");
        self.switch_to(handle).await
    }

    async fn switch_to(&mut self, handle: fantoccini::wd::WindowHandle) -> Result<(), Trouble> {
        self.call(
            "switch to window",
            COMMAND_LIMIT,
            self.client.switch_to_window(handle.clone()),
        )
        .await?;
        if self.prepared_windows.contains(&handle) {
            return Ok(());
        }
        self.prepared_windows.push(handle);
        Ok(self.prepare_window().await?)
    }

    /// The window opened last that the flow has not been in, else the last one that it was in.
    async fn newest_window(
        &self,
        deadline: Instant,
    ) -> Result<fantoccini::wd::WindowHandle, Trouble> {
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
            if let Some(handle) = fresh.or(known.filter(|_| handles.len() > 1)) {
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
    ) -> Result<fantoccini::wd::WindowHandle, Trouble> {
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

    /// Looks until all hold, at most until the deadline, then says which do not.
    async fn expect(&self, expectations: &[Expectation], deadline: Instant) -> Result<(), Trouble> {
        loop {
            let mut unmet = Vec::new();
            for expectation in expectations {
                unmet.extend(self.unmet(expectation).await?);
            }
            if unmet.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Trouble::Expectation(unmet));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Expected and found, when they differ.
    async fn unmet(&self, expectation: &Expectation) -> Result<Option<String>, Trouble> {
        let page_is = |what: &str, wanted: &Text, found: &str, holds: bool| {
            (!holds).then(|| format!("expected {what} `{wanted}`, found `{found}`"))
        };
        match expectation {
            Expectation::Exists(target) => Ok((self.count(target).await? == 0)
                .then(|| format!("expected `{target}` to exist, found nothing"))),
            Expectation::Visible(target) => self.unmet_visible(target).await,
            Expectation::Count { of, equals } => {
                let found = self.count(of).await?;
                Ok((found != u64::from(*equals))
                    .then(|| format!("expected {equals} of `{of}`, found {found}")))
            }
            Expectation::Text { of, contains } => self.unmet_text(of.as_ref(), contains).await,
            Expectation::Title(wanted) => {
                let found = self.page_info().await?.title;
                Ok(page_is(
                    "the title",
                    wanted,
                    &found,
                    found == wanted.value(),
                ))
            }
            Expectation::Url(wanted) => {
                let found = self.page_info().await?.url;
                let relative = self.relative_url(&found);
                let holds = [&found, &relative]
                    .iter()
                    .any(|url| glob_matches(wanted.value(), url));
                Ok(page_is("the URL", wanted, &relative, holds))
            }
            Expectation::Path(wanted) => {
                let found = path_of(&self.page_info().await?.url);
                Ok(page_is(
                    "the path",
                    wanted,
                    &found,
                    glob_matches(wanted.value(), &found),
                ))
            }
            Expectation::Status(wanted) => {
                let found = self.page_info().await?.status;
                Ok((found != Some(*wanted)).then(|| {
                    let found = found.map_or("none".to_owned(), |status| status.to_string());
                    format!("expected HTTP status {wanted}, found {found}")
                }))
            }
        }
    }

    async fn unmet_visible(&self, target: &Target) -> Result<Option<String>, Trouble> {
        let found = self
            .find_now(target)
            .await
            .map_err(|trouble| trouble.about_selector(target))?;
        Ok(match found {
            Some((_, true)) => None,
            Some((_, false)) => Some(format!(
                "expected `{target}` to be visible, found it hidden"
            )),
            None => Some(format!("expected `{target}` to be visible, found nothing")),
        })
    }

    async fn unmet_text(
        &self,
        of: Option<&Target>,
        contains: &Text,
    ) -> Result<Option<String>, Trouble> {
        let found = match of {
            None => self.script("return pageText();", Vec::new()).await?,
            Some(target) => {
                let body = "const found = findOne(arguments[0]); return found && collapse(found.innerText);";
                let found = self
                    .script(body, vec![super::find::alternatives(target)])
                    .await;
                found.map_err(|trouble| trouble.about_selector(target))?
            }
        };
        let Some(found) = found.as_str() else {
            let target = of.map(ToString::to_string).unwrap_or_default();
            return Ok(Some(format!(
                "expected `{target}` to contain `{contains}`, found no such element"
            )));
        };
        let holds = found.contains(&collapse(contains.value()));
        Ok((!holds).then(|| {
            format!(
                "expected the text `{contains}`, found `{}`",
                shortened(found)
            )
        }))
    }

    async fn count(&self, target: &Target) -> Result<u64, Trouble> {
        let body = "return findAll(arguments[0]).length;";
        let answer = self
            .script(body, vec![super::find::alternatives(target)])
            .await;
        let answer = answer.map_err(|trouble| trouble.about_selector(target))?;
        Ok(answer.as_u64().unwrap_or_default())
    }

    /// The URL as the environment's own pages would write it.
    pub(crate) fn relative_url(&self, url: &str) -> String {
        let base = self.options.base.as_str().trim_end_matches('/');
        match url.strip_prefix(base) {
            Some("") => "/".to_owned(),
            Some(rest) if rest.starts_with(['/', '?', '#']) => rest.to_owned(),
            _ => url.to_owned(),
        }
    }

    async fn post_within(
        &self,
        limit: Duration,
        command: &'static str,
        path: String,
        body: Value,
    ) -> Result<Value, BrowserError> {
        self.call(
            command,
            limit,
            self.client.issue_cmd(super::session::Raw::post(path, body)),
        )
        .await
    }
}

const DOWN: &str = "pointerDown";
const UP: &str = "pointerUp";
const DOUBLE_CLICK: [&str; 4] = [DOWN, UP, DOWN, UP];

fn pointer_button(kind: &str) -> Value {
    json!({ "type": kind, "button": 0 })
}

fn pointer_move_to(element: &Element, milliseconds: u32) -> Value {
    json!({ "type": "pointerMove", "duration": milliseconds, "origin": reference(element), "x": 0, "y": 0 })
}

fn pointer_move_by(x: i32, y: i32) -> Value {
    json!({ "type": "pointerMove", "duration": 50, "origin": "pointer", "x": x, "y": y })
}

fn reference(element: &Element) -> Value {
    serde_json::to_value(element).expect("an element reference is a string in a map")
}

fn element_id(reference: &Value) -> &str {
    let map = reference.as_object();
    map.and_then(|map| map.values().next())
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Downs in order, then ups in reverse.
fn key_actions(chord: &[String]) -> Vec<Value> {
    let codes: Vec<String> = chord.iter().map(|name| key_code(name)).collect();
    let down = codes
        .iter()
        .map(|code| json!({ "type": "keyDown", "value": code }));
    let up = codes
        .iter()
        .rev()
        .map(|code| json!({ "type": "keyUp", "value": code }));
    down.chain(up).collect()
}

/// The character that WebDriver takes for a named key; any other name is the key's own character.
/// Source: W3C WebDriver, "Keyboard actions", the table of normalised keys.
fn key_code(name: &str) -> String {
    const NAMES: [(&str, u32); 32] = [
        ("Backspace", 0xE003),
        ("Tab", 0xE004),
        ("Enter", 0xE007),
        ("Shift", 0xE008),
        ("Control", 0xE009),
        ("Alt", 0xE00A),
        ("Pause", 0xE00B),
        ("Escape", 0xE00C),
        ("Space", 0x20),
        ("PageUp", 0xE00E),
        ("PageDown", 0xE00F),
        ("End", 0xE010),
        ("Home", 0xE011),
        ("ArrowLeft", 0xE012),
        ("ArrowUp", 0xE013),
        ("ArrowRight", 0xE014),
        ("ArrowDown", 0xE015),
        ("Insert", 0xE016),
        ("Delete", 0xE017),
        ("F1", 0xE031),
        ("F2", 0xE032),
        ("F3", 0xE033),
        ("F4", 0xE034),
        ("F5", 0xE035),
        ("F6", 0xE036),
        ("F7", 0xE037),
        ("F8", 0xE038),
        ("F9", 0xE039),
        ("F10", 0xE03A),
        ("F11", 0xE03B),
        ("F12", 0xE03C),
        ("Meta", 0xE03D),
    ];
    let code = NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .and_then(|(_, code)| char::from_u32(*code));
    code.map_or_else(|| name.to_owned(), String::from)
}

fn cookie_params(cookie: &Cookie, url: &str) -> Value {
    let mut params = json!({
        "name": cookie.name.value(),
        "value": cookie.value.value(),
        "url": url,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    });
    params["path"] = cookie.path.as_ref().map_or("/", Text::value).into();
    if let Some(domain) = &cookie.domain {
        params["domain"] = domain.value().into();
    }
    params
}

fn no_such_option(from: &Target, name: Option<&Text>, offered: &Value) -> String {
    let name = name.map(Text::source).unwrap_or_default();
    let offered = offered
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let offered: Vec<String> = offered.take(10).map(|text| format!("`{text}`")).collect();
    format!(
        "`{from}` has no option `{name}`; it offers {}",
        offered.join(", ")
    )
}

fn describe(condition: &Condition) -> String {
    match condition {
        Condition::Visible(target) => format!("`{target}` to be visible"),
        Condition::Hidden(target) => format!("`{target}` to be hidden"),
        Condition::Gone(target) => format!("`{target}` to be gone"),
        Condition::Text(text) => format!("the text `{text}`"),
        Condition::Url(url) => format!("the URL `{url}`"),
        Condition::Js(script) => format!("`{script}` to be true"),
    }
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    const LIMIT: usize = 120;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn path_of(url: &str) -> String {
    url::Url::parse(url)
        .map(|url| url.path().to_owned())
        .unwrap_or_default()
}

/// Contains the text, or matches it as a whole where it holds `*`.
fn url_is(found: &str, wanted: &str) -> bool {
    if wanted.contains('*') {
        glob_matches(wanted, found)
    } else {
        found.contains(wanted)
    }
}

/// `*` stands for anything, also for nothing.
fn glob_matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_as_a_whole() {
        for (pattern, text, expected) in [
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a*", "/ab", true),
            ("*b", "/ab", true),
            ("/a*c*e", "/abcde", true),
            ("/a*c*e", "/abcd", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(glob_matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_chord_is_released_in_reverse() {
        let actions = key_actions(&["Control".to_owned(), "a".to_owned()]);
        let seen: Vec<(&str, &str)> = actions
            .iter()
            .map(|action| {
                (
                    action["type"].as_str().unwrap(),
                    action["value"].as_str().unwrap(),
                )
            })
            .collect();
        let control = "\u{E009}";
        assert_eq!(
            seen,
            [
                ("keyDown", control),
                ("keyDown", "a"),
                ("keyUp", "a"),
                ("keyUp", control)
            ]
        );
    }
}
