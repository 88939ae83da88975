//! What makes a green run worth a second look: pictures that prove less than they seem to.

use std::collections::BTreeMap;

use super::{PictureReport, ShotReport};
use crate::side::Side;

/// Blank pages, and pages at different addresses that gave one and the same picture, in plan order.
pub(crate) fn suspicions(shots: &[ShotReport]) -> Vec<String> {
    let mut found: Vec<String> = shots.iter().filter_map(blank).collect();
    found.extend(one_picture_for_many(shots));
    found
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

/// Several addresses that answer with one picture are often one error page, or one login page.
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
                .push((shot, address(&page.url)));
        }
    }
    let is_suspicious = |same: &&Vec<(&ShotReport, &str)>| same.iter().any(|it| it.1 != same[0].1);
    let mut groups: Vec<_> = by_hash.values().filter(is_suspicious).collect();
    groups.sort_by_key(|same| shots.iter().position(|shot| std::ptr::eq(shot, same[0].0)));
    groups.into_iter().map(|same| describe(same)).collect()
}

/// Queries and fragments often change nothing that can be seen.
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
