//! PURE. The words and numbers that all formats share, so that they all describe a run in the same way.

use std::fmt;

use super::{
    AllowedReport, ComparisonReport, EnvironmentReport, ExpectedReport, FailureKind, LimitReport,
    MergedReport, Report, RuleKind, Run, RunState, Summary, Verdict,
};
use crate::{compare::percent, diff::WINDOW};

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::New => "new",
            Self::Approved => "approved",
            Self::Failed => "failed",
        })
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expectation => "expectation",
            Self::Step => "step",
            Self::Navigation => "navigation",
            Self::Unstable => "unstable",
            Self::Driver => "driver",
            Self::NotReached => "not-reached",
            Self::Picture => "picture",
            Self::Internal => "internal",
        })
    }
}

impl fmt::Display for LimitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = self.window.map(|window| {
            let window = plural(window, "pixel");
            format!("{window} in any {WINDOW}×{WINDOW} window")
        });
        match (amount(self.pixels, self.ratio, "smaller"), window) {
            (None, None) => f.write_str("0 pixels"),
            (Some(only), None) | (None, Some(only)) => f.write_str(&only),
            (Some(amount), Some(window)) => write!(f, "{amount}; {window}"),
        }
    }
}

impl fmt::Display for AllowedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            suspicion,
            text,
            reason,
            at,
        } = self;
        write!(f, "{text} [{suspicion}]: {reason} ({at})")
    }
}

impl fmt::Display for ExpectedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = amount(self.pixels, self.ratio, "larger");
        f.write_str(&amount.unwrap_or_else(|| "0 pixels".to_owned()))
    }
}

/// Pixels, a ratio, or both with a word that says which one counts.
fn amount(pixels: Option<u64>, ratio: Option<f64>, counts: &str) -> Option<String> {
    let pixels = pixels.map(|pixels| plural(pixels, "pixel"));
    match (pixels, ratio.map(percent)) {
        (Some(pixels), Some(ratio)) => Some(format!("{pixels} or {ratio}, the {counts}")),
        (pixels, ratio) => pixels.or(ratio),
    }
}

/// How much may mismatch. If a difference is expected and no limit is set, everything may.
pub(super) fn allowed(comparison: &ComparisonReport) -> String {
    let LimitReport {
        pixels,
        ratio,
        window,
    } = comparison.max_mismatch;
    match (pixels, ratio, window, comparison.at_least) {
        (None, None, None, Some(_)) => "everything".to_owned(),
        _ => comparison.max_mismatch.to_string(),
    }
}

/// The run in one line, for example `3 of 40 shots differ, 1 could not be decided`.
pub(super) fn headline(report: &Report) -> String {
    let summary = &report.summary;
    if let Some(reason) = report.run.undecided.first() {
        return format!("Could not decide: {reason}");
    }
    let line = match troubles(summary).as_slice() {
        [] if is_idle_shard(report) => return "No selected flow belongs to this shard".to_owned(),
        [] => quiet_headline(summary, report.is_partial()),
        [(count, words), rest @ ..] => {
            let shots = plural(summary.shots as u64, "shot");
            let mut line = format!("{count} of {shots} {words}");
            rest.iter()
                .for_each(|(count, words)| line.push_str(&format!(", {count} {words}")));
            line
        }
    };
    let open = (!report.suspicions.is_empty()).then(|| suspicions(report));
    let open = open.flatten().map(|open| format!("; {open}"));
    line + &open.unwrap_or_default()
}

/// How many suspicions there are, and how many are allowed, for example `2 suspicions, 1 allowed`.
pub(super) fn suspicions(report: &Report) -> Option<String> {
    let open = report.suspicions.len() as u64;
    let allowed = report.allowed.len() as u64;
    match (open, allowed) {
        (0, 0) => None,
        (0, allowed) => Some(format!("{} allowed", plural(allowed, "suspicion"))),
        (open, 0) => Some(plural(open, "suspicion")),
        (open, allowed) => {
            let open = plural(open, "suspicion");
            Some(format!("{open}, {} more allowed", thousands(allowed)))
        }
    }
}

