//! Approved pictures: `golden/<flow>/<shot>@<viewport>.png`, byte for byte as they were reviewed. A `.json` file beside
//! each says what drew it.

use std::{fs, io, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    StoreError, read_stored,
    strays::{self, Writing},
    write_atomic,
};
use crate::{capture::Circumstances, files};

/// What is recorded beside an approved picture.
#[derive(Debug, Serialize, Deserialize)]
struct GoldenRecord {
    /// BLAKE3 of the picture, in hexadecimal: another picture in its place has no record.
    picture: String,
    /// What it was drawn with.
    circumstances: Circumstances,
}

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
        match read_stored(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::new("read", &file)(error)),
        }
    }

    /// Why the record beside an approved picture cannot be read, if there is one.
    pub(crate) fn broken_record(&self, shot_path: &str) -> Option<String> {
        let file = self.record_file(shot_path);
        let why = match files::read_text(&file, files::RECORD_LIMIT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => error.to_string(),
            Ok(text) => serde_json::from_str::<GoldenRecord>(&text)
                .err()?
                .to_string(),
        };
        let file = file.display();
        Some(format!(
            "{file}, which says what drew the golden picture, cannot be read: {why}; restore it, or approve the picture again"
        ))
    }

    /// What the approved picture with these bytes was drawn with, if that is recorded. A record that cannot be read is
    /// none: the picture is then compared less strictly, and [`Self::broken_record`] says why.
    pub(crate) fn circumstances(&self, shot_path: &str, png: &[u8]) -> Option<Circumstances> {
        let text = files::read_text(&self.record_file(shot_path), files::RECORD_LIMIT).ok()?;
        let record: GoldenRecord = serde_json::from_str(&text).ok()?;
        (record.picture == *blake3::hash(png).to_hex()).then_some(record.circumstances)
    }

    /// Removes what killed processes left half written.
    pub fn sweep(&self) {
        strays::sweep(&self.path);
    }

    /// Makes these bytes the approved picture, and records what it was drawn with.
    pub fn approve(
        &self,
        shot_path: &str,
        png: &[u8],
        circumstances: Option<&Circumstances>,
    ) -> Result<PathBuf, StoreError> {
        let file = self.file(shot_path);
        fs::create_dir_all(&self.path).map_err(StoreError::new("write", &file))?;
        let _writing = Writing::begin(&self.path);
        write_atomic(&file, png)?;
        self.record(shot_path, png, circumstances)?;
        Ok(file)
    }

    fn record(
        &self,
        shot_path: &str,
        png: &[u8],
        circumstances: Option<&Circumstances>,
    ) -> Result<(), StoreError> {
        let file = self.record_file(shot_path);
        let Some(circumstances) = circumstances else {
            return match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(StoreError::new("remove", &file)(error))
                }
                _ => Ok(()),
            };
        };
        let record = GoldenRecord {
            picture: blake3::hash(png).to_hex().to_string(),
            circumstances: circumstances.clone(),
        };
        let text = serde_json::to_string_pretty(&record).unwrap_or_default() + "\n";
        write_atomic(&file, text.as_bytes())
    }

    fn record_file(&self, shot_path: &str) -> PathBuf {
        self.path.join(format!("{shot_path}.json"))
    }
}
