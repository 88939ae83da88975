//! Reasons to look again at a green run: pictures that prove less than they seem to. A flow or a step can allow each of
//! them, with a reason.

mod address;
mod coverage;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AllowedReport, MaskReport, PageReport, PictureReport, Report, RunState, ShotReport, Verdict,
};
use crate::{
    diff::Rect,
    side::{Role, Side},
    spec::{Allowance, Suspicion},
    yaml::page_part,
};
use address::PageAddress;
use coverage::covered_pixels;

/// No more shots or pages than this are named in one sentence.
const MOST_NAMES: usize = 4;

/// What `judge` finds in a report.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What nothing allows.
    pub(crate) suspicions: Vec<String>,
    /// What a flow, a step or the configuration allows.
    pub(crate) allowed: Vec<AllowedReport>,
    /// Allowances of a complete run that allowed nothing.
    pub(crate) idle_allowances: Vec<String>,
}

impl Report {
    /// Judges its shots again.
    pub(crate) fn judge(&mut self) {
        let found = judge(self);
        self.suspicions = found.suspicions;
        self.allowed = found.allowed;
        self.idle_allowances = found.idle_allowances;
    }
}

/// A suspicion about shots that have the same to say.
#[derive(Debug)]
struct Raised<'a> {
    suspicion: Suspicion,
    shots: Vec<&'a ShotReport>,
    /// What is suspicious, without the names of the shots.
    words: String,
}

impl Raised<'_> {
    fn text(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for shot in &self.shots {
            let name = shot.title();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.is_empty() {
            true => self.words.clone(),
            false => format!("{}: {}", listed(names), self.words),
        }
    }
}

fn judge(report: &Report) -> Findings {
    let mut found = Findings::default();
    let groups = same_pictures(report);
    let mut raised: Vec<Raised<'_>> = same_environment(report).into_iter().collect();
    raised.extend(of_shots(report));
    raised.extend(idle_flow_masks(report));
    let allows = |raised: &Raised<'_>| allowance(report, raised).cloned();
    let mut used: Vec<(Suspicion, Allowance)> = Vec::new();
    for one in raised {
        match allows(&one) {
            Some(allowance) => {
                found.allow(one.suspicion, one.text(), &allowance);
                used.push((one.suspicion, allowance));
            }
            None => found.raise(one.suspicion, &one.text()),
        }
    }
    for group in groups {
        for (shot, allowance) in group.allowing() {
            let text = format!("{}: another page has the same picture", shot.title());
            found.allow(Suspicion::SamePicture, text, allowance);
            used.push((Suspicion::SamePicture, allowance.clone()));
        }
        if let Some(words) = group.without_allowing().words() {
            found.raise(Suspicion::SamePicture, &words);
        }
    }
    found.idle_allowances = idle_allowances(report, &used);
    found
}

impl Findings {
    /// The name stands beside it, because an allowance needs it.
    fn raise(&mut self, suspicion: Suspicion, text: &str) {
        self.suspicions.push(format!("{text} [{suspicion}]"));
    }

    fn allow(&mut self, suspicion: Suspicion, text: String, allowance: &Allowance) {
        self.allowed.push(AllowedReport {
            suspicion,
            text,
            reason: allowance.reason.clone(),
            at: allowance.at.clone(),
        });
    }
}

/// The allowance that all of its shots have.
fn allowance<'a>(report: &'a Report, raised: &Raised<'a>) -> Option<&'a Allowance> {
    let of = |shot: &&'a ShotReport| shot.allow.get(&raised.suspicion);
    let shots = match raised.shots.as_slice() {
        // The configuration's allowances stand in every shot.
        [] => report.shots.iter().collect(),
        shots => shots.to_vec(),
    };
    let first = of(shots.first()?)?;
    shots.iter().all(|shot| of(shot).is_some()).then_some(first)
}

/// If both sides are the same environment, only noise can differ.
fn same_environment(report: &Report) -> Option<Raised<'_>> {
    let words = report.run.one_environment.clone()?;
    Some(Raised {
        suspicion: Suspicion::SameEnvironment,
        shots: Vec::new(),
        words,
    })
}

/// What each shot shows by itself. Shots that have the same to say, and the same allowance, say it together.
fn of_shots(report: &Report) -> Vec<Raised<'_>> {
    let mut groups: Vec<(Option<&Allowance>, Raised<'_>)> = Vec::new();
    for shot in &report.shots {
        for (suspicion, words) in of_shot(report, shot) {
            let allowance = shot.allow.get(&suspicion);
            let same = groups.iter_mut().find(|(with, raised)| {
                *with == allowance && raised.suspicion == suspicion && raised.words == words
            });
            match same {
                Some((_, raised)) => raised.shots.push(shot),
                None => groups.push((
                    allowance,
                    Raised {
                        suspicion,
                        shots: vec![shot],
                        words,
                    },
                )),
            }
        }
    }
    let mut raised: Vec<Raised<'_>> = groups.into_iter().map(|(_, raised)| raised).collect();
    raised.sort_by_key(|raised| raised.suspicion);
    raised
}