/// A shard without shots is no problem if there are more shards than flows.
pub(crate) fn is_idle_shard(report: &Report) -> bool {
    report.run.shard.is_some() && report.run.planned_shots == 0
}

/// The headline if nothing needs a look. Approved shots still differ, so they are mentioned.
fn quiet_headline(summary: &Summary, is_partial: bool) -> String {
    let so_far = if is_partial { " so far" } else { "" };
    let shots = plural(summary.shots as u64, "shot");
    let matched = thousands(summary.matched as u64);
    match (summary.shots, summary.approved) {
        (0, _) => "No shot was decided".to_owned(),
        (1, 0) => format!("The one shot matches{so_far}"),
        (_, 0) => format!("All {shots} match{so_far}"),
        (_, approved) => format!(
            "{matched} of {shots} match, {} approved{so_far}",
            thousands(approved as u64)
        ),
    }
}

/// What is wrong, as counts with their words.
fn troubles(summary: &Summary) -> Vec<(String, &'static str)> {
    let all = [
        (summary.mismatched, "differs", "differ"),
        (
            summary.failed,
            "could not be decided",
            "could not be decided",
        ),
        (summary.new, "is new", "are new"),
    ];
    all.into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| (thousands(count as u64), if count == 1 { one } else { many }))
        .collect()
}

/// That pictures of the baseline are from earlier runs; `None` if they are not.
pub(super) fn reuse(report: &Report) -> Option<String> {
    let (count, runs) = report.reused();
    if count == 0 {
        return None;
    }
    let taken = report.shots.iter();
    let taken = taken
        .filter(|shot| shot.pictures.baseline.is_some())
        .count();
    let runs: Vec<&str> = runs.into_iter().collect();
    Some(format!(
        "{} of {} of the baseline reused from run {}",
        thousands(count as u64),
        plural(taken as u64, "picture"),
        runs.join(", ")
    ))
}

/// How many shots were compared forgivingly although nothing was set, and why; `None` if none was.
pub(super) fn forgiven(report: &Report) -> Option<String> {
    let rules = report.shots.iter();
    let rules = rules.filter_map(|shot| shot.comparison.as_ref()?.rule.as_ref());
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for rule in rules.filter(|rule| rule.name == RuleKind::Forgiving) {
        match reasons
            .iter_mut()
            .find(|(reason, _)| *reason == rule.reason)
        {
            Some((_, count)) => *count += 1,
            None => reasons.push((&rule.reason, 1)),
        }
    }
    let count: usize = reasons.iter().map(|(_, count)| count).sum();
    // The first of several that are equally frequent.
    let (reason, _) = reasons.iter().rev().max_by_key(|(_, count)| *count)?;
    let others = match reasons.len() {
        1 => "",
        _ => ", among others",
    };
    Some(format!(
        "{} of {} compared forgivingly: {reason}{others}",
        thousands(count as u64),
        plural(report.shots.len() as u64, "shot")
    ))
}

/// That the report is partial, and why; `None` if it is not.
pub(super) fn partial(report: &Report) -> Option<String> {
    report.is_partial().then(|| {
        format!(
            "partial: {} of {} decided; {}",
            thousands(report.shots.len() as u64),
            plural(report.run.planned_shots as u64, "shot"),
            match &report.run.merged {
                Some(merged) => gaps(merged),
                None => unfinished(report.run.state).to_owned(),
            }
        )
    })
}

/// Which shards are missing or did not finish.
fn gaps(merged: &MergedReport) -> String {
    let missing = merged.missing();
    let missing = (!missing.is_empty()).then(|| missing_words(&missing, merged.of));
    let unfinished = merged
        .shards
        .iter()
        .filter(|shard| shard.state != RunState::Complete)
        .map(|shard| format!("shard {}: {}", shard.index, unfinished(shard.state)));
    let gaps: Vec<String> = missing.into_iter().chain(unfinished).collect();
    gaps.join("; ")
}

