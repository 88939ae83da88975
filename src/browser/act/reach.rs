//! Reaches elements with the pointer: brings them to a place of the view where nothing covers them, and waits until they
//! are free. The pointer never acts on what covers an element.

use std::time::{Duration, Instant};

use fantoccini::{elements::Element, error::ErrorStatus};
use serde_json::{Value, json};

use super::{StepError, find::ElementState, reference};
use crate::{
    browser::{
        error::BrowserError,
        page,
        session::Session,
        target::{POLL, alternatives},
        wire::COMMAND_LIMIT,
    },
    spec::Target,
};

/// What the pointer is to do with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The driver clicks it. An element that is partly in view stays where it is.
    Click,
    /// Presses or releases a button on it.
    Press,
    /// Moves to it.
    Hover,
    /// Clicks a box or its label.
    Check,
    /// Nothing: a script fills the field. A field that is hidden on purpose is free.
    Field,
}

/// An element with the point at which the pointer can act on it.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) element: Element,
    /// From the point to which WebDriver moves the pointer by itself, in CSS pixels.
    pub(super) offset: (i64, i64),
    /// Whether it is that point, and the element itself is there.
    pub(super) is_plain: bool,
    /// Whether the element itself is at the point, and not its label.
    pub(super) is_itself: bool,
    /// Its width and height.
    pub(super) size: (f64, f64),
}

impl Session {
    /// Waits until the pointer can act on the element.
    pub(super) async fn reach(
        &self,
        target: &Target,
        what: Reach,
        state: ElementState,
        deadline: Instant,
    ) -> Result<Reached, StepError> {
        const BODY: &str = "const found = findOne(arguments[0]); \
             return found && reach(found, arguments[1]).then((reached) => [found, canBeSeen(found), reached]);";
        let began = Instant::now();
        for turn in 0_u32.. {
            let options = json!({
                "kind": what.kind(),
                "asItIs": what == Reach::Click,
                "turn": turn,
                "held": self.flow.held_size().map(|(width, height)| json!({ "width": width, "height": height })),
            });
            let arguments = vec![alternatives(target), options];
            let answer = self.script_with(page::REACH, BODY, arguments).await;
            let answer = answer.map_err(|error| error.about_selector(target))?;
            let is_seen = answer[1] == json!(true);
            let found = &answer[2];
            if (is_seen || state == ElementState::Present)
                && let Some(reached) = self.reached(&found["free"])
            {
                return Ok(reached);
            }
            if Instant::now() >= deadline {
                let waited = began.elapsed();
                let is_hidden = found["free"].is_object() || found["hidden"] == json!(true);
                return Err(StepError::Step(match answer.is_null() || is_hidden {
                    true => self.not_found(target, !answer.is_null(), waited).await,
                    false => covered(target, &found["cover"], waited),
                }));
            }
            tokio::time::sleep(POLL).await;
        }
        unreachable!("the deadline comes before the last turn")
    }

    /// Waits until the pointer can drag one element to another one: both must be in view and free at the same time.
    pub(super) async fn reach_both(
        &self,
        from: &Target,
        to: &Target,
        deadline: Instant,
    ) -> Result<[Reached; 2], StepError> {
        const BODY: &str = "const ends = [findOne(arguments[0]), findOne(arguments[1])]; \
             return ends[0] && ends[1] ? reachBoth(...ends, arguments[2]) : { missing: ends[0] ? 1 : 0 };";
        let began = Instant::now();
        for turn in 0_u32.. {
            let arguments = vec![
                alternatives(from),
                alternatives(to),
                json!({ "turn": turn }),
            ];
            let found = self.script_with(page::REACH, BODY, arguments).await;
            let found = found.map_err(|error| error.about_selector(from).about_selector(to))?;
            if let Some(start) = self.reached(&found["free"][0])
                && let Some(end) = self.reached(&found["free"][1])
            {
                return Ok([start, end]);
            }
            if Instant::now() >= deadline {
                let reason = self.not_dragged(from, to, &found, began.elapsed());
                return Err(StepError::Step(reason.await));
            }
            tokio::time::sleep(POLL).await;
        }
        unreachable!("the deadline comes before the last turn")
    }

    /// Says why one element cannot be dragged to another one.
    async fn not_dragged(
        &self,
        from: &Target,
        to: &Target,
        found: &Value,
        waited: Duration,
    ) -> String {
        if let Some(end) = found["missing"].as_u64() {
            let target = if end == 0 { from } else { to };
            return self.not_found(target, false, waited).await;
        }
        let is_end = found["isEnd"] == json!(true);
        let target = if is_end { to } else { from };
        if found["hidden"] == json!(true) {
            return self.not_found(target, true, waited).await;
        }
        match is_end && found["cover"].is_null() {
            true => format!("`{to}` cannot be brought into view together with `{from}`"),
            false => covered(target, &found["cover"], waited),
        }
    }

    /// Checks that the pointer is on the element. What lies over a frame of another site can only be seen so.
    pub(super) async fn check_hovered(&self, reached: &Reached) -> Result<(), BrowserError> {
        let script = format!(
            "{}{}\nreturn isHovered(arguments[0]);",
            page::FIND,
            page::REACH
        );
        let arguments = vec![reference(&reached.element)];
        let answer = self
            .wire()
            .execute(COMMAND_LIMIT, &script, arguments)
            .await?;
        match answer == json!(true) {
            true => Ok(()),
            false => Err(BrowserError::refused(
                ErrorStatus::ElementClickIntercepted,
                "the pointer does not get there: something in the page around the frame covers it",
            )),
        }
    }

    fn reached(&self, free: &Value) -> Option<Reached> {
        let cut = &free["cut"];
        let offset = |key: &str| {
            let cut = match self.engine.traits().overlooks_cut_frames {
                true => cut[key].as_f64().unwrap_or_default(),
                false => 0.0,
            };
            (free[key].as_f64().unwrap_or_default() + cut).round() as i64
        };
        let size = |key: &str| free[key].as_f64().unwrap_or_default();
        Some(Reached {
            element: self.element(&free["element"])?,
            offset: (offset("x"), offset("y")),
            is_plain: free["plain"] == json!(true),
            is_itself: free["itself"] == json!(true),
            size: (size("width"), size("height")),
        })
    }
}

impl Reach {
    /// The name in `page/library/reach.js`.
    fn kind(self) -> &'static str {
        match self {
            Self::Click | Self::Press => "press",
            Self::Hover => "hover",
            Self::Check => "check",
            Self::Field => "field",
        }
    }
}

/// Says what covers an element, and where.
fn covered(target: &Target, cover: &Value, waited: Duration) -> String {
    let waited = waited.as_secs_f32();
    if cover.is_null() {
        return format!("`{target}` could not be brought into view within {waited:.1} s");
    }
    let place = format!("at {},{} of the view", cover["x"], cover["y"]);
    let text = cover["text"].as_str().unwrap_or_default();
    let text = match text.is_empty() {
        true => String::new(),
        false => format!(" (\"{text}\")"),
    };
    let around = match cover["around"] == json!(true) {
        true => " of the page around the frame",
        false => "",
    };
    let name = cover["name"].as_str();
    let name = name.map_or("nothing".to_owned(), |name| {
        format!("`{name}`{text}{around}")
    });
    if cover["through"] == json!(true) {
        return format!(
            "`{target}` does not take the pointer (`pointer-events: none` or `inert`): {name} is {place}"
        );
    }
    format!(
        "`{target}` is covered by {name} {place}, and was not free anywhere in the view within {waited:.1} s"
    )
}