fn of_shot(report: &Report, shot: &ShotReport) -> Vec<(Suspicion, String)> {
    let mut found: Vec<(Suspicion, String)> = Vec::new();
    let mut add = |suspicion, words: Option<String>| found.extend(words.map(|it| (suspicion, it)));
    add(Suspicion::Redirect, redirect(report, shot));
    add(Suspicion::Blank, blank(shot));
    add(Suspicion::MostlyMasked, mostly_masked(shot));
    for mask in shot.masks().filter(|mask| !mask.of_flow) {
        add(Suspicion::IdleMask, idle_mask(mask));
    }
    for doubt in &shot.doubts {
        add(doubt.suspicion, Some(doubt.text.clone()));
    }
    found
}

/// A page that ended elsewhere is perhaps a login page or an error page on both sides.
fn redirect(report: &Report, shot: &ShotReport) -> Option<String> {
    let astray = |role: Role| {
        let page = shot.pictures.get(role).as_ref()?.page.as_ref()?;
        let base = report.run.environments.get(role).url.as_deref();
        let asked = page.asked.as_deref()?;
        let ended = PageAddress::of(&page.url, base);
        let is_astray = ended.is_astray(&PageAddress::of(asked, base));
        is_astray.then(|| (page_part(asked), page_part(&page.url)))
    };
    let words = |(asked, found): (String, String)| {
        format!("the flow asked for {asked}, and the page ended at {found}")
    };
    let live = |role: Role| {
        let picture = shot.pictures.get(role).as_ref();
        picture.is_some_and(|picture| picture.page.is_some())
    };
    match (astray(Role::Baseline), astray(Role::Candidate)) {
        (None, None) => None,
        (Some(both), Some(_)) => Some(words(both)),
        (None, Some(one)) if !live(Role::Baseline) => Some(words(one)),
        (None, Some(one)) => Some(format!("on the candidate {}", words(one))),
        (Some(one), None) => Some(format!("on the baseline {}", words(one))),
    }
}

/// What is masked on both sides cannot differ.
fn mostly_masked(shot: &ShotReport) -> Option<String> {
    let comparison = shot.comparison.as_ref()?;
    let boxes = comparison.masks.iter().flat_map(|mask| &mask.boxes);
    let boxes: Vec<Rect> = boxes.copied().collect();
    let areas = boxes
        .iter()
        .map(|it| u64::from(it.width) * u64::from(it.height));
    let half = comparison.total_pixels / 2;
    // Most pictures need no exact answer.
    let is_most = areas.sum::<u64>() > half && covered_pixels(&boxes) > half;
    is_most.then(|| "masks cover most of the picture".to_owned())
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
    Some(format!("{which} of one colour all over"))
}

fn idle_mask(mask: &MaskReport) -> Option<String> {
    idle_words(&mask.selector, &mask.idle_on, "the mask")
}

/// `idle_on` are the sides on which the mask matches nothing.
fn idle_words(selector: &str, idle_on: &[Role], mask: &str) -> Option<String> {
    let side = match idle_on {
        [] => return None,
        [only] => format!(" on the {only}"),
        _ => String::new(),
    };
    Some(format!("{mask} `{selector}` matches nothing visible{side}"))
}

/// A flow's mask must match in one of the flow's pictures, on each side. Nothing is known of a flow that was not
/// photographed as a whole.
fn idle_flow_masks(report: &Report) -> Vec<Raised<'_>> {
    let flows = grouped(report.shots.iter().map(|shot| (&shot.flow, shot)));
    let is_whole = |shots: &&Vec<&ShotReport>| {
        !report.run.partial_flows.contains(&shots[0].flow)
            && shots.iter().all(|shot| shot.verdict != Verdict::Failed)
    };
    let whole = flows
        .iter()
        .filter(is_whole)
        .filter(|_| !report.is_partial());
    whole.flat_map(|shots| idle_masks_of(shots)).collect()
}

fn idle_masks_of<'a>(shots: &[&'a ShotReport]) -> Vec<Raised<'a>> {
    let mut masks: BTreeMap<&str, Vec<&MaskReport>> = BTreeMap::new();
    for mask in shots.iter().flat_map(|shot| shot.masks()) {
        masks.entry(&mask.selector).or_default().push(mask);
    }
    let of_flow = masks
        .into_iter()
        .filter(|(_, all)| all.iter().any(|mask| mask.of_flow));
    let raised = of_flow.filter_map(|(selector, all)| {
        let is_idle = |role: &Role| all.iter().all(|mask| mask.idle_on.contains(role));
        let idle_on: Vec<Role> = Role::ALL.into_iter().filter(is_idle).collect();
        let words = idle_words(selector, &idle_on, "the flow's mask")?;
        Some(Raised {
            suspicion: Suspicion::IdleMask,
            shots: shots.to_vec(),
            words: format!("{words} in any picture"),
        })
    });
    raised.collect()
}

