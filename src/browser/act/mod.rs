//! Performs steps: each action is a real interaction with the page.

mod conditions;
mod cookies;
mod find;
mod form;
mod keys;
mod page;
mod place;
mod pointer;
mod reach;
mod recipient;

use std::time::{Duration, Instant};

use fantoccini::{elements::Element, error::ErrorStatus};
use serde_json::{Value, json};
use url::Url;

use super::{
    address::{has_other_credentials, is_within},
    document::Document,
    engines::CookieChanges,
    error::{BrowserError, DEPARTED, GAVE_UP},
    session::{Allowance, Session},
    target::POLL,
    wire::{COMMAND_LIMIT, SILENCE},
};
use crate::{
    spec::{Action, Condition, Step, Target, Wait},
    yaml::{host_and_port, without_credentials},
};
use find::ElementState;
use pointer::{DOUBLE_CLICK, DOWN, UP, pointer_button};
use reach::{AROUND, Reach, Reached};

/// How long a page may take to answer after it did not answer in time.
const SILENT_LIMIT: Duration = Duration::from_secs(2);

/// Why a step failed.
#[derive(Debug)]
pub(crate) enum StepError {
    /// The step itself cannot be done.
    Step(String),
    /// The step led to a page that the flow did not mean to open.
    Navigation(String),
    /// The expectations that do not hold, each with what was expected and found.
    Expectation(Vec<String>),
    /// The browser or its driver failed.
    Browser(BrowserError),
}

impl From<BrowserError> for StepError {
    fn from(error: BrowserError) -> Self {
        if error.is(ErrorStatus::NoSuchWindow) {
            return Self::Step(
                "the window that the flow was in is closed; continue with `window: first`"
                    .to_owned(),
            );
        }
        match error {
            BrowserError::Refused { message, .. } => Self::Step(message),
            dialog @ BrowserError::Dialog { .. } => Self::Step(dialog.to_string()),
            fatal => Self::Browser(fatal),
        }
    }
}

impl StepError {
    /// Names the selector, if the browser did not understand it.
    pub(super) fn about_selector(self, target: &Target) -> Self {
        match self {
            Self::Step(message)
                if [
                    "not a valid",
                    "SyntaxError",
                    "did not match the expected pattern",
                ]
                .iter()
                .any(|sign| message.contains(sign)) =>
            {
                Self::Step(format!("`{target}` is not a valid selector: {message}"))
            }
            other => other,
        }
    }
}

/// Whether a message may be about a page that never comes to rest.
fn is_about_loading(message: &str) -> bool {
    let signs = [
        "did not finish loading",
        "response ended early",
        DEPARTED,
        GAVE_UP,
    ];
    signs.iter().any(|sign| message.contains(sign))
}

/// Whether the driver may accept the command once the page has moved on a little.
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

/// Says what happened to an element that was there but could not be acted on until the end. Drivers say it in words of
/// their own, with numbers that nobody knows.
fn in_our_words(target: &Target, error: BrowserError) -> StepError {
    let BrowserError::Refused { status, message } = &error else {
        return error.into();
    };
    let reason = match status {
        ErrorStatus::StaleElementReference => {
            "the page replaced it each time, just when it was acted on".to_owned()
        }
        ErrorStatus::ElementNotInteractable => {
            "it has no size, or does not take the focus".to_owned()
        }
        ErrorStatus::MoveTargetOutOfBounds => "it could not be brought into view".to_owned(),
        ErrorStatus::ElementClickIntercepted => match message.split_once("receive the click: ") {
            Some((_, cover)) => format!("{} covers it", named(cover)),
            None => message.clone(),
        },
        _ => return error.into(),
    };
    StepError::Step(format!("`{target}`: {reason}"))
}

/// The opening tag of an element as a driver writes it, without what it holds.
fn named(markup: &str) -> String {
    let end = markup.find('>').map_or(markup.len(), |end| end + 1);
    format!("`{}`", &markup[..end])
}

/// Whether an action only views pages as an anonymous visitor would: no input, no script of the flow, and no URL with a
/// value that was passed to the flow.
fn only_looks(action: &Action) -> bool {
    match action {
        Action::Goto { url, .. } => {
            let query = url.source().split_once('?');
            query.is_none_or(|(_, query)| !query.contains("${"))
        }
        Action::Back
        | Action::Forward
        | Action::Refresh
        | Action::Scroll(_)
        | Action::Viewport(_)
        | Action::Frame(_) => true,
        _ => leaves_the_page_alone(action),
    }
}

/// Whether an action neither touches the page nor runs a script in it. The last picture may then still be valid.
fn leaves_the_page_alone(action: &Action) -> bool {
    match action {
        Action::Wait(Wait::Until(conditions)) => {
            let is_script = |condition: &Condition| matches!(condition, Condition::Js(_));
            !conditions.iter().any(is_script)
        }
        Action::Wait(Wait::Duration(_)) | Action::Expect(_) => true,
        _ => false,
    }
}

