//! Warnings that a picture needs.

use serde_json::Value;

use super::{pending_resources::ARRIVAL_BUDGET, settle::SCROLL_BUDGET};
use crate::{
    browser::picture::Warning,
    diff::Rect,
    spec::{Shot, Suspicion, Viewport},
};

/// A held loop draws the same at that frame each time, unless it draws at random or depends on its start time.
pub(super) fn held_warning(frames: u64) -> Warning {
    let text = format!(
        "the page never stops drawing, so it was held at frame {frames} for the picture; if that part differs, mask it"
    );
    text.into()
}

pub(super) fn overdue_warning(urls: &[String]) -> Option<Warning> {
    let names = first_of(urls)?;
    let seconds = ARRIVAL_BUDGET.as_secs();
    let text =
        format!("the picture was taken without {names}, which had not arrived after {seconds} s");
    Some(Warning::of(Suspicion::Incomplete, text))
}

pub(super) fn moving_parts_warning(words: &[String]) -> Option<Warning> {
    let verb = match words {
        [] => return None,
        [_] => "was",
        _ => "were",
    };
    let parts = words.join(" and ");
    Some(format!("{parts} never held still and {verb} painted over").into())
}

pub(super) fn failed_warning(names: &[String]) -> Option<Warning> {
    let names = first_of(names)?;
    let text = format!("the picture was taken without {names}, which could not be loaded");
    Some(Warning::of(Suspicion::Incomplete, text))
}

/// The first names, and how many there are more.
fn first_of(names: &[String]) -> Option<String> {
    const MOST: usize = 3;
    if names.is_empty() {
        return None;
    }
    let shown = names
        .iter()
        .take(MOST)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    Some(match names.len() {
        0..=MOST => shown,
        count => format!("{shown} and {} more", count - MOST),
    })
}

/// Warns that the browser will open another page by itself.
pub(super) fn goes_on_warning(url: &str, seconds: u64) -> Warning {
    let text = format!(
        "the page leads to {url} by itself after {seconds} s, and the picture was taken before; to take it there, wait for \
         that page first"
    );
    text.into()
}

/// Warns that a navigation had begun.
pub(super) fn leaving_warning() -> Warning {
    let text = "the browser was about to leave the page when the picture was taken; to take it on the next page, wait for \
                that page first";
    text.to_owned().into()
}

pub(super) fn endless_page_warning(reached_end: Option<bool>) -> Option<Warning> {
    let seconds = SCROLL_BUDGET.as_secs();
    (reached_end == Some(false)).then(|| {
        let text = format!(
            "the page was still growing or loading after {seconds} s of scrolling; the picture shows what was there by \
             then"
        );
        Warning::of(Suspicion::PartialPage, text)
    })
}

/// Warns of each mask of the step that covers nothing. A flow's mask need not match in every picture, so the report
/// decides about those.
pub(super) fn idle_mask_warnings(shot: &Shot, boxes: &[Vec<Rect>]) -> Vec<Warning> {
    let masks = shot.masks.iter().zip(boxes).skip(shot.flow_masks);
    let idle = masks.filter(|(_, boxes)| boxes.is_empty());
    idle.map(|(mask, _)| format!("the mask `{mask}` matches nothing visible").into())
        .collect()
}

/// Warns that a box hides a part of what the picture should show.
pub(super) fn part_warning(scroller: &str) -> Warning {
    let text = format!(
        "of `{scroller}` the picture shows only what is in view, and not what it scrolls to"
    );
    Warning::of(Suspicion::PartialPage, text)
}

/// Warns of frames of other sites that the browser did not paint because they are out of view.
pub(super) fn unpainted_frames_warning(frames: &[String]) -> Option<Warning> {
    let names = first_of(frames)?;
    let text = format!(
        "Chrome paints frames of other sites only in view, so {names} is empty in the picture; to see it, scroll to it \
         and take a shot with `area: viewport`"
    );
    Some(Warning::of(Suspicion::PartialPage, text))
}

/// Notes smaller boxes that scroll. The picture shows them as they are, so this is no reason for suspicion.
pub(super) fn small_scroller_warning(scrollers: &[String]) -> Option<Warning> {
    let names = first_of(scrollers)?;
    let text = format!(
        "of {names} the picture shows what is in view, and not what it scrolls to; `area: {{ scroll: SELECTOR }}` \
         shows one such box to its end"
    );
    Some(text.into())
}

/// Why a phone's page is wider than its screen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WideBy {
    /// The element that reaches furthest to the side, by a short selector.
    Element(String),
    Meta,
    MissingMeta,
}

impl WideBy {
    /// Reads the answer of the page.
    pub(super) fn read(answer: &Value) -> Self {
        match answer["element"].as_str() {
            Some(name) => Self::Element(name.to_owned()),
            None if answer["meta"] == true => Self::Meta,
            None => Self::MissingMeta,
        }
    }
}

/// Warns that a phone's page is wider than its screen, which its users notice. `width` is in CSS pixels.
pub(super) fn too_wide_warning(width: f64, screen: Viewport, by: &WideBy) -> Warning {
    let screen = screen.width;
    let laid_out = format!("the page is laid out {width} px wide on a screen of {screen} px");
    let text = match by {
        WideBy::Element(widest) => format!(
            "the page is {width} px wide on a screen of {screen} px; `{widest}` reaches furthest to the side"
        ),
        WideBy::Meta => format!("{laid_out}, as its `<meta name=viewport>` asks for"),
        WideBy::MissingMeta => {
            format!("{laid_out}, as phones do without a `<meta name=viewport>`")
        }
    };
    text.into()
}

/// Warns that the page is taller than a picture may be. Both heights are in CSS pixels.
pub(super) fn cut_warning(height: u32, limit: u32) -> Warning {
    let text =
        format!("the page is {height} px tall; the picture ends at max_page_height, {limit} px");
    Warning::of(Suspicion::PartialPage, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_phone_page_is_too_wide_by_an_element_or_as_its_meta_asks_for() {
        assert_eq!(
            WideBy::read(&json!({ "element": "table" })),
            WideBy::Element("table".to_owned())
        );
        assert_eq!(WideBy::read(&json!({ "meta": true })), WideBy::Meta);
        assert_eq!(WideBy::read(&json!(null)), WideBy::MissingMeta);
    }
}
