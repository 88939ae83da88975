//! Form fields: fills, checks, chooses and attaches files as a user would.

use std::{borrow::Cow, time::Instant};

use serde_json::{Value, json};

use super::{ElementCommand, StepError, find::ElementState, reach::Reach, reference};
use crate::{
    browser::{
        error::BrowserError,
        page,
        session::Session,
        target::{POLL, alternatives},
    },
    spec::{Target, Text},
};

/// WebDriver's character for the Enter key.
const ENTER: &str = "\u{E006}";

impl Session {
    pub(super) async fn type_into(
        &self,
        into: &Target,
        text: &str,
        append: bool,
        deadline: Instant,
    ) -> Result<(), StepError> {
        if text.is_empty() && !append {
            return self.clear(into, deadline).await;
        }
        let field = self.prepare_field(into, append, deadline).await?;
        if append && !field.has_caret_at_end {
            self.press(&[vec!["End".to_owned()]], None, deadline)
                .await?;
        }
        let keys = self.keys_of(text);
        self.command_element(
            into,
            ElementState::Visible,
            ElementCommand::SendKeys(&keys),
            deadline,
        )
        .await?;
        if field.has_parts {
            self.check_taken(into, deadline).await?;
        }
        Ok(())
    }

    /// The text as the driver expects it: with some drivers a line end must be typed as Enter.
    fn keys_of<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.engine.traits().types_line_ends {
            true => text.into(),
            false => text.replace("\r\n", "\n").replace('\n', ENTER).into(),
        }
    }

    /// Empties a field as a user would: selects everything, then presses Backspace.
    pub(super) async fn clear(&self, target: &Target, deadline: Instant) -> Result<(), StepError> {
        let field = self.prepare_field(target, false, deadline).await?;
        if field.has_parts {
            return self
                .command_element(
                    target,
                    ElementState::Visible,
                    ElementCommand::Clear,
                    deadline,
                )
                .await;
        }
        if field.holds_text {
            self.press(&[vec!["Backspace".to_owned()]], None, deadline)
                .await?;
        }
        Ok(())
    }

    /// Focuses the field, then selects its content or moves the caret to its end. Frameworks may redraw a field when it
    /// gets the focus, so this waits for the next frames in between.
    async fn prepare_field(
        &self,
        target: &Target,
        append: bool,
        deadline: Instant,
    ) -> Result<Field, StepError> {
        let element = self
            .find_ready(target, ElementState::Visible, "text", deadline)
            .await?;
        let script = "
            const [field, append] = arguments;
            const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
            const select = () => {
              if (field.isContentEditable) {
                const range = document.createRange();
                range.selectNodeContents(field);
                if (append) range.collapse(false);
                getSelection().removeAllRanges();
                getSelection().addRange(range);
                return true;
              }
              if (!append) return field.select && field.select(), true;
              try { field.setSelectionRange(field.value.length, field.value.length); } catch { return false; }
              return true;
            };
            field.focus();
            // The timer must be cleared: a remaining one would look like a timer of the page.
            let timer;
            const soon = new Promise((done) => { timer = setTimeout(done, 100); });
            return Promise.race([frame().then(frame), soon]).finally(() => clearTimeout(timer)).then(() => ({
              caret: select(),
              holds: Boolean(field.value || (field.isContentEditable && field.textContent)),
              parts: ['date', 'datetime-local', 'month', 'week', 'time', 'color', 'range', 'file'].includes(field.type),
            }));";
        let answer = self
            .script(script, vec![reference(&element), json!(append)])
            .await?;
        Ok(Field {
            holds_text: answer["holds"] == json!(true),
            has_caret_at_end: answer["caret"] == json!(true),
            has_parts: answer["parts"] == json!(true),
        })
    }

    /// Fails if the field took nothing of the typed text. Date fields expect keys in the order of the browser's
    /// language, or no keys at all.
    async fn check_taken(&self, target: &Target, deadline: Instant) -> Result<(), StepError> {
        let element = self.find(target, ElementState::Present, deadline).await?;
        let script = "return arguments[0].value;";
        let value = self.script(script, vec![reference(&element)]).await?;
        if value != json!("") {
            return Ok(());
        }
        Err(StepError::Step(format!(
            "`{target}` ignored the typed text; use `insert` for this kind of field"
        )))
    }

    /// Uses the value setter of the element's class, because frameworks watch that one.
    pub(super) async fn insert(
        &self,
        into: &Target,
        text: &str,
        deadline: Instant,
    ) -> Result<(), StepError> {
        let element = self
            .find_ready(into, ElementState::Visible, "text", deadline)
            .await?;
        let script = "
            const [field, text] = arguments;
            if (field.isContentEditable) field.textContent = text;
            else {
              let owner = Object.getPrototypeOf(field);
              while (owner && !Object.getOwnPropertyDescriptor(owner, 'value')) owner = Object.getPrototypeOf(owner);
              if (!owner) throw new Error('the element takes no text');
              Object.getOwnPropertyDescriptor(owner, 'value').set.call(field, text);
            }
            field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: text }));
            field.dispatchEvent(new Event('change', { bubbles: true }));";
        self.act_by_script(script, vec![reference(&element), json!(text)])
            .await
            .map(drop)
    }

    /// Clicks the box, unless it already has the wanted state. Clicks its label if styling hides the box or the label lies
    /// over it.
    pub(super) async fn set_checked(
        &self,
        target: &Target,
        wanted: bool,
        deadline: Instant,
    ) -> Result<(), StepError> {
        if self.wait_for_check_box(target, deadline).await? == wanted {
            return Ok(());
        }
        let reach = |misses| {
            self.reach(
                target,
                Reach::Check,
                ElementState::Present,
                misses,
                deadline,
            )
        };
        self.click_reached(target, reach, deadline).await?;
        loop {
            match self.box_state(target).await {
                // The click opened the dialog that the next step answers.
                Err(error) if error.is_dialog() => return Ok(()),
                Ok(Some(Ok(is_checked))) if is_checked == wanted => return Ok(()),
                // The page drew the box anew, or the click led to another page.
                Ok(_) if self.has_left().await? => return Ok(()),
                Ok(None) => return Ok(()),
                Ok(Some(_)) if Instant::now() < deadline => tokio::time::sleep(POLL).await,
                Ok(Some(_)) => break,
                Err(error) => return Err(error.into()),
            }
        }
        let state = if wanted { "unchecked" } else { "checked" };
        Err(StepError::Step(format!(
            "`{target}` is still {state} after the click"
        )))
    }

    /// Waits until the target stands for a box, and returns whether that is checked.
    async fn wait_for_check_box(
        &self,
        target: &Target,
        deadline: Instant,
    ) -> Result<bool, StepError> {
        self.find(target, ElementState::Present, deadline).await?;
        loop {
            let state = self.box_state(target).await?;
            if let Some(Ok(is_checked)) = state {
                return Ok(is_checked);
            }
            if Instant::now() >= deadline {
                let is = state.and_then(Result::err);
                let is = is.unwrap_or_else(|| "nothing any more".to_owned());
                return Err(StepError::Step(format!(
                    "`{target}` is no check box, radio button or switch, and no label of one: it is `{is}`"
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether the box that the target stands for is checked, or else what the target is; `None` if it is gone.
    async fn box_state(
        &self,
        target: &Target,
    ) -> Result<Option<Result<bool, String>>, BrowserError> {
        const BODY: &str =
            "const found = findOne(arguments[0]); return found ? boxState(found) : {};";
        let arguments = vec![alternatives(target)];
        let answer = self.execute_with(page::REACH, BODY, arguments).await?;
        if let Some(is_checked) = answer["isChecked"].as_bool() {
            return Ok(Some(Ok(is_checked)));
        }
        Ok(answer["is"].as_str().map(|is| Err(is.to_owned())))
    }

    /// Whether another document is in front than the one that was checked last.
    async fn has_left(&self) -> Result<bool, BrowserError> {
        let document = self.document().await?;
        Ok(!self.flow.is_checked(&document))
    }

    /// Chooses exactly these options, and sends the events of a choice.
    pub(super) async fn select(
        &self,
        from: &Target,
        options: &[Text],
        deadline: Instant,
    ) -> Result<(), StepError> {
        loop {
            let answer = self.select_now(from, options, deadline).await?;
            let named = |number: &Value| {
                let number = number
                    .as_u64()
                    .and_then(|number| usize::try_from(number).ok());
                number.and_then(|number| options.get(number))
            };
            let failed = match (named(&answer["missing"]), named(&answer["disabled"])) {
                (Some(name), _) => no_such_option(from, name, &answer["offered"]),
                (_, Some(name)) => format!("the option `{name}` of `{from}` is disabled"),
                (None, None) => return Ok(()),
            };
            // Some lists get their options only when another one was chosen from.
            if Instant::now() >= deadline {
                return Err(StepError::Step(failed));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Chooses the options, if all are there and enabled. Returns which one is not.
    async fn select_now(
        &self,
        from: &Target,
        options: &[Text],
        deadline: Instant,
    ) -> Result<Value, StepError> {
        let reached = self
            .reach(from, Reach::Field, ElementState::Visible, 0, deadline)
            .await?;
        let script = "
            const [list, wanted] = arguments;
            if (!(list instanceof HTMLSelectElement)) throw new Error('the element is not a <select>');
            if (wanted.length > 1 && !list.multiple) throw new Error('the <select> takes one option only');
            const options = [...list.options];
            const chosen = wanted.map((name) =>
              options.find((option) => option.value === name) || options.find((option) => collapse(option.text) === collapse(name)));
            const missing = chosen.indexOf(undefined);
            if (missing >= 0) return { missing, offered: options.map((option) => collapse(option.text)) };
            const disabled = chosen.findIndex((option) => option.matches(':disabled'));
            if (disabled >= 0) return { disabled };
            list.focus();
            if (options.every((option) => option.selected === chosen.includes(option))) return {};
            if (list.multiple) options.forEach((option) => { option.selected = chosen.includes(option); });
            else chosen[0].selected = true;
            list.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
            list.dispatchEvent(new Event('change', { bubbles: true }));
            return {};";
        let names: Vec<&str> = options.iter().map(Text::value).collect();
        let arguments = vec![reference(&reached.element), json!(names)];
        self.act_by_script(script, arguments).await
    }

    pub(super) async fn upload(
        &self,
        into: &Target,
        paths: &str,
        deadline: Instant,
    ) -> Result<(), StepError> {
        let reached = self
            .reach(into, Reach::Field, ElementState::Present, 0, deadline)
            .await?;
        Ok(self
            .try_command(&reached.element, ElementCommand::SendKeys(paths))
            .await?)
    }
}

/// A field that has the focus.
struct Field {
    holds_text: bool,
    /// If false, scripts do not know where the caret is.
    has_caret_at_end: bool,
    /// The field is edited part by part, or not with keys at all.
    has_parts: bool,
}

fn no_such_option(from: &Target, name: &Text, offered: &Value) -> String {
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
