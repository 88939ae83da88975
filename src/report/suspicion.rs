//! Reasons to look again at a green run: pictures that prove less than they seem to.

use std::collections::BTreeMap;

use super::{PictureReport, Report, ShotReport};
use crate::side::Side;

/// Blank pages, and pages at different URLs with the same picture, in plan order.
pub(crate) fn suspicions(report: &Report) -> Vec<String> {
    let mut found: Vec<String> = same_environment(report).into_iter().collect();
    found.extend(report.shots.iter().filter_map(blank));
    found.extend(report.shots.iter().filter_map(mostly_masked));
    found.extend(one_picture_for_many(&report.shots));
    found
}

/// If both sides are the same environment, only noise can differ.
fn same_environment(report: &Report) -> Option<String> {
    let Side {
        baseline,
        candidate,
    } = &report.run.environments;
    let is_same = baseline.name == candidate.name
        || (baseline.url.is_some() && baseline.url == candidate.url);
    is_same.then(|| "both sides are the same environment".to_owned())
}

/// What is masked on both sides cannot differ.
fn mostly_masked(shot: &ShotReport) -> Option<String> {
    let comparison = shot.comparison.as_ref()?;
    let boxes = comparison.masks.iter().flat_map(|mask| &mask.boxes);
    let masked: u64 = boxes
        .map(|it| u64::from(it.width) * u64::from(it.height))
        .sum();
    // A mask has a box on each side.
    let is_most = masked / 2 > comparison.total_pixels / 2;
    is_most.then(|| format!("{}: masks cover most of the picture", shot.title()))
}

fn blank(shot: &ShotReport) -> Option<String> {
    let Side {
        baseline,
        candidate,
    } = shot.pictures.as_ref().map(Option::as_ref);
    let is_blank = |picture: Option<&PictureReport>| picture.is_some_and(|it| it.blank);
    let which = match (is_blank(baseline), is_blank(candidate)) {
        (true, true) => "both pictures are",
        (true, false) => "the baseline is",
        (false, true) => "the candidate is",
        (false, false) => return None,
    };
    Some(format!("{}: {which} of one colour all over", shot.title()))
}

/// Several URLs with the same picture are often one error page or login page.
fn one_picture_for_many(shots: &[ShotReport]) -> Vec<String> {
    let mut by_hash: BTreeMap<&str, Vec<(&ShotReport, &str)>> = BTreeMap::new();
    for shot in shots {
        let Some(picture) = &shot.pictures.candidate else {
            continue;
        };
        if let Some(page) = picture.page.as_ref().filter(|_| !picture.blank) {
            by_hash
                .entry(&picture.hash)
                .or_default()
                .push((shot, address(page.asked.as_deref().unwrap_or(&page.url))));
        }
    }
    let is_suspicious = |same: &&Vec<(&ShotReport, &str)>| same.iter().any(|it| it.1 != same[0].1);
    let mut groups: Vec<_> = by_hash.values().filter(is_suspicious).collect();
    groups.sort_by_key(|same| shots.iter().position(|shot| std::ptr::eq(shot, same[0].0)));
    groups.into_iter().map(|same| describe(same)).collect()
}

/// Queries and fragments often change nothing visible.
fn address(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn describe(same: &[(&ShotReport, &str)]) -> String {
    const MOST: usize = 4;
    let mut names: Vec<String> = same
        .iter()
        .take(MOST)
        .map(|(shot, address)| format!("{} ({address})", shot.title()))
        .collect();
    if same.len() > MOST {
        names.push(format!("{} more", same.len() - MOST));
    }
    format!("one picture for several pages: {}", names.join(", "))
}
