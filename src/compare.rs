//! PURE. Two captures and their judgement in, a comparison out: the pixels, the verdict and the reason.

mod limits;

use serde::{Deserialize, Serialize};

use crate::{
    capture::{CapturePair, CapturedPicture, FailureKind, Origin, SideOutcome, StepFailure},
    diff::{self, Diff, DiffError, Rect},
    plan::Judgement,
    side::{Role, Side},
    spec::{AtLeast, Limits},
};

use limits::{kept, too_few};

pub use limits::{BrokenLimit, broken_limits, is_match};

/// Pictures with more pixels than this are refused from their header.
pub const MAX_PIXELS: u64 = 200_000_000;

/// What was decided about a shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No difference beyond the limits.
    Match,
    /// Different.
    Mismatch,
    /// There is no baseline.
    New,
    /// Different from the live baseline, equal to the golden picture.
    Approved,
    /// Could not be decided.
    Failed,
}

/// What one shot came to.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What was decided.
    pub verdict: Verdict,
    /// The verdict in one sentence with its numbers.
    pub reason: String,
    /// The pixels, when there were two pictures.
    pub diff: Option<Diff>,
    /// The overlay as PNG, when something differs.
    pub overlay: Option<Vec<u8>>,
    /// What kept the shot from being decided.
    pub failures: Vec<Failure>,
}

/// Why a shot could not be decided: trouble on a page, or a picture that cannot be read.
#[derive(Debug, Clone)]
pub enum Failure {
    /// On a page.
    Step(StepFailure),
    /// In a picture.
    Picture {
        /// Which.
        role: Role,
        /// Why.
        message: String,
    },
}

impl Failure {
    /// Which kind of trouble.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Step(failure) => failure.kind,
            Self::Picture { .. } => FailureKind::Picture,
        }
    }

    fn role(&self) -> Role {
        match self {
            Self::Step(failure) => failure.role,
            Self::Picture { role, .. } => *role,
        }
    }

    /// What happened, without saying on which side.
    fn summary(&self) -> String {
        match self {
            Self::Step(failure) if failure.kind == FailureKind::NotReached => {
                failure.message.clone()
            }
            Self::Step(failure) => {
                let page = failure.url.as_ref().map(|url| format!(" (on {url})"));
                let page = page.unwrap_or_default();
                format!("`{}`: {}{page}", failure.label, failure.message)
            }
            Self::Picture { message, .. } => message.clone(),
        }
    }
}

/// Compares one pair. A golden picture, where there is one, turns a live difference into `approved`
/// when the candidate equals it.
pub fn compare(
    pair: &CapturePair,
    judgement: &Judgement,
    golden: Option<&CapturedPicture>,
) -> Comparison {
    match (&pair.sides.baseline, &pair.sides.candidate) {
        (SideOutcome::Picture(baseline), SideOutcome::Picture(candidate)) => {
            let pair = Side::new(baseline, candidate);
            let compared = compare_pictures(&pair, judgement);
            with_golden(compared, candidate, judgement, golden)
        }
        (SideOutcome::Absent, SideOutcome::Picture(_)) => Comparison {
            verdict: Verdict::New,
            reason: "new: there is no baseline yet; look at it, then `twinshot approve`".to_owned(),
            diff: None,
            overlay: None,
            failures: Vec::new(),
        },
        (baseline, candidate) => failed(failures_of([baseline, candidate])),
    }
}

fn failures_of(sides: [&SideOutcome; 2]) -> Vec<Failure> {
    sides
        .into_iter()
        .filter_map(|side| match side {
            SideOutcome::Failed(failure) => Some(Failure::Step(failure.clone())),
            _ => None,
        })
        .collect()
}

fn failed(failures: Vec<Failure>) -> Comparison {
    Comparison {
        verdict: Verdict::Failed,
        reason: reason_of(&failures),
        diff: None,
        overlay: None,
        failures,
    }
}

/// What both sides say alike is said once.
fn reason_of(failures: &[Failure]) -> String {
    let said: Vec<String> = failures.iter().map(Failure::summary).collect();
    match (failures, said.as_slice()) {
        ([_, _], [one, other]) if one == other => format!("both sides: {one}"),
        ([Failure::Step(failure)], [one]) if failure.kind == FailureKind::NotReached => one.clone(),
        _ => {
            let told = failures.iter().zip(&said);
            let told = told.map(|(failure, said)| format!("{}: {said}", failure.role()));
            told.collect::<Vec<_>>().join("; ")
        }
    }
}

fn compare_pictures(pair: &Side<&CapturedPicture>, judgement: &Judgement) -> Comparison {
    let options = diff::Options {
        metric: judgement.metric,
        threshold: judgement.threshold,
        antialiasing: judgement.antialiasing,
        masks: masks_of(pair),
        densest_window: judgement.limits.max_mismatch.window.is_some(),
        max_pixels: MAX_PIXELS,
        ..diff::Options::default()
    };
    match diff::compare_with_overlay(&pair.baseline.png, &pair.candidate.png, &options) {
        Ok(compared) => with_cut_heights(judged(compared, judgement), pair),
        Err(error) => failed(vec![unreadable(&error, pair)]),
    }
}

