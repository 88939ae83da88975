//! Reaches elements with the pointer: brings them to a place of the view where nothing covers them, and waits until they
//! are free. The pointer never acts on what covers an element.

use std::time::{Duration, Instant};

use fantoccini::{elements::Element, error::ErrorStatus};
use serde_json::{Value, json};

use super::{
    StepError,
    find::{ElementState, hindered},
    in_our_words, reference,
};
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

/// What is said of an element that the pointer met never.
pub(super) const MISSED: &str = "the pointer met something else there each time";

/// What is said of an element in a frame of another site that the pointer does not get to.
pub(super) const AROUND: &str = "something in the page around the frame covers it";

/// What the pointer is to do with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The driver clicks it. An element that is partly in view stays where it is.
    Click,
    /// Presses a button on it.
    Press,
    /// Releases a button on it, which a disabled element does not mind.
    Release,
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
    /// The point in the view, if the element has no box from which WebDriver could begin.
    pub(super) in_view: Option<(i64, i64)>,
    /// Whether it is that point, and the element itself is there.
    pub(super) is_plain: bool,
    /// Whether the element itself is at the point, and not its label.
    pub(super) is_itself: bool,
    /// Its width and height.
    pub(super) size: (f64, f64),
}

/// How long an element may move before the pointer acts on it all the same.
const LONGEST_MOVE: Duration = Duration::from_millis(1500);
/// How long a tooltip may stay under a pointer that is about to go elsewhere.
const TOOLTIP_TIME: Duration = Duration::from_millis(300);
/// How long to wait after the pointer has left everything, before giving up.
const LEAVING_TIME: Duration = Duration::from_millis(500);

/// The time that an element is waited for.
struct ReachTime {
    began: Instant,
    deadline: Instant,
    /// Whether the pointer has left what it was on.
    has_left: bool,
}

impl ReachTime {
    fn until(deadline: Instant) -> Self {
        Self {
            began: Instant::now(),
            deadline,
            has_left: false,
        }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Whether an element that has not stood still until now is acted on while it moves.
    fn is_restless(&self) -> bool {
        let half = self.deadline.saturating_duration_since(self.began) / 2;
        self.began.elapsed() >= LONGEST_MOVE.min(half)
    }
}

impl Session {
    /// Waits until the pointer can act on the element. `misses` counts how often it has met something else there.
    pub(super) async fn reach(
        &self,
        target: &Target,
        what: Reach,
        state: ElementState,
        misses: u32,
        deadline: Instant,
    ) -> Result<Reached, StepError> {
        const BODY: &str = "const found = findOne(arguments[0]); \
             arguments[1].again = () => findOne(arguments[0]); \
             return found && reach(found, arguments[1]).then((reached) => [found, canBeSeen(found), reached]);";
        let mut time = ReachTime::until(deadline);
        for turn in 0_u32.. {
            let options = json!({
                "kind": what.kind(),
                "asItIs": what == Reach::Click,
                "turn": turn,
                "misses": misses,
                "restless": time.is_restless(),
                "watch": what.is_watched().then(|| self.watch_name()),
                "held": self.flow.held_size().map(|(width, height)| json!({ "width": width, "height": height })),
            });
            let arguments = vec![alternatives(target), options];
            let answer = match self.execute_with(page::REACH, BODY, arguments).await {
                // The page has drawn the element anew meanwhile.
                Err(error) if error.is(ErrorStatus::StaleElementReference) && !time.is_over() => {
                    tokio::time::sleep(POLL).await;
                    continue;
                }
                Err(error) if error.is(ErrorStatus::StaleElementReference) => {
                    return Err(in_our_words(target, error));
                }
                Err(error) => return Err(StepError::from(error).about_selector(target)),
                Ok(answer) => answer,
            };
            let is_seen = answer[1] == json!(true);
            let found = &answer[2];
            if (is_seen || state == ElementState::Present)
                && let Some(reached) = self.reached(&found["free"])
            {
                return Ok(reached);
            }
            self.leave_what_covers(&mut time, &found["cover"]).await;
            if time.is_over() {
                let waited = time.began.elapsed();
                let is_hidden = found["free"].is_object() || found["hidden"] == json!(true);
                return Err(StepError::Step(match answer.is_null() || is_hidden {
                    true => self.not_found(target, !answer.is_null(), waited).await,
                    false => blocked(target, found, waited),
                }));
            }
            tokio::time::sleep(POLL).await;
        }
        unreachable!("the deadline comes before the last turn")
    }

