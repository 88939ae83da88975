//! The scratch folder of a run, for all files of drivers and their browsers. If a run is killed, the next run removes
//! its folder and ends the processes that still name it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, getuid, kill_process_group};

use crate::browser::error::LaunchError;

const SCRATCH_PREFIX: &str = "twinshot-run-";
const UNLOCKED_PREFIX: &str = "twinshot-new-";
const LOCK_NAME: &str = "owner.lock";

/// The scratch folder of one run, in the system's temporary folder. The run holds a lock in it.
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
    /// Removes what killed runs left behind, then creates this run's folder.
    pub(crate) fn create() -> Result<Self, LaunchError> {
        let base = std::env::temp_dir();
        sweep(&base);
        Self::create_in(&base).map_err(|source| LaunchError::Scratch { path: base, source })
    }

    /// The folder gets the name that sweeps look for only after its lock is held.
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
        // The folder no longer exists under its first name.
        let _ = unlocked.keep();
        Ok(Self { path, _lock: lock })
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

/// Ends the processes and removes the folders of runs whose Twinshot process has ended.
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

/// Whether no process holds the lock.
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

/// A browser that is being killed may still write for a moment. A later sweep removes what remains.
pub(super) fn remove_folder(folder: &Path) {
    for _ in 0..3 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}