/// `shard 2 of 4 is missing`, `shards 2 and 3 of 4 are missing`.
fn missing_words(missing: &[u32], of: u32) -> String {
    match missing {
        [one] => format!("shard {one} of {of} is missing"),
        several => {
            let names: Vec<String> = several.iter().map(u32::to_string).collect();
            format!("shards {} of {of} are missing", names.join(", "))
        }
    }
}

/// Which part of a run this is, or which parts it was merged from; `None` for a run that was not split.
pub(crate) fn part(run: &Run) -> Option<String> {
    let shard = run.shard.as_ref();
    let shard = shard.map(|shard| format!("shard {} of {}", shard.index, shard.of));
    shard.or_else(|| run.merged.as_ref().map(merged_words))
}

fn merged_words(merged: &MergedReport) -> String {
    let together = merged.shards.iter().map(|shard| shard.duration_ms).sum();
    format!(
        "merged from {} of {}, {} together",
        merged.shards.len(),
        plural(u64::from(merged.of), "shard"),
        duration(together)
    )
}

/// An environment with the release that it served, for example `staging (release 1.4.2)`.
pub(super) fn environment(environment: &EnvironmentReport) -> String {
    match &environment.release {
        Some(release) => format!("{} (release {release})", environment.name),
        None => environment.name.clone(),
    }
}

/// Why shots are missing.
fn unfinished(state: RunState) -> &'static str {
    match state {
        RunState::Complete => "the run is complete",
        RunState::Running => "the run goes on, or was killed",
        RunState::Interrupted => "the run was interrupted",
        RunState::Stopped => "the run ended early",
    }
}

/// A count with its noun, for example `1 shot` and `12 345 pixels`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(count))
}

/// Digits in groups of three, separated by no-break spaces.
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// Milliseconds for people: `840 ms`, `12.3 s`, `4 min 05 s`.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// The JSON name of a value.
pub(super) fn json_word(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value)
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_approved_is_not_said_to_match() {
        let summary = Summary {
            shots: 40,
            matched: 39,
            approved: 1,
            ..Summary::default()
        };
        assert_eq!(
            quiet_headline(&summary, false),
            "39 of 40 shots match, 1 approved"
        );
    }

    #[test]
    fn a_quiet_partial_run_is_quiet_so_far() {
        let summary = Summary {
            shots: 12,
            matched: 12,
            ..Summary::default()
        };
        assert_eq!(quiet_headline(&summary, true), "All 12 shots match so far");
        assert_eq!(quiet_headline(&summary, false), "All 12 shots match");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(plural(1_234_567, "pixel"), "1\u{a0}234\u{a0}567 pixels");
        assert_eq!(plural(1, "shot"), "1 shot");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(840), "840 ms");
        assert_eq!(duration(12_345), "12.3 s");
        assert_eq!(duration(245_000), "4 min 05 s");
    }

    #[test]
    fn limits_say_which_one_wins() {
        let limit = |pixels, ratio| {
            let limit = LimitReport {
                pixels,
                ratio,
                window: None,
            };
            limit.to_string()
        };
        assert_eq!(limit(None, None), "0 pixels");
        assert_eq!(limit(Some(12), None), "12 pixels");
        assert_eq!(limit(None, Some(0.001)), "0.1 %");
        assert_eq!(
            limit(Some(50), Some(0.001)),
            "50 pixels or 0.1 %, the smaller"
        );
        let limit = |pixels, window| {
            let limit = LimitReport {
                pixels,
                ratio: None,
                window: Some(window),
            };
            limit.to_string()
        };
        assert_eq!(limit(None, 40), "40 pixels in any 32×32 window");
        assert_eq!(limit(Some(50), 1), "50 pixels; 1 pixel in any 32×32 window");
        let expected = ExpectedReport {
            pixels: Some(1),
            ratio: Some(0.005),
        };
        assert_eq!(expected.to_string(), "1 pixel or 0.5 %, the larger");
    }
}
