//! PURE. Two captures and their judgement in, a comparison out: the pixels, the verdict and the reason.

mod limits;
mod rule;

use serde::{Deserialize, Serialize};

use crate::{
    capture::{CapturePair, CapturedPicture, FailureKind, Origin, SideOutcome, StepFailure},
    diff::{self, Diff, DiffError, Metric, Rect},
    plan::Judgement,
    side::{Role, Side},
    spec::{AtLeast, Limits},
    yaml::Untrusted,
};

use limits::{kept, too_few};

pub use limits::{BrokenLimit, broken_limits, is_match};
pub use rule::{Rule, RuleKind};

/// Pictures with more pixels than this are refused from their header.
pub const MAX_PIXELS: u64 = 200_000_000;

/// The verdict on a shot.
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

/// The result of one shot.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict in one sentence with its numbers.
    pub reason: Untrusted,
    /// The pixels, when there were two pictures.
    pub diff: Option<Diff>,
    /// How they were compared.
    pub rule: Option<Rule>,
    /// The overlay as PNG, when something differs.
    pub overlay: Option<Vec<u8>>,
    /// Why the shot could not be decided.
    pub failures: Vec<Failure>,
}

/// Why a shot could not be decided: a failure on a page, or a picture that cannot be read.
#[derive(Debug, Clone)]
pub enum Failure {
    /// A step or a page failed.
    Step(StepFailure),
    /// A picture could not be read.
    Picture {
        /// The side.
        role: Role,
        /// The reason.
        message: Untrusted,
    },
}

impl Failure {
    /// The kind of failure.
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

    /// What happened, without the side.
    fn summary(&self) -> Untrusted {
        match self {
            Self::Step(failure) if failure.kind == FailureKind::NotReached => {
                failure.message.clone()
            }
            Self::Step(failure) => {
                let step = format!("`{}`: ", failure.label);
                let page = failure.url.as_ref().map(|url| url.between(" (on ", ")"));
                let told = [failure.message.between(&step, "")].into_iter().chain(page);
                Untrusted::joined(told, "")
            }
            Self::Picture { message, .. } => message.clone(),
        }
    }
}

/// Compares one pair. If there is a golden picture and the candidate equals it, a difference from the live baseline
/// becomes `approved`.
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
            reason: "new: there is no baseline yet; look at it, then `twinshot approve`".into(),
            diff: None,
            rule: None,
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
        rule: None,
        overlay: None,
        failures,
    }
}

/// Says only once what is the same on both sides.
fn reason_of(failures: &[Failure]) -> Untrusted {
    let said: Vec<Untrusted> = failures.iter().map(Failure::summary).collect();
    match (failures, said.as_slice()) {
        ([_, _], [one, other]) if one == other => one.between("both sides: ", ""),
        ([Failure::Step(failure)], [one]) if failure.kind == FailureKind::NotReached => one.clone(),
        _ => {
            let told = failures.iter().zip(&said);
            let told =
                told.map(|(failure, said)| said.between(&format!("{}: ", failure.role()), ""));
            Untrusted::joined(told, "; ")
        }
    }
}

fn compare_pictures(pair: &Side<&CapturedPicture>, judgement: &Judgement) -> Comparison {
    let rule = Rule::new(pair, judgement);
    let options = diff::Options {
        metric: rule.metric,
        threshold: rule.threshold,
        antialiasing: rule.antialiasing,
        tint: rule.tint,
        masks: masks_of(pair),
        densest_window: judgement.limits.max_mismatch.window.is_some(),
        max_pixels: MAX_PIXELS,
        ..diff::Options::default()
    };
    match diff::compare_with_overlay(&pair.baseline.png, &pair.candidate.png, &options) {
        Ok(compared) => with_cut_heights(judged(compared, judgement, rule), pair),
        Err(error) => failed(vec![unreadable(&error, pair)]),
    }
}

