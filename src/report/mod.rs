//! PURE. The result of a run as one serializable value, and one file for each format rendered from it. `report.json` is
//! this value; the other formats are never read back.

pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod merge;
pub(crate) mod suspicion;
mod timeline;
mod times;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use times::{RunTimes, SessionTimes, SideTimes, Times, WaitReason, WaitTime};

pub use crate::capture::{Circumstances, FailureKind, Provenance};
pub use crate::compare::{RuleKind, Verdict};
use crate::diff::{Antialiasing, DensestWindow, Metric, Rect, Region, Size};
use crate::plan::Inputs;
use crate::side::{Role, Side};
use crate::spec::{Allowances, AntialiasingRule, Suspicion};
use crate::yaml::Location;

/// Version of the shape of `report.json`; additive changes keep it.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything about one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What ran, where and when.
    pub run: Run,
    /// Counts of the verdicts.
    pub summary: Summary,
    /// Warnings that belong to no single shot.
    pub warnings: Vec<String>,
    /// Reasons to look again at a green result. They fail the run if `ci` is set.
    #[serde(default)]
    pub suspicions: Vec<String>,
    /// Suspicions that are allowed, with the reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<AllowedReport>,
    /// Allowances that allowed nothing, as warnings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idle_allowances: Vec<String>,
    /// In plan order; a partial report has only the decided shots.
    pub shots: Vec<ShotReport>,
}

/// A suspicion that a flow, a step or the configuration allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedReport {
    /// Its name.
    pub suspicion: Suspicion,
    /// What is suspicious.
    pub text: String,
    /// Why it is allowed.
    pub reason: String,
    /// Where it is allowed.
    pub at: Location,
}

/// What ran, where and when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// The name of the report's folder, for example `2026-11-21T02-49-00Z-1a2b`.
    pub id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC; absent while the run continues.
    pub finished: Option<String>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// The total times of its shots' parts.
    #[serde(default)]
    pub times: RunTimes,
    /// How the run ended, or that it has not ended.
    pub state: RunState,
    /// How many shots the run was to decide.
    pub planned_shots: usize,
    /// Twinshot's version.
    pub twinshot_version: String,
    /// Name and version of the browser, once one has answered.
    pub browser: Option<String>,
    /// Operating system and architecture, for example `linux x86_64`.
    pub platform: String,
    /// The environments of the two roles.
    pub environments: Side<EnvironmentReport>,
    /// The colour distance. Results are comparable only with the same one.
    pub metric: Metric,
    /// How anti-aliased pixels were to be treated.
    pub antialiasing: AntialiasingRule,
    /// Whether new shots and suspicions fail the run.
    #[serde(default)]
    pub ci: bool,
    /// Which part of the selected flows this run was, if not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardReport>,
    /// The parts that this report was merged from. The run's duration is that of the longest part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<MergedReport>,
    /// What ended the run early, if that was neither a signal nor a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
    /// Why the whole run is undecided regardless of its shots: an environment was not ready, or changed during the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<String>,
    /// Why both sides seem to be the same environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_environment: Option<String>,
    /// The flows of which the run's filters left out shots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partial_flows: Vec<String>,
    /// What it was made of; reports of old versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
}

/// One part of a run, with enough about the whole that only parts of the same run are merged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShardReport {
    /// The number of the part, from 1.
    pub index: u32,
    /// How many parts there are.
    pub of: u32,
    /// The number of shots of all parts together.
    pub selected_shots: usize,
    /// What the whole run was restricted to, in words; empty if it was not.
    pub selection: String,
    /// A hash that is equal for all parts with equal flows, viewports and limits.
    pub digest: String,
    /// Every flow of the project, in plan order.
    pub flows: Vec<String>,
}

/// The parts that a report was merged from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergedReport {
    /// How many parts there should be.
    pub of: u32,
    /// The parts that exist, in order.
    pub shards: Vec<MergedShard>,
}

/// The run of one part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergedShard {
    /// The number of the part, from 1.
    pub index: u32,
    /// The run's id.
    pub run: String,
    /// How it ended.
    pub state: RunState,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Every planned shot has its verdict.
    Complete,
    /// The run continues, or was killed: the report is partial.
    Running,
    /// Interrupted by a signal: the report is partial.
    Interrupted,
    /// Ended early at `--max-failures`, or because of what `stopped_by` says: the report is partial.
    Stopped,
}

