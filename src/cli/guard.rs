//! `twinshot guard`: what `twinshot test` starts beside itself, so that its browsers end even if it is killed. People do
//! not call it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Failure};

/// This program while it runs, even if its file was replaced since.
const RUNNING: &str = "/proc/self/exe";

/// The arguments of `guard`.
#[derive(Debug, Args)]
pub(crate) struct GuardArgs {
    /// The scratch folder of the run.
    folder: PathBuf,
}

/// The program to start as a guard.
pub(crate) fn program() -> Option<PathBuf> {
    match Path::new(RUNNING).exists() {
        true => Some(RUNNING.into()),
        false => std::env::current_exe().ok(),
    }
}

/// Waits for the end of the run, then cleans up.
pub(crate) fn run(arguments: &GuardArgs) -> Result<Exit, Failure> {
    twinshot::run::guard(&arguments.folder);
    Ok(Exit::Clean)
}
