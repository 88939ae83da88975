//! `reports/<run id>/`: the pictures by their content, the report in its formats, and `latest`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{StoreError, reserve::Reserve, write_atomic};
use crate::{
    diff::Size,
    files,
    report::{self, PageReport, PictureReport, Report},
};

/// The name of the link to the newest report.
const LATEST: &str = "latest";

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct ReportFolder {
    path: PathBuf,
    reserve: Reserve,
}

impl ReportFolder {
    /// Makes the folder, so that a run that cannot write its results ends before it begins.
    pub(crate) fn create(reports: &Path, run_id: &str) -> Result<Self, StoreError> {
        let path = reports.join(run_id);
        let shots = path.join("shots");
        fs::create_dir_all(&shots).map_err(StoreError::new("create", &shots))?;
        let probe = tempfile::tempfile_in(&shots);
        probe.map_err(StoreError::new("write in", &shots))?;
        let reserve = Reserve::new(&path);
        Ok(Self { path, reserve })
    }

    /// Keeps a picture under its content's name, once.
    pub(crate) fn keep(&self, png: &[u8]) -> Result<String, StoreError> {
        let name = format!("shots/{}.png", blake3::hash(png).to_hex());
        let file = self.path.join(&name);
        if !file.exists() {
            write_atomic(&file, png)?;
        }
        Ok(name)
    }

    /// Keeps a picture and says what the report says of it.
    pub(crate) fn keep_picture(
        &self,
        png: &[u8],
        size: Size,
        page: Option<PageReport>,
        blank: bool,
    ) -> Result<PictureReport, StoreError> {
        let file = self.keep(png)?;
        let hash = blake3::hash(png).to_hex().to_string();
        Ok(PictureReport {
            file,
            hash,
            size,
            page,
            blank,
            record: None,
            circumstances: None,
        })
    }

    /// Writes the report in every format; `report.json` first, because everything else can be made from it.
    pub(crate) fn write(&self, report: &Report) -> Result<(), StoreError> {
        self.write_data(report)?;
        self.write_pages(report)
    }

    /// Writes `report.json`.
    pub(crate) fn write_data(&self, report: &Report) -> Result<(), StoreError> {
        self.write_file("report.json", &report::json::render(report))
    }

    /// Writes the report in the formats for people and other programs.
    pub(crate) fn write_pages(&self, report: &Report) -> Result<(), StoreError> {
        self.write_file("index.html", &report::html::render(report))?;
        self.write_file("junit.xml", &report::junit::render(report))?;
        self.write_file("summary.md", &report::markdown::render(report))
    }

    fn write_file(&self, name: &str, text: &str) -> Result<(), StoreError> {
        self.reserve.need(text.len());
        write_atomic(&self.path.join(name), text.as_bytes())
    }

    /// Frees the space that was set aside for the last version of the report.
    pub(crate) fn make_room(&self) {
        self.reserve.free();
    }

    /// A stored file of the report.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Points `reports/latest` here.
    pub(crate) fn make_latest(&self) -> Result<(), StoreError> {
        let reports = self.path.parent().unwrap_or(Path::new("."));
        let link = reports.join(LATEST);
        let name = self.path.file_name().unwrap_or_default();
        let point = || {
            let fresh = reports.join(format!(".{LATEST}-{}", std::process::id()));
            let _ = fs::remove_file(&fresh);
            std::os::unix::fs::symlink(name, &fresh)?;
            fs::rename(&fresh, &link)
        };
        point().map_err(StoreError::new("write", &link))
    }

    /// The page to open.
    pub(crate) fn index(&self) -> PathBuf {
        self.path.join("index.html")
    }
}

/// The newest report of a reports folder, and the folder that its pictures are in.
pub fn latest_report(reports: &Path) -> Result<(Report, PathBuf), LatestError> {
    let folder = reports.join(LATEST);
    let file = folder.join("report.json");
    let text = files::read_text(&file, files::REPORT_LIMIT);
    let text = text.map_err(StoreError::new("read", &file))?;
    let report = report::json::parse(&text);
    let report = report.map_err(|error| LatestError::Unreadable(file, error.to_string()))?;
    Ok((report, folder))
}

/// Why there is no last report to work from.
#[derive(Debug, thiserror::Error)]
pub enum LatestError {
    /// There is none.
    #[error("{0}: run `twinshot test` first")]
    Missing(#[from] StoreError),
    /// It is not one of ours.
    #[error("{} is not a report that this version can read: {}", .0.display(), .1)]
    Unreadable(PathBuf, String),
}
