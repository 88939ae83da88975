//! EFFECT. The reports of a run's shards on disk in, one report on disk out: [`report::merge`] joins them,
//! and their pictures are copied beside the result.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    files,
    report::{
        self, Report,
        merge::{MergeError, NamedReport},
    },
    run,
    store::{self, ReportFolder, StoreError},
};

/// The file that makes a folder a report.
const REPORT: &str = "report.json";

/// A report that was joined and written.
#[derive(Debug)]
pub struct Merged {
    /// Everything that was decided.
    pub report: Report,
    /// The folder of the report.
    pub folder: PathBuf,
    /// The report's page.
    pub index: PathBuf,
}

/// Why reports on disk are not joined.
#[derive(Debug, thiserror::Error)]
pub enum MergeFilesError {
    /// Neither a report's folder nor a folder of reports.
    #[error(
        "{} is no report: name the folder of a run that has a {REPORT}, or its reports folder, which has `latest`",
        .0.display()
    )]
    NoReport(PathBuf),
    /// Not one of ours.
    #[error("{} is not a report that this version can read: {}", .0.display(), .1)]
    Unreadable(PathBuf, report::json::ParseError),
    /// A report or one of its pictures is there and cannot be read.
    #[error("cannot read {}: {}", .0.display(), .1)]
    Read(PathBuf, io::Error),
    /// The reports do not go together.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A picture has other bytes than when it was reported.
    #[error("{} is not the picture that was reported: fetch the shard's report again", .0.display())]
    Damaged(PathBuf),
    /// The result cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Joins the reports in these folders into a new one below `reports`, and points `latest` at it. Each folder
/// is that of a run, or a reports folder, of which the newest run is meant.
///
/// # Errors
/// When one is no report, when they do not go together, or when the result cannot be written. `latest` then
/// stays where it was.
pub fn merge(folders: &[PathBuf], reports: &Path) -> Result<Merged, MergeFilesError> {
    let parts: Vec<(PathBuf, NamedReport)> = folders
        .iter()
        .map(|folder| read_part(folder))
        .collect::<Result<_, _>>()?;
    let (sources, parts): (Vec<PathBuf>, Vec<NamedReport>) = parts.into_iter().unzip();
    let id = run::new_run_id();
    let report = report::merge::merge(id.clone(), &parts)?;
    let folder = ReportFolder::create(reports, &id)?;
    let mut both = sources.iter().zip(&parts);
    let copied = both.try_for_each(|(source, part)| copy_pictures(source, &part.report, &folder));
    if let Err(error) = copied {
        // What stays behind if that fails has no report.json, and is no report.
        let _ = fs::remove_dir_all(reports.join(&id));
        return Err(error);
    }
    folder.write(&report)?;
    folder.make_latest()?;
    Ok(Merged {
        report,
        index: folder.index(),
        folder: reports.join(id),
    })
}

/// A report, and the folder that its pictures are in.
fn read_part(named: &Path) -> Result<(PathBuf, NamedReport), MergeFilesError> {
    let own = [named.to_owned(), named.join("latest")];
    let folder = own.into_iter().find(|it| it.join(REPORT).is_file());
    let folder = folder.ok_or_else(|| MergeFilesError::NoReport(named.to_owned()))?;
    let file = folder.join(REPORT);
    let text = files::read_text(&file, files::REPORT_LIMIT);
    let text = text.map_err(|error| MergeFilesError::Read(file.clone(), error))?;
    let report = report::json::parse(&text);
    let report = report.map_err(|error| MergeFilesError::Unreadable(file, error))?;
    let name = named.display().to_string();
    Ok((folder, NamedReport { name, report }))
}

/// Stored pictures are called by their content, so that a damaged one gives itself away.
fn copy_pictures(from: &Path, report: &Report, to: &ReportFolder) -> Result<(), MergeFilesError> {
    let shots = report.shots.iter();
    for (_, name) in shots.flat_map(|shot| shot.files()) {
        let file = from.join(name);
        let png = store::read_stored(&file);
        let png = png.map_err(|error| MergeFilesError::Read(file.clone(), error))?;
        if to.keep(&png)? != name {
            return Err(MergeFilesError::Damaged(file));
        }
    }
    Ok(())
}
