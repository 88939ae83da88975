//! The pointer: moves, presses and releases it through the Actions API.

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    StepError,
    find::ElementState,
    reach::{Reach, Reached},
    reference,
};
use crate::{
    browser::{error::BrowserError, session::Session},
    spec::{DragTo, Target},
};

pub(super) const DOWN: &str = "pointerDown";
pub(super) const UP: &str = "pointerUp";
pub(super) const DOUBLE_CLICK: [&str; 4] = [DOWN, UP, DOWN, UP];

impl Session {
    /// Moves the pointer to the element, then presses and releases the buttons as given. Returns where it acted.
    pub(super) async fn point_at(
        &self,
        target: &Target,
        buttons: &[&str],
        deadline: Instant,
    ) -> Result<Reached, StepError> {
        let what = match buttons {
            [] => Reach::Hover,
            _ => Reach::Press,
        };
        loop {
            let reached = self
                .reach(target, what, ElementState::Visible, deadline)
                .await?;
            if self
                .is_done(target, self.act_on(&reached, buttons).await, deadline)
                .await?
            {
                return Ok(reached);
            }
        }
    }

    /// Moves the pointer to the point, then presses and releases the buttons as given.
    pub(super) async fn act_on(
        &self,
        reached: &Reached,
        buttons: &[&str],
    ) -> Result<(), BrowserError> {
        let mut actions = vec![pointer_move_to(reached, 0)];
        let is_sure = !self.flow.is_in_frame() || !reached.is_itself || self.flow.holds_button();
        if !is_sure {
            self.pointer(actions.clone()).await?;
            self.check_hovered(reached).await?;
        }
        actions.extend(buttons.iter().map(|button| pointer_button(button)));
        self.pointer(actions).await
    }

    pub(super) async fn drag(
        &self,
        from: &Target,
        to: &DragTo,
        deadline: Instant,
    ) -> Result<(), StepError> {
        let mut actions = Vec::new();
        match to {
            DragTo::Element(target) => {
                let [start, end] = self.reach_both(from, target, deadline).await?;
                actions.push(pointer_move_to(&start, 0));
                actions.push(pointer_button(DOWN));
                actions.push(pointer_move_by(4, 4));
                actions.push(pointer_move_to(&end, 200));
                actions.push(pointer_move_to(&end, 0));
            }
            DragTo::Offset { x, y } => {
                let state = ElementState::Visible;
                let start = self.reach(from, Reach::Press, state, deadline).await?;
                actions.push(pointer_move_to(&start, 0));
                actions.push(pointer_button(DOWN));
                actions.push(pointer_move_by(x / 2, y / 2));
                actions.push(pointer_move_by(x - x / 2, y - y / 2));
            }
        }
        actions.push(pointer_button(UP));
        if self.engine.traits().can_drop {
            return Ok(self.pointer(actions).await?);
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

    pub(super) async fn pointer(&self, actions: Vec<Value>) -> Result<(), BrowserError> {
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

fn pointer_move_to(reached: &Reached, milliseconds: u32) -> Value {
    let (x, y) = reached.offset;
    json!({ "type": "pointerMove", "duration": milliseconds, "origin": reference(&reached.element), "x": x, "y": y })
}

fn pointer_move_by(x: i32, y: i32) -> Value {
    json!({ "type": "pointerMove", "duration": 50, "origin": "pointer", "x": x, "y": y })
}
