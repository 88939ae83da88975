//! Approving: which shots of a run may be taken, and how their pictures become the golden ones, byte for byte.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{GoldenFolder, StoreError, picture_hash, read_stored};
use crate::{
    compare::count,
    plan::FileDigest,
    report::{PictureReport, Report, RunState, ShotReport, Verdict},
};

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
    #[error(
        "the last run is still going on or was killed: only a finished run can be approved; `twinshot test --resume` goes on with one that was killed"
    )]
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

/// A reason to think twice before approving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// These specs, or files that their steps name, are not those that were run.
    Changed(Vec<String>),
    /// The run is some days old.
    Old(u64),
    /// These shots have other golden pictures than when they were compared: the run is older than they are.
    Newer(Vec<String>),
}

impl Concern {
    /// Whether nothing may be approved without asking.
    pub fn is_grave(&self) -> bool {
        matches!(self, Self::Newer(_))
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(files) => write!(f, "changed since the last run: {}", files.join(", ")),
            Self::Old(days) => write!(f, "the last run is {} old", count(*days as usize, "day")),
            Self::Newer(ids) => write!(
                f,
                "the golden picture changed since the last run compared it: {}",
                ids.join(", ")
            ),
        }
    }
}

/// The reasons to think twice before these shots of a report are approved. `changed` are the files that are not as they
/// were; those of other flows do not matter.
pub fn concerns(
    report: &Report,
    approvals: &[Approval<'_>],
    changed: &[FileDigest],
    golden: &GoldenFolder,
) -> Vec<Concern> {
    let is_approved = |flow: &String| approvals.iter().any(|it| it.shot.flow == *flow);
    let matters = |it: &&FileDigest| it.flow.as_ref().is_none_or(is_approved);
    let changed = changed.iter().filter(matters);
    let changed: Vec<String> = changed.map(|it| it.file.clone()).collect();
    let newer: Vec<String> = match report.run.inputs {
        Some(_) => {
            let newer = approvals.iter().filter(|it| it.is_golden_newer(golden));
            newer.map(|it| it.id().to_owned()).collect()
        }
        // A report of an old version does not say what it compared.
        None => Vec::new(),
    };
    let age = age_in_days(report).filter(|days| *days > 0);
    [
        (!changed.is_empty()).then_some(Concern::Changed(changed)),
        age.map(Concern::Old),
        (!newer.is_empty()).then_some(Concern::Newer(newer)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn age_in_days(report: &Report) -> Option<u64> {
    let ended = report.run.finished.as_ref().unwrap_or(&report.run.started);
    let ended = OffsetDateTime::parse(ended, &Rfc3339).ok()?;
    let days = (OffsetDateTime::now_utc() - ended).whole_days();
    u64::try_from(days).ok()
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

    /// Whether the golden picture is neither the one that was compared nor this one.
    fn is_golden_newer(&self, golden: &GoldenFolder) -> bool {
        let now = golden.read(self.id()).ok().flatten();
        let now = now.map(|png| picture_hash(&png));
        now != self.shot.golden && now.as_ref() != Some(&self.picture.hash)
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
