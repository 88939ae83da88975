//! EFFECT. Reports, golden pictures and the folder of failing shots, on disk; every file appears whole.

mod approve;
mod failing;
mod golden;
mod reports;
mod reserve;
mod strays;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    compare::MAX_PIXELS,
    files::{self, Accepted},
};
pub use approve::{Approval, ApproveError, Concern, Selection, concerns};
pub(crate) use failing::FailingFolder;
pub use golden::GoldenFolder;
pub(crate) use reports::{LATEST, ReportFolder, picture_hash, read_report};
pub use reports::{LatestError, latest_report};

/// A file or folder that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {source}", path.display())]
pub struct StoreError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl StoreError {
    fn new(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self {
            doing,
            path,
            source,
        }
    }

    /// The file or folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a stored picture, bounded by what the largest one needs.
pub(crate) fn read_stored(path: &Path) -> io::Result<Vec<u8>> {
    Ok(files::read_picture(path, Accepted::Files, MAX_PIXELS)?)
}

/// Writes a picture where the user wants it.
///
/// # Errors
/// When the file cannot be written.
pub fn write_picture(path: &Path, png: &[u8]) -> Result<(), StoreError> {
    write_atomic(path, png)
}

/// Writes the whole file under another name beside it, then renames: readers see the old or the new.
fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(strays::PREFIX)
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        make_readable(file.as_file())?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(StoreError::new("write", path))
}

/// Temporary files are private; reports and golden pictures are for everyone who may see their folder.
fn make_readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}