/// If both pages were cut at the same height, the sizes in the reason are those of the pages, not of the pictures.
fn with_cut_heights(compared: Comparison, pair: &Side<&CapturedPicture>) -> Comparison {
    match (pair.baseline.cut_from, pair.candidate.cut_from) {
        (Some(before), Some(after)) if before != after => Comparison {
            verdict: Verdict::Mismatch,
            reason: compared.reason.between(
                &format!("page height {before} → {after} px, beyond the picture; "),
                "",
            ),
            ..compared
        },
        _ => compared,
    }
}

/// The masks of both sides together: each is painted over on both.
fn masks_of(pair: &Side<&CapturedPicture>) -> Vec<Rect> {
    let of =
        |capture: &CapturedPicture| capture.masks.iter().flatten().copied().collect::<Vec<_>>();
    let mut masks = of(pair.baseline);
    masks.extend(of(pair.candidate));
    masks
}

fn unreadable(error: &DiffError, pair: &Side<&CapturedPicture>) -> Failure {
    // An error that belongs to no side is reported for the candidate.
    let role = match error.input() {
        Some(diff::Input::Baseline) => Role::Baseline,
        Some(diff::Input::Candidate) | None => Role::Candidate,
    };
    let message = match &pair.get(role).origin {
        Origin::Page(_) => error.to_string(),
        Origin::Golden { file } => {
            format!("{error} ({file}); restore it, or remove it and approve again")
        }
    };
    Failure::Picture {
        role,
        message: message.into(),
    }
}

fn judged(compared: diff::DiffWithOverlay, judgement: &Judgement, rule: Rule) -> Comparison {
    let diff::DiffWithOverlay { diff, overlay } = compared;
    let is_match = is_match(&diff, &judgement.limits);
    Comparison {
        verdict: if is_match {
            Verdict::Match
        } else {
            Verdict::Mismatch
        },
        reason: reason(&diff, &judgement.limits, &rule, is_match).into(),
        diff: Some(diff),
        rule: Some(rule),
        overlay,
        failures: Vec::new(),
    }
}

fn reason(diff: &Diff, limits: &Limits, rule: &Rule, is_match: bool) -> String {
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
        let beyond = match rule.metric {
            Metric::Exact => "",
            Metric::Yiq | Metric::Oklab => " beyond the threshold",
        };
        return format!("no pixel differs{beyond}{broken}");
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

/// The broken limits, in words.
pub fn broken_words(diff: &Diff, limits: &Limits) -> Vec<String> {
    let broken = broken_limits(diff, limits).into_iter();
    broken.map(|broken| broken.to_string()).collect()
}

/// `1 region`, `2 regions`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A ratio for people: at most two decimals, but never `0 %` for a ratio above zero nor `100 %` for less than one. The
/// terminal, the reports and the report's page all use this.
pub fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if ratio > 0.0 && percent < 0.01 {
        return "< 0.01 %".to_owned();
    }
    if ratio < 1.0 && percent > 99.99 {
        return "> 99.99 %".to_owned();
    }
    let number = format!("{percent:.2}");
    let number = number.trim_end_matches('0').trim_end_matches('.');
    format!("{number} %")
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
    // The golden picture's own masks are not stored, so it is painted where the candidate is.
    let pair = Side::new(golden, candidate);
    match compare_pictures(&pair, &without_expectation(judgement)).verdict {
        Verdict::Match => Comparison {
            verdict: Verdict::Approved,
            reason: compared
                .reason
                .between("approved: ", ", and equal to the golden picture"),
            ..compared
        },
        _ => compared,
    }
}

/// An approval accepts a difference, but not the absence of an expected one.
fn is_approvable(compared: &Comparison, judgement: &Judgement) -> bool {
    let lacks = |diff: &Diff| too_few(diff, judgement.limits.at_least).is_some();
    compared.verdict == Verdict::Mismatch && !compared.diff.as_ref().is_some_and(lacks)
}

/// The expected difference is from the baseline, not from the golden picture.
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
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.000_000_1), "< 0.01 %");
        assert_eq!(percent(0.0153), "1.53 %");
        assert_eq!(percent(0.001), "0.1 %");
        assert_eq!(percent(0.5), "50 %");
        assert_eq!(percent(0.999_99), "> 99.99 %");
        assert_eq!(percent(1.0), "100 %");
    }
}
