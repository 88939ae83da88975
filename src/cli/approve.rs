//! `twinshot approve`: copies reviewed pictures of the last run to the golden folder, byte for byte.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::PathBuf,
};

use clap::Args;
use twinshot::store::{self, Approval, Concern, GoldenFolder, Selection};

use super::{
    Exit, Failure, ProjectArgs,
    terminal::{is_ci, print, printable, tell, warn},
};

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
    /// Approve without asking, even if specs or golden pictures changed since the run, or the run is old.
    #[arg(long, short)]
    yes: bool,
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
    golden.sweep();
    if approvals.is_empty() {
        print("nothing to approve: no shot of the last run is new or different\n")?;
        return Ok(Exit::Clean);
    }
    let files = report.run.inputs.as_ref().map(|inputs| &inputs.files);
    let changed = files.map(|files| project.changed_files(files));
    let concerns = store::concerns(&report, &approvals, &changed.unwrap_or_default(), &golden);
    arguments.consent(&concerns)?;
    let mut printed = Ok(());
    for approval in &approvals {
        let file = approval.store(&golden)?;
        let file = printable(&file.to_string_lossy());
        let line = format!("approved {} → {file}\n", printable(approval.id()));
        printed = printed.and(print(&line));
    }
    printed.map(|()| Exit::Clean)
}

impl ApproveArgs {
    /// Prints the concerns. On a terminal, the user decides. Elsewhere only a grave one is a refusal.
    fn consent(&self, concerns: &[Concern]) -> Result<(), Failure> {
        concerns
            .iter()
            .for_each(|concern| warn(&concern.to_string()));
        if self.yes || concerns.is_empty() {
            return Ok(());
        }
        let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal() && !is_ci();
        let is_approved = match can_ask {
            true => ask(),
            false => !concerns.iter().any(Concern::is_grave),
        };
        let next = "run `twinshot test` again, or approve with --yes";
        match is_approved {
            true => Ok(()),
            false => Err(Failure::Usage(format!("nothing is approved: {next}"))),
        }
    }
}

/// Anything but a yes is a no.
fn ask() -> bool {
    let mut question = io::stderr().lock();
    let asked = question.write_all(b"Approve all the same? [y/N] ");
    let mut answer = String::new();
    let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    if answered.is_ok_and(|bytes| bytes == 0) {
        drop(question);
        tell("");
    }
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}
