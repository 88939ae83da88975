//! EFFECT. `--resume`: goes on with the last run. What it decided is kept; its report becomes that of an undisturbed run.
//! If anything that the verdicts depend on has changed, the run is refused.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    plan::{Inputs, Plan, ShotId},
    report::{
        EnvironmentReport, FailureKind, Report, Run, RunState, ShotReport, Verdict,
        json::ParseError,
    },
    side::Role,
    store::{self, GoldenFolder, ReportFolder, StoreError},
};

/// A run that goes on.
pub(super) struct Resumed {
    pub(super) folder: ReportFolder,
    /// As it is on disk.
    pub(super) report: Report,
    /// The shots that are kept.
    pub(super) shots: HashMap<ShotId, ShotReport>,
}

/// Why the last run does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is none.
    #[error("there is no run to resume in {}: run without --resume", .0.display())]
    NoRun(PathBuf),
    /// Its report cannot be read.
    #[error("the last run cannot be resumed: cannot read {}: {}; run again without --resume", .0.display(), .1)]
    Read(PathBuf, io::Error),
    /// Its report is none of ours.
    #[error("the last run cannot be resumed: {} is not a report that this version can read: {}", .0.display(), .1)]
    Unreadable(PathBuf, ParseError),
    /// Another process works on it.
    #[error("the last run, {0}, still goes on: wait for its end, or end it")]
    StillRuns(String),
    /// Everything is decided.
    #[error(
        "the last run, {0}, is complete, so there is nothing to resume: run again without --resume"
    )]
    Complete(String),
    /// Something is not as it was.
    #[error("the last run, {id}, cannot be resumed: {reason}; run again without --resume")]
    Changed {
        /// The run.
        id: String,
        /// What, in words.
        reason: String,
    },
    /// An environment or a browser is not as it was.
    #[error("the last run, {id}, cannot be resumed: {reason}; run again without --resume")]
    OtherWorld {
        /// The run.
        id: String,
        /// What, in words.
        reason: String,
    },
    /// Its folder cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Resumed {
    /// Opens the last run of a reports folder, if this `plan` and `fresh`, the head of a new run's report, agree with it.
    pub(super) fn open(
        reports: &Path,
        plan: &Plan,
        fresh: &Run,
        golden: &GoldenFolder,
    ) -> Result<Self, ResumeError> {
        let path = fs::canonicalize(reports.join(store::LATEST));
        let path = path.map_err(|_| ResumeError::NoRun(reports.to_owned()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = ReportFolder::open(&path)?;
        let folder = folder.ok_or_else(|| ResumeError::StillRuns(name.into_owned()))?;
        let report = read(&folder)?;
        let changed = |reason| ResumeError::Changed {
            id: report.run.id.clone(),
            reason,
        };
        if report.run.state == RunState::Complete {
            return Err(ResumeError::Complete(report.run.id));
        }
        if let Some(reason) = refusal(&report).or_else(|| difference(&report.run, fresh)) {
            return Err(changed(reason));
        }
        let shots = kept(plan, &report, &folder);
        if let Some(id) = other_golden(&shots, golden) {
            let reason = format!("the golden picture of {id} changed since it was compared");
            return Err(changed(reason));
        }
        Ok(Self {
            folder,
            report,
            shots,
        })
    }
}

fn read(folder: &ReportFolder) -> Result<Report, ResumeError> {
    let file = folder.file("report.json");
    match folder.read() {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => Err(ResumeError::Unreadable(file, error)),
        Err(error) => Err(ResumeError::Read(file, error)),
    }
}

/// Why a report is none that can be gone on with.
fn refusal(report: &Report) -> Option<String> {
    let run = &report.run;
    if run.merged.is_some() {
        return Some("its report was merged; resume the shards, then merge them again".to_owned());
    }
    if run.inputs.is_none() {
        return Some("its report does not say what it was made of".to_owned());
    }
    let undecided = run.undecided.first().filter(|_| !report.shots.is_empty());
    undecided.map(|reason| format!("it decides nothing: {reason}"))
}

/// The first thing in which a run differs from one that would begin now.
fn difference(before: &Run, now: &Run) -> Option<String> {
    let shard = |run: &Run| {
        let shard = run.shard.as_ref();
        shard.map_or_else(
            || "the whole".to_owned(),
            |it| format!("shard {} of {}", it.index, it.of),
        )
    };
    let environment = |run: &Run, role: Role| {
        let EnvironmentReport { name, url, .. } = run.environments.get(role);
        let url = url.as_ref().map(|url| format!(" ({url})"));
        format!("{name}{}", url.unwrap_or_default())
    };
    let texts = [
        (
            "Twinshot",
            before.twinshot_version.clone(),
            now.twinshot_version.clone(),
        ),
        ("the machine", before.platform.clone(), now.platform.clone()),
        (
            "the baseline",
            environment(before, Role::Baseline),
            environment(now, Role::Baseline),
        ),
        (
            "the candidate",
            environment(before, Role::Candidate),
            environment(now, Role::Candidate),
        ),
        ("its part", shard(before), shard(now)),
        ("--ci", before.ci.to_string(), now.ci.to_string()),
    ];
    let other = texts.into_iter().find(|(_, before, now)| before != now);
    let other = other.map(|(what, before, now)| format!("{what} was {before} and is now {now}"));
    let (before, now) = (before.inputs.as_ref(), now.inputs.as_ref());
    other.or_else(|| Inputs::difference(before?, now?))
}

/// The shots that need not be taken again: those of flows that came to their end, and those of other flows that have a
/// verdict. A flow whose browser was lost did not come to its end: that may be what ended the run.
fn kept(plan: &Plan, report: &Report, folder: &ReportFolder) -> HashMap<ShotId, ShotReport> {
    let reported: HashMap<&str, &ShotReport> = report
        .shots
        .iter()
        .filter(|shot| has_whole_files(shot, folder))
        .map(|shot| (shot.id.as_str(), shot))
        .collect();
    let mut kept = HashMap::new();
    for job in &plan.jobs {
        let planned = job.shots.iter().flatten();
        let found: Vec<(&ShotId, &ShotReport)> = planned
            .clone()
            .filter_map(|id| Some((id, *reported.get(id.path().as_str())?)))
            .collect();
        let is_lost = found.iter().any(|(_, shot)| has_lost_its_browser(shot));
        let has_ended = found.len() == planned.count() && !is_lost;
        let shots = found
            .into_iter()
            .filter(|(_, shot)| has_ended || is_decided(shot));
        kept.extend(shots.map(|(id, shot)| (id.clone(), shot.clone())));
    }
    kept
}

/// A damaged file is removed, so that it can be written again.
fn has_whole_files(shot: &ShotReport, folder: &ReportFolder) -> bool {
    let files = shot.files().into_iter();
    let damaged = files.filter(|(_, file)| !folder.has_whole(file));
    damaged.inspect(|(_, file)| folder.remove(file)).count() == 0
}

fn has_lost_its_browser(shot: &ShotReport) -> bool {
    let is_lost = |kind| matches!(kind, FailureKind::Driver | FailureKind::Internal);
    shot.failures.iter().any(|failure| is_lost(failure.kind))
}

/// A failed expectation is a finding. Any other failure decides nothing, and the flow may fail otherwise.
fn is_decided(shot: &ShotReport) -> bool {
    let is_finding = |kind| kind == FailureKind::Expectation;
    shot.verdict != Verdict::Failed || shot.failures.iter().all(|it| is_finding(it.kind))
}

/// A kept shot that was compared with another golden picture than there is now.
fn other_golden(shots: &HashMap<ShotId, ShotReport>, golden: &GoldenFolder) -> Option<String> {
    let is_other = |shot: &&ShotReport| {
        let now = golden.read(&shot.id).ok().flatten();
        let now = now.map(|png| store::picture_hash(&png));
        now != shot.golden
    };
    shots
        .values()
        .filter(is_other)
        .map(|shot| shot.id.clone())
        .min()
}

/// What a run in progress must meet again, because it was met before.
#[derive(Debug, Clone)]
pub(super) struct ExpectedWorld {
    id: String,
    environments: crate::side::Side<EnvironmentReport>,
    /// Names and versions of browsers.
    browsers: HashSet<String>,
}

impl ExpectedWorld {
    pub(super) fn of(run: &Run) -> Self {
        let browsers = run.browser.iter().flat_map(|it| it.split(", "));
        Self {
            id: run.id.clone(),
            environments: run.environments.clone(),
            browsers: browsers.map(str::to_owned).collect(),
        }
    }

    /// Refuses another release than before.
    pub(super) fn check_release(&self, role: Role, release: &str) -> Result<(), ResumeError> {
        let EnvironmentReport {
            name,
            release: before,
            ..
        } = self.environments.get(role);
        match before.as_deref() {
            Some(before) if before != release => Err(self.other(format!(
                "{name} served release {before} and now serves {release}"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses another version of a browser than before.
    pub(super) fn check_browser(&self, browser: &str) -> Result<(), ResumeError> {
        let name = |it: &str| it.split(' ').next().map(str::to_owned);
        let mut like = self.browsers.iter().filter(|it| name(it) == name(browser));
        match like.next() {
            Some(before) if before != browser => {
                Err(self.other(format!("the browser was {before} and is now {browser}")))
            }
            _ => Ok(()),
        }
    }

    fn other(&self, reason: String) -> ResumeError {
        ResumeError::OtherWorld {
            id: self.id.clone(),
            reason,
        }
    }
}
