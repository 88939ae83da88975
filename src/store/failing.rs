//! `/tmp/twinshot-<user>/<flow>/<shot>@<viewport>/`: the pictures of each failing shot of the last run, at
//! a path short enough to copy. Private to the user; nothing in it is trusted.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{StoreError, write_atomic};

/// Runs at the same time get folders of their own: `twinshot-jane`, `twinshot-jane-2`, …
const MOST_RUNS: u32 = 64;
const LOCK: &str = ".lock";

/// The folder of one run, emptied; no other run uses it meanwhile.
#[derive(Debug)]
pub(crate) struct FailingFolder {
    path: PathBuf,
    _lock: fs::File,
}

impl FailingFolder {
    /// Takes the first folder that no other run holds, and empties it.
    pub(crate) fn create(base: &Path) -> Result<Self, StoreError> {
        for number in 1..=MOST_RUNS {
            let suffix = if number == 1 {
                String::new()
            } else {
                format!("-{number}")
            };
            let path = base.join(format!("twinshot-{}{suffix}", user_name()));
            let taken = Self::take(&path).map_err(StoreError::new("use", &path))?;
            if let Some(folder) = taken {
                return Ok(folder);
            }
        }
        let error = io::Error::other(format!("{MOST_RUNS} runs hold their folders here"));
        Err(StoreError::new("use", base)(error))
    }

    fn take(path: &Path) -> io::Result<Option<Self>> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => check_private(path)?,
        }
        let lock = fs::File::create(path.join(LOCK))?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        empty(path)?;
        Ok(Some(Self {
            path: path.to_owned(),
            _lock: lock,
        }))
    }

    /// Keeps a picture of a failing shot under a name that says what it is.
    pub(crate) fn keep(
        &self,
        shot_path: &str,
        name: &str,
        png: &[u8],
    ) -> Result<PathBuf, StoreError> {
        let file = self.path.join(shot_path).join(name);
        write_atomic(&file, png)?;
        Ok(file)
    }
}

/// A real folder, ours, closed to everybody else: a planted link or folder is refused.
fn check_private(path: &Path) -> io::Result<()> {
    let data = fs::symlink_metadata(path)?;
    let refuse = |reason: &str| {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            reason.to_owned(),
        ))
    };
    if !data.is_dir() {
        return refuse("it is not a folder; remove it");
    }
    if data.uid() != rustix::process::getuid().as_raw() {
        return refuse("it belongs to somebody else");
    }
    if data.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn empty(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The user's name as far as it is safe in a path, else their number.
fn user_name() -> String {
    let is_safe = |name: &String| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    std::env::var("USER")
        .ok()
        .filter(is_safe)
        .unwrap_or_else(|| rustix::process::getuid().as_raw().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_gets_a_folder_of_its_own() {
        let base = tempfile::tempdir().unwrap();
        let first = FailingFolder::create(base.path()).unwrap();
        let second = FailingFolder::create(base.path()).unwrap();
        assert_ne!(first.path, second.path);
    }

    #[test]
    fn a_new_run_empties_the_folder() {
        let base = tempfile::tempdir().unwrap();
        let first = FailingFolder::create(base.path()).unwrap();
        let file = first.keep("Flow/shot@desktop", "diff.png", b"x").unwrap();
        drop(first);
        let again = FailingFolder::create(base.path()).unwrap();
        assert!(again.path.exists() && !file.exists());
    }

    #[test]
    fn a_planted_link_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let planted = base.path().join(format!("twinshot-{}", user_name()));
        std::os::unix::fs::symlink(elsewhere.path(), &planted).unwrap();
        let error = FailingFolder::create(base.path()).unwrap_err();
        assert!(error.to_string().contains("not a folder"), "{error}");
    }
}
