//! EFFECT. The copies of failing shots' pictures at a short path. They are a convenience: where they cannot be written, the
//! run warns once and names the pictures in the report instead.

use std::{
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
};

use super::CollectorMessage;
use crate::{
    capture::{CapturePair, SideOutcome},
    compare::Comparison,
    report::{ShotReport, Verdict},
    side::Role,
    store::{FailingFolder, ReportFolder, StoreError},
};

/// Where the pictures of failing shots can be opened.
pub(super) struct FailingPictures {
    /// `None` if it cannot be used.
    folder: Option<FailingFolder>,
    /// Whether the user knows that there are no copies.
    is_told: AtomicBool,
    news: Sender<CollectorMessage>,
}

impl FailingPictures {
    /// Takes the project's folder for them.
    pub(super) fn new(temporary: &Path, root: &Path, news: Sender<CollectorMessage>) -> Self {
        let (folder, error) = match FailingFolder::create(temporary, root) {
            Ok(folder) => (Some(folder), None),
            Err(error) => (None, Some(error)),
        };
        let pictures = Self {
            folder,
            is_told: AtomicBool::new(false),
            news,
        };
        if let Some(error) = error {
            pictures.warn(&error);
        }
        pictures
    }

    /// Copies a failing shot's pictures. Returns the picture to look at.
    pub(super) fn keep(
        &self,
        shot: &ShotReport,
        pair: &CapturePair,
        comparison: &Comparison,
        report: &ReportFolder,
    ) -> Option<PathBuf> {
        if !shot.verdict.needs_a_look() {
            return None;
        }
        if let Some(folder) = &self.folder {
            match copy(folder, shot, pair, comparison) {
                Ok(open) => return open,
                Err(error) => self.warn(&error),
            }
        }
        in_report(shot, report)
    }

    fn warn(&self, error: &StoreError) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            return;
        }
        let warning = format!(
            "{error}; the pictures of failing shots are not copied there, and their lines name those in the report"
        );
        // The collector leaves early only when results cannot be written any more.
        let _ = self.news.send(CollectorMessage::Nuisance(warning));
    }
}

/// The picture to look at in the report's folder.
pub(super) fn in_report(shot: &ShotReport, report: &ReportFolder) -> Option<PathBuf> {
    if !shot.verdict.needs_a_look() {
        return None;
    }
    let at_failure = shot.failures.iter().filter_map(|it| it.pictures.last());
    let candidate = shot.pictures.candidate.as_ref().map(|it| &it.file);
    let baseline = shot.pictures.baseline.as_ref().map(|it| &it.file);
    let mut files = shot
        .overlay
        .iter()
        .chain(at_failure)
        .chain(candidate)
        .chain(baseline);
    files.next().map(|file| report.file(file))
}

fn copy(
    folder: &FailingFolder,
    shot: &ShotReport,
    pair: &CapturePair,
    comparison: &Comparison,
) -> Result<Option<PathBuf>, StoreError> {
    let mut open = None;
    for (role, taken) in [
        (Role::Baseline, &pair.sides.baseline),
        (Role::Candidate, &pair.sides.candidate),
    ] {
        let png = match taken {
            SideOutcome::Picture(capture) => Some(&capture.png),
            SideOutcome::Failed(failure) => failure.pictures.last(),
            SideOutcome::Absent => None,
        };
        if let Some(png) = png {
            let kept = folder.keep(&shot.id, &format!("{role}.png"), png)?;
            let is_failed = matches!(taken, SideOutcome::Failed(_));
            if is_failed || shot.verdict == Verdict::New {
                open = Some(kept);
            }
        }
    }
    match &comparison.overlay {
        Some(overlay) => folder.keep(&shot.id, "diff.png", overlay).map(Some),
        None => Ok(open),
    }
}
