//! Which files the lines of stdin read and write, so that no picture of a difference is written over a picture that another
//! line reads, nor over the picture of another line.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::out::{FileKey, keys};

/// The files of all lines so far.
#[derive(Debug, Default)]
pub(super) struct Claims {
    files: Mutex<Files>,
}

#[derive(Debug, Default)]
struct Files {
    /// The first line that reads each file. A picture that was compared stays safe until stdin ends.
    read: HashMap<FileKey, usize>,
    /// The line that writes each file, until it has a result. A program that has the result may use the file again.
    written: HashMap<FileKey, usize>,
}

/// What a line writes, until it has a result.
#[derive(Debug)]
pub(super) struct Claim {
    written: Vec<FileKey>,
}

impl Claims {
    /// Notes the files that a line reads. Half a path, of a line that has only begun, usually names no file.
    pub(super) fn read<'a>(&self, number: usize, paths: impl IntoIterator<Item = &'a Path>) {
        let mut files = self.files();
        for key in paths.into_iter().flat_map(keys) {
            files.read.entry(key).or_insert(number);
        }
    }

    /// Claims the file that a line writes.
    ///
    /// # Errors
    /// When another line reads or writes it.
    pub(super) fn write(&self, number: usize, out: &Path) -> Result<Claim, String> {
        let mut files = self.files();
        let (written, shown) = (keys(out), out.display());
        if let Some(line) = written.iter().find_map(|key| files.read.get(key)) {
            return Err(format!(
                "{shown} is compared in line {line}; name another file"
            ));
        }
        if let Some(line) = files.writer(&written) {
            return Err(format!("line {line} writes {shown} too; name another file"));
        }
        for key in &written {
            files.written.insert(key.clone(), number);
        }
        Ok(Claim { written })
    }

    /// Checks that no line before it still writes what a line reads.
    ///
    /// # Errors
    /// When there is one.
    pub(super) fn check(&self, pair: [&Path; 2]) -> Result<(), String> {
        let files = self.files();
        for path in pair {
            if let Some(line) = files.writer(&keys(path)) {
                return Err(format!("{} is written by line {line}", path.display()));
            }
        }
        Ok(())
    }

    /// Lets other lines use what a line wrote.
    pub(super) fn release(&self, claim: &Claim) {
        let mut files = self.files();
        for key in &claim.written {
            files.written.remove(key);
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn writer(&self, keys: &[FileKey]) -> Option<usize> {
        keys.iter().find_map(|key| self.written.get(key).copied())
    }
}
