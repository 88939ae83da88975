//! `twinshot approve`: copies reviewed pictures of the last run to the golden folder, byte for byte.

use std::path::PathBuf;

use clap::Args;
use twinshot::store::{self, Approval, GoldenFolder, Selection};

use super::{Exit, Failure, ProjectArgs, terminal::print};

/// The arguments of `approve`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["ids", "all"]))]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Ids of shots from the report, for example `Settings/move-source@desktop`.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Approve every shot of the last run that is new or differs.
    #[arg(long)]
    all: bool,
    /// The reports folder. Default: `reports` beside twinshot.yaml.
    #[arg(long, value_name = "DIR", env = "TWINSHOT_REPORTS")]
    reports: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &ApproveArgs) -> Result<Exit, Failure> {
    let project = arguments.project.open_unset()?;
    let reports = arguments
        .reports
        .clone()
        .unwrap_or_else(|| project.reports());
    let (report, folder) = store::latest_report(&reports)?;
    let selection = match arguments.all {
        true => Selection::All,
        false => Selection::Ids(&arguments.ids),
    };
    let approvals = Approval::of_report(&report, &folder, selection)?;
    let golden = GoldenFolder::new(project.golden());
    let mut printed = Ok(());
    for approval in &approvals {
        let file = approval.store(&golden)?;
        let line = format!("approved {} → {}\n", approval.id(), file.display());
        printed = printed.and(print(&line));
    }
    if approvals.is_empty() {
        printed = print("nothing to approve: no shot of the last run is new or different\n");
    }
    printed.map(|()| Exit::Clean)
}
