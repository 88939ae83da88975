//! Finds elements in the flow's current frame, and waits for them until the step's time is up.

use std::time::{Duration, Instant};

use fantoccini::elements::{Element, ElementRef};
use serde_json::{Value, json};

use super::StepError;
use crate::{
    browser::{
        error::BrowserError,
        page,
        session::Session,
        target::{POLL, alternatives},
        wire::COMMAND_LIMIT,
    },
    spec::{Selector, Target},
};

/// The key under which WebDriver sends an element.
const ELEMENT_KEY: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The longest text that an error names, and how many it names, whatever the page answers.
const LONGEST_NAMED: usize = 80;
const MOST_NAMED: usize = 3;

/// The state that an action needs an element to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementState {
    /// The element exists.
    Present,
    /// The element is visible.
    Visible,
}

impl Session {
    /// Runs a script in the flow's frame, with the functions of `page/library/find.js`.
    pub(crate) async fn script(
        &self,
        body: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, StepError> {
        self.script_with("", body, arguments).await
    }

    /// The same with the functions of further files.
    pub(super) async fn script_with(
        &self,
        files: &str,
        body: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, StepError> {
        let answer = self.execute_with(files, body, arguments).await;
        answer.map_err(StepError::from)
    }

    /// The same with the browser's own error.
    pub(super) async fn execute_with(
        &self,
        files: &str,
        body: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, BrowserError> {
        if self.hold_secret(&arguments) {
            self.check_recipient().await?;
        }
        let script = format!("{}{files}\n{body}", page::FIND);
        self.wire().execute(COMMAND_LIMIT, &script, arguments).await
    }

    /// Runs a script that acts on the page as a person would. If that opens a dialog, the script has done its work: the
    /// dialog is for the next step.
    pub(super) async fn act_by_script(
        &self,
        body: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, StepError> {
        match self.execute_with("", body, arguments).await {
            Err(error) if error.is_dialog() => Ok(Value::Null),
            answer => Ok(answer?),
        }
    }

    /// The first match; waits for it until `deadline`.
    pub(crate) async fn find(
        &self,
        target: &Target,
        state: ElementState,
        deadline: Instant,
    ) -> Result<Element, StepError> {
        let began = Instant::now();
        loop {
            let seen = match self.find_now(target).await {
                Ok(Some((element, seen))) if seen || state == ElementState::Present => {
                    return Ok(element);
                }
                Ok(found) => found.is_some(),
                Err(error) => return Err(error.about_selector(target)),
            };
            if Instant::now() >= deadline {
                let missing = self.not_found(target, seen, began.elapsed()).await;
                return Err(StepError::Step(missing));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The first match that takes what is to be done with it, see `page/library/hindrance.js`; waits for it until
    /// `deadline`.
    pub(super) async fn find_ready(
        &self,
        target: &Target,
        state: ElementState,
        kind: &str,
        deadline: Instant,
    ) -> Result<Element, StepError> {
        const BODY: &str = "const found = findOne(arguments[0]); \
             return found && [found, canBeSeen(found), hindranceOf(found, arguments[1])];";
        let began = Instant::now();
        loop {
            let arguments = vec![alternatives(target), json!(kind)];
            let answer = self.script_with(page::REACH, BODY, arguments).await;
            let answer = answer.map_err(|error| error.about_selector(target))?;
            let is_there = answer[1] == json!(true) || state == ElementState::Present;
            if is_there
                && answer[2].is_null()
                && let Some(element) = self.element(&answer[0])
            {
                return Ok(element);
            }
            if Instant::now() >= deadline {
                let waited = began.elapsed();
                return Err(StepError::Step(match is_there && !answer.is_null() {
                    true => hindered(target, &answer[2], waited),
                    false => self.not_found(target, !answer.is_null(), waited).await,
                }));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Says that an element is not there, or cannot be seen.
    pub(super) async fn not_found(
        &self,
        target: &Target,
        exists: bool,
        waited: Duration,
    ) -> String {
        let waited = waited.as_secs_f32();
        let hint = self.nearest_texts(target).await;
        match exists {
            true => format!(
                "`{target}` is in the page, but could not be seen within {waited:.1} s{hint}"
            ),
            false => format!("nothing in the page matched `{target}` within {waited:.1} s{hint}"),
        }
    }

    /// Words that name the texts of the page that are most like the one the target asks for; none if the target asks for
    /// no text, or is found.
    pub(crate) async fn nearest_texts(&self, target: &Target) -> String {
        let asks_for_text = |way: &Selector| matches!(way, Selector::Text(_));
        if !target.alternatives.iter().any(asks_for_text) {
            return String::new();
        }
        let body = format!(
            "{}\nreturn nearestTexts(arguments[0]);",
            page::NEAREST_TEXTS
        );
        let found = self.script(&body, vec![alternatives(target)]).await;
        // The step has failed already; a page that does not answer changes nothing about it.
        let found = found.unwrap_or_default();
        let texts = found.as_array().into_iter().flatten();
        let texts: Vec<String> = texts
            .filter_map(Value::as_str)
            .filter(|text| text.chars().count() <= LONGEST_NAMED)
            .map(|text| format!("`{text}`"))
            .take(MOST_NAMED)
            .collect();
        match texts.as_slice() {
            [] => String::new(),
            [only] => format!("; the nearest text is {only}"),
            several => format!("; the nearest texts are {}", several.join(", ")),
        }
    }

    /// The first match at this moment, and whether it is visible.
    pub(crate) async fn find_now(
        &self,
        target: &Target,
    ) -> Result<Option<(Element, bool)>, StepError> {
        let body =
            "const found = findOne(arguments[0]); return found && [found, canBeSeen(found)];";
        let answer = self.script(body, vec![alternatives(target)]).await?;
        let element = self.element(&answer[0]);
        Ok(element.map(|element| (element, answer[1].as_bool().unwrap_or(false))))
    }

    /// The element that a script returned.
    pub(super) fn element(&self, returned: &Value) -> Option<Element> {
        let reference = ElementRef::from(returned[ELEMENT_KEY].as_str()?.to_owned());
        let client = self.wire().client().clone();
        Some(Element::from_element_id(client, reference))
    }
}

/// Says why an element takes nothing, such as that it is disabled.
pub(super) fn hindered(target: &Target, hindrance: &Value, waited: Duration) -> String {
    let why = hindrance["why"].as_str().unwrap_or("takes nothing");
    let name = hindrance["name"].as_str().unwrap_or_default();
    let waited = waited.as_secs_f32();
    format!("`{target}` {why} (`{name}`), and was so for {waited:.1} s")
}
