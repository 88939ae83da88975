//! What killed runs leave behind: which folders and processes are theirs, and how both end.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
    time::Duration,
};

use rustix::{
    fs::OFlags,
    process::{Pid, Signal, getuid, kill_process_group},
};

const SCRATCH_PREFIX: &str = "twinshot-run-";
/// The name of a folder before its lock is held.
pub(super) const UNLOCKED_PREFIX: &str = "twinshot-new-";
/// The name of the lock in it.
pub(super) const LOCK_NAME: &str = "owner.lock";
/// The length of the random part of a folder's name, in letters and digits.
pub(super) const CHANCE_LENGTH: usize = 12;
/// A folder that was not locked for so long never will be.
const UNLOCKED_LIMIT: Duration = Duration::from_secs(3600);

/// How the names of this user's folders begin.
pub(super) fn scratch_prefix() -> String {
    format!("{SCRATCH_PREFIX}{}-", getuid().as_raw())
}

/// Whether a run of this user gives this name to its folder.
pub(super) fn is_scratch_name(name: &str) -> bool {
    name.strip_prefix(&scratch_prefix()).is_some_and(is_chance)
}

fn is_chance(text: &str) -> bool {
    text.len() == CHANCE_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it is a folder of this user, and no link to one.
pub(super) fn is_own_folder(path: &Path) -> bool {
    let metadata = fs::symlink_metadata(path);
    metadata.is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == getuid().as_raw())
}

/// Ends the processes and removes the folders of runs whose Twinshot process has ended.
pub(super) fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = entry.path();
        let was_never_locked = || {
            let is_unlocked = name.strip_prefix(UNLOCKED_PREFIX).is_some_and(is_chance);
            is_unlocked && is_old(&path)
        };
        let is_left = || is_scratch_name(name) && is_abandoned(&path);
        if is_own_folder(&path) && (is_left() || was_never_locked()) {
            end_processes_naming(&path);
            remove_folder(&path);
        }
    }
}

fn is_old(path: &Path) -> bool {
    let changed = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > UNLOCKED_LIMIT))
}

/// Whether no process holds the lock.
fn is_abandoned(folder: &Path) -> bool {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let lock = fs::OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags).unwrap_or_default())
        .open(folder.join(LOCK_NAME));
    lock.is_ok_and(|lock| lock.try_lock().is_ok())
}

/// Kills the process groups of all processes of this user that have a path in the folder on their command line.
pub(super) fn end_processes_naming(folder: &Path) {
    let needle = format!("{}/", folder.to_string_lossy());
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        if !is_own_folder(&entry.path()) || !command_line(&entry.path()).contains(&needle) {
            continue;
        }
        if let Some(group) =
            Pid::from_raw(pid).and_then(|pid| rustix::process::getpgid(Some(pid)).ok())
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A program can make its own command line as long as it likes.
fn command_line(process: &Path) -> String {
    const MOST: u64 = 1 << 20;
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(process.join("cmdline")) {
        let _ = file.take(MOST).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A browser that is being killed may still write for a moment. A later sweep removes what remains.
pub(super) fn remove_folder(folder: &Path) {
    for _ in 0..3 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}
