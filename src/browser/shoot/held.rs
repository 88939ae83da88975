//! Holds the page while it is photographed: what keeps moving is stopped, and released afterwards whatever the result.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    ShootError,
    agree::{Agreement, FrameExchange},
    pending_resources::ARRIVAL_BUDGET,
    settle::{Measures, ReleasedPage, SETTLE_BUDGET, Settled},
    times::ShotTimes,
};
use crate::{
    browser::{
        error::BrowserError,
        picture::{Frame, PhotographedArea, ResourceKinds},
        session::{Allowance, Session},
        wire::COMMAND_LIMIT,
    },
    diff::{self, Rect},
    spec::{Area, Shot, Viewport},
    waits::WaitReason,
};

/// How long to look for two equal frames.
const STABLE_BUDGET: Duration = Duration::from_secs(5);
/// The minimum number of frames before giving up: on a busy machine, elapsed time says little.
const LEAST_FRAMES: u32 = 8;
/// The longest time for that, even with fewer frames.
const LONGEST_BUDGET: Duration = Duration::from_secs(20);
/// A page that still moves after this time and this many frames is held, if possible.
const REST_BUDGET: Duration = Duration::from_millis(1500);
const REST_FRAMES: u32 = 4;
/// How often both sides exchange their frames.
const MOST_EXCHANGES: u32 = 2;
/// How long a frame may be used again. Not every change can be seen from inside the page.
const PREVIOUS_LIMIT: Duration = Duration::from_millis(500);
/// The pauses between frames that differ. Each is twice as long as the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// The page from the first settling on. Only [`Session::held_frame`] makes one, and it releases the page, unless the run is cut short.
struct HeldPage<'a> {
    session: &'a mut Session,
}

impl std::ops::Deref for HeldPage<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

/// Whether both sides drew the same, with this side's last frame.
enum Agreed {
    Yes(Frame),
    No(Frame),
}

impl Session {
    /// Takes the shot's frame and releases the page. Returns the frame, and the page as it was at the end.
    pub(super) async fn held_frame(
        &mut self,
        viewport: Viewport,
        shot: &Shot,
        exchange: Option<FrameExchange>,
        times: &mut ShotTimes,
    ) -> (
        Result<Frame, ShootError>,
        Result<ReleasedPage, BrowserError>,
    ) {
        let mut page = HeldPage { session: self };
        let frame = page.settle_and_shoot(viewport, shot, exchange, times).await;
        let picture = frame.as_ref().ok();
        let picture = picture.map(|frame| page.pictured(shot, frame, times));
        let released = page.let_go(&json!(picture.unwrap_or_default())).await;
        (frame, released)
    }
}