/// One role's environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnvironmentReport {
    /// Its name in the configuration, or `golden`.
    pub name: String,
    /// Its base URL without credentials; `demo:…` for the embedded site; absent for golden.
    pub url: Option<String>,
    /// The release that it served when the run began, if `ready` reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}

/// Counts of the verdicts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All shots of this report.
    pub shots: usize,
    /// No difference beyond the limits.
    pub matched: usize,
    /// Mismatched shots.
    pub mismatched: usize,
    /// Shots without a baseline.
    pub new: usize,
    /// Different from the live baseline, equal to the golden picture.
    pub approved: usize,
    /// Shots that could not be decided.
    pub failed: usize,
}

/// One shot's result.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShotReport {
    /// Safe as a path and as an anchor, for example `Settings/move-source-dialog@desktop`.
    pub id: String,
    /// The flow's name.
    pub flow: String,
    /// The shot's name.
    pub shot: String,
    /// The viewport's name.
    pub viewport: String,
    /// The viewport's size, for example `1400x1000` or `390x844@2`.
    pub viewport_size: String,
    /// The browser, for example `chrome`.
    pub browser: String,
    /// The step after which it was taken.
    pub step: StepReport,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict in one sentence with its numbers.
    pub reason: String,
    /// The pixel comparison, if both pictures exist.
    pub comparison: Option<ComparisonReport>,
    /// The pictures, by role.
    pub pictures: Side<Option<PictureReport>>,
    /// The overlay, as a path relative to the report's folder.
    pub overlay: Option<String>,
    /// Why it `failed`.
    pub failures: Vec<FailureReport>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// The warnings that are suspicions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<DoubtReport>,
    /// The suspicions that it allows.
    #[serde(default, skip_serializing_if = "Allowances::is_empty")]
    pub allow: Allowances,
    /// The element that its pictures show, if they show neither the page nor the viewport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// BLAKE3 of the golden picture that it was compared with, or that could have approved it, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<String>,
    /// Wall times in milliseconds.
    pub times: Times,
}

/// Why a picture may prove less than it seems to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtReport {
    /// The name of the suspicion.
    pub suspicion: Suspicion,
    /// What is suspicious.
    pub text: String,
}

/// A step of a spec.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepReport {
    /// The step's label.
    pub label: String,
    /// Where the step is in its file.
    pub location: Location,
}

/// The numbers of a pixel comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ComparisonReport {
    /// Distance above which one pixel was mismatched.
    pub threshold: f64,
    /// The rule by which the pixels were compared; reports of old versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleReport>,
    /// The limits that applied.
    pub max_mismatch: LimitReport,
    /// The difference that was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<ExpectedReport>,
    /// The limits that were set and broken, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_limits: Vec<String>,
    /// Pixels beyond the threshold.
    pub mismatched_pixels: u64,
    /// Pixels that differ by anti-aliasing only.
    pub antialiased_pixels: u64,
    /// Pixels of the union canvas.
    pub total_pixels: u64,
    /// Mismatched pixels divided by all pixels.
    pub mismatch_ratio: f64,
    /// Boxes around groups of mismatched pixels.
    pub regions: Vec<Region>,
    /// The window of 32 × 32 pixels with the most mismatched ones, if a limit is set for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub densest_window: Option<DensestWindow>,
    /// The masks painted over on both sides.
    pub masks: Vec<MaskReport>,
}

/// How the pixels of one shot were compared, and why so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleReport {
    /// The kind of rule.
    pub name: RuleKind,
    /// Why it applied.
    pub reason: String,
    /// The colour distance.
    pub metric: Metric,
    /// Whether anti-aliased pixels counted.
    pub antialiasing: Antialiasing,
    /// Whether a visible change of a flat area counted regardless of the threshold.
    pub tint: bool,
}

/// How much may mismatch. All given limits must hold.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct LimitReport {
    /// Pixels.
    pub pixels: Option<u64>,
    /// 0 to 1.
    pub ratio: Option<f64>,
    /// Pixels in any window of 32 × 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
}

/// How much must mismatch. All given amounts must be reached.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ExpectedReport {
    /// Pixels.
    pub pixels: Option<u64>,
    /// 0 to 1.
    pub ratio: Option<f64>,
}

