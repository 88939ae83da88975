//! PURE. The result of a run as one serializable value, and one file per format that is drawn from it.
//! `report.json` is this value; nothing is ever read back from the other formats.

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

pub use crate::capture::{FailureKind, Provenance};
pub use crate::compare::Verdict;
use crate::diff::{Antialiasing, DensestWindow, Metric, Rect, Region, Size};
use crate::side::{Role, Side};
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
    /// What a reader should know that belongs to no single shot.
    pub warnings: Vec<String>,
    /// What makes the result worth a second look; fails the run where `ci` is set.
    #[serde(default)]
    pub suspicions: Vec<String>,
    /// In plan order; in a partial report only those that were decided.
    pub shots: Vec<ShotReport>,
}

/// What ran, where and when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// The name of the report's folder, for example `2026-11-21T02-49-00Z-1a2b`.
    pub id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC; absent while the run goes on.
    pub finished: Option<String>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// What the parts of its shots come to.
    #[serde(default)]
    pub times: RunTimes,
    /// How it ended, or that it has not.
    pub state: RunState,
    /// Shots that the run was to decide.
    pub planned_shots: usize,
    /// Twinshot's version.
    pub twinshot_version: String,
    /// Name and version of the browser, once one answered.
    pub browser: Option<String>,
    /// Operating system and architecture, for example `linux x86_64`.
    pub platform: String,
    /// What fills the two roles.
    pub environments: Side<EnvironmentReport>,
    /// The colour distance; a number is comparable only with the same one.
    pub metric: Metric,
    /// What became of anti-aliased pixels.
    pub antialiasing: Antialiasing,
    /// Whether new shots and masks that match nothing failed the run.
    #[serde(default)]
    pub ci: bool,
    /// Which part of the selected flows this was, if not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardReport>,
    /// The parts that this was joined from; the run's duration is then that of the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<MergedReport>,
    /// Why the run as a whole decides nothing, whatever its shots say: an environment was not ready, or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<String>,
}

/// A part of a run, and what it knows of the whole, so that only parts of one run are joined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShardReport {
    /// Which part, from 1.
    pub index: u32,
    /// How many parts there are.
    pub of: u32,
    /// Shots of all parts together.
    pub selected_shots: usize,
    /// What the whole was restricted to, in words; empty when to nothing.
    pub selection: String,
    /// The same for all parts that come from equal flows, viewports and limits.
    pub digest: String,
    /// Every flow of the project, in the order in which shots are planned.
    pub flows: Vec<String>,
}

/// What a report was joined from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergedReport {
    /// How many parts there should be.
    pub of: u32,
    /// Those that were there, in order.
    pub shards: Vec<MergedShard>,
}

/// The run of one part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergedShard {
    /// Which part, from 1.
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
    /// The run goes on, or was killed: the report is partial.
    Running,
    /// Interrupted by a signal: the report is partial.
    Interrupted,
    /// Ended early at `--max-failures` or because nothing could be driven any more: the report is partial.
    Stopped,
}

/// One role's environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnvironmentReport {
    /// Its name in the configuration, or `golden`.
    pub name: String,
    /// Its base URL without credentials; `demo:…` for the embedded site; absent for golden.
    pub url: Option<String>,
    /// What it served when the run began, where `ready` reads that.
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
    /// Different.
    pub mismatched: usize,
    /// Without a baseline.
    pub new: usize,
    /// Different from the live baseline, equal to the golden picture.
    pub approved: usize,
    /// Undecided.
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
    /// The step that it was taken after.
    pub step: StepReport,
    /// What was decided.
    pub verdict: Verdict,
    /// The verdict in one sentence with its numbers.
    pub reason: String,
    /// The pixel comparison, when both pictures were there.
    pub comparison: Option<ComparisonReport>,
    /// The pictures, by role.
    pub pictures: Side<Option<PictureReport>>,
    /// The overlay, as a path relative to the report's folder.
    pub overlay: Option<String>,
    /// What went wrong, for `failed`.
    pub failures: Vec<FailureReport>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// Wall times in milliseconds.
    pub times: Times,
}

/// A step of a spec.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepReport {
    /// The step as people read it.
    pub label: String,
    /// Where it stands.
    pub location: Location,
}

/// The numbers of a pixel comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ComparisonReport {
    /// Distance above which one pixel was mismatched.
    pub threshold: f64,
    /// The limits that applied.
    pub max_mismatch: LimitReport,
    /// The difference that was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<ExpectedReport>,
    /// In words, the limits that were set and do not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_limits: Vec<String>,
    /// Pixels beyond the threshold.
    pub mismatched_pixels: u64,
    /// Pixels that differ by anti-aliasing only.
    pub antialiased_pixels: u64,
    /// Pixels of the union canvas.
    pub total_pixels: u64,
    /// Mismatched by total.
    pub mismatch_ratio: f64,
    /// Boxes of mismatched pixels that belong together.
    pub regions: Vec<Region>,
    /// The window of 32 × 32 pixels with the most mismatched ones, where a limit is set for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub densest_window: Option<DensestWindow>,
    /// What was painted over on both sides.
    pub masks: Vec<MaskReport>,
}

/// How much may mismatch; all that is given must hold.
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

/// How much must mismatch; all that is given must be reached.
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
    /// The boxes in device pixels, of both sides together.
    pub boxes: Vec<Rect>,
    /// The live sides on which it matched nothing that can be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idle_on: Vec<Role>,
}

