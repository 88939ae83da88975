//! `reports/<run id>/`: the pictures by their content, the report in its formats, and `latest`.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    StoreError,
    reserve::Reserve,
    strays::{self, Writing, lock, sweep_reports},
    write_atomic,
};
use crate::{
    diff::Size,
    files,
    report::{self, PageReport, PictureReport, Report, json::ParseError},
};

/// The name of the link to the newest report.
pub(crate) const LATEST: &str = "latest";

/// The file from which everything else can be made.
const DATA: &str = "report.json";

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct ReportFolder {
    path: PathBuf,
    /// Held during the run. `None` if the disk knows no locks.
    _lock: Option<File>,
    reserve: Reserve,
}

impl ReportFolder {
    /// Makes the folder, so that a run that cannot write its results ends before it begins. What killed runs left half
    /// written is removed.
    pub(crate) fn create(reports: &Path, run_id: &str) -> Result<Self, StoreError> {
        let path = reports.join(run_id);
        let shots = path.join("shots");
        fs::create_dir_all(&shots).map_err(StoreError::new("create", &shots))?;
        let probe = tempfile::tempfile_in(&shots);
        probe.map_err(StoreError::new("write in", &shots))?;
        sweep_reports(reports);
        Ok(Self {
            reserve: Reserve::new(&path),
            _lock: lock(&path).map_err(StoreError::new("lock", &path))?,
            path,
        })
    }

    /// Opens the folder of an earlier run. `None` if a process still works in it.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let lock = match lock(path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(StoreError::new("lock", path)(error)),
        };
        strays::sweep_below(path, true);
        let shots = path.join("shots");
        let probe = tempfile::tempfile_in(&shots);
        probe.map_err(StoreError::new("write in", &shots))?;
        Ok(Some(Self {
            reserve: Reserve::new(path),
            _lock: lock,
            path: path.to_owned(),
        }))
    }

    /// The report as it is on disk.
    pub(crate) fn read(&self) -> io::Result<Result<Report, ParseError>> {
        let text = files::read_text(&self.path.join(DATA), files::REPORT_LIMIT)?;
        Ok(report::json::parse(&text))
    }

    /// Whether a stored file is there with the content that its name promises.
    pub(crate) fn has_whole(&self, name: &str) -> bool {
        let bytes = super::read_stored(&self.path.join(name));
        bytes.is_ok_and(|bytes| name == picture_name(&bytes))
    }

    /// Removes a stored file, if it can be removed.
    pub(crate) fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.path.join(name));
    }

    /// Keeps a picture under its content's name, once.
    pub(crate) fn keep(&self, png: &[u8]) -> Result<String, StoreError> {
        let name = picture_name(png);
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
        self.write_file(DATA, &report::json::render(report))
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
            let _writing = Writing::begin(reports);
            let number = std::process::id();
            let fresh = reports.join(format!("{}{LATEST}-{number}", strays::PREFIX));
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

/// Equal pictures share a file.
fn picture_name(png: &[u8]) -> String {
    format!("shots/{}.png", picture_hash(png))
}

/// BLAKE3, in hexadecimal.
pub(crate) fn picture_hash(png: &[u8]) -> String {
    blake3::hash(png).to_hex().to_string()
}

/// The newest report of a reports folder, and the folder that its pictures are in.
pub fn latest_report(reports: &Path) -> Result<(Report, PathBuf), LatestError> {
    let folder = reports.join(LATEST);
    Ok((read_report(&folder)?, folder))
}

/// The report in the folder of a run.
pub(crate) fn read_report(folder: &Path) -> Result<Report, LatestError> {
    let file = folder.join(DATA);
    let text = files::read_text(&file, files::REPORT_LIMIT);
    let text = text.map_err(StoreError::new("read", &file))?;
    let report = report::json::parse(&text);
    report.map_err(|error| LatestError::Unreadable(file, error.to_string()))
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
