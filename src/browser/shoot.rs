//! Pictures: of the page, the viewport or one element, taken only when two in a row are equal.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    document::{Allowance, Document},
    engine::Engine,
    error::BrowserError,
    find::{POLL, alternatives},
    meeting::{Agreement, Meeting},
    session::{COMMAND_LIMIT, PageInfo, Session},
    settle::{Measures, SCROLL_BUDGET, SETTLE_BUDGET, Settled},
};
use crate::{
    capture::{Awaited, Wait},
    diff::{self, Rect, Size},
    spec::{Area, Settle, Shot, Target, Viewport},
};

/// So long a shot waits for what the browser has asked for.
const ARRIVAL_BUDGET: Duration = Duration::from_secs(5);
/// How long two equal frames are looked for.
const STABLE_BUDGET: Duration = Duration::from_secs(5);
/// So many frames are taken before that is given up: of a machine that is busy, time says little.
const LEAST_FRAMES: u32 = 8;
/// But no longer than this.
const LONGEST_BUDGET: Duration = Duration::from_secs(20);
/// What moves by itself for so long, in time and frames, is held if it can be.
const REST_BUDGET: Duration = Duration::from_millis(1500);
const REST_FRAMES: u32 = 4;
/// How often both sides show each other what they have.
const MOST_MEETINGS: u32 = 2;
/// For so long a frame may stand for a new one: there are changes that nobody sees from within.
const SHOWN_LIMIT: Duration = Duration::from_millis(500);
/// The pauses between frames that differ: each is twice the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);
/// How long one picture may take; a very tall page takes several seconds, and one that goes on to another
/// page in the wrong moment never gives any.
const PICTURE_LIMIT: Duration = Duration::from_secs(45);
/// How long the picture of a failed step may take; some broken pages never give one.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(5);

/// A picture as the browser encoded it, and the page that it shows.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// PNG.
    pub(crate) png: Arc<[u8]>,
    /// Device pixels.
    pub(crate) size: Size,
    /// The page in front.
    pub(crate) page: PageInfo,
    /// For each mask of the shot, what it covers in device pixels of the picture.
    pub(crate) masks: Vec<Vec<Rect>>,
    /// How tall the page is, when the picture ends before it does; CSS pixels.
    pub(crate) cut_from: Option<u32>,
    /// What a reader should know.
    pub(crate) warnings: Vec<String>,
}

/// What a shot took, known also of one that failed.
#[derive(Debug, Default)]
pub(crate) struct ShotTimes {
    /// Until the page held still.
    pub(crate) settle: Duration,
    /// What was waited for meanwhile; of a page that never held still, nothing.
    pub(crate) waits: Vec<Wait>,
    /// Taking the frames.
    pub(crate) shoot: Duration,
    /// How many were taken.
    pub(crate) frames: u32,
    /// At which of its frames a drawing loop of the page was held.
    held_at: Option<u64>,
    /// Whether the page came to its end when it was scrolled through.
    came_to_its_end: Option<bool>,
    /// The addresses of what was waited for in vain.
    pub(super) overdue: Vec<String>,
}

impl ShotTimes {
    /// What settling waited for; what of it was not spent in the page was the driver's.
    fn add(&mut self, settled: &Settled, took: Duration) {
        for &Wait { awaited, count, ms } in &settled.waits {
            self.add_wait(awaited, count, ms);
        }
        self.add_wait_for(Awaited::Driver, 1, took.saturating_sub(settled.in_page));
    }

    /// Shows the other side a frame, and waits for what it shows.
    async fn wait_for_other_side(
        &mut self,
        meeting: &mut Meeting,
        shown: Option<Arc<[u8]>>,
    ) -> Agreement {
        let began = Instant::now();
        let agreement = meeting.show(shown).await;
        self.settle += began.elapsed();
        self.add_wait_for(Awaited::OtherSide, 1, began.elapsed());
        agreement
    }