/// One stored picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PictureReport {
    /// Path relative to the report's folder; equal pictures share one.
    pub file: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// Device pixels.
    pub size: Size,
    /// The page it was taken of; `None` for a golden picture.
    pub page: Option<PageReport>,
    /// Whether it is of one colour all over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blank: bool,
    /// What lets a later run take a baseline's picture again, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordReport>,
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
    /// How tall the page is, when the picture ends before it does; CSS pixels.
    pub cut_from: Option<u32>,
    /// What a reader should know of it.
    pub warnings: Vec<String>,
    /// The run in which it was taken, if that is an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<String>,
}

/// The page that a picture was taken of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageReport {
    /// Its URL without credentials: relative to the environment's when below it.
    pub url: String,
    /// The address that the flow asked for, where another one answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Its title.
    pub title: String,
    /// The document's HTTP status, when the browser knows it.
    pub status: Option<u16>,
}

/// Why a shot could not be decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailureReport {
    /// On which side.
    pub role: Role,
    /// Which kind of trouble.
    pub kind: FailureKind,
    /// What happened, in words, with what to do next.
    pub message: String,
    /// The step at fault.
    pub step: StepReport,
    /// The page's URL at that moment.
    pub url: Option<String>,
    /// The page as it was then (for `unstable`: the last two frames), relative to the report's folder.
    pub pictures: Vec<String>,
}

impl Report {
    /// What keeps the run from deciding, suspicions and warnings, as every format lists them.
    pub fn notices(&self) -> Vec<String> {
        let undecided = self.run.undecided.iter();
        let undecided = undecided.map(|text| format!("could not decide: {text}"));
        let suspicions = self
            .suspicions
            .iter()
            .map(|text| format!("suspicious: {text}"));
        undecided
            .chain(suspicions)
            .chain(self.warnings.iter().cloned())
            .collect()
    }

    /// Whether this shot keeps the run from being clean.
    pub fn fails(&self, shot: &ShotReport) -> bool {
        match shot.verdict {
            Verdict::Mismatch | Verdict::Failed => true,
            Verdict::New => self.run.ci,
            Verdict::Match | Verdict::Approved => self.run.ci && shot.idle_mask().is_some(),
        }
    }

    /// How many pictures of the baseline are of earlier runs, and of which.
    pub fn reused(&self) -> (usize, BTreeSet<&str>) {
        let runs = self.shots.iter().filter_map(ShotReport::reused_from);
        (runs.clone().count(), runs.collect())
    }

    /// The same in words; nothing where there is none.
    pub fn reuse_words(&self) -> Option<String> {
        words::reuse(self)
    }

    /// Whether some planned shots have no verdict here.
    pub fn is_partial(&self) -> bool {
        self.run.state != RunState::Complete
    }

    /// That the report is partial and why, or nothing.
    pub fn partial_words(&self) -> Option<String> {
        words::partial(self)
    }

    /// Which part of a run this is, for example `shard 2 of 4`, or what it was joined from.
    pub fn part_words(&self) -> Option<String> {
        words::part(&self.run)
    }

    /// Whether this is a part of a run to which no shot falls.
    pub fn is_idle_shard(&self) -> bool {
        words::is_idle_shard(self)
    }

    /// Whether the shots were taken in more than one browser, so that its name is needed to tell them apart.
    pub(crate) fn has_several_browsers(&self) -> bool {
        self.shots
            .windows(2)
            .any(|pair| pair[0].browser != pair[1].browser)
    }
}

impl MergedReport {
    /// The parts that were not there.
    pub fn missing(&self) -> Vec<u32> {
        let is_there = |index: &u32| self.shards.iter().any(|shard| shard.index == *index);
        (1..=self.of).filter(|index| !is_there(index)).collect()
    }

    /// Whether something may be unknown that a whole run would have found: a part is missing, or was cut off.
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
    /// All verdicts, the worst first: the order in which every report lists them.
    pub const WORST_FIRST: [Self; 5] = [
        Self::Mismatch,
        Self::Failed,
        Self::New,
        Self::Approved,
        Self::Match,
    ];

    /// Whether somebody has to look at the shot.
    pub fn needs_a_look(self) -> bool {
        matches!(self, Self::Mismatch | Self::Failed | Self::New)
    }
}

impl ShotReport {
    /// The run that the baseline's picture is of, if that is an earlier one.
    pub fn reused_from(&self) -> Option<&str> {
        let record = self.pictures.baseline.as_ref()?.record.as_ref()?;
        record.reused_from.as_deref()
    }

    /// A mask that matched nothing on one of the sides.
    pub fn idle_mask(&self) -> Option<&MaskReport> {
        let masks = self
            .comparison
            .iter()
            .flat_map(|comparison| &comparison.masks);
        masks.into_iter().find(|mask| !mask.idle_on.is_empty())
    }

    /// The name that filters match: `flow › shot`.
    pub fn title(&self) -> String {
        format!("{} › {}", self.flow, self.shot)
    }

    /// Mismatched by total pixels; 0 when nothing was compared.
    pub fn mismatch_ratio(&self) -> f64 {
        self.comparison
            .as_ref()
            .map_or(0.0, |comparison| comparison.mismatch_ratio)
    }

    /// Every stored file of this shot with what it shows, in the order a reader wants them.
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

/// The shots somebody has to look at, the worst first; equally bad ones stay in plan order.
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
