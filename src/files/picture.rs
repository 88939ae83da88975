//! Reads encoded pictures. A file that is not a picture is not read to its end, and a picture no further than its size in
//! the header can need.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::diff::{PictureError, decode_header, is_picture};

/// Enough to know a picture by.
const SIGNATURE_BYTES: u64 = 64;
/// Enough for the header of a PNG, and for most data before the size in other formats.
const HEAD_BYTES: u64 = 64 << 10;
/// Room for most files, so that the buffer need not grow once the header is known.
const USUAL_BYTES: u64 = 4 << 20;
/// The most bytes that an uncompressed pixel needs: four samples of 16 bits.
const PIXEL_BYTES: u64 = 8;
/// Room for metadata.
const METADATA_BYTES: u64 = 64 << 20;

/// Which kinds of file are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Files only: a pipe without a writer must not block anything else.
    Files,
    /// Pipes too, so that a shell's `<(command)` works.
    FilesAndPipes,
}

/// Why the file of a picture is not read.
#[derive(Debug, thiserror::Error)]
pub enum PictureFileError {
    /// It cannot be read, or is not a file.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is longer than its header allows.
    #[error("the file is longer than {0} bytes, more than a picture of its size can need")]
    TooLong(u64),
}

impl From<PictureFileError> for io::Error {
    fn from(error: PictureFileError) -> Self {
        match error {
            PictureFileError::Read(error) => error,
            PictureFileError::TooLong(_) => Self::other(error),
        }
    }
}

/// Reads an encoded picture. A file that is not a picture, or has more than `max_pixels`, is cut off: its beginning is
/// enough for the error.
///
/// # Errors
/// When the file cannot be read, is not a file, or is longer than its header allows.
pub fn read_picture(
    path: &Path,
    accepted: Accepted,
    max_pixels: u64,
) -> Result<Vec<u8>, PictureFileError> {
    let mut file = match accepted {
        Accepted::Files => super::open(path)?,
        Accepted::FilesAndPipes => File::open(path)?,
    };
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(length.min(USUAL_BYTES) as usize + 1);
    read_some(&mut file, &mut bytes, length.min(HEAD_BYTES))?;
    let mut head = file.by_ref().take(HEAD_BYTES - bytes.len() as u64);
    head.read_to_end(&mut bytes)?;
    let limit = limit(&bytes, max_pixels);
    let known = length.min(limit).saturating_sub(bytes.len() as u64);
    read_some(&mut file, &mut bytes, known)?;
    // One byte more, to detect a file that is too long.
    let mut rest = file.take((limit + 1).saturating_sub(bytes.len() as u64));
    rest.read_to_end(&mut bytes)?;
    match limit > 0 && bytes.len() as u64 > limit {
        true => Err(PictureFileError::TooLong(limit)),
        false => Ok(bytes),
    }
}

/// Whether the file begins as a picture. What cannot be read, or is not a file, is not known to be one.
pub fn begins_as_picture(path: &Path) -> bool {
    let head = || -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        let file = super::open(path)?;
        file.take(SIGNATURE_BYTES).read_to_end(&mut head)?;
        Ok(head)
    };
    head().is_ok_and(|head| is_picture(&head))
}

/// Reads up to `count` more bytes in as few calls as the system allows.
fn read_some(file: &mut File, bytes: &mut Vec<u8>, count: u64) -> io::Result<()> {
    let mut filled = bytes.len();
    bytes.resize(filled + count as usize, 0);
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(())
}

/// How many bytes a picture with this beginning can have. 0 means that reading on is useless.
fn limit(head: &[u8], max_pixels: u64) -> u64 {
    match decode_header(head) {
        Ok(size) if size.pixels() > max_pixels => 0,
        Ok(size) => METADATA_BYTES.saturating_add(size.pixels().saturating_mul(PIXEL_BYTES)),
        Err(
            PictureError::NotPng { .. }
            | PictureError::NotBuilt { .. }
            | PictureError::NotRead { .. },
        ) => 0,
        // The size may come after long metadata.
        Err(_) => METADATA_BYTES,
    }
}
