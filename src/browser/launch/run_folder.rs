//! The scratch folder of a run, for all files of drivers and their browsers. If a run is killed, its guard ends
//! the processes that still name the folder, and removes it; if the guard is killed too, the next run does.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    guard::Guard,
    leftovers::{
        CHANCE_LENGTH, LOCK_NAME, UNLOCKED_PREFIX, end_processes_naming, remove_folder,
        scratch_prefix, sweep,
    },
};
use crate::browser::error::LaunchError;

/// Only its user may look into the folder.
const PRIVATE: u32 = 0o700;

/// The scratch folder of one run, in the system's temporary folder. The run holds a lock in it.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    _lock: fs::File,
    _guard: Option<Guard>,
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        remove_folder(&self.path);
    }
}

impl RunFolder {
    /// Removes what killed runs left behind, then creates this run's folder. `guard` is the program that cleans up if
    /// this process is killed; see [`guard`](super::guard::guard).
    pub(crate) fn create(guard: Option<&Path>) -> Result<Self, LaunchError> {
        let base = std::env::temp_dir();
        sweep(&base);
        Self::create_in(&base, guard).map_err(|source| LaunchError::Scratch { path: base, source })
    }

    /// The folder gets the name that sweeps look for only after its lock is held.
    fn create_in(base: &Path, guard: Option<&Path>) -> io::Result<Self> {
        let unlocked = tempfile::Builder::new()
            .prefix(UNLOCKED_PREFIX)
            .rand_bytes(CHANCE_LENGTH)
            .permissions(fs::Permissions::from_mode(PRIVATE))
            .tempdir_in(base)?;
        let lock = fs::File::create_new(unlocked.path().join(LOCK_NAME))?;
        lock.lock()?;
        let chance = unlocked
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let chance = chance.trim_start_matches(UNLOCKED_PREFIX);
        let path = base.join(format!("{}{chance}", scratch_prefix()));
        fs::rename(unlocked.path(), &path)?;
        // The folder no longer exists under its first name.
        let _ = unlocked.keep();
        let guard = match guard {
            Some(program) => Guard::start(program, &path).map(Some),
            None => Ok(None),
        };
        if guard.is_err() {
            remove_folder(&path);
        }
        Ok(Self {
            path,
            _lock: lock,
            _guard: guard?,
        })
    }

    /// Ends every process that uses this folder, and removes its content, immediately.
    pub(crate) fn clear(&self) {
        end_processes_naming(&self.path);
        remove_folder(&self.path);
    }

    /// Creates a subfolder for one driver.
    pub(super) fn subfolder(&self, number: u32) -> Result<PathBuf, LaunchError> {
        let path = self.path.join(number.to_string());
        fs::create_dir(&path)
            .map(|()| path.clone())
            .map_err(|source| LaunchError::Scratch { path, source })
    }
}