/// Whether an action may lead to another page than the one that the flow asked for.
fn may_lead_away(action: &Action) -> bool {
    !only_looks(action) || matches!(action, Action::Back | Action::Forward)
}

/// What to do with an element once it is found.
#[derive(Debug, Clone, Copy)]
enum ElementCommand<'a> {
    Click,
    Clear,
    SendKeys(&'a str),
    EnterFrame,
}

impl Session {
    /// Performs one step, then checks the document that it led to. `expected_status` is the status that the flow
    /// expects of that document in its next step.
    pub(crate) async fn act(
        &mut self,
        step: &Step,
        expected_status: Option<u16>,
    ) -> Result<(), StepError> {
        let deadline = Instant::now() + step.timeout.unwrap_or(self.options.timeout);
        self.flow.begin_step();
        if !only_looks(&step.action) {
            self.flow.touch();
        }
        if !leaves_the_page_alone(&step.action) {
            self.flow.set_previous_frame(None);
        }
        if !matches!(step.action, Action::Goto { .. }) {
            self.flow.take_untouched();
        }
        if may_lead_away(&step.action) {
            self.flow.act();
        }
        let expected_status = step.action.expected_status().or(expected_status);
        let done = match self.perform(&step.action, deadline).await {
            Ok(loaded) => {
                let checked = self.check_led_to(&step.action, loaded, expected_status);
                match checked.await {
                    Err(StepError::Navigation(message)) => Err(StepError::Navigation(message)),
                    // The step is done. The dialog that it opened is for the next step.
                    Err(_) if self.open_dialog().await.is_some() => Ok(()),
                    checked => checked,
                }
            }
            Err(error) => Err(error),
        };
        match done {
            Err(error) => Err(self.explained(&step.action, error).await),
            done => done,
        }
    }

    /// The error with its real reason: while a dialog is open or a page is loading, commands fail in other words.
    async fn explained(&self, action: &Action, error: StepError) -> StepError {
        if !matches!(action, Action::Dialog { .. })
            && let Some(dialog) = self.open_dialog().await
        {
            return dialog.into();
        }
        // A script whose document goes away has led elsewhere itself.
        let is_script = matches!(action, Action::Evaluate { .. } | Action::Inject(_));
        let may_reload = !is_script
            && match &error {
                StepError::Step(message) | StepError::Navigation(message) => {
                    is_about_loading(message)
                }
                StepError::Browser(error) => matches!(error, BrowserError::Deadline { .. }),
                StepError::Expectation(_) => false,
            };
        if may_reload && let Some(trouble) = self.reload_trouble().await {
            return StepError::Navigation(trouble);
        }
        match error {
            StepError::Step(message)
                if matches!(action, Action::Goto { .. }) || message.starts_with(GAVE_UP) =>
            {
                StepError::Navigation(message)
            }
            // A page whose scripts never end does not answer this either.
            StepError::Step(message) if message.starts_with(SILENCE) => {
                match self.describe_within(SILENT_LIMIT).await {
                    Ok(_) => StepError::Navigation(self.did_not_finish()),
                    Err(_) => StepError::Step(message),
                }
            }
            other => other,
        }
    }

