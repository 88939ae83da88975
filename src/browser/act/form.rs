//! Fields of forms: filled, checked, chosen from and given files, as a person would.

use std::time::Instant;

use fantoccini::elements::Element;
use serde_json::{Value, json};

use super::{Deed, Trouble, reference};
use crate::{
    browser::{find::Need, session::Session},
    spec::{Target, Text},
};

impl Session {
    pub(super) async fn type_into(
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
    pub(super) async fn insert(
        &self,
        into: &Target,
        text: &str,
        deadline: Instant,
    ) -> Result<(), Trouble> {
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

    /// Clicks the box, or its label when the box itself is hidden by styling, unless it is as wanted.
    pub(super) async fn set_checked(
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
    pub(super) async fn select(
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

    pub(super) async fn upload(
        &self,
        into: &Target,
        paths: &str,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let element = self.find(into, Need::Present, deadline).await?;
        Ok(self.try_deed(&element, Deed::SendKeys(paths)).await?)
    }
}

fn element_id(reference: &Value) -> &str {
    let map = reference.as_object();
    map.and_then(|map| map.values().next())
        .and_then(Value::as_str)
        .unwrap_or_default()
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
