//! Space that is set aside on the disk of the reports, so that a run whose disk is full can still write how it ended.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// The space that every run sets aside. Small reports need less.
const LEAST: usize = 256 << 10;
/// The last version of a file is written beside the version before it, and may be larger.
const SHARE: usize = 3;

/// A file without a name, full of zeros. It goes when it is freed, and also when the process is killed.
#[derive(Debug)]
pub(super) struct Reserve {
    /// `None` if there was no room for it, or it was freed.
    space: Mutex<Option<Space>>,
}

#[derive(Debug)]
struct Space {
    file: File,
    size: usize,
}

impl Reserve {
    /// Sets space aside in this folder. Without room for it, the run has to do without.
    pub(super) fn new(folder: &Path) -> Self {
        let space = tempfile::tempfile_in(folder).ok();
        let space = space.map(|file| Space { file, size: 0 });
        let space = space.and_then(|mut space| space.grow(LEAST).ok().map(|()| space));
        Self {
            space: Mutex::new(space),
        }
    }

    /// Sets more aside for a file of this length.
    pub(super) fn need(&self, length: usize) {
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(space) = space.as_mut() {
            // What is there is kept if there is no room for more.
            let _ = space.grow(length.saturating_mul(SHARE));
        }
    }

    /// Gives the space back.
    pub(super) fn free(&self) {
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        *space = None;
    }
}

impl Space {
    /// On failure it is as large as before: the run needs the rest of the disk.
    fn grow(&mut self, size: usize) -> io::Result<()> {
        let before = self.size;
        let grown = self.fill(size);
        if grown.is_err() {
            self.size = before;
            self.file.set_len(before as u64)?;
            self.file.seek(SeekFrom::Start(before as u64))?;
        }
        grown
    }

    fn fill(&mut self, size: usize) -> io::Result<()> {
        const ZEROS: [u8; 16 << 10] = [0; 16 << 10];
        while self.size < size {
            self.size += self.file.write(&ZEROS)?;
        }
        Ok(())
    }
}
