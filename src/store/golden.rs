//! Approved pictures: `golden/<flow>/<shot>@<viewport>.png`, byte for byte as they were reviewed.

use std::{fs, io, path::PathBuf};

use super::{StoreError, write_atomic};

/// The folder of approved pictures.
#[derive(Debug, Clone)]
pub struct GoldenFolder {
    path: PathBuf,
}

impl GoldenFolder {
    /// The folder at this path; it need not be there.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the picture of a shot is kept.
    pub fn file(&self, shot_path: &str) -> PathBuf {
        self.path.join(format!("{shot_path}.png"))
    }

    /// The approved picture, if there is one.
    pub fn read(&self, shot_path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let file = self.file(shot_path);
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::new("read", &file)(error)),
        }
    }

    /// Makes these bytes the approved picture.
    pub fn approve(&self, shot_path: &str, png: &[u8]) -> Result<PathBuf, StoreError> {
        let file = self.file(shot_path);
        write_atomic(&file, png)?;
        Ok(file)
    }
}