    /// Checks the document that a step led to. If the step has already `loaded` a document, any page that this one
    /// moves on to is checked with the next step or shot.
    async fn check_led_to(
        &mut self,
        action: &Action,
        loaded: Option<Document>,
        expected_status: Option<u16>,
    ) -> Result<(), StepError> {
        let mut allowance = Allowance {
            status: expected_status,
            host: None,
        };
        if let Action::Goto { url, status, host } = action {
            allowance.status = status.or(expected_status);
            let named = Url::parse(url.value()).ok().map(|url| host_and_port(&url));
            allowance.host = host.as_ref().map(|host| host.value().to_owned()).or(named);
        }
        let checked = match loaded {
            Some(document) => {
                let document = self.with_reason(document).await;
                Ok(self.check_described(document, &allowance))
            }
            None => self.check_document(&allowance).await,
        };
        match checked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => Err(StepError::Navigation(message)),
            // If the step opened a dialog, the step that answers it handles it. If the step closed the window, the step
            // that goes to another window does.
            Err(error) if error.is_dialog() || error.is(ErrorStatus::NoSuchWindow) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Performs the action. Returns the document that it loaded, if that is already known.
    async fn perform(
        &mut self,
        action: &Action,
        deadline: Instant,
    ) -> Result<Option<Document>, StepError> {
        let done = match action {
            Action::Goto { url, .. } => return self.go_to(url.value()).await,
            Action::Back => {
                self.flow.ask(None);
                self.travel("back").await
            }
            Action::Forward => self.travel("forward").await,
            Action::Refresh => self.travel("refresh").await,
            Action::Click(target) => self.click(target, deadline).await,
            Action::DoubleClick(target) => self.double_click(target, deadline).await,
            Action::Hover(target) => self.point_at(target, &[], deadline).await.map(drop),
            Action::MouseDown(target) => {
                let pressed = self.point_at(target, &[DOWN], deadline).await?;
                self.flow.hold(Some(pressed.size));
                Ok(())
            }
            Action::MouseUp(target) => {
                let released = self.release_button(target.as_ref(), deadline).await;
                self.flow.hold(None);
                released
            }
            Action::Type { into, text, append } => {
                self.type_into(into, text.value(), *append, deadline).await
            }
            Action::Insert { into, text } => self.insert(into, text.value(), deadline).await,
            Action::Clear(target) => self.clear(target, deadline).await,
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
                self.life.set_viewport(*viewport);
                let is_mobile = self.life.screen().device.mobile;
                Ok(self.engine.set_viewport(*viewport, is_mobile).await?)
            }
            Action::Wait(wait) => self.wait(wait, deadline).await,
            Action::Evaluate { script, args } => self.evaluate(script.value(), args).await,
            Action::Inject(inject) => self.inject(inject).await,
            Action::Cookies { clear, delete, set } => {
                let clear = *clear;
                let changes = CookieChanges { clear, delete, set };
                self.change_cookies(changes).await
            }
            Action::Frame(frame) => self.frame_to(frame, deadline).await,
            Action::Window(window) => self.window_to(window, deadline).await,
            Action::Dialog { accept, text } => {
                self.answer_dialog(*accept, text.as_ref(), deadline).await
            }
            Action::Expect(expectations) => self.expect(expectations, deadline).await,
        };
        done.map(|()| None)
    }

    async fn go_to(&mut self, url: &str) -> Result<Option<Document>, StepError> {
        let url = self.resolve(url).map_err(StepError::Step)?;
        let asked = self.relative_url(without_credentials(&url).as_str());
        self.flow.ask(Some(asked));
        if has_other_credentials(&url, &self.options.base) {
            self.life.learn_password();
        }
        let before = match self.flow.take_untouched() {
            Some(document) => document,
            None => self.document().await?,
        };
        let body = json!({ "url": url.as_str() });
        match self.navigate("url", body).await {
            Ok(()) => {}
            Err(StepError::Step(message)) => {
                if !self.has_read_another_page(&before).await {
                    let shown = without_credentials(&url);
                    let message = format!("{shown} could not be loaded: {message}");
                    return Err(StepError::Step(message));
                }
            }
            Err(other) => return Err(other),
        }
        self.check_departure(&before, &url).await
    }

    /// Whether a page that did not finish loading in time was read to its end long ago. Then it waits only for images and
    /// the like, and its pictures say which they lack.
    async fn has_read_another_page(&self, before: &Document) -> bool {
        const LONG_MS: f64 = 1000.0;
        let since = self.in_page(COMMAND_LIMIT, "sinceParsed", &json!(null));
        let is_read = since.await.ok().and_then(|since| since.as_f64());
        let now = self.document().await;
        is_read.is_some_and(|since| since > LONG_MS)
            && now.is_ok_and(|now| now.load != before.load && now.trouble.is_none())
    }

    /// Checks that the browser went somewhere, and returns the new document unless a dialog holds it back. After a
    /// download, or an answer without content, the browser stays on the page that it was on.
    async fn check_departure(
        &mut self,
        before: &Document,
        url: &Url,
    ) -> Result<Option<Document>, StepError> {
        let now = match self.document().await {
            Ok(now) => self.wait_for_arrival(now).await,
            Err(error) => Err(error),
        };
        let now = match now {
            // If a page opens a dialog while it loads, the step that answers it handles it.
            Err(error) if error.is_dialog() => return Ok(None),
            now => now?.map_err(StepError::Navigation)?,
        };
        if now.load == before.load && !is_within(&before.info.url, url) {
            let (shown, stayed) = (without_credentials(url), &before.info.url);
            let why = now.trouble.as_deref();
            let why = why.unwrap_or("a download, or an answer without content");
            return Err(StepError::Step(format!(
                "{shown} did not load a page; the browser stayed on {stayed}: {why}"
            )));
        }
        self.engine.park_pointer().await?;
        self.flow.arrive(&now.info.url);
        Ok(Some(now))
    }

    async fn travel(&self, where_to: &'static str) -> Result<(), StepError> {
        self.navigate(where_to, json!({})).await
    }

    async fn navigate(&self, command: &'static str, body: Value) -> Result<(), StepError> {
        let limit = self.wire().page_limit();
        let answer = self.wire().post(limit, command, command, body).await;
        self.engine.leave_document();
        match answer {
            Err(error) if error.is(ErrorStatus::Timeout) => Err(StepError::Step(format!(
                "the page did not finish loading within {} s",
                self.options.page_timeout.as_secs_f32()
            ))),
            other => Ok(other.map(drop)?),
        }
    }

