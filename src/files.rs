//! EFFECT. Opens files that somebody else may have put there. Only regular files are accepted, and links to them: a pipe may
//! never begin, and a device may never end. Each kind of file has a size limit, so that memory is bounded.

mod picture;

use std::{
    fs::{self, File, FileType},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

use rustix::{fs::OFlags, io::Errno};

pub use picture::{Accepted, PictureFileError, begins_as_picture, read_picture};

/// A file that people write: a specification, the configuration, a script for a page. The parsers have lower limits of their own.
pub(crate) const WRITTEN_LIMIT: u64 = 16 << 20;
/// A report. Ten thousand shots need about a tenth of it.
pub(crate) const REPORT_LIMIT: u64 = 512 << 20;
/// Any other file that a step names.
pub(crate) const UPLOAD_LIMIT: u64 = 256 << 20;
/// The record beside a golden picture.
pub(crate) const RECORD_LIMIT: u64 = 1 << 20;

/// Why a path is not read: it leads to no regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {0}, not a file")]
struct NotAFile(&'static str);

/// Why a file is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is larger than {} MiB", .0 >> 20)]
struct TooLarge(u64);

/// Reads a file that must not be larger than `limit` bytes.
///
/// # Errors
/// When it cannot be read, is not a regular file, or is larger.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    if length > limit {
        return Err(io::Error::other(TooLarge(limit)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // Some files are longer than the system says, such as those below /proc.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(io::Error::other(TooLarge(limit))),
        false => Ok(bytes),
    }
}

/// As [`read`], for text.
///
/// # Errors
/// Also when the file is not UTF-8.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, limit)?);
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Opens a regular file for reading. The opened file is checked, not the path before, which may change meanwhile. Opening
/// never waits for the other end of a pipe.
///
/// # Errors
/// When it cannot be opened, or is not a regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| unopened(path, error))?;
    match kind(file.metadata()?.file_type()) {
        Some(kind) => Err(io::Error::other(NotAFile(kind))),
        None => Ok(file),
    }
}

/// What to do about a path that leads to no regular file, as the end of a message; empty for other errors.
pub(crate) fn advice(error: &io::Error) -> &'static str {
    let is_not_a_file = error.get_ref().is_some_and(|it| it.is::<NotAFile>());
    match is_not_a_file {
        true => "; put a file there, or a link to one",
        false => "",
    }
}

/// A socket, and a device without a driver, cannot even be opened.
fn unopened(path: &Path, error: io::Error) -> io::Error {
    let is_of_no_use = error.raw_os_error() == Some(Errno::NXIO.raw_os_error());
    let kind = fs::metadata(path).ok().and_then(|it| kind(it.file_type()));
    match kind.filter(|_| is_of_no_use) {
        Some(kind) => io::Error::other(NotAFile(kind)),
        None => error,
    }
}

/// What it is, if it is not a regular file.
fn kind(file: FileType) -> Option<&'static str> {
    if file.is_file() {
        return None;
    }
    Some(if file.is_dir() {
        "a folder"
    } else if file.is_fifo() {
        "a named pipe"
    } else if file.is_socket() {
        "a socket"
    } else if file.is_char_device() || file.is_block_device() {
        "a device"
    } else {
        "something else"
    })
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::{fs::symlink, net::UnixListener},
        path::PathBuf,
    };

    use rustix::fs::{CWD, Mode, mknodat};

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn pipe(folder: &Path) -> PathBuf {
        let path = folder.join("pipe");
        mknodat(CWD, &path, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        path
    }

    #[track_caller]
    fn is_refused(path: &Path, says: &str) {
        let error = read(path, 100).unwrap_err();
        assert_eq!(error.to_string(), says, "{}", path.display());
        assert!(!advice(&error).is_empty());
    }

    #[test]
    fn what_is_no_file_is_refused_at_once_and_named() {
        let folder = folder();
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let link = folder.path().join("link");
        let pipe = pipe(folder.path());
        symlink(&pipe, &link).unwrap();
        is_refused(&pipe, "it is a named pipe, not a file");
        is_refused(&link, "it is a named pipe, not a file");
        is_refused(&socket, "it is a socket, not a file");
        is_refused(folder.path(), "it is a folder, not a file");
        is_refused(Path::new("/dev/zero"), "it is a device, not a file");
    }

    #[test]
    fn files_and_links_to_them_are_read_up_to_the_limit() {
        let folder = folder();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        fs::write(&file, [7; 100]).unwrap();
        symlink(&file, &link).unwrap();
        for path in [&file, &link] {
            assert_eq!(read(path, 100).unwrap(), [7; 100]);
            let error = read(path, 99).unwrap_err();
            assert_eq!(
                (error.to_string().as_str(), advice(&error)),
                ("it is larger than 0 MiB", "")
            );
        }
        let missing = read(&folder.path().join("none"), 100).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_without_a_known_length_is_read_too() {
        let status = Path::new("/proc/self/status");
        if status.exists() {
            assert!(!read(status, 1 << 20).unwrap().is_empty());
            assert!(read(status, 10).is_err());
        }
    }
}
