//! The files of this machine's fonts and of their settings.

use std::{
    env,
    fs::{self, Metadata},
    path::{Path, PathBuf},
};

/// No machine has so many fonts.
const MOST_FILES: usize = 100_000;

/// Where fonts and their settings are, on Linux and macOS; those that begin with `~` are below the home folder.
const FOLDERS: &[&str] = &[
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/etc/fonts",
    "/usr/share/fontconfig",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "~/.config/fontconfig",
    "~/Library/Fonts",
];

/// A file, with its path from the home folder if it is below it.
pub(super) struct FontFile {
    pub(super) path: String,
    /// `None` if it cannot be read.
    pub(super) data: Option<Metadata>,
}

/// All files, in one order.
///
/// # Errors
/// When they are too many to look at.
pub(super) fn files() -> Result<Vec<FontFile>, String> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let mut files = Vec::new();
    for folder in FOLDERS {
        let path = match folder.strip_prefix("~/") {
            Some(below) => home.join(below),
            None => PathBuf::from(folder),
        };
        list(&path, folder, &mut files);
        if files.len() > MOST_FILES {
            return Err("its fonts are too many to look at".to_owned());
        }
    }
    files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Links are looked at, and not gone into.
fn list(folder: &Path, shown: &str, files: &mut Vec<FontFile>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let shown = format!("{shown}/{}", entry.file_name().display());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), &shown, files);
        } else if files.len() <= MOST_FILES {
            files.push(FontFile {
                path: shown,
                data: fs::metadata(entry.path()).ok(),
            });
        }
    }
}