    /// Moves the pointer away from what it is on, as a person does who is about to go elsewhere: what covers the element
    /// may be there only because of the pointer. This is done once, early for a tooltip and else before giving up.
    async fn leave_what_covers(&self, time: &mut ReachTime, cover: &Value) {
        let is_due = match cover["hovered"] == json!(true) {
            true => time.began.elapsed() >= TOOLTIP_TIME || time.is_over(),
            false => time.is_over(),
        };
        let is_cover = cover.is_object() && cover["disabled"] != json!(true);
        if !is_cover || time.has_left || !is_due || self.flow.holds_button() {
            return;
        }
        time.has_left = true;
        time.deadline = time.deadline.max(Instant::now() + LEAVING_TIME);
        let corner = self.script_with(page::REACH, "return freeCorner();", Vec::new());
        if let Ok(corner) = corner.await {
            let point = (corner["x"].as_i64(), corner["y"].as_i64());
            if let (Some(x), Some(y)) = point {
                // What went wrong shows in the next attempt.
                let _ = self.pointer(vec![pointer_move_in_view((x, y), 0)]).await;
            }
        }
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
        let mut time = ReachTime::until(deadline);
        for turn in 0_u32.. {
            let options = json!({
                "turn": turn,
                "restless": time.is_restless(),
                "watch": self.watch_name(),
            });
            let arguments = vec![alternatives(from), alternatives(to), options];
            let found = self.script_with(page::REACH, BODY, arguments).await;
            let found = found.map_err(|error| error.about_selector(from).about_selector(to))?;
            if let Some(start) = self.reached(&found["free"][0])
                && let Some(end) = self.reached(&found["free"][1])
            {
                return Ok([start, end]);
            }
            self.leave_what_covers(&mut time, &found["cover"]).await;
            if time.is_over() {
                let reason = self.not_dragged(from, to, &found, time.began.elapsed());
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
            false => blocked(target, found, waited),
        }
    }

    /// Says what the pointer is on in the page around all frames, after it did not get into one. The flow leaves its frame
    /// for that: it ends here.
    pub(super) async fn name_around(&self) -> Option<String> {
        const BODY: &str = "const on = [...document.querySelectorAll(':hover')].at(-1); \
             if (!on) return null; const { left, top, width, height } = on.getBoundingClientRect(); \
             return describeCover({ hit: on, x: left + width / 2, y: top + height / 2, isAround: true }, on);";
        let wire = self.wire();
        let top = json!({ "id": null });
        let left = wire.post(COMMAND_LIMIT, "frame", "frame", top);
        left.await.ok()?;
        let cover = self.execute_with(page::REACH, BODY, Vec::new()).await;
        let (name, place) = name_and_place(&cover.ok()?);
        name.map(|name| format!("{name} {place} covers it"))
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
                AROUND,
            )),
        }
    }

    /// The name under which the page watches the pointer.
    fn watch_name(&self) -> String {
        format!("{}-pointer", self.engine.name())
    }

    /// Fails if the pointer met something else than the element. That did not notice it. A page that is gone, or has a
    /// dialog open, was met.
    pub(super) async fn check_met(&self) -> Result<(), BrowserError> {
        const SCRIPT: &str = "const [name] = arguments; const watch = window[name]; if (!watch) return null; \
             watch.stop(); delete window[name]; return watch.hasMet;";
        let limit = self.wire().page_limit();
        let arguments = vec![json!(self.watch_name())];
        let answer = self
            .wire()
            .execute_for_its_effect(limit, SCRIPT, arguments)
            .await;
        match answer.is_ok_and(|has_met| has_met == json!(false)) {
            false => Ok(()),
            true => Err(BrowserError::refused(
                ErrorStatus::ElementClickIntercepted,
                MISSED,
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
            in_view: free["at"]["x"].as_i64().zip(free["at"]["y"].as_i64()),
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
            Self::Release => "release",
            Self::Hover => "hover",
            Self::Check => "check",
            Self::Field => "field",
        }
    }

    /// Whether the pointer may meet something else, and can then be sent again.
    fn is_watched(self) -> bool {
        !matches!(self, Self::Release | Self::Field)
    }
}

/// Why the pointer cannot act on an element that is there.
fn blocked(target: &Target, found: &Value, waited: Duration) -> String {
    if found["hindered"].is_object() {
        return hindered(target, &found["hindered"], waited);
    }
    if found["moving"] == json!(true) {
        let waited = waited.as_secs_f32();
        return format!("`{target}` did not stand still within {waited:.1} s");
    }
    covered(target, &found["cover"], waited)
}

/// The name of what covers an element, if it is anything, and where it is.
fn name_and_place(cover: &Value) -> (Option<String>, String) {
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
    (name.map(|name| format!("`{name}`{text}{around}")), place)
}

pub(super) fn pointer_move_in_view((x, y): (i64, i64), milliseconds: u32) -> Value {
    json!({ "type": "pointerMove", "duration": milliseconds, "origin": "viewport", "x": x, "y": y })
}

/// Says what covers an element, and where.
fn covered(target: &Target, cover: &Value, waited: Duration) -> String {
    let waited = waited.as_secs_f32();
    if cover.is_null() {
        return format!("`{target}` could not be brought into view within {waited:.1} s");
    }
    let (name, place) = name_and_place(cover);
    let name = name.unwrap_or_else(|| "nothing".to_owned());
    if cover["disabled"] == json!(true) {
        return format!("`{target}` is disabled: {name} is {place}, and was so for {waited:.1} s");
    }
    if cover["through"] == json!(true) {
        return format!(
            "`{target}` does not take the pointer (`pointer-events: none` or `inert`): {name} is {place}"
        );
    }
    format!(
        "`{target}` is covered by {name} {place}, and was not free anywhere in the view within {waited:.1} s"
    )
}