/// Shots with the same picture.
#[derive(Debug)]
struct SamePicture<'a> {
    shots: Vec<(&'a ShotReport, &'a PageReport, PageAddress)>,
    base: Option<&'a str>,
}

/// The groups of shots with the same picture, in plan order. Blank pictures and pictures of one element are often alike
/// on several pages.
fn same_pictures(report: &Report) -> Vec<SamePicture<'_>> {
    let base = report.run.environments.candidate.url.as_deref();
    let pages = report.shots.iter().filter_map(|shot| {
        let picture = shot.pictures.candidate.as_ref()?;
        let page = picture.page.as_ref()?;
        let tells_a_page = !picture.blank && shot.element.is_none();
        tells_a_page.then_some((&picture.hash, (shot, page)))
    });
    let several = grouped(pages).into_iter().filter(|pages| pages.len() > 1);
    let groups = several.map(|pages| {
        let shots = pages.into_iter();
        let shots = shots.map(|(shot, page)| (shot, page, PageAddress::of(&page.url, base)));
        SamePicture {
            shots: shots.collect(),
            base,
        }
    });
    groups.filter(SamePicture::is_suspicious).collect()
}

/// The items of each key, in the order in which the keys come first.
fn grouped<K: Ord, T>(items: impl Iterator<Item = (K, T)>) -> Vec<Vec<T>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Vec<T>> = Vec::new();
    for (key, item) in items {
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(item);
    }
    groups
}

impl<'a> SamePicture<'a> {
    /// Pages that ended at several places, or that were asked for at several and led astray to one: perhaps one error
    /// page, or one login page. The same page visited twice is neither.
    fn is_suspicious(&self) -> bool {
        let ended: BTreeSet<&PageAddress> = self.shots.iter().map(|(.., ended)| ended).collect();
        let asked: BTreeSet<PageAddress> = self
            .shots
            .iter()
            .filter_map(|shot| Some(self.astray(shot)?.0))
            .collect();
        ended.len() > 1 || asked.len() > 1
    }

    /// What was asked for, if the page was led astray.
    fn astray(
        &self,
        (_, page, ended): &(&ShotReport, &'a PageReport, PageAddress),
    ) -> Option<(PageAddress, &'a str)> {
        let asked = page.asked.as_deref()?;
        let address = PageAddress::of(asked, self.base);
        ended.is_astray(&address).then_some((address, asked))
    }

    fn allowing(&self) -> impl Iterator<Item = (&'a ShotReport, &'a Allowance)> {
        self.shots.iter().filter_map(|(shot, ..)| {
            let allowance = shot.allow.get(&Suspicion::SamePicture)?;
            Some((*shot, allowance))
        })
    }

    fn without_allowing(mut self) -> Self {
        let allows = |shot: &ShotReport| shot.allow.contains_key(&Suspicion::SamePicture);
        self.shots.retain(|(shot, ..)| !allows(shot));
        self
    }

    fn words(&self) -> Option<String> {
        let name = |entry: &(&ShotReport, &'a PageReport, PageAddress)| {
            let (shot, page, _) = entry;
            let asked = self.astray(entry);
            let asked = asked.map(|(_, asked)| format!("{} → ", page_part(asked)));
            let ended = page_part(&page.url);
            format!("{} ({}{ended})", shot.title(), asked.unwrap_or_default())
        };
        let names: Vec<String> = self.shots.iter().map(name).collect();
        self.is_suspicious()
            .then(|| format!("one picture for several pages: {}", listed(names)))
    }
}

/// Allowances that allowed nothing in a whole run. Where shots are missing or failed, they might have.
fn idle_allowances(report: &Report, used: &[(Suspicion, Allowance)]) -> Vec<String> {
    let is_whole = report.run.state == RunState::Complete && report.run.shard.is_none();
    if !is_whole {
        return Vec::new();
    }
    let mut written: Vec<((Suspicion, &Allowance), bool)> = Vec::new();
    for shot in &report.shots {
        let is_known =
            shot.verdict != Verdict::Failed && !report.run.partial_flows.contains(&shot.flow);
        for (&suspicion, allowance) in &shot.allow {
            match written
                .iter_mut()
                .find(|(key, _)| *key == (suspicion, allowance))
            {
                Some((_, all_known)) => *all_known &= is_known,
                None => written.push(((suspicion, allowance), is_known)),
            }
        }
    }
    let is_used = |suspicion: Suspicion, allowance: &Allowance| {
        used.iter()
            .any(|(of, it)| *of == suspicion && it == allowance)
    };
    written
        .into_iter()
        .filter(|((suspicion, allowance), is_known)| *is_known && !is_used(*suspicion, allowance))
        .map(|((suspicion, allowance), _)| {
            format!(
                "`allow: {{ {suspicion} }}` at {} allowed nothing: remove it",
                allowance.at
            )
        })
        .collect()
}

/// The first names, and how many there are more.
fn listed(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