    async fn click(&self, target: &Target, deadline: Instant) -> Result<(), StepError> {
        let reach = |misses| {
            self.reach(
                target,
                Reach::Click,
                ElementState::Visible,
                misses,
                deadline,
            )
        };
        self.click_reached(target, reach, deadline).await.map(drop)
    }

    /// Clicks where `reach` says, and again until the deadline if the page is still moving. Returns the element that was
    /// clicked. The driver clicks at its own point; elsewhere we move the pointer, and also where chromedriver's own
    /// script fails, as on some elements in shadow trees.
    async fn click_reached<F: Future<Output = Result<Reached, StepError>>>(
        &self,
        target: &Target,
        reach: impl Fn(u32) -> F,
        deadline: Instant,
    ) -> Result<Reached, StepError> {
        for misses in 0_u32.. {
            let reached = reach(misses).await?;
            let by_driver = match reached.is_plain {
                true => Some(
                    self.try_command(&reached.element, ElementCommand::Click)
                        .await,
                ),
                false => None,
            };
            let clicked = match by_driver {
                None => self.act_on(&reached, &[DOWN, UP]).await,
                Some(Err(error)) if error.to_string().contains("Cannot read properties of") => {
                    self.act_on(&reached, &[DOWN, UP]).await
                }
                Some(clicked) => clicked,
            };
            let clicked = match clicked {
                Ok(()) => self.check_met().await,
                clicked => clicked,
            };
            if self.is_done(target, clicked, deadline).await? {
                return Ok(reached);
            }
        }
        unreachable!("the deadline comes before the last attempt")
    }

    /// Whether the command is done. If the page was still moving, it can be tried again until the deadline.
    async fn is_done(
        &self,
        target: &Target,
        command: Result<(), BrowserError>,
        deadline: Instant,
    ) -> Result<bool, StepError> {
        match command {
            Ok(()) => Ok(true),
            Err(error) if is_transient(&error) && Instant::now() < deadline => {
                tokio::time::sleep(POLL).await;
                Ok(false)
            }
            Err(BrowserError::Refused { message, .. }) if message == AROUND => {
                let around = self.name_around().await;
                let around = around.unwrap_or_else(|| AROUND.to_owned());
                Err(StepError::Step(format!("`{target}`: {around}")))
            }
            Err(error) => Err(in_our_words(target, error)),
        }
    }

    async fn double_click(&self, target: &Target, deadline: Instant) -> Result<(), StepError> {
        self.point_at(target, &DOUBLE_CLICK, deadline)
            .await
            .map(drop)
    }

    async fn release_button(
        &self,
        target: Option<&Target>,
        deadline: Instant,
    ) -> Result<(), StepError> {
        match target {
            None => Ok(self.pointer(vec![pointer_button(UP)]).await?),
            Some(target) => self.point_at(target, &[UP], deadline).await.map(drop),
        }
    }

    /// Finds the element and acts on it. Retries until the deadline if that fails because the page is still moving.
    async fn command_element(
        &self,
        target: &Target,
        state: ElementState,
        command: ElementCommand<'_>,
        deadline: Instant,
    ) -> Result<(), StepError> {
        loop {
            let element = self.find(target, state, deadline).await?;
            let done = self.try_command(&element, command).await;
            if self.is_done(target, done, deadline).await? {
                return Ok(());
            }
        }
    }

    async fn try_command(
        &self,
        element: &Element,
        command: ElementCommand<'_>,
    ) -> Result<(), BrowserError> {
        let page_limit = self.wire().page_limit();
        match command {
            ElementCommand::Click => self.wire().call("click", page_limit, element.click()).await,
            ElementCommand::Clear => {
                self.wire()
                    .call("clear", COMMAND_LIMIT, element.clear())
                    .await
            }
            ElementCommand::SendKeys(keys) if self.holds_secret(keys) => {
                self.type_secret(element, keys).await
            }
            ElementCommand::SendKeys(keys) => {
                self.wire()
                    .call("send keys", page_limit, element.send_keys(keys))
                    .await
            }
            ElementCommand::EnterFrame => {
                self.wire()
                    .call("enter frame", COMMAND_LIMIT, element.enter_frame())
                    .await
            }
        }
    }

    async fn input(&self, source: Value) -> Result<(), BrowserError> {
        let body = json!({ "actions": [source] });
        let limit = self.wire().page_limit();
        let sent = self.wire().post(limit, "actions", "actions", body);
        sent.await.map(drop)
    }
}

fn reference(element: &Element) -> Value {
    serde_json::to_value(element).expect("an element reference is a string in a map")
}
