//! Temporary files that killed processes left behind. Whoever writes in a folder holds a lock on it, so that a sweep never
//! takes a file that is being written.

use std::{
    fs::{self, File, Metadata, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

/// How the name of every temporary file in a user's folder begins. It is in `.gitignore`.
pub(super) const PREFIX: &str = ".tmp-twinshot-";
/// How long to wait for a sweep, which takes moments. A process that sweeps may have been stopped.
const LOCK_LIMIT: Duration = Duration::from_secs(2);
/// How many of the newest runs a sweep looks at. Each run sweeps, so that older ones are clean.
const NEWEST: usize = 32;

/// Says that files are being written in a folder. There is no lock if the disk knows none.
#[derive(Debug)]
pub(super) struct Writing(#[expect(dead_code, reason = "held for its lock")] Option<File>);

impl Writing {
    /// Several processes may write at the same time.
    pub(super) fn begin(folder: &Path) -> Self {
        let lock = File::open(folder).ok();
        let until = Instant::now() + LOCK_LIMIT;
        Self(lock.filter(|lock| {
            while let Err(TryLockError::WouldBlock) = lock.try_lock_shared() {
                if Instant::now() >= until {
                    return false;
                }
                sleep(Duration::from_millis(5));
            }
            true
        }))
    }
}

/// Takes a folder for one process alone. `None` if the disk knows no locks.
///
/// # Errors
/// When another process holds it, or it cannot be opened.
pub(super) fn lock(folder: &Path) -> io::Result<Option<File>> {
    let folder = File::open(folder)?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Removes the strays in a folder and the folders below it, unless somebody writes there. What cannot be removed stays:
/// a stray does no harm.
pub(super) fn sweep(folder: &Path) {
    if let Ok(Some(_lock)) = lock(folder) {
        sweep_below(folder, true);
    }
}

/// Removes the strays of runs that have ended in a reports folder.
pub(super) fn sweep_reports(reports: &Path) {
    if let Ok(Some(_lock)) = lock(reports) {
        sweep_below(reports, false);
    }
    let folders = entries(reports).filter(|(_, data)| data.is_dir());
    let mut folders: Vec<_> = folders.map(|(path, _)| path).collect();
    // Their names begin with the time.
    folders.sort_unstable_by(|one, other| other.cmp(one));
    folders.iter().take(NEWEST).for_each(|folder| sweep(folder));
}

/// As [`sweep`], in a folder that the caller has locked.
pub(super) fn sweep_below(folder: &Path, is_deep: bool) {
    let own = rustix::process::getuid().as_raw();
    for (path, data) in entries(folder) {
        if data.is_dir() {
            if is_deep {
                sweep_below(&path, true);
            }
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        let is_stray = name.to_string_lossy().starts_with(PREFIX) && data.uid() == own;
        if is_stray && (data.is_file() || data.is_symlink()) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Links are not followed.
fn entries(folder: &Path) -> impl Iterator<Item = (std::path::PathBuf, Metadata)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("Flow");
        fs::create_dir(&below).unwrap();
        let stray = below.join(".tmp-twinshot-Ab12Cd");
        fs::write(&stray, "half").unwrap();
        (folder, stray)
    }

    #[test]
    fn strays_go_and_everything_else_stays() {
        let (folder, stray) = folder();
        let elsewhere = tempfile::tempdir().unwrap();
        let others = elsewhere.path().join(".tmp-twinshot-others");
        fs::write(&others, "mine").unwrap();
        symlink(elsewhere.path(), folder.path().join("link")).unwrap();
        let kept = ["shot@desktop.png", ".tmpAb12Cd", "tmp-twinshot-x"];
        let kept = kept.map(|name| folder.path().join("Flow").join(name));
        kept.iter().for_each(|it| fs::write(it, "mine").unwrap());
        sweep(folder.path());
        assert!(!stray.exists());
        assert!(kept.iter().chain([&others]).all(|it| it.exists()));
    }

    #[test]
    fn what_is_being_written_stays() {
        let (folder, stray) = folder();
        let writing = [0; 2].map(|_| Writing::begin(folder.path()));
        sweep(folder.path());
        assert!(stray.exists());
        drop(writing);
        sweep(folder.path());
        assert!(!stray.exists());
    }

    #[test]
    fn runs_that_go_on_keep_their_files() {
        let (reports, _) = folder();
        let runs = ["2026-1", "2026-2"].map(|name| reports.path().join(name));
        let strays = runs.each_ref().map(|run| run.join(".tmp-twinshot-1"));
        for (run, stray) in runs.iter().zip(&strays) {
            fs::create_dir(run).unwrap();
            fs::write(stray, "half").unwrap();
        }
        let _lock = lock(&runs[0]).unwrap();
        symlink("2026-2", reports.path().join(".tmp-twinshot-latest-7")).unwrap();
        sweep_reports(reports.path());
        assert!(strays[0].exists() && !strays[1].exists());
        assert!(!reports.path().join(".tmp-twinshot-latest-7").is_symlink());
    }
}