/// One mask and what it covered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MaskReport {
    /// The selector as it was written.
    pub selector: String,
    /// Its boxes on both sides together, in device pixels.
    pub boxes: Vec<Rect>,
    /// The live sides on which it matched nothing visible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idle_on: Vec<Role>,
    /// Whether only the flow names it, so that it need not match in every picture.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_flow: bool,
}

/// One stored picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PictureReport {
    /// Path relative to the report's folder; equal pictures share a file.
    pub file: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// Device pixels.
    pub size: Size,
    /// The page that it shows; `None` for a golden picture.
    pub page: Option<PageReport>,
    /// Whether it has only one colour.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blank: bool,
    /// The record with which a later run can reuse a baseline picture, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordReport>,
    /// What it was drawn with, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circumstances: Option<Circumstances>,
}

/// How a baseline's picture came to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordReport {
    /// What it depends on.
    pub provenance: Provenance,
    /// Name and version of the browser that drew it.
    pub browser: Option<String>,
    /// For each mask of the shot, what it covers in device pixels.
    pub masks: Vec<Vec<Rect>>,
    /// The page's height in CSS pixels, if the picture does not show all of it.
    pub cut_from: Option<u32>,
    /// Warnings about it.
    pub warnings: Vec<String>,
    /// The warnings that are suspicions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<DoubtReport>,
    /// The earlier run in which it was taken, if it was reused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<String>,
}

/// The page that a picture shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageReport {
    /// Its URL without credentials, relative to the environment's base URL if it is below it.
    pub url: String,
    /// The URL that the flow asked for, if the page is at another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Its title.
    pub title: String,
    /// The document's HTTP status, if the browser knows it.
    pub status: Option<u16>,
}

/// Why a shot could not be decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailureReport {
    /// The side.
    pub role: Role,
    /// The kind of failure.
    pub kind: FailureKind,
    /// What happened, in words, and what to do next.
    pub message: String,
    /// The failed step.
    pub step: StepReport,
    /// The page's URL at that time.
    pub url: Option<String>,
    /// The page at that time (for `unstable`: the last two frames), as paths relative to the report's folder.
    pub pictures: Vec<String>,
}

impl Report {
    /// What ended the run, why it is undecided, suspicions and warnings, in the order of every format.
    pub fn notices(&self) -> Vec<String> {
        let stopped = self.run.stopped_by.iter();
        let stopped = stopped.map(|text| format!("the run ended early: {text}"));
        let undecided = self.run.undecided.iter();
        let undecided = undecided.map(|text| format!("could not decide: {text}"));
        let suspicions = self
            .suspicions
            .iter()
            .map(|text| format!("suspicious: {text}"));
        stopped
            .chain(undecided)
            .chain(suspicions)
            .chain(self.warnings.iter().cloned())
            .chain(self.idle_allowances.iter().cloned())
            .collect()
    }

    /// Whether this shot fails the run.
    pub fn fails(&self, shot: &ShotReport) -> bool {
        match shot.verdict {
            Verdict::Mismatch | Verdict::Failed => true,
            Verdict::New => self.run.ci,
            Verdict::Match | Verdict::Approved => false,
        }
    }

    /// The suspicions and the allowed ones as counts; `None` if there are none.
    pub fn suspicion_words(&self) -> Option<String> {
        words::suspicions(self)
    }

    /// How many pictures of the baseline are from earlier runs, and from which.
    pub fn reused(&self) -> (usize, BTreeSet<&str>) {
        let runs = self.shots.iter().filter_map(ShotReport::reused_from);
        (runs.clone().count(), runs.collect())
    }

    /// The same in words; `None` if there are none.
    pub fn reuse_words(&self) -> Option<String> {
        words::reuse(self)
    }

    /// How many shots were compared less than strictly because of what drew their pictures; `None` if none was.
    pub fn forgiven_words(&self) -> Option<String> {
        words::forgiven(self)
    }

    /// Whether some planned shots have no verdict.
    pub fn is_partial(&self) -> bool {
        self.run.state != RunState::Complete
    }

    /// That the report is partial, and why; `None` if it is not.
    pub fn partial_words(&self) -> Option<String> {
        words::partial(self)
    }

    /// Which part of a run this is, for example `shard 2 of 4`, or which parts it was merged from.
    pub fn part_words(&self) -> Option<String> {
        words::part(&self.run)
    }

    /// Whether this is a part of a run that has no shots.
    pub fn is_idle_shard(&self) -> bool {
        words::is_idle_shard(self)
    }

