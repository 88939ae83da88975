//! Errors that end a command before it has a result, and the exit code of each.

use std::path::PathBuf;

use twinshot::{
    merge::MergeFilesError,
    plan::PlanError,
    project::ProjectError,
    run::{LaunchError, ResumeError, RunError},
    store::{ApproveError, LatestError, StoreError},
    yaml::Secrets,
};

use super::Exit;

/// Why a command has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration or the specs.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The plan is wrong, or no shot is selected.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The run could not start.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Another failure with its secrets replaced by dots.
    #[error("{message}")]
    Redacted {
        /// The text.
        message: String,
        /// The code.
        exit: Exit,
    },
    /// There is no last run to work from.
    #[error(transparent)]
    Latest(#[from] LatestError),
    /// A picture may not be approved, or cannot be.
    #[error(transparent)]
    Approve(#[from] ApproveError),
    /// Reports cannot be joined.
    #[error(transparent)]
    Merge(#[from] MergeFilesError),
    /// A file cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The results cannot be printed.
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
    /// A pipe or a device cannot be written to.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The pipe or device.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something on the command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Something could not be decided.
    #[error("{0}")]
    Undecided(String),
}

impl Failure {
    /// The exit code of this failure.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Plan(PlanError::NothingSelected(_)) => Exit::NothingSelected,
            Self::Project(_) | Self::Plan(_) | Self::Latest(_) | Self::Usage(_) => Exit::Usage,
            Self::Read { .. } => Exit::Usage,
            Self::Write { .. } => Exit::CannotWrite,
            Self::Approve(ApproveError::Store(_)) => Exit::CannotWrite,
            Self::Approve(ApproveError::Changed(_)) => Exit::Undecided,
            Self::Approve(_) => Exit::Usage,
            Self::Merge(MergeFilesError::Store(_)) => Exit::CannotWrite,
            Self::Merge(MergeFilesError::Damaged(_)) => Exit::Undecided,
            Self::Merge(_) => Exit::Usage,
            Self::Run(RunError::UnknownEnvironment { .. }) => Exit::Usage,
            Self::Run(RunError::Resume(error)) => match error {
                ResumeError::OtherWorld { .. } => Exit::Undecided,
                ResumeError::Store(_) => Exit::CannotWrite,
                _ => Exit::Usage,
            },
            Self::Run(RunError::Launch(LaunchError::Scratch { .. })) => Exit::CannotWrite,
            Self::Run(RunError::Store(_)) | Self::Store(_) | Self::Stdout(_) => Exit::CannotWrite,
            Self::Run(_) | Self::Undecided(_) => Exit::Undecided,
            Self::Redacted { exit, .. } => *exit,
        }
    }

    /// The same failure with secrets replaced by dots.
    pub(crate) fn redacted(self, secrets: &Secrets) -> Self {
        let (text, exit) = (self.to_string(), self.exit());
        let message = secrets.redact(&text);
        if message == text {
            self
        } else {
            Self::Redacted { message, exit }
        }
    }
}
