//! `/tmp/twinshot-<user>/<project>/<flow>/<shot>@<viewport>/`: the pictures of each failing shot of the project's last
//! run, at a path short enough to copy. Private to the user; nothing in it is trusted.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{StoreError, write_atomic};

/// Runs of one project at the same time get folders of their own: `app-3f2a`, `app-3f2a-2`, …
const MOST_RUNS: u32 = 64;
/// Locked during a run. It holds the path of the project that the folder belongs to.
const LOCK: &str = ".lock";
/// The longest part of the project's name in the folder's name.
const NAME_LIMIT: usize = 40;
/// How many digits of the hash of the project's path are in the folder's name.
const HASH_DIGITS: usize = 4;

/// The folder of one run, emptied; no other run uses it meanwhile, and no other project ever.
#[derive(Debug)]
pub(crate) struct FailingFolder {
    path: PathBuf,
    _lock: fs::File,
}

impl FailingFolder {
    /// Takes the first folder of the project at `root` that no other run holds, and empties it.
    pub(crate) fn create(base: &Path, root: &Path) -> Result<Self, StoreError> {
        let home = base.join(format!("twinshot-{}", user_name()));
        make_private(&home).map_err(StoreError::new("use", &home))?;
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let name = project_name(&root);
        for number in 1..=MOST_RUNS {
            let suffix = match number {
                1 => String::new(),
                _ => format!("-{number}"),
            };
            let path = home.join(format!("{name}{suffix}"));
            let taken = Self::take(&path, &root).map_err(StoreError::new("use", &path))?;
            if let Some(folder) = taken {
                return Ok(folder);
            }
        }
        let error = io::Error::other(format!("{MOST_RUNS} runs hold their folders here"));
        Err(StoreError::new("use", &home)(error))
    }

    /// `None` if another run holds the folder, or it belongs to another project whose name and hash are the same.
    fn take(path: &Path, root: &Path) -> io::Result<Option<Self>> {
        make_private(path)?;
        let mut lock = open_lock(&path.join(LOCK))?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let root = root.as_os_str().as_bytes();
        let mut owner = Vec::new();
        // One byte more, so that a longer path is another one.
        (&lock)
            .take(root.len() as u64 + 1)
            .read_to_end(&mut owner)?;
        if !owner.is_empty() && owner != root {
            return Ok(None);
        }
        if owner.is_empty() {
            lock.write_all(root)?;
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

/// Opens or makes the lock, a file of our own: a link could lead to any other file.
fn open_lock(path: &Path) -> io::Result<fs::File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = fs::File::options();
    options.read(true).write(true).create(true).truncate(false);
    let refuse = |error: String| {
        let words = format!("its {LOCK} {error}; remove it");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, words))
    };
    let lock = match options.custom_flags(flags).open(path) {
        Ok(lock) => lock,
        Err(error) if is_link(path) => return refuse(format!("is a link ({error})")),
        Err(error) => return Err(error),
    };
    let data = lock.metadata()?;
    match data.is_file() && data.nlink() == 1 {
        true => Ok(lock),
        false => refuse("is no file of our own".to_owned()),
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink())
}

/// Makes the folder unless it is there.
fn make_private(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => check_private(path),
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
        return refuse("it belongs to somebody else; set TMPDIR to another folder");
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

/// The name of the project's folder as far as it is safe in a path, and a part of the hash of its whole path.
fn project_name(root: &Path) -> String {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let safe = |c: char| match c.is_ascii_alphanumeric() || "-_".contains(c) {
        true => c,
        false => '-',
    };
    let name: String = name.chars().take(NAME_LIMIT).map(safe).collect();
    let name = match name.trim_matches('-') {
        "" => "project",
        name => name,
    };
    let hash = blake3::hash(root.as_os_str().as_bytes()).to_hex();
    format!("{name}-{}", &hash[..HASH_DIGITS])
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

    /// A folder for temporary files, and two projects with the same name.
    fn places() -> (tempfile::TempDir, [PathBuf; 2]) {
        let base = tempfile::tempdir().unwrap();
        let projects = ["one/app", "two/app"].map(|name| base.path().join(name));
        projects
            .iter()
            .for_each(|it| fs::create_dir_all(it).unwrap());
        (base, projects)
    }

    #[test]
    fn a_second_run_gets_a_folder_of_its_own() {
        let (base, [project, _]) = places();
        let first = FailingFolder::create(base.path(), &project).unwrap();
        let second = FailingFolder::create(base.path(), &project).unwrap();
        assert_ne!(first.path, second.path);
    }

    #[test]
    fn a_new_run_empties_the_folder_of_its_project_alone() {
        let (base, [project, other]) = places();
        let keep = |project: &Path| {
            let folder = FailingFolder::create(base.path(), project).unwrap();
            folder.keep("Flow/shot@desktop", "diff.png", b"x").unwrap()
        };
        let [file, others] = [keep(&project), keep(&other)];
        assert!(file.exists() && others.exists());
        let again = FailingFolder::create(base.path(), &project).unwrap();
        assert!(again.path.exists() && !file.exists() && others.exists());
    }

    #[test]
    fn the_way_to_a_project_does_not_matter() {
        let (base, [project, _]) = places();
        let link = base.path().join("link");
        std::os::unix::fs::symlink(&project, &link).unwrap();
        let path = FailingFolder::create(base.path(), &project).unwrap().path;
        assert_eq!(
            FailingFolder::create(base.path(), &link).unwrap().path,
            path
        );
    }

    #[test]
    fn a_folder_with_the_same_name_and_hash_stays_with_its_project() {
        let (base, [project, _]) = places();
        let folder = FailingFolder::create(base.path(), &project).unwrap();
        let file = folder.keep("Flow/shot@desktop", "diff.png", b"x").unwrap();
        fs::write(folder.path.join(LOCK), "/another/app").unwrap();
        let taken = folder.path.clone();
        drop(folder);
        let next = FailingFolder::create(base.path(), &project).unwrap();
        assert_ne!(next.path, taken);
        assert!(file.exists());
    }

    #[test]
    fn names_of_projects_are_safe_in_paths() {
        for (path, name) in [
            ("/srv/app", "app-"),
            ("/srv/my app.é", "my-app-"),
            ("/srv/..", "project-"),
            ("/", "project-"),
        ] {
            let found = project_name(Path::new(path));
            assert!(found.starts_with(name), "{found}");
            assert_eq!(found.len(), name.len() + HASH_DIGITS, "{found}");
        }
    }

    #[test]
    fn a_planted_link_is_refused() {
        let (base, [project, _]) = places();
        let elsewhere = tempfile::tempdir().unwrap();
        let planted = base.path().join(format!("twinshot-{}", user_name()));
        std::os::unix::fs::symlink(elsewhere.path(), &planted).unwrap();
        let error = FailingFolder::create(base.path(), &project).unwrap_err();
        assert!(error.to_string().contains("not a folder"), "{error}");
    }

    #[test]
    fn a_folder_that_others_may_enter_is_closed() {
        let (base, [project, _]) = places();
        let home = base.path().join(format!("twinshot-{}", user_name()));
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
        let folder = FailingFolder::create(base.path(), &project).unwrap();
        for path in [&home, &folder.path] {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", path.display());
        }
    }
}