    /// Whether the shots were taken in more than one browser, so that its name is needed to distinguish them.
    pub(crate) fn has_several_browsers(&self) -> bool {
        self.shots
            .windows(2)
            .any(|pair| pair[0].browser != pair[1].browser)
    }
}

impl MergedReport {
    /// The numbers of the missing parts.
    pub fn missing(&self) -> Vec<u32> {
        let is_there = |index: &u32| self.shards.iter().any(|shard| shard.index == *index);
        (1..=self.of).filter(|index| !is_there(index)).collect()
    }

    /// Whether a whole run might have found more: a part is missing, or ended early.
    pub fn has_gaps(&self) -> bool {
        let is_cut_off =
            |shard: &MergedShard| matches!(shard.state, RunState::Running | RunState::Interrupted);
        !self.missing().is_empty() || self.shards.iter().any(is_cut_off)
    }
}

impl Summary {
    /// Counts the verdicts of `shots`.
    pub fn of(shots: &[ShotReport]) -> Self {
        let mut summary = Self {
            shots: shots.len(),
            ..Self::default()
        };
        for shot in shots {
            *summary.count_mut(shot.verdict) += 1;
        }
        summary
    }

    /// How many shots have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Match => self.matched,
            Verdict::Mismatch => self.mismatched,
            Verdict::New => self.new,
            Verdict::Approved => self.approved,
            Verdict::Failed => self.failed,
        }
    }

    fn count_mut(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Match => &mut self.matched,
            Verdict::Mismatch => &mut self.mismatched,
            Verdict::New => &mut self.new,
            Verdict::Approved => &mut self.approved,
            Verdict::Failed => &mut self.failed,
        }
    }
}

impl Verdict {
    /// All verdicts, worst first: the order of every report.
    pub const WORST_FIRST: [Self; 5] = [
        Self::Mismatch,
        Self::Failed,
        Self::New,
        Self::Approved,
        Self::Match,
    ];

    /// Whether somebody must look at the shot.
    pub fn needs_a_look(self) -> bool {
        matches!(self, Self::Mismatch | Self::Failed | Self::New)
    }
}

impl ShotReport {
    /// The earlier run that the baseline's picture is from, if it was reused.
    pub fn reused_from(&self) -> Option<&str> {
        let record = self.pictures.baseline.as_ref()?.record.as_ref()?;
        record.reused_from.as_deref()
    }

    /// The masks of the comparison.
    fn masks(&self) -> impl Iterator<Item = &MaskReport> {
        let comparison = self.comparison.iter();
        comparison.flat_map(|comparison| &comparison.masks)
    }

    /// The name that filters match: `flow › shot`.
    pub fn title(&self) -> String {
        format!("{} › {}", self.flow, self.shot)
    }

    /// Mismatched pixels divided by all pixels; 0 if nothing was compared.
    pub fn mismatch_ratio(&self) -> f64 {
        self.comparison
            .as_ref()
            .map_or(0.0, |comparison| comparison.mismatch_ratio)
    }

    /// All stored files of this shot with their descriptions, in reading order.
    pub fn files(&self) -> Vec<(&'static str, &str)> {
        let stored = |role: Role| {
            self.pictures
                .get(role)
                .as_ref()
                .map(|picture| picture.file.as_str())
        };
        let compared = [
            ("overlay", self.overlay.as_deref()),
            ("baseline", stored(Role::Baseline)),
            ("candidate", stored(Role::Candidate)),
        ];
        let compared = compared
            .into_iter()
            .filter_map(|(name, file)| Some((name, file?)));
        let failures = self.failures.iter().flat_map(|failure| &failure.pictures);
        compared
            .chain(failures.map(|file| ("page at failure", file.as_str())))
            .collect()
    }
}

/// The shots that somebody must look at, worst first; equally bad ones stay in plan order.
pub(crate) fn worst_first(shots: &[ShotReport]) -> Vec<&ShotReport> {
    let rank = |shot: &ShotReport| {
        Verdict::WORST_FIRST
            .iter()
            .position(|it| *it == shot.verdict)
    };
    let mut shots: Vec<_> = shots
        .iter()
        .filter(|shot| shot.verdict.needs_a_look())
        .collect();
    shots.sort_by(|a, b| {
        rank(a)
            .cmp(&rank(b))
            .then(b.mismatch_ratio().total_cmp(&a.mismatch_ratio()))
    });
    shots
}
