//! Waits until the page holds still: the document, fonts and images are ready, and animations are finished.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    browser::{
        document::Document, error::BrowserError, session::Session, target::alternatives,
        wire::COMMAND_LIMIT,
    },
    spec::{Area, Settle, Shot},
    waits::{WaitReason, WaitTime},
};

/// How long a page may take to settle before the shot counts as unstable.
pub(super) const SETTLE_BUDGET: Duration = Duration::from_secs(10);

/// The longest time for scrolling through a page; the same limit as in the page scripts.
pub(super) const SCROLL_BUDGET: Duration = Duration::from_secs(10);

/// Longer times than this, in milliseconds, mean that the page's clock is wrong.
const MOST_MS: f64 = 3_600_000.0;

/// The page's measures in CSS pixels after it has settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measures {
    /// What the browser shows of the page.
    pub(super) width: f64,
    pub(super) height: f64,
    /// How much larger than usual it is shown. A phone shows a page smaller that is too wide for it.
    pub(super) zoom: f64,
    pub(super) scale: f64,
    /// Where the page begins: below zero if it is written from right to left.
    pub(super) page_x: f64,
    pub(super) page_y: f64,
    pub(super) page_width: f64,
    pub(super) page_height: f64,
}

impl Measures {
    /// Leaves out what lies to the left of zero, or above it. Returns whether there was anything.
    fn leave_out_before_zero(&mut self) -> bool {
        let (x, y) = (self.page_x.min(0.0), self.page_y.min(0.0));
        self.page_width += x;
        self.page_height += y;
        self.page_x -= x;
        self.page_y -= y;
        x < 0.0 || y < 0.0
    }

    /// Whether the viewport shows the whole page. A plain picture of the viewport is best then.
    pub(super) fn is_all_in_view(&self) -> bool {
        self.page_width <= self.width && self.page_height <= self.height && self.zoom == 1.0
    }
}

/// A settled page, or what kept it from settling.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) measures: Measures,
    pub(super) pending: Vec<String>,
    /// What was waited for, where the page can measure it in milliseconds.
    pub(super) waits: Vec<WaitTime>,
    /// Whether the page has elements that wait for coming into view and have not been there yet.
    pub(super) is_lazy: bool,
    /// Whether marquees move that only the engine can stop.
    pub(super) has_marquees: bool,
    /// How long settling took in the page.
    pub(super) in_page: Duration,
    /// Whether the page held still since it last settled, as far as that can be seen from inside the page.
    pub(super) is_unchanged: bool,
    /// The document that settled.
    pub(super) document: Document,
    /// A box of the whole page that hides a part of it, by a short selector.
    pub(super) only_in_view: Option<String>,
    /// Smaller boxes that scroll, by short selectors.
    pub(super) only_partly: Vec<String>,
}

impl Session {
    /// Hides the caret, finishes animations and waits for what is loading: for a shot beyond the view, lazy images too.
    /// Shows all of the page if the shot is to. With `hurry` it skips the waits that [`Self::has_rested`] checks after the
    /// picture.
    pub(super) async fn settle(
        &self,
        shot: &Shot,
        hurry: bool,
        budget: Duration,
    ) -> Result<Settled, BrowserError> {
        let milliseconds = u64::try_from(budget.as_millis()).unwrap_or(u64::MAX);
        let parts = self.settle_parts(shot);
        let argument = json!({
            "budget": milliseconds,
            "wholePage": shot.area.is_beyond_viewport(),
            "show": self.parts_to_show(&shot.area),
            "hurry": hurry,
            "mustDraw": !self.engine.traits().draws_for_pictures,
            "parts": in_words(parts),
        });
        let answer = self
            .in_page(COMMAND_LIMIT + budget, "settle", &argument)
            .await?;
        let number = |key: &str| {
            answer[key]
                .as_f64()
                .ok_or_else(|| BrowserError::nonsense("settle", &format!("no `{key}`")))
        };
        let mut measures = Measures {
            width: number("width")?,
            height: number("height")?,
            zoom: number("zoom")?,
            scale: number("scale")?,
            page_x: number("pageX")?,
            page_y: number("pageY")?,
            page_width: number("pageWidth")?,
            page_height: number("pageHeight")?,
        };
        let mut only_in_view = answer["onlyInView"].as_str().map(str::to_owned);
        if !self.engine.traits().photographs_backwards && measures.leave_out_before_zero() {
            only_in_view = Some("html".to_owned());
        }
        Ok(Settled {
            measures,
            pending: texts(&answer["pending"]),
            waits: waits(&answer["waits"]),
            in_page: Duration::from_secs_f64(number("took")?.clamp(0.0, MOST_MS) / 1000.0),
            is_lazy: answer["lazy"].as_f64().is_some_and(|count| count > 0.0),
            has_marquees: answer["marquees"].as_f64().is_some_and(|count| count > 0.0),
            is_unchanged: answer["unchanged"] == json!(true),
            document: self.read_document(&answer["document"]),
            only_in_view,
            only_partly: texts(&answer["onlyPartly"]),
        })
    }