    pub(super) fn add_wait_for(&mut self, awaited: Awaited, count: u32, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if ms > 0 {
            self.add_wait(awaited, count, ms);
        }
    }

    fn add_wait(&mut self, awaited: Awaited, count: u32, ms: u64) {
        match self.waits.iter_mut().find(|wait| wait.awaited == awaited) {
            Some(wait) => {
                wait.ms += ms;
                wait.count = wait.count.max(count);
            }
            None => self.waits.push(Wait { awaited, count, ms }),
        }
    }
}

/// Why there is no picture.
#[derive(Debug)]
pub(crate) enum ShootError {
    /// The page never held still; the last frames are kept.
    Unstable {
        /// Why, in words.
        reason: String,
        /// PNGs.
        frames: Vec<Arc<[u8]>>,
    },
    /// The page in front is not one that the flow meant to see.
    Navigation(String),
    /// The area is not there, or the viewport is not what was asked.
    Impossible(String),
    /// The browser or its driver.
    Browser(BrowserError),
}

impl From<BrowserError> for ShootError {
    fn from(error: BrowserError) -> Self {
        Self::Browser(error)
    }
}

/// What of the page is photographed.
#[derive(Debug, Clone, PartialEq)]
struct Clip {
    /// CSS pixels of the page; the viewport as it stands when absent.
    page: Option<CssBox>,
    /// How tall the page is, when the picture ends before it does; CSS pixels.
    cut_from: Option<f64>,
}

impl Clip {
    const VIEWPORT: Self = Self {
        page: None,
        cut_from: None,
    };

    fn of(area: CssBox) -> Self {
        Self {
            page: Some(area),
            cut_from: None,
        }
    }
}

/// A picture, what of the page it shows, and what its masks cover.
#[derive(Debug, Clone, PartialEq)]
struct Frame {
    png: Arc<[u8]>,
    size: Size,
    clip: Clip,
    /// For each mask of the shot, device pixels.
    masks: Vec<Vec<Rect>>,
}

/// A frame that a shot was content with, and what it is a frame of.
#[derive(Debug)]
pub(super) struct Shown {
    at: Instant,
    load: String,
    area: Area,
    masks: Vec<Target>,
    frame: Frame,
}

/// Whether both sides drew the same, with this side's last frame.
enum Agreed {
    Yes(Frame),
    No(Frame),
}

impl Area {
    fn is_beyond_viewport(&self) -> bool {
        !matches!(self, Self::Viewport)
    }
}

