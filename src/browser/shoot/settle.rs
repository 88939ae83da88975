//! Waits until the page holds still: document, fonts and images ready, animations finished.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    browser::{document::Document, error::BrowserError, session::Session, wire::COMMAND_LIMIT},
    spec::Settle,
    waits::{WaitReason, WaitTime},
};

/// How long a page may take to settle before a shot is unstable.
pub(super) const SETTLE_BUDGET: Duration = Duration::from_secs(10);

/// How long a page is scrolled through at most, as `page/page.js` has it.
pub(super) const SCROLL_BUDGET: Duration = Duration::from_secs(10);

/// A page's clock that says more than this, in milliseconds, is wrong.
const MOST_MS: f64 = 3_600_000.0;

/// The page's measures in CSS pixels once it settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measures {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) scale: f64,
    pub(super) page_width: f64,
    pub(super) page_height: f64,
}

impl Measures {
    /// The viewport shows the whole page; the plainest way to photograph it is then the best.
    pub(super) fn is_all_in_view(&self) -> bool {
        self.page_width <= self.width && self.page_height <= self.height
    }
}

/// A settled page, or what kept it from settling.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) measures: Measures,
    pub(super) pending: Vec<String>,
    /// What was waited for, where that can be told in milliseconds.
    pub(super) waits: Vec<WaitTime>,
    /// Something in the page waits for coming into view, and was not there yet.
    pub(super) is_lazy: bool,
    /// How long all of that took in the page.
    pub(super) in_page: Duration,
    /// The page stood still since it had settled the last time, as far as it can be seen from within.
    pub(super) is_unchanged: bool,
    /// The document that settled.
    pub(super) document: Document,
}

impl Session {
    /// Hides the caret, finishes what moves and waits for what loads; `whole_page` loads lazy images too. In a `hurry`
    /// nothing is waited for that [`Self::has_rested`] is going to tell after a picture.
    pub(super) async fn settle(
        &self,
        whole_page: bool,
        hurry: bool,
        budget: Duration,
        parts: Settle,
    ) -> Result<Settled, BrowserError> {
        let milliseconds = u64::try_from(budget.as_millis()).unwrap_or(u64::MAX);
        let argument = json!({
            "budget": milliseconds,
            "wholePage": whole_page,
            "hurry": hurry,
            "mustDraw": !self.engine.traits().draws_for_pictures,
            "event": self.engine.name(),
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
        let measures = Measures {
            width: number("width")?,
            height: number("height")?,
            scale: number("scale")?,
            page_width: number("pageWidth")?,
            page_height: number("pageHeight")?,
        };
        let pending = answer["pending"].as_array().into_iter().flatten();
        let pending = pending
            .filter_map(|entry| entry.as_str().map(str::to_owned))
            .collect();
        Ok(Settled {
            measures,
            pending,
            waits: waits(&answer["waits"]),
            in_page: Duration::from_secs_f64(number("took")?.clamp(0.0, MOST_MS) / 1000.0),
            is_lazy: answer["lazy"].as_f64().is_some_and(|count| count > 0.0),
            is_unchanged: answer["unchanged"] == json!(true),
            document: self.read_document(&answer["document"]),
        })
    }

    /// Brings each part of the page into view down to `limit` CSS pixels, so that scripts add what they keep back until
    /// then, and goes back. Returns whether the page came to its end.
    pub(super) async fn scroll_through(
        &self,
        limit: u32,
        parts: Settle,
    ) -> Result<bool, BrowserError> {
        let argument = json!({
            "limit": limit,
            "event": self.engine.name(),
            "parts": in_words(parts),
        });
        let time = COMMAND_LIMIT + SCROLL_BUDGET;
        let answer = self.in_page(time, "scrollThrough", &argument).await?;
        Ok(answer["ended"] == json!(true))
    }

    /// After a picture: whether the page stood still since it settled; `None` when not all of it can be seen from within.
    pub(super) async fn has_rested(
        &self,
        whole_page: bool,
        parts: Settle,
    ) -> Result<Option<bool>, BrowserError> {
        let argument = json!({
            "wholePage": whole_page,
            "event": self.engine.name(),
            "parts": in_words(parts),
        });
        let answer = self.in_page(COMMAND_LIMIT, "hasRested", &argument).await?;
        Ok(answer.as_bool())
    }
}

/// How long holding loops may take: the script's own limit, and the frames after it.
const HOLD_LIMIT: Duration = Duration::from_secs(10);

impl Session {
    /// Holds the page's own drawing loops at a round number of frames, which is returned; 0 when it has none.
    pub(super) async fn hold_loops(&self) -> Result<u64, BrowserError> {
        let event = json!({ "event": self.engine.name() });
        let frames = self.in_page(HOLD_LIMIT, "hold", &event).await?;
        Ok(frames.as_u64().unwrap_or(0))
    }

    /// Lets the page go on after a picture, and says which document it is.
    pub(super) async fn let_go(&self) -> Result<Document, BrowserError> {
        let event = json!({ "event": self.engine.name() });
        let document = self.in_page(COMMAND_LIMIT, "letGo", &event).await?;
        Ok(self.read_document(&document))
    }
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

/// What the page says was waited for, by its name.
fn waits(answer: &Value) -> Vec<WaitTime> {
    let wait = |reason: WaitReason| {
        let told = &answer[reason.name()];
        let ms = told["ms"].as_f64()?.clamp(0.0, MOST_MS).round() as u64;
        let count = u32::try_from(told["count"].as_u64()?).unwrap_or(u32::MAX);
        (ms > 0).then_some(WaitTime { reason, count, ms })
    };
    WaitReason::ALL.into_iter().filter_map(wait).collect()
}