/// Pages that were both cut at the same place are as tall as they were, not as their pictures.
fn with_cut_heights(compared: Comparison, pair: &Side<&CapturedPicture>) -> Comparison {
    match (pair.baseline.cut_from, pair.candidate.cut_from) {
        (Some(before), Some(after)) if before != after => Comparison {
            verdict: Verdict::Mismatch,
            reason: format!(
                "page height {before} → {after} px, beyond the picture; {}",
                compared.reason
            ),
            ..compared
        },
        _ => compared,
    }
}

/// What either side masks is painted over on both.
fn masks_of(pair: &Side<&CapturedPicture>) -> Vec<Rect> {
    let of =
        |capture: &CapturedPicture| capture.masks.iter().flatten().copied().collect::<Vec<_>>();
    let mut masks = of(pair.baseline);
    masks.extend(of(pair.candidate));
    masks
}

fn unreadable(error: &DiffError, pair: &Side<&CapturedPicture>) -> Failure {
    // What belongs to no side is told of the picture under test.
    let role = match error.input() {
        Some(diff::Input::Baseline) => Role::Baseline,
        Some(diff::Input::Candidate) | None => Role::Candidate,
    };
    let message = match &pair.get(role).origin {
        Origin::Page(_) => error.to_string(),
        Origin::Golden { file } => {
            format!("{error} ({file}); restore it, or remove it and approve anew")
        }
    };
    Failure::Picture { role, message }
}

fn judged(compared: diff::DiffWithOverlay, judgement: &Judgement) -> Comparison {
    let diff::DiffWithOverlay { diff, overlay } = compared;
    let is_match = is_match(&diff, &judgement.limits);
    Comparison {
        verdict: if is_match {
            Verdict::Match
        } else {
            Verdict::Mismatch
        },
        reason: reason(&diff, &judgement.limits, is_match),
        diff: Some(diff),
        overlay,
        failures: Vec::new(),
    }
}

fn reason(diff: &Diff, limits: &Limits, is_match: bool) -> String {
    let (before, after) = (diff.baseline_size, diff.candidate_size);
    let sizes = (before != after).then(|| {
        format!(
            "size {}×{} → {}×{}, ",
            before.width, before.height, after.width, after.height
        )
    });
    let broken = broken_words(diff, limits).into_iter();
    let broken: String = broken.map(|words| format!("; {words}")).collect();
    if diff.mismatched_pixels == 0 && sizes.is_none() {
        return format!("no pixel differs beyond the threshold{broken}");
    }
    format!(
        "{}{} different: {} of {} pixels in {}{}",
        sizes.unwrap_or_default(),
        percent(diff.mismatch_ratio()),
        diff.mismatched_pixels,
        diff.total_pixels,
        count(diff.regions.len(), "region"),
        if is_match { kept(limits) } else { broken }
    )
}

/// In words, the limits that were set and do not hold.
pub fn broken_words(diff: &Diff, limits: &Limits) -> Vec<String> {
    let broken = broken_limits(diff, limits).into_iter();
    broken.map(|broken| broken.to_string()).collect()
}

/// `1 region`, `2 regions`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A ratio for people: two decimals, but never `0 %` for what is not nothing nor `100 %` for less than all.
pub fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if ratio > 0.0 && percent < 0.01 {
        "< 0.01 %".to_owned()
    } else if ratio < 1.0 && percent > 99.99 {
        "> 99.99 %".to_owned()
    } else {
        format!("{percent:.2} %")
    }
}

fn with_golden(
    compared: Comparison,
    candidate: &CapturedPicture,
    judgement: &Judgement,
    golden: Option<&CapturedPicture>,
) -> Comparison {
    let Some(golden) = golden.filter(|_| is_approvable(&compared, judgement)) else {
        return compared;
    };
    // Its own masks were not kept: it is painted where the candidate is.
    let pair = Side::new(golden, candidate);
    match compare_pictures(&pair, &without_expectation(judgement)).verdict {
        Verdict::Match => Comparison {
            verdict: Verdict::Approved,
            reason: format!(
                "approved: {}, and equal to the golden picture",
                compared.reason
            ),
            ..compared
        },
        _ => compared,
    }
}

/// An approval pardons a difference, never that an expected one is missing.
fn is_approvable(compared: &Comparison, judgement: &Judgement) -> bool {
    let lacks = |diff: &Diff| too_few(diff, judgement.limits.at_least).is_some();
    compared.verdict == Verdict::Mismatch && !compared.diff.as_ref().is_some_and(lacks)
}

/// The difference is expected from the baseline, not from what was approved.
fn without_expectation(judgement: &Judgement) -> Judgement {
    let limits = Limits {
        at_least: AtLeast::default(),
        ..judgement.limits
    };
    Judgement {
        limits,
        ..judgement.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_never_hides_a_difference() {
        assert_eq!(percent(0.0), "0.00 %");
        assert_eq!(percent(0.000_000_1), "< 0.01 %");
        assert_eq!(percent(0.0153), "1.53 %");
        assert_eq!(percent(0.999_99), "> 99.99 %");
        assert_eq!(percent(1.0), "100.00 %");
    }
}
