//! Who is running, as /proc tells it.

use std::{
    fs,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// A process and its command line.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) id: i32,
    pub(crate) command: Vec<String>,
}

impl Process {
    pub(crate) fn is_driver(&self) -> bool {
        let program = self.command.first();
        program.is_some_and(|program| program.ends_with("chromedriver"))
    }

    /// The browser itself, neither one of its helpers nor a script that starts it.
    pub(crate) fn is_browser(&self) -> bool {
        let has = |prefix: &str| self.command.iter().any(|part| part.starts_with(prefix));
        let is_script = self
            .command
            .first()
            .is_some_and(|name| name.ends_with("/sh"));
        has("--user-data-dir=") && !has("--type=") && !is_script
    }

    pub(crate) fn kill(&self) {
        if let Some(id) = Pid::from_raw(self.id) {
            // It may have ended by itself meanwhile.
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

/// All processes that have the folder on their command line.
pub(crate) fn processes_naming(folder: &Path) -> Vec<Process> {
    let needle = folder.to_string_lossy().into_owned();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).into_owned();
        let command = command.contains(&needle).then_some(command)?;
        let command = command.split('\0').map(str::to_owned).collect();
        Some(Process { id, command })
    });
    processes.collect()
}

/// Processes are given a few seconds to end; one that stays fails the test.
#[track_caller]
pub(crate) fn wait_until_none_names(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let left = processes_naming(folder);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "left running: {left:#?}");
        sleep(Duration::from_millis(20));
    }
}