impl HeldPage<'_> {
    /// What the picture shows, in the words of our page function.
    fn pictured(&self, shot: &Shot, frame: &Frame, times: &ShotTimes) -> Value {
        let area = match (&shot.area, frame.area.page) {
            _ if self.settle_parts(shot).images == Some(false) => Value::Null,
            (Area::Page { .. }, _) => json!("page"),
            (Area::Viewport, _) | (Area::Element(_), None) => json!("viewport"),
            (Area::Element(_), Some(area)) => json!({
                "x": area.x,
                "y": area.y,
                "width": area.width,
                "height": area.height,
            }),
        };
        json!({ "area": area, "failed": times.failed })
    }

    async fn settle_and_shoot(
        &mut self,
        viewport: Viewport,
        shot: &Shot,
        exchange: Option<FrameExchange>,
        times: &mut ShotTimes,
    ) -> Result<Frame, ShootError> {
        if let Area::Page {
            scroller: Some(target),
        }
        | Area::Element(target) = &shot.area
        {
            self.wait_for_box(target).await?;
        }
        let settled = self.settle_fully(shot, exchange.is_some(), times).await?;
        let is_mobile = self.life.screen().device.mobile;
        check_viewport(viewport, is_mobile, &settled.measures)?;
        let page_width = settled.measures.page_width;
        times.too_wide =
            (is_mobile && page_width > f64::from(viewport.width) + 1.0).then_some(page_width);
        let document = settled.document.clone();
        self.session
            .check_described(document, &Allowance::default())
            .map_err(ShootError::Navigation)?;
        let (began, settled_before) = (Instant::now(), times.settle);
        let frame = self
            .still_frame(settled, shot, exchange, viewport.scale, times)
            .await;
        times.shoot = began.elapsed() - (times.settle - settled_before);
        frame
    }

    /// Takes the picture of a page that has settled.
    async fn still_frame(
        &self,
        settled: Settled,
        shot: &Shot,
        exchange: Option<FrameExchange>,
        scale: f64,
        times: &mut ShotTimes,
    ) -> Result<Frame, ShootError> {
        if let Area::Element(target) = &shot.area {
            self.wait_for_area(target, &settled.measures).await?;
        }
        let first = match self.previous_frame_of(&settled, shot) {
            Some(frame) => frame.clone(),
            None => self.frame(&settled.measures, shot, scale).await?,
        };
        times.frames = 1;
        if !self.settle_parts(shot).frames.unwrap_or(true) {
            return Ok(first);
        }
        let first = match exchange {
            None => first,
            Some(exchange) => match self.agreed(first, shot, exchange, scale, times).await? {
                Agreed::Yes(frame) => return Ok(frame),
                Agreed::No(frame) => frame,
            },
        };
        self.two_equal_frames(first, shot, scale, times).await
    }

    /// The frame of the previous shot, if it is recent enough and a new one would be the same. It is compared like a
    /// new one.
    fn previous_frame_of(&self, settled: &Settled, shot: &Shot) -> Option<&Frame> {
        let can_tell = settled.is_unchanged && self.sees_changes(shot);
        let shown = self.flow.previous_frame().filter(|_| can_tell)?;
        let is_same = shown.load == self.flow.checked_load()
            && shown.area == shot.area
            && shown.masks == shot.masks
            && shown.at.elapsed() < PREVIOUS_LIMIT;
        is_same.then_some(&shown.frame)
    }

    /// Exchanges frames with the other side until both agree: first the frame that the page held still for, then one
    /// more after waiting as long as that takes. The frame of a page that held still remains valid until the other side
    /// has one too.
    async fn agreed(
        &self,
        first: Frame,
        shot: &Shot,
        mut exchange: FrameExchange,
        scale: f64,
        times: &mut ShotTimes,
    ) -> Result<Agreed, ShootError> {
        let whole_page = shot.area.is_beyond_viewport();
        let parts = self.settle_parts(shot);
        let mut frame = first;
        let mut has_rested = false;
        for attempt in 1..=MOST_EXCHANGES {
            if !has_rested {
                match self.has_rested(whole_page, parts).await? {
                    Some(rested) => has_rested = rested,
                    None => break,
                }
            }
            let shown = has_rested.then(|| Arc::clone(&frame.png));
            let agreement = times.wait_for_other_side(&mut exchange, shown).await;
            if agreement == Agreement::Same {
                return Ok(Agreed::Yes(frame));
            }
            let is_last = agreement == Agreement::Different || attempt == MOST_EXCHANGES;
            if !has_rested {
                let settled = self.settle_fully(shot, false, times).await?;
                if !is_last {
                    frame = self.frame(&settled.measures, shot, scale).await?;
                    times.frames += 1;
                }
            }
            if is_last {
                break;
            }
        }
        Ok(Agreed::No(frame))
    }

    async fn settle_fully(
        &self,
        shot: &Shot,
        hurry: bool,
        times: &mut ShotTimes,
    ) -> Result<Settled, ShootError> {
        let began = Instant::now();
        let settled = self.settle_and_arrive(shot, hurry, times).await;
        times.settle += began.elapsed();
        let settled = settled?;
        if settled.pending.is_empty() {
            return Ok(settled);
        }
        let frame = self.photograph(&PhotographedArea::VIEWPORT).await?;
        Err(ShootError::Unstable {
            reason: format!(
                "the page did not settle within {} s: {}",
                SETTLE_BUDGET.as_secs(),
                settled.pending.join("; ")
            ),
            frames: vec![frame],
        })
    }

    /// Settles, and settles again after a resource has arrived or the page was scrolled through, as both change the
    /// page.
    async fn settle_and_arrive(
        &self,
        shot: &Shot,
        hurry: bool,
        times: &mut ShotTimes,
    ) -> Result<Settled, BrowserError> {
        let parts = self.settle_parts(shot);
        let kinds = ResourceKinds {
            images: parts.images.unwrap_or(true),
            scripts: parts.requests.unwrap_or(true),
        };
        let mut budget = ARRIVAL_BUDGET;
        let mut is_unchanged = true;
        loop {
            let began = Instant::now();
            let mut settled = self.settle(shot, hurry, SETTLE_BUDGET).await?;
            is_unchanged &= settled.is_unchanged;
            settled.is_unchanged = is_unchanged;
            if !settled.pending.is_empty() {
                return Ok(settled);
            }
            times.add(&settled, began.elapsed());
            let is_lazy = kinds.images && settled.is_lazy && !settled.measures.is_all_in_view();
            if settled.has_marquees && parts.animations.unwrap_or(true) && !times.tried_marquees {
                times.tried_marquees = true;
                self.engine.stop_marquees().await?;
            } else if is_lazy && times.reached_end.is_none() {
                let began = Instant::now();
                let limit = self.options.max_page_height;
                times.reached_end = Some(self.scroll_through(limit, shot).await?);
                times.add_wait_for(WaitReason::Scrolling, 1, began.elapsed());
            } else if !self.wait_for_resources(kinds, &mut budget, times).await? {
                return Ok(settled);
            }
        }
    }

    /// Takes frames until one equals the previous frame outside of the masks, or until they alternate between two that
    /// look the same. A page that does not come to rest is held.
    async fn two_equal_frames(
        &self,
        first: Frame,
        shot: &Shot,
        scale: f64,
        times: &mut ShotTimes,
    ) -> Result<Frame, ShootError> {
        // Two pages that differ must differ in what they show, not in how their browsers divided them into layers.
        self.in_page(COMMAND_LIMIT, "redraw", &json!(null)).await?;
        let mut began = Instant::now();
        let mut earlier = Vec::new();
        let mut is_held = false;
        let mut last = first;
        let mut pause = FIRST_PAUSE;
        loop {
            let (settled, next) = self.settled_frame(shot, scale).await?;
            times.frames += 1;
            if settled.pending.is_empty() {
                if next == last || differ_under_masks_only(&last, &next).await {
                    return Ok(next);
                }
                if earlier.contains(&next) && look_equal(&last, &next).await {
                    return Ok(if next.png < last.png { next } else { last });
                }
            }
            if is_held && let Some(painted) = self.paint_moving_parts(&last, &next, scale).await? {
                times.moving_parts = painted.moving;
                return Ok(painted.frame);
            }
            let is_long = began.elapsed() > STABLE_BUDGET && times.frames >= LEAST_FRAMES;
            if is_long || began.elapsed() > LONGEST_BUDGET {
                return Err(unstable(&last, &next, &settled));
            }
            let is_restless = began.elapsed() > REST_BUDGET && times.frames >= REST_FRAMES;
            if is_restless && !is_held && self.settle_parts(shot).animations.unwrap_or(true) {
                is_held = true;
                times.held_at = Some(self.hold_loops().await?).filter(|&frames| frames > 0);
                // Holding took as long as its frames took. The page may hold still from now on, so the time starts
                // again.
                began = Instant::now();
                pause = FIRST_PAUSE;
            }
            earlier.push(std::mem::replace(&mut last, next));
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Takes one more frame of the page as it is now, with animations finished just before.
    async fn settled_frame(&self, shot: &Shot, scale: f64) -> Result<(Settled, Frame), ShootError> {
        let settled = self.settle(shot, false, Duration::ZERO).await?;
        let frame = self.frame(&settled.measures, shot, scale).await?;
        Ok((settled, frame))
    }
}

/// What moves under a mask need not hold still.
async fn differ_under_masks_only(one: &Frame, other: &Frame) -> bool {
    let masks: Vec<Rect> = [one, other]
        .iter()
        .flat_map(|frame| frame.masks.iter().flatten())
        .copied()
        .collect();
    let options = diff::Options {
        metric: diff::Metric::Exact,
        masks,
        ..diff::Options::default()
    };
    !options.masks.is_empty() && nothing_differs(one, other, options).await
}

/// Whether no pixel differs by more than the usual threshold. Chromium may draw a page in two ways that are a few
/// levels apart, and alternate between them. A page that moves never returns to an earlier frame like that.
async fn look_equal(one: &Frame, other: &Frame) -> bool {
    nothing_differs(one, other, diff::Options::default()).await
}

pub(super) async fn nothing_differs(one: &Frame, other: &Frame, options: diff::Options) -> bool {
    if one.area != other.area {
        return false;
    }
    let (one, other) = (one.png.clone(), other.png.clone());
    let compared = tokio::task::spawn_blocking(move || diff::compare(&one, &other, &options)).await;
    let compared = compared.ok().and_then(Result::ok);
    compared.is_some_and(|diff| diff.mismatched_pixels == 0)
}

fn unstable(last: &Frame, next: &Frame, settled: &Settled) -> ShootError {
    let why = if settled.pending.is_empty() {
        String::new()
    } else {
        format!(": {}", settled.pending.join("; "))
    };
    ShootError::Unstable {
        reason: format!(
            "no two frames in a row were equal within {} s{why}; mask what moves, or wait for it to end",
            STABLE_BUDGET.as_secs()
        ),
        frames: vec![Arc::clone(&last.png), Arc::clone(&next.png)],
    }
}

/// Checks that the page has the viewport that it should. A phone may show a page smaller, or more of it.
fn check_viewport(wanted: Viewport, is_mobile: bool, found: &Measures) -> Result<(), ShootError> {
    const ROUNDING: f64 = 1.0;
    let (width, height) = (f64::from(wanted.width), f64::from(wanted.height));
    let is_as_large = match is_mobile {
        false => found.width == width && found.height == height,
        true => {
            (found.width * found.zoom - width).abs() <= ROUNDING
                && (found.height * found.zoom - height).abs() <= ROUNDING
        }
    };
    if is_as_large && (found.scale - wanted.scale).abs() < 1e-6 {
        return Ok(());
    }
    Err(ShootError::Impossible(format!(
        "the viewport is {}x{}@{}, not {wanted} as asked",
        found.width, found.height, found.scale
    )))
}
