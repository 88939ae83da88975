//! Parts of the page that we cannot stop are painted over if they do not hold still, so that the rest of the page can be
//! compared.

use serde_json::{Value, json};

use super::held::nothing_differs;
use crate::{
    browser::{error::BrowserError, picture::Frame, session::Session, wire::COMMAND_LIMIT},
    diff::{self, Rect},
    spec::{Selector, Target},
};

/// A part of a picture that may move although everything else stands still.
#[derive(Debug)]
struct MovingPart {
    words: String,
    boxes: Vec<Rect>,
}

/// A picture without the parts that moved, and the words for them.
pub(super) struct Painted {
    pub(super) frame: Frame,
    pub(super) moving: Vec<String>,
}

impl Session {
    /// The second picture with masks over the parts that differ between both. `None` if anything else differs.
    pub(super) async fn paint_moving_parts(
        &self,
        one: &Frame,
        other: &Frame,
        scale: f64,
    ) -> Result<Option<Painted>, BrowserError> {
        let parts = self.possible_parts(other, scale).await?;
        if parts.is_empty() || !differ_only_in(&parts, one, other).await {
            return Ok(None);
        }
        let mut moving: Vec<&MovingPart> = Vec::new();
        for (number, tried) in parts.iter().enumerate() {
            let others = parts.iter().enumerate();
            let others = others.filter(|(place, _)| *place != number);
            if !differ_only_in(others.map(|(_, part)| part), one, other).await {
                moving.push(tried);
            }
        }
        let mut frame = other.clone();
        frame
            .masks
            .extend(moving.iter().map(|part| part.boxes.clone()));
        let moving = moving.iter().map(|part| part.words.clone()).collect();
        Ok(Some(Painted { frame, moving }))
    }

    async fn possible_parts(
        &self,
        frame: &Frame,
        scale: f64,
    ) -> Result<Vec<MovingPart>, BrowserError> {
        let answer = self
            .in_page(COMMAND_LIMIT, "movingParts", &json!(null))
            .await?;
        let found: Vec<(Target, String)> = answer
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(read_part)
            .collect();
        let targets: Vec<Target> = found.iter().map(|(target, _)| target.clone()).collect();
        let boxes = self
            .mask_boxes(&targets, &frame.area, scale, frame.size)
            .await?;
        let parts = found.into_iter().zip(boxes);
        let parts = parts.map(|((_, words), boxes)| MovingPart { words, boxes });
        Ok(parts.filter(|part| !part.boxes.is_empty()).collect())
    }
}

fn read_part(answer: &Value) -> Option<(Target, String)> {
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    let selector = text("selector")?;
    let target = Target {
        alternatives: vec![Selector::Css(vec![selector.clone()])],
        source: selector,
    };
    Some((target, text("words")?))
}

async fn differ_only_in<'a>(
    parts: impl IntoIterator<Item = &'a MovingPart>,
    one: &Frame,
    other: &Frame,
) -> bool {
    let boxes = parts.into_iter().flat_map(|part| &part.boxes).copied();
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
