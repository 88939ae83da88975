//! Approving: which shots of a run may be taken, and how their pictures become the golden ones, byte for byte.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{GoldenFolder, StoreError, read_stored};
use crate::report::{PictureReport, Report, RunState, ShotReport, Verdict};

/// Which shots of a run are approved.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'s> {
    /// Every shot that is new or differs.
    All,
    /// The shots with these ids.
    Ids(&'s [String]),
}

/// A shot whose picture may become the golden one.
#[derive(Debug, Clone, Copy)]
pub struct Approval<'r> {
    shot: &'r ShotReport,
    picture: &'r PictureReport,
    folder: &'r Path,
}

/// Why a picture is not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// The report is not a whole one.
    #[error("the last run is still going on or was killed: only a finished run can be approved")]
    NotEnded,
    /// The run took no pictures that could be trusted.
    #[error("the last run decided nothing, so it cannot be approved: {0}")]
    Undecided(String),
    /// No shot has this id.
    #[error("the last run has no shot `{id}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownShot {
        /// The id.
        id: String,
        /// The id that was probably meant.
        near: Option<String>,
    },
    /// The shot has no picture that was reviewed.
    #[error("`{0}` failed in the last run, and a failed shot cannot be approved")]
    Failed(String),
    /// The picture in the report's folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The picture in the report's folder is another one by now.
    #[error("{} is not the picture that was reviewed: run again", .0.display())]
    Changed(PathBuf),
    /// The golden picture cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'r> Approval<'r> {
    /// The selected shots of a report whose pictures stand in `folder`. Nothing is written yet.
    ///
    /// # Errors
    /// When the run did not end or decided nothing, or when one of the ids cannot be approved.
    pub fn of_report(
        report: &'r Report,
        folder: &'r Path,
        selection: Selection<'_>,
    ) -> Result<Vec<Self>, ApproveError> {
        if report.run.state == RunState::Running {
            return Err(ApproveError::NotEnded);
        }
        if let Some(reason) = report.run.undecided.first() {
            return Err(ApproveError::Undecided(reason.clone()));
        }
        let shots = report.shots.as_slice();
        match selection {
            Selection::All => {
                let open =
                    |shot: &&ShotReport| matches!(shot.verdict, Verdict::New | Verdict::Mismatch);
                let open = shots.iter().filter(open);
                Ok(open
                    .filter_map(|shot| Self::of_shot(shot, folder))
                    .collect())
            }
            Selection::Ids(ids) => ids
                .iter()
                .map(|id| Self::by_id(shots, id, folder))
                .collect(),
        }
    }

    fn by_id(shots: &'r [ShotReport], id: &str, folder: &'r Path) -> Result<Self, ApproveError> {
        let Some(shot) = shots.iter().find(|shot| shot.id == id) else {
            let (id, near) = (id.to_owned(), near(shots, id));
            return Err(ApproveError::UnknownShot { id, near });
        };
        Self::of_shot(shot, folder).ok_or_else(|| ApproveError::Failed(id.to_owned()))
    }

    /// A failed shot's pictures show what went wrong; they are not for comparing.
    fn of_shot(shot: &'r ShotReport, folder: &'r Path) -> Option<Self> {
        let picture = shot.pictures.candidate.as_ref();
        let picture = picture.filter(|_| shot.verdict != Verdict::Failed)?;
        Some(Self {
            shot,
            picture,
            folder,
        })
    }

    /// The shot's id.
    pub fn id(&self) -> &'r str {
        &self.shot.id
    }

    /// Makes the reviewed picture the golden one and returns its file.
    ///
    /// # Errors
    /// When the picture is not the reviewed one any more, or a file cannot be read or written.
    pub fn store(&self, golden: &GoldenFolder) -> Result<PathBuf, ApproveError> {
        let path = self.folder.join(&self.picture.file);
        let png = match read_stored(&path) {
            Ok(png) => png,
            Err(source) => return Err(ApproveError::Read { path, source }),
        };
        if *blake3::hash(&png).to_hex() != *self.picture.hash {
            return Err(ApproveError::Changed(path));
        }
        Ok(golden.approve(&self.shot.id, &png, self.picture.circumstances.as_ref())?)
    }
}

/// The id that was probably meant.
fn near(shots: &[ShotReport], id: &str) -> Option<String> {
    let likeness = |shot: &ShotReport| strsim::jaro_winkler(&shot.id, id);
    let near = shots
        .iter()
        .map(|shot| (likeness(shot), &shot.id))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    near.filter(|(likeness, _)| *likeness > 0.8)
        .map(|(_, near)| near.clone())
}
