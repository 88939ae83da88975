//! Reads the user's files: encoded pictures in memory, or an error. A file that is not a picture is not read to its
//! end, and a picture no further than its size in the header can need.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;
use twinshot::diff::{PictureError, decode_header, is_picture};

use super::Failure;

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
pub(super) enum Accepted {
    /// Files only: a pipe without a writer must not block other pairs.
    Files,
    /// Pipes too, so that a shell's `<(command)` works.
    FilesAndPipes,
}

/// Reads an encoded picture. A file that is not a picture, or has more than `max_pixels`, is cut off: its beginning is
/// enough for the error.
///
/// # Errors
/// When the file cannot be read, is not a file, or is longer than its header allows.
pub(super) fn read(path: &Path, accepted: Accepted, max_pixels: u64) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = open(path, accepted).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::with_capacity(length.min(USUAL_BYTES) as usize + 1);
    read_some(&mut file, &mut bytes, length.min(HEAD_BYTES)).map_err(failed)?;
    let mut head = file.by_ref().take(HEAD_BYTES - bytes.len() as u64);
    head.read_to_end(&mut bytes).map_err(failed)?;
    let limit = limit(&bytes, max_pixels);
    let known = length.min(limit).saturating_sub(bytes.len() as u64);
    read_some(&mut file, &mut bytes, known).map_err(failed)?;
    // One byte more, to detect a file that is too long.
    let mut rest = file.take((limit + 1).saturating_sub(bytes.len() as u64));
    rest.read_to_end(&mut bytes).map_err(failed)?;
    if limit > 0 && bytes.len() as u64 > limit {
        return Err(Failure::Undecided(format!(
            "{}: the file is longer than {limit} bytes, more than a picture of its size can need",
            path.display()
        )));
    }
    Ok(bytes)
}

/// Whether the file begins as a picture. What cannot be read, or is not a file, is not known to be one.
pub(super) fn begins_as_picture(path: &Path) -> bool {
    let head = || -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        let file = open(path, Accepted::Files)?;
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

/// Opens without waiting for a writer where pipes are not accepted.
fn open(path: &Path, accepted: Accepted) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    if accepted == Accepted::FilesAndPipes {
        return options.open(path);
    }
    let no_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = options.custom_flags(no_waiting).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() || kind.is_socket() {
        return Err(io::Error::other("it is a pipe or a device, not a file"));
    }
    Ok(file)
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