    /// Tells the page what of it is shown beyond the view, for our page functions.
    fn parts_to_show(&self, area: &Area) -> Value {
        let limit = self.options.max_page_height;
        match area {
            Area::Page { scroller } => {
                json!({ "limit": limit, "scroller": scroller.as_ref().map(alternatives) })
            }
            Area::Element(target) => json!({ "limit": limit, "area": alternatives(target) }),
            Area::Viewport => json!(null),
        }
    }

    /// Scrolls each part of the page into view down to `limit` CSS pixels, so that scripts add the content that they
    /// load lazily, and scrolls back. Returns whether it reached the end of the page.
    pub(super) async fn scroll_through(
        &self,
        limit: u32,
        shot: &Shot,
    ) -> Result<bool, BrowserError> {
        let argument = json!({
            "limit": limit,
            "show": self.parts_to_show(&shot.area),
            "parts": in_words(self.settle_parts(shot)),
        });
        let time = COMMAND_LIMIT + SCROLL_BUDGET;
        let answer = self.in_page(time, "scrollThrough", &argument).await?;
        Ok(answer["ended"] == json!(true))
    }

    /// Whether the page held still since it settled; called after a picture. `None` if not everything can be seen from
    /// inside the page.
    pub(super) async fn has_rested(
        &self,
        whole_page: bool,
        parts: Settle,
    ) -> Result<Option<bool>, BrowserError> {
        let argument = json!({
            "wholePage": whole_page,
            "parts": in_words(parts),
        });
        let answer = self.in_page(COMMAND_LIMIT, "hasRested", &argument).await?;
        Ok(answer.as_bool())
    }
}

/// The time limit for holding loops: the script's own limit, plus the frames after it.
const HOLD_LIMIT: Duration = Duration::from_secs(10);

impl Session {
    /// Holds the page's own drawing loops at a round frame number and returns that number; 0 if the page has none.
    pub(super) async fn hold_loops(&self) -> Result<u64, BrowserError> {
        let frames = self.in_page(HOLD_LIMIT, "hold", &json!(null)).await?;
        Ok(frames.as_u64().unwrap_or(0))
    }

    /// Releases the page after a picture, and asks it what the picture lacks. `picture` says what the picture shows; null
    /// if that does not matter.
    pub(super) async fn let_go(&self, picture: &Value) -> Result<ReleasedPage, BrowserError> {
        let released = self.in_page(COMMAND_LIMIT, "letGo", picture).await?;
        Ok(ReleasedPage {
            document: self.read_document(&released),
            failed: texts(&released["failed"]),
            late: texts(&released["late"]),
            out_of_view: texts(&released["outOfView"]),
            goes_on: released["goesOn"]["url"].as_str().map(|url| GoesOn {
                url: url.to_owned(),
                seconds: released["goesOn"]["seconds"].as_u64().unwrap_or_default(),
            }),
        })
    }
}

/// A page after a picture of it.
#[derive(Debug)]
pub(super) struct ReleasedPage {
    /// The document in front.
    pub(super) document: Document,
    /// The URLs of images, style sheets, scripts, videos and frames that failed, and the names of fonts.
    pub(super) failed: Vec<String>,
    /// The URLs of images and frames that are still on their way, and the names of fonts.
    pub(super) late: Vec<String>,
    /// The frames of other sites that the picture shows and that are out of view.
    pub(super) out_of_view: Vec<String>,
    /// The page that this one says it leads to.
    pub(super) goes_on: Option<GoesOn>,
}

/// Another page that the browser opens by itself.
#[derive(Debug)]
pub(super) struct GoesOn {
    pub(super) url: String,
    /// How long after this page was loaded.
    pub(super) seconds: u64,
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

fn in_words(parts: Settle) -> Value {
    let is_on = |part: Option<bool>| part.unwrap_or(true);
    json!({
        "animations": is_on(parts.animations),
        "fonts": is_on(parts.fonts),
        "images": is_on(parts.images),
        "requests": is_on(parts.requests),
    })
}

/// Reads the waits that the page reports, by name.
fn waits(answer: &Value) -> Vec<WaitTime> {
    let wait = |reason: WaitReason| {
        let told = &answer[reason.name()];
        let ms = told["ms"].as_f64()?.clamp(0.0, MOST_MS).round() as u64;
        let count = u32::try_from(told["count"].as_u64()?).unwrap_or(u32::MAX);
        (ms > 0).then_some(WaitTime { reason, count, ms })
    };
    WaitReason::ALL.into_iter().filter_map(wait).collect()
}
