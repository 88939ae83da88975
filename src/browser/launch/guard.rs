//! A process beside a run that cleans up after it if it is killed.

use std::{
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::leftovers::{end_processes_naming, is_own_folder, is_scratch_name, remove_folder};

/// A process that is being started when its run is killed may show up a moment later, so the guard looks again.
const ROUNDS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// A process that waits until this one has ended, in whatever way, and then ends the run's drivers and browsers and
/// removes its folder.
#[derive(Debug)]
pub(super) struct Guard {
    process: Child,
}

impl Guard {
    /// Its input is a pipe whose other end only this process holds, so it closes with this process. Signals to this
    /// process's group do not reach it.
    pub(super) fn start(program: &Path, folder: &Path) -> io::Result<Self> {
        let process = Command::new(program)
            .arg0("twinshot")
            .arg("guard")
            .arg(folder)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { process })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the guard does: waits for the end of its input, then cleans up after the run that has this folder. A folder
/// that is not a run's is left alone.
pub fn guard(folder: &Path) {
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    let is_named = folder
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(is_scratch_name);
    if !is_named {
        return;
    }
    for round in 0..ROUNDS {
        if round > 0 {
            std::thread::sleep(PAUSE);
        }
        end_processes_naming(folder);
        if is_own_folder(folder) {
            remove_folder(folder);
        }
    }
}
