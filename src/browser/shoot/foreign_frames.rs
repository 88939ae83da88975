//! Frames of other sites that do not hold still are painted over, so that the rest of the page can be compared.

use serde_json::{Value, json};

use super::held::nothing_differs;
use crate::{
    browser::{error::BrowserError, picture::Frame, session::Session, wire::COMMAND_LIMIT},
    diff::{self, Rect},
    spec::{Selector, Target},
};

/// A frame of another site in a picture.
#[derive(Debug)]
struct ForeignFrame {
    url: String,
    boxes: Vec<Rect>,
}

/// A picture without the frames that moved, and their addresses.
pub(super) struct Painted {
    pub(super) frame: Frame,
    pub(super) moving: Vec<String>,
}

impl Session {
    /// The second picture with masks over the frames of other sites that differ between both. `None` if anything else
    /// differs.
    pub(super) async fn paint_moving_frames(
        &self,
        one: &Frame,
        other: &Frame,
        scale: f64,
    ) -> Result<Option<Painted>, BrowserError> {
        let foreign = self.foreign_frames(other, scale).await?;
        if foreign.is_empty() || !differ_only_in(&foreign, one, other).await {
            return Ok(None);
        }
        let mut moving: Vec<&ForeignFrame> = Vec::new();
        for (number, tried) in foreign.iter().enumerate() {
            let others = foreign.iter().enumerate();
            let others = others.filter(|(place, _)| *place != number);
            if !differ_only_in(others.map(|(_, frame)| frame), one, other).await {
                moving.push(tried);
            }
        }
        let mut frame = other.clone();
        frame
            .masks
            .extend(moving.iter().map(|frame| frame.boxes.clone()));
        let moving = moving.iter().map(|frame| frame.url.clone()).collect();
        Ok(Some(Painted { frame, moving }))
    }

    async fn foreign_frames(
        &self,
        frame: &Frame,
        scale: f64,
    ) -> Result<Vec<ForeignFrame>, BrowserError> {
        let answer = self
            .in_page(COMMAND_LIMIT, "foreignFrames", &json!(null))
            .await?;
        let found: Vec<(Target, String)> = answer
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(read_frame)
            .collect();
        let targets: Vec<Target> = found.iter().map(|(target, _)| target.clone()).collect();
        let boxes = self
            .mask_boxes(&targets, &frame.area, scale, frame.size)
            .await?;
        let frames = found.into_iter().zip(boxes);
        let frames = frames.map(|((_, url), boxes)| ForeignFrame { url, boxes });
        Ok(frames.filter(|frame| !frame.boxes.is_empty()).collect())
    }
}

fn read_frame(answer: &Value) -> Option<(Target, String)> {
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    let selector = text("selector")?;
    let target = Target {
        alternatives: vec![Selector::Css(vec![selector.clone()])],
        source: selector,
    };
    Some((target, text("url")?))
}

async fn differ_only_in<'a>(
    frames: impl IntoIterator<Item = &'a ForeignFrame>,
    one: &Frame,
    other: &Frame,
) -> bool {
    let boxes = frames.into_iter().flat_map(|frame| &frame.boxes).copied();
    let own = [one, other]
        .into_iter()
        .flat_map(|frame| frame.masks.iter().flatten())
        .copied();
    let options = diff::Options {
        metric: diff::Metric::Exact,
        masks: boxes.chain(own).collect(),
        ..diff::Options::default()
    };
    nothing_differs(one, other, options).await
}
