//! Where pictures of differences go: a file, a folder of files, or stdout. Everything that would overwrite an input, or
//! give a PNG another extension, is refused before anything is compared.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, IsTerminal, Write},
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf, absolute},
};

use twinshot::store::write_picture;

use super::super::{Failure, terminal::print_bytes};

/// Means stdout, in place of a file.
const STDOUT: &str = "-";

/// A file, however its path is spelled and whatever links to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file behind all links, if there is one. `new/../a.png` is `a.png` although there is no folder `new`: it is made
    /// before the picture is written.
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(resolved(path)?).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
        })
    }
}

/// The path without links and `..`, as far as it is there; the rest as it is written.
fn resolved(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    let mut resolved = PathBuf::new();
    for part in absolute(path).ok()?.components() {
        match part {
            Component::ParentDir => drop(resolved.pop()),
            part => resolved.push(part),
        }
        if let Ok(real) = resolved.canonicalize() {
            resolved = real;
        }
    }
    Some(resolved)
}

/// One of the ways to know a file by. Writing a picture keeps its path, but gives it another identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum FileKey {
    Id(FileId),
    /// Without links and `..`.
    Path(PathBuf),
}

/// All keys of a file, which need not be there yet. None for a pipe or a device.
pub(super) fn keys(path: &Path) -> Vec<FileKey> {
    if is_stream(path) {
        return Vec::new();
    }
    let id = FileId::of(path).map(FileKey::Id);
    let path = resolved(path).map(FileKey::Path);
    id.into_iter().chain(path).collect()
}

/// Whether `path` stands for stdout.
pub(super) fn is_stdout(path: &Path) -> bool {
    path == Path::new(STDOUT)
}

/// Checks the file for the difference of two pictures.
///
/// # Errors
/// When it is one of them, is not called a PNG, or would be printed to a terminal.
pub(super) fn check(out: &Path, pair: [&Path; 2]) -> Result<(), Failure> {
    let checked = match is_stdout(out) {
        true if io::stdout().is_terminal() => {
            Err("a picture is no text for a terminal; redirect stdout, or name a file".to_owned())
        }
        true => Ok(()),
        false => check_file(out, pair),
    };
    checked.map_err(|why| Failure::Usage(format!("--out: {why}")))
}

/// Checks the file that a line of stdin names for its difference.
///
/// # Errors
/// As [`check`]; also for stdout, which has the results.
pub(super) fn check_of_line(out: &Path, pair: [&Path; 2]) -> Result<(), String> {
    if is_stdout(out) {
        return Err("stdout has the results; name a file".to_owned());
    }
    check_file(out, pair)
}

fn check_file(out: &Path, pair: [&Path; 2]) -> Result<(), String> {
    if !out.extension().is_some_and(is_png) && !is_stream(out) {
        let shown = out.display();
        return Err(format!(
            "pictures are written as PNG, so {shown} must end in .png"
        ));
    }
    let own = FileId::of(out);
    match own.is_some() && pair.map(FileId::of).contains(&own) {
        true => Err(format!(
            "{} is one of the pictures that are compared; name another file",
            out.display()
        )),
        false => Ok(()),
    }
}

fn is_png(extension: &OsStr) -> bool {
    extension.eq_ignore_ascii_case("png")
}

/// The file in folder `out` for the picture that both folders have at `path`. A difference of JPEGs is a PNG too.
pub(super) fn in_folder(out: &Path, path: &Path) -> PathBuf {
    let mut file = out.join(path).into_os_string();
    if !path.extension().is_some_and(is_png) {
        file.push(".png");
    }
    file.into()
}

/// Checks the folder for the differences of two folders, which both have pictures at `paths`, and all pictures that are
/// read, `inputs`.
///
/// # Errors
/// When a picture would be written over one that is read, or over another one.
pub(super) fn check_folder<'a>(
    out: &Path,
    folders: [&Path; 2],
    paths: impl Iterator<Item = &'a Path>,
    inputs: impl Iterator<Item = PathBuf>,
) -> Result<(), Failure> {
    let refused = |why: String| Err(Failure::Usage(format!("--out: {why}")));
    if is_stdout(out) {
        return refused("folders have several differences; name a folder for them".to_owned());
    }
    let shown = out.display();
    if let Some(folder) = folders.iter().find(|folder| is_within(out, folder)) {
        let folder = folder.display();
        return refused(format!(
            "{shown} is in {folder}, which is compared; name another folder"
        ));
    }
    let inputs: HashSet<FileId> = inputs.filter_map(|path| FileId::of(&path)).collect();
    let mut files = HashSet::new();
    for file in paths.map(|path| in_folder(out, path)) {
        if FileId::of(&file).is_some_and(|id| inputs.contains(&id)) {
            let file = file.display();
            return refused(format!(
                "{file} is one of the pictures that are compared; name another folder"
            ));
        }
        if let Some(file) = files.replace(file) {
            return refused(format!(
                "two differences would be written to {}",
                file.display()
            ));
        }
    }
    Ok(())
}

/// Whether it is the folder or inside it, whatever links lead there.
fn is_within(path: &Path, folder: &Path) -> bool {
    let [path, folder] = [path, folder].map(resolved);
    path.zip(folder)
        .is_some_and(|(path, folder)| path.starts_with(folder))
}

/// Whether it is a pipe or a device.
fn is_stream(path: &Path) -> bool {
    let found = fs::metadata(path);
    found.is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Writes the picture. A pipe or a device is written to, not replaced by a file.
pub(super) fn write(out: &Path, png: &[u8]) -> Result<(), Failure> {
    if is_stdout(out) {
        return print_bytes(png);
    }
    if !is_stream(out) {
        return Ok(write_picture(out, png)?);
    }
    let written = File::options().write(true).open(out);
    let written = written.and_then(|mut stream| stream.write_all(png));
    written.map_err(|source| Failure::Write {
        path: out.to_owned(),
        source,
    })
}
