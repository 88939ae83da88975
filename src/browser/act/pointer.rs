//! The pointer: moves, presses and releases it through the Actions API.

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    StepError,
    find::ElementState,
    reach::{Reach, Reached, pointer_move_in_view},
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
            [UP] => Reach::Release,
            _ => Reach::Press,
        };
        for misses in 0_u32.. {
            let state = ElementState::Visible;
            let reached = self.reach(target, what, state, misses, deadline).await?;
            let acted = match self.act_on(&reached, buttons).await {
                Ok(()) if what != Reach::Release => self.check_pressed(buttons).await,
                acted => acted,
            };
            if self.is_done(target, acted, deadline).await? {
                return Ok(reached);
            }
        }
        unreachable!("the deadline comes before the last attempt")
    }

    /// Checks that the pointer met the element. Releases a button that it holds down elsewhere.
    async fn check_pressed(&self, buttons: &[&str]) -> Result<(), BrowserError> {
        let met = self.check_met().await;
        if met.is_err() && buttons.last() == Some(&DOWN) {
            self.pointer(vec![pointer_button(UP)]).await?;
        }
        met
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
        loop {
            let actions = self.drag_actions(from, to, deadline).await?;
            let dragged = self.drag_once(actions).await?;
            if self.is_done(from, dragged, deadline).await? {
                return Ok(());
            }
        }
    }

    /// Waits until the element can be dragged, and returns how.
    async fn drag_actions(
        &self,
        from: &Target,
        to: &DragTo,
        deadline: Instant,
    ) -> Result<Vec<Value>, StepError> {
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
                let start = self.reach(from, Reach::Press, state, 0, deadline).await?;
                actions.push(pointer_move_to(&start, 0));
                actions.push(pointer_button(DOWN));
                actions.push(pointer_move_by(x / 2, y / 2));
                actions.push(pointer_move_by(x - x / 2, y - y / 2));
            }
        }
        actions.push(pointer_button(UP));
        Ok(actions)
    }

    /// Drags once. The inner error is for an element that the pointer did not meet.
    async fn drag_once(&self, actions: Vec<Value>) -> Result<Result<(), BrowserError>, StepError> {
        if self.engine.traits().can_drop {
            return Ok(match self.pointer(actions).await {
                Ok(()) => self.check_met().await,
                dragged => dragged,
            });
        }
        self.watch_native_drag().await?;
        if let Err(error) = self.pointer(actions).await {
            return Ok(Err(error));
        }
        if let Err(missed) = self.check_met().await {
            return Ok(Err(missed));
        }
        self.check_native_drag().await.map(Ok)
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
    if let Some(point) = reached.in_view {
        return pointer_move_in_view(point, milliseconds);
    }
    let (x, y) = reached.offset;
    json!({ "type": "pointerMove", "duration": milliseconds, "origin": reference(&reached.element), "x": x, "y": y })
}

fn pointer_move_by(x: i32, y: i32) -> Value {
    json!({ "type": "pointerMove", "duration": 50, "origin": "pointer", "x": x, "y": y })
}
