//! Warnings that a picture needs.

use super::{pending_resources::ARRIVAL_BUDGET, settle::SCROLL_BUDGET};
use crate::{diff::Rect, spec::Target};

/// A held loop draws the same at that frame each time, unless it draws at random or depends on its start time.
pub(super) fn held_warning(frames: u64) -> String {
    format!(
        "the page never stops drawing, so it was held at frame {frames} for the picture; if that part differs, mask it"
    )
}

pub(super) fn overdue_warning(urls: &[String]) -> Option<String> {
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

pub(super) fn endless_page_warning(reached_end: Option<bool>) -> Option<String> {
    let seconds = SCROLL_BUDGET.as_secs();
    (reached_end == Some(false)).then(|| {
        format!(
            "the page was still growing or loading after {seconds} s of scrolling; the picture shows what was there by \
             then"
        )
    })
}

/// Adds a warning for each mask that covers nothing.
pub(super) fn warn_of_idle_masks(
    masks: &[Target],
    boxes: &[Vec<Rect>],
    warnings: &mut Vec<String>,
) {
    for (mask, _) in masks
        .iter()
        .zip(boxes)
        .filter(|(_, boxes)| boxes.is_empty())
    {
        warnings.push(format!("the mask `{mask}` matches nothing visible"));
    }
}

/// Warns that the page is taller than a picture may be. Both heights are in CSS pixels.
pub(super) fn cut_warning(height: u32, limit: u32) -> String {
    format!("the page is {height} px tall; the picture ends at max_page_height, {limit} px")
}