/// A box in CSS pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CssBox {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Session {
    /// Takes the shot's picture once the page holds still, at the shot's own viewport if it has one. One frame is enough
    /// where the other side, which takes its own at the same time, drew the same.
    pub(crate) async fn shoot(
        &mut self,
        shot: &Shot,
        meeting: Option<Meeting>,
        times: &mut ShotTimes,
    ) -> Result<Picture, ShootError> {
        let Some(own) = shot.viewport else {
            return self.shoot_at(self.viewport, shot, meeting, times).await;
        };
        self.last_shown = None;
        self.apply_viewport(own).await?;
        let picture = self.shoot_at(own, shot, meeting, times).await;
        self.last_shown = None;
        self.apply_viewport(self.viewport).await?;
        picture
    }

    async fn shoot_at(
        &mut self,
        viewport: Viewport,
        shot: &Shot,
        meeting: Option<Meeting>,
        times: &mut ShotTimes,
    ) -> Result<Picture, ShootError> {
        let meeting = meeting.filter(|_| self.sees_changes(shot));
        let settled = self.settle_fully(shot, meeting.is_some(), times).await;
        if settled.is_err() {
            let _ = self.let_go().await;
        }
        let settled = settled?;
        check_viewport(viewport, self.device.mobile, &settled.measures)?;
        self.judge_this(settled.document.clone(), &Allowance::default())
            .map_err(ShootError::Navigation)?;

        let (began, settled_before) = (Instant::now(), times.settle);
        let frame = self
            .still_frame(settled, shot, meeting, viewport.scale, times)
            .await;
        times.shoot = began.elapsed() - (times.settle - settled_before);
        let document = self.let_go().await;
        let frame = frame?;
        let page = self.same_document(document?, &frame.png)?;
        self.last_shown = times.held_at.is_none().then(|| Shown {
            at: Instant::now(),
            load: self.judged_document.clone(),
            area: shot.area.clone(),
            masks: shot.masks.clone(),
            frame: frame.clone(),
        });
        let cut_from = frame.clip.cut_from.map(|height| height.ceil() as u32);
        let mut warnings: Vec<String> = cut_from
            .map(|height| self.cut_warning(height))
            .into_iter()
            .chain(times.held_at.map(held_warning))
            .chain(overdue_warning(&times.overdue))
            .chain(endless_warning(times.came_to_its_end))
            .collect();
        self.overdue.append(&mut times.overdue);
        warn_of_idle_masks(&shot.masks, &frame.masks, &mut warnings);
        Ok(Picture {
            png: frame.png,
            size: frame.size,
            page,
            masks: frame.masks,
            cut_from,
            warnings,
        })
    }

    /// The shot's picture of a page that settled.
    async fn still_frame(
        &self,
        settled: Settled,
        shot: &Shot,
        meeting: Option<Meeting>,
        scale: f64,
        times: &mut ShotTimes,
    ) -> Result<Frame, ShootError> {
        if let Area::Element(target) = &shot.area {
            self.wait_for_area(target).await?;
        }
        let first = match self.still_shown(&settled, shot) {
            Some(frame) => frame.clone(),
            None => self.frame(&settled.measures, shot, scale).await?,
        };
        times.frames = 1;
        if !self.parts(shot).frames.unwrap_or(true) {
            return Ok(first);
        }
        let first = match meeting {
            None => first,
            Some(meeting) => match self.agreed(first, shot, meeting, scale, times).await? {
                Agreed::Yes(frame) => return Ok(frame),
                Agreed::No(frame) => frame,
            },
        };
        self.two_equal_frames(first, shot, scale, times).await
    }

    /// The frame of the shot before, if that was a moment ago and a new one would be the same. It is judged like a new one.
    fn still_shown(&self, settled: &Settled, shot: &Shot) -> Option<&Frame> {
        let can_tell = settled.is_unchanged && self.sees_changes(shot);
        let shown = self.last_shown.as_ref().filter(|_| can_tell)?;
        let is_same = shown.load == self.judged_document
            && shown.area == shot.area
            && shown.masks == shot.masks
            && shown.at.elapsed() < SHOWN_LIMIT;
        is_same.then_some(&shown.frame)
    }

    /// Shows the other side the first frame that the page stood still for: that one, or one more after waiting as long as
    /// it takes. A frame of a page that stood still is good until the other side has one too.
    async fn agreed(
        &self,
        first: Frame,
        shot: &Shot,
        mut meeting: Meeting,
        scale: f64,
        times: &mut ShotTimes,
    ) -> Result<Agreed, ShootError> {
        let whole_page = shot.area.is_beyond_viewport();
        let parts = self.parts(shot);
        let mut frame = first;
        let mut has_rested = false;
        for attempt in 1..=MOST_MEETINGS {
            if !has_rested {
                match self.has_rested(whole_page, parts).await? {
                    Some(rested) => has_rested = rested,
                    None => break,
                }
            }
            let shown = has_rested.then(|| Arc::clone(&frame.png));
            let agreement = times.wait_for_other_side(&mut meeting, shown).await;
            if agreement == Agreement::Same {
                return Ok(Agreed::Yes(frame));
            }
            let is_last = agreement == Agreement::Different || attempt == MOST_MEETINGS;
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

    /// The page in front, if it is still the one that was judged.
    fn same_document(&self, document: Document, png: &Arc<[u8]>) -> Result<PageInfo, ShootError> {
        if document.load == self.judged_document {
            return Ok(document.info);
        }
        Err(ShootError::Unstable {
            reason: format!(
                "the page went on to {} while it was photographed; wait for that before the shot",
                document.info.url
            ),
            frames: vec![Arc::clone(png)],
        })
    }

    /// Whether all is looked at that could tell a frame from one before.
    fn sees_changes(&self, shot: &Shot) -> bool {
        self.parts(shot).are_all_on() && self.engine.draws_for_pictures()
    }

    /// Which parts of settling the shot asks for.
    fn parts(&self, shot: &Shot) -> Settle {
        shot.settle.or(self.options.settle)
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
        let frame = self.photograph(&Clip::VIEWPORT).await?;
        Err(ShootError::Unstable {
            reason: format!(
                "the page did not settle within {} s: {}",
                SETTLE_BUDGET.as_secs(),
                settled.pending.join("; ")
            ),
            frames: vec![frame],
        })
    }

    /// Settles, and once more after something has arrived or the page was scrolled through, which changes it.
    async fn settle_and_arrive(
        &self,
        shot: &Shot,
        hurry: bool,
        times: &mut ShotTimes,
    ) -> Result<Settled, BrowserError> {
        let whole_page = shot.area.is_beyond_viewport();
        let parts = self.parts(shot);
        let mut left = ARRIVAL_BUDGET;
        let mut is_unchanged = true;
        loop {
            let began = Instant::now();
            let mut settled = self.settle(whole_page, hurry, SETTLE_BUDGET, parts).await?;
            is_unchanged &= settled.is_unchanged;
            settled.is_unchanged = is_unchanged;
            if !settled.pending.is_empty() {
                return Ok(settled);
            }
            times.add(&settled, began.elapsed());
            if !parts.images.unwrap_or(true) {
                return Ok(settled);
            }
            let is_lazy = settled.is_lazy && !settled.measures.is_all_in_view();
            if is_lazy && times.came_to_its_end.is_none() {
                let began = Instant::now();
                let limit = self.options.max_page_height;
                times.came_to_its_end = Some(self.scroll_through(limit, parts).await?);
                times.add_wait_for(Awaited::Scrolling, 1, began.elapsed());
            } else if !self.wait_for_arrivals(&mut left, times).await? {
                return Ok(settled);
            }
        }
    }

    async fn clip(&self, area: &Area, measures: &Measures) -> Result<Clip, ShootError> {
        Ok(match area {
            Area::Viewport => Clip::VIEWPORT,
            Area::Page => self.whole_page(measures),
            Area::Element(target) => Clip::of(self.element_box(target).await?),
        })
    }

    fn whole_page(&self, measures: &Measures) -> Clip {
        let limit = self.options.max_page_height;
        let height = measures.page_height.min(f64::from(limit));
        if measures.is_all_in_view() {
            return Clip::VIEWPORT;
        }
        let mut clip = Clip::of(CssBox {
            x: 0.0,
            y: 0.0,
            width: measures.page_width,
            height,
        });
        if height < measures.page_height {
            clip.cut_from = Some(measures.page_height);
        }
        clip
    }

    fn cut_warning(&self, height: u32) -> String {
        let limit = self.options.max_page_height;
        format!("the page is {height} px tall; the picture ends at max_page_height, {limit} px")
    }

    /// What a step has just opened may take a moment to be there.
    async fn wait_for_area(&self, target: &Target) -> Result<(), ShootError> {
        let deadline = Instant::now() + self.options.timeout;
        loop {
            match self.element_box(target).await {
                Err(ShootError::Impossible(_)) if Instant::now() < deadline => {
                    tokio::time::sleep(POLL).await;
                }
                other => return other.map(drop),
            }
        }
    }

    /// The element's border box, grown to whole CSS pixels.
    async fn element_box(&self, target: &Target) -> Result<CssBox, ShootError> {
        let found = self.page_boxes(std::slice::from_ref(target)).await?;
        let Some(&found) = found.first().and_then(|boxes| boxes.first()) else {
            return Err(ShootError::Impossible(format!(
                "the shot's area `{target}` matches nothing that can be seen"
            )));
        };
        let (left, top) = (found.x.floor().max(0.0), found.y.floor().max(0.0));
        let (right, bottom) = (
            (found.x + found.width).ceil(),
            (found.y + found.height).ceil(),
        );
        if right <= left || bottom <= top {
            return Err(ShootError::Impossible(format!(
                "the shot's area `{target}` lies outside of the page"
            )));
        }
        Ok(CssBox {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        })
    }

    /// Frames are taken until one equals the frame before it outside of the masks, or until they are
    /// seen to alternate between two that nobody can tell apart. What does not come to rest is held.
    async fn two_equal_frames(
        &self,
        first: Frame,
        shot: &Shot,
        scale: f64,
        times: &mut ShotTimes,
    ) -> Result<Frame, ShootError> {
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
            let is_long = began.elapsed() > STABLE_BUDGET && times.frames >= LEAST_FRAMES;
            if is_long || began.elapsed() > LONGEST_BUDGET {
                return Err(unstable(&last, &next, &settled));
            }
            let is_restless = began.elapsed() > REST_BUDGET && times.frames >= REST_FRAMES;
            if is_restless && !is_held && self.parts(shot).animations.unwrap_or(true) {
                is_held = true;
                times.held_at = Some(self.hold_loops().await?).filter(|&frames| frames > 0);
                // That took as long as its frames took; from now on the page may hold still.
                began = Instant::now();
                pause = FIRST_PAUSE;
            }
            earlier.push(std::mem::replace(&mut last, next));
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// One more frame of the shot as the page is at that moment, animations finished just before.
    async fn settled_frame(&self, shot: &Shot, scale: f64) -> Result<(Settled, Frame), ShootError> {
        let whole_page = shot.area.is_beyond_viewport();
        let parts = self.parts(shot);
        let settled = self
            .settle(whole_page, false, Duration::ZERO, parts)
            .await?;
        let frame = self.frame(&settled.measures, shot, scale).await?;
        Ok((settled, frame))
    }

    /// One frame of the shot of a page with these measures.
    async fn frame(
        &self,
        measures: &Measures,
        shot: &Shot,
        scale: f64,
    ) -> Result<Frame, ShootError> {
        let clip = self.clip(&shot.area, measures).await?;
        let png = self.photograph(&clip).await?;
        let size = diff::decode_header(&png)
            .map_err(|error| BrowserError::nonsense("screenshot", &error.to_string()))?;
        let masks = self.mask_boxes(&shot.masks, &clip, scale, size).await?;
        Ok(Frame {
            png,
            size,
            clip,
            masks,
        })
    }

    async fn photograph(&self, clip: &Clip) -> Result<Arc<[u8]>, BrowserError> {
        if let Engine::Firefox(bidi) = &self.engine {
            let picture = self.firefox_picture(bidi, PICTURE_LIMIT, clip.page);
            return picture.await.map(Arc::from);
        }
        if let Engine::WebKit(webkit) = &self.engine {
            let picture = self.webkit_picture(webkit, PICTURE_LIMIT, clip.page);
            return picture.await.map(Arc::from);
        }
        let picture = match clip.page {
            None => {
                self.capture(json!({ "format": "png", "optimizeForSpeed": true }))
                    .await
            }
            Some(area) => self.capture_beyond_viewport(area).await,
        };
        picture.map(Arc::from)
    }

    /// The browser grows its view for an instant; the page is hushed so that it does not react. That ends in its next
    /// frames, for which [`Self::wait_for_end_of_hush`] waits.
    async fn capture_beyond_viewport(&self, area: CssBox) -> Result<Vec<u8>, BrowserError> {
        self.hush(true).await?;
        let picture = self
            .capture(json!({
                "format": "png",
                "optimizeForSpeed": true,
                "captureBeyondViewport": true,
                "clip": { "x": area.x, "y": area.y, "width": area.width, "height": area.height, "scale": 1 },
            }))
            .await;
        self.hush(false).await?;
        picture
    }

    /// What the viewport shows now, for the report of a failed step; nothing when even that fails.
    pub(crate) async fn snapshot(&self) -> Option<Vec<u8>> {
        if let Engine::Firefox(bidi) = &self.engine {
            let picture = self.firefox_picture(bidi, SNAPSHOT_LIMIT, None).await;
            return picture.ok();
        }
        if let Engine::WebKit(webkit) = &self.engine {
            let picture = self.webkit_picture(webkit, SNAPSHOT_LIMIT, None).await;
            return picture.ok();
        }
        let params = json!({ "format": "png" });
        self.capture_within(SNAPSHOT_LIMIT, params).await.ok()
    }

    async fn capture(&self, params: Value) -> Result<Vec<u8>, BrowserError> {
        self.capture_within(PICTURE_LIMIT, params).await
    }

    async fn capture_within(
        &self,
        limit: Duration,
        params: Value,
    ) -> Result<Vec<u8>, BrowserError> {
        const COMMAND: &str = "Page.captureScreenshot";
        let mut answer = self.cdp_within(limit, COMMAND, params).await?;
        let Value::String(data) = answer["data"].take() else {
            return Err(BrowserError::nonsense(COMMAND, "there is no picture in it"));
        };
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| BrowserError::nonsense(COMMAND, &error.to_string()))
    }

    async fn page_boxes(&self, targets: &[Target]) -> Result<Vec<Vec<CssBox>>, BrowserError> {
        let argument: Value = targets.iter().map(alternatives).collect();
        let answer = self.in_page(COMMAND_LIMIT, "boxes", &argument).await?;
        let read = |value: &Value| {
            let number = |key: &str| value[key].as_f64().unwrap_or_default();
            CssBox {
                x: number("x"),
                y: number("y"),
                width: number("width"),
                height: number("height"),
            }
        };
        let lists = answer.as_array().into_iter().flatten();
        Ok(lists
            .map(|list| list.as_array().into_iter().flatten().map(read).collect())
            .collect())
    }

    async fn mask_boxes(
        &self,
        masks: &[Target],
        clip: &Clip,
        scale: f64,
        size: Size,
    ) -> Result<Vec<Vec<Rect>>, BrowserError> {
        if masks.is_empty() {
            return Ok(Vec::new());
        }
        let origin = match clip.page {
            Some(area) => (area.x, area.y),
            None => self.scroll_position().await?,
        };
        let found = self.page_boxes(masks).await?;
        let to_picture = |area: &CssBox| device_box(area, origin, scale, size);
        Ok(found
            .iter()
            .map(|boxes| boxes.iter().filter_map(to_picture).collect())
            .collect())
    }

    async fn scroll_position(&self) -> Result<(f64, f64), BrowserError> {
        let answer = self.in_page(COMMAND_LIMIT, "measure", &json!(null)).await?;
        Ok((
            answer["scrollX"].as_f64().unwrap_or_default(),
            answer["scrollY"].as_f64().unwrap_or_default(),
        ))
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

/// Whether no pixel differs beyond the usual threshold. Chromium may draw a page in two ways that are a
/// few levels apart and go back and forth between them; a page that moves never comes back like that.
async fn look_equal(one: &Frame, other: &Frame) -> bool {
    nothing_differs(one, other, diff::Options::default()).await
}

async fn nothing_differs(one: &Frame, other: &Frame, options: diff::Options) -> bool {
    if one.clip != other.clip {
        return false;
    }
    let (one, other) = (one.png.clone(), other.png.clone());
    let compared = tokio::task::spawn_blocking(move || diff::compare(&one, &other, &options)).await;
    let compared = compared.ok().and_then(Result::ok);
    compared.is_some_and(|diff| diff.mismatched_pixels == 0)
}

/// What was held draws as it would at that moment, unless it draws by chance or by the time of its start.
fn held_warning(frames: u64) -> String {
    format!(
        "the page never stops drawing; it was held at its frame {frames} for the picture: set `clock: fixed` or mask it \
         if that differs"
    )
}

fn overdue_warning(urls: &[String]) -> Option<String> {
    let (first, others) = urls.split_first()?;
    let others = match others.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let seconds = ARRIVAL_BUDGET.as_secs();
    Some(format!(
        "the picture was taken without {first}{others}, which had not arrived after {seconds} s"
    ))
}

fn endless_warning(came_to_its_end: Option<bool>) -> Option<String> {
    let seconds = SCROLL_BUDGET.as_secs();
    (came_to_its_end == Some(false)).then(|| {
        format!(
            "the page still grew or loaded when it had been scrolled through for {seconds} s; the picture shows what was \
             there by then"
        )
    })
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

fn check_viewport(wanted: Viewport, is_mobile: bool, found: &Measures) -> Result<(), ShootError> {
    let exact = found.width == f64::from(wanted.width)
        && found.height == f64::from(wanted.height)
        && (found.scale - wanted.scale).abs() < 1e-6;
    if exact {
        return Ok(());
    }
    let help = match is_mobile {
        true => {
            ": a `mobile` page needs a `<meta name=viewport>` with the device's width, and nothing wider than that"
        }
        false => "",
    };
    Err(ShootError::Impossible(format!(
        "the viewport is {}x{}@{}, not {wanted} as asked{help}",
        found.width, found.height, found.scale
    )))
}

fn warn_of_idle_masks(masks: &[Target], boxes: &[Vec<Rect>], warnings: &mut Vec<String>) {
    for (mask, _) in masks
        .iter()
        .zip(boxes)
        .filter(|(_, boxes)| boxes.is_empty())
    {
        warnings.push(format!(
            "the mask `{mask}` matches nothing that can be seen"
        ));
    }
}

/// The box in whole device pixels of the picture, grown outwards; nothing when it lies outside.
fn device_box(area: &CssBox, origin: (f64, f64), scale: f64, size: Size) -> Option<Rect> {
    let clamp = |value: f64, limit: u32| value.clamp(0.0, f64::from(limit)) as u32;
    let left = clamp(((area.x - origin.0) * scale).floor(), size.width);
    let top = clamp(((area.y - origin.1) * scale).floor(), size.height);
    let right = clamp(
        ((area.x - origin.0 + area.width) * scale).ceil(),
        size.width,
    );
    let bottom = clamp(
        ((area.y - origin.1 + area.height) * scale).ceil(),
        size.height,
    );
    (right > left && bottom > top).then(|| Rect {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 200,
        height: 100,
    };

    #[test]
    fn a_mask_grows_to_whole_device_pixels() {
        let area = CssBox {
            x: 10.25,
            y: 20.5,
            width: 5.0,
            height: 5.0,
        };
        let expected = Rect {
            x: 20,
            y: 41,
            width: 11,
            height: 10,
        };
        assert_eq!(device_box(&area, (0.0, 0.0), 2.0, SIZE), Some(expected));
    }

    #[test]
    fn a_mask_outside_of_the_picture_is_none() {
        let area = CssBox {
            x: 0.0,
            y: 500.0,
            width: 5.0,
            height: 5.0,
        };
        assert_eq!(device_box(&area, (0.0, 0.0), 1.0, SIZE), None);
    }
}
