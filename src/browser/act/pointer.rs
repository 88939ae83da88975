//! The pointer: moves, presses and releases it through the Actions API.

use std::time::Instant;

use fantoccini::elements::Element;
use serde_json::{Value, json};

use super::{StepError, find::ElementState, reference};
use crate::{
    browser::session::Session,
    spec::{DragTo, Target},
};

pub(super) const DOWN: &str = "pointerDown";
pub(super) const UP: &str = "pointerUp";
pub(super) const DOUBLE_CLICK: [&str; 4] = [DOWN, UP, DOWN, UP];

impl Session {
    /// Moves the pointer to the element's centre, then presses and releases the buttons as given.
    pub(super) async fn point_at(
        &self,
        target: &Target,
        buttons: &[&str],
        deadline: Instant,
    ) -> Result<(), StepError> {
        self.bring_into_view(target, deadline).await?;
        let element = self.find(target, ElementState::Visible, deadline).await?;
        let mut actions = vec![pointer_move_to(&element, 0)];
        actions.extend(buttons.iter().map(|button| pointer_button(button)));
        self.pointer(actions).await
    }

    /// Scrolls the element into view: the pointer cannot leave the viewport.
    async fn bring_into_view(&self, target: &Target, deadline: Instant) -> Result<(), StepError> {
        let element = self.find(target, ElementState::Visible, deadline).await?;
        let script = "arguments[0].scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });";
        self.script(script, vec![reference(&element)])
            .await
            .map(drop)
    }

    pub(super) async fn drag(
        &self,
        from: &Target,
        to: &DragTo,
        deadline: Instant,
    ) -> Result<(), StepError> {
        self.bring_into_view(from, deadline).await?;
        let start = self.find(from, ElementState::Visible, deadline).await?;
        let mut actions = vec![pointer_move_to(&start, 0), pointer_button(DOWN)];
        match to {
            DragTo::Element(target) => {
                let end = self.find(target, ElementState::Visible, deadline).await?;
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
        if self.engine.traits().can_drop {
            return self.pointer(actions).await;
        }
        self.watch_native_drag().await?;
        self.pointer(actions).await?;
        self.check_native_drag().await
    }

    /// Watches for a drag that the browser itself does. Drivers other than Chrome's start such a drag but never end it.
    async fn watch_native_drag(&self) -> Result<(), StepError> {
        let script = "
            const [name] = arguments;
            window[name] = false;
            window.addEventListener('dragstart', (event) => { window[name] = !event.defaultPrevented; }, { once: true });";
        let name = json!(self.engine.name());
        self.script(script, vec![name]).await.map(drop)
    }

    async fn check_native_drag(&self) -> Result<(), StepError> {
        let script = "const [name] = arguments; const began = window[name]; delete window[name]; return began;";
        let began = self.script(script, vec![json!(self.engine.name())]).await?;
        if began != json!(true) {
            return Ok(());
        }
        let name = self.options.browser.title();
        Err(StepError::Step(format!(
            "{name}'s driver cannot drop an element that the browser itself drags (`draggable`); only drags that the page \
             implements with pointer or mouse events work there"
        )))
    }

    pub(super) async fn pointer(&self, actions: Vec<Value>) -> Result<(), StepError> {
        let source = json!({
            "type": "pointer",
            "id": "mouse",
            "parameters": { "pointerType": "mouse" },
            "actions": actions,
        });
        self.input(source).await
    }
}

pub(super) fn pointer_button(kind: &str) -> Value {
    json!({ "type": kind, "button": 0 })
}

fn pointer_move_to(element: &Element, milliseconds: u32) -> Value {
    json!({ "type": "pointerMove", "duration": milliseconds, "origin": reference(element), "x": 0, "y": 0 })
}

fn pointer_move_by(x: i32, y: i32) -> Value {
    json!({ "type": "pointerMove", "duration": 50, "origin": "pointer", "x": x, "y": y })
}
