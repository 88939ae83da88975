//! The scratch folder of a run. All that drivers and their browsers write goes into it. The next run removes the
//! folders of runs that were killed, and ends the processes that still name them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, getuid, kill_process_group};

use crate::browser::error::LaunchError;

const SCRATCH_PREFIX: &str = "twinshot-run-";
const UNLOCKED_PREFIX: &str = "twinshot-new-";
const LOCK_NAME: &str = "owner.lock";

/// The scratch folder of one run, in the system's folder for such; its owner holds a lock in it.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    _lock: fs::File,
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        remove_folder(&self.path);
    }
}

impl RunFolder {
    /// Sweeps what killed runs left behind, then makes this run's folder.
    pub(crate) fn create() -> Result<Self, LaunchError> {
        let base = std::env::temp_dir();
        sweep(&base);
        Self::create_in(&base).map_err(|source| LaunchError::Scratch { path: base, source })
    }

    /// The folder gets the name that sweeps look for only once its lock is held.
    fn create_in(base: &Path) -> std::io::Result<Self> {
        let unlocked = tempfile::Builder::new()
            .prefix(UNLOCKED_PREFIX)
            .tempdir_in(base)?;
        let lock = fs::File::create(unlocked.path().join(LOCK_NAME))?;
        lock.lock()?;
        let chance = unlocked
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let chance = chance.trim_start_matches(UNLOCKED_PREFIX);
        let path = base.join(format!("{SCRATCH_PREFIX}{}-{chance}", getuid().as_raw()));
        fs::rename(unlocked.path(), &path)?;
        // It is not there any more under its first name.
        let _ = unlocked.keep();
        Ok(Self { path, _lock: lock })
    }

    /// Ends every process that works in this folder, and removes what it holds, at once.
    pub(crate) fn clear(&self) {
        end_processes_naming(&self.path);
        remove_folder(&self.path);
    }

    /// A new folder inside it, for one driver.
    pub(super) fn subfolder(&self, number: u32) -> Result<PathBuf, LaunchError> {
        let path = self.path.join(number.to_string());
        fs::create_dir(&path)
            .map(|()| path.clone())
            .map_err(|source| LaunchError::Scratch { path, source })
    }
}

/// Ends the processes and removes the folders of our runs whose Twinshot is gone.
fn sweep(base: &Path) {
    let prefix = format!("{SCRATCH_PREFIX}{}-", getuid().as_raw());
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(&prefix));
        if ours && is_abandoned(&entry.path()) {
            end_processes_naming(&entry.path());
            remove_folder(&entry.path());
        }
    }
}

/// Nobody holds the lock.
fn is_abandoned(folder: &Path) -> bool {
    let lock = fs::File::open(folder.join(LOCK_NAME));
    lock.is_ok_and(|lock| lock.try_lock().is_ok())
}

/// Kills the process groups of all processes that have the folder on their command line.
fn end_processes_naming(folder: &Path) {
    let needle = folder.to_string_lossy().into_owned();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if !String::from_utf8_lossy(&command).contains(&needle) {
            continue;
        }
        if let Some(group) =
            Pid::from_raw(pid).and_then(|pid| rustix::process::getpgid(Some(pid)).ok())
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A browser that is being killed may still write for an instant; the run's sweep gets what stays.
pub(super) fn remove_folder(folder: &Path) {
    for _ in 0..3 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}
