//! `twinshot merge`: joins the reports of all shards into one.

use std::path::PathBuf;

use clap::Args;
use twinshot::{
    merge::{self, Merged},
    project,
    report::{MergedReport, Report},
};

use super::{
    Exit, Failure,
    terminal::{Summary, Terminal, Volume, complain},
    test::{is_run_again, program, quoted},
};

/// The arguments of `merge`.
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The reports of `twinshot test --shard`: folders of runs, or reports folders (their newest run counts).
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// The folder for the joined report. Default: `reports` beside twinshot.yaml.
    #[arg(long, value_name = "DIR", env = "TWINSHOT_REPORTS")]
    reports: Option<PathBuf>,
}

/// Runs the command. It does not read the project, so the project's variables need not be set.
pub(crate) fn run(arguments: &MergeArgs) -> Result<Exit, Failure> {
    let reports = match &arguments.reports {
        Some(reports) => reports.clone(),
        None => project::find_root()?.join("reports"),
    };
    let merged = merge::merge(&arguments.folders, &reports)?;
    let mut terminal = Terminal::new(0, 0, Volume::Quiet { lines: true }, true);
    terminal.tell_failing(&merged.report, &merged.folder);
    let (gap, again) = (gap(&merged), again(arguments));
    let Report { run, shots, .. } = &merged.report;
    let has_failed = shots.iter().any(|shot| is_run_again(&merged.report, shot));
    // With a missing shard, not all failing shots are known.
    let is_known = gap.is_none() && run.undecided.is_empty();
    let again = (has_failed && is_known).then_some(again.as_str());
    Summary::new(&merged.report, &merged.index, again).print()?;
    if let Some(gap) = gap {
        complain(&gap);
    }
    Ok(Exit::of_report(&merged.report))
}

/// The command that runs the failing shots of the joined report again.
fn again(arguments: &MergeArgs) -> String {
    let reports = arguments.reports.as_ref();
    let reports = reports.map(|it| format!(" --reports {}", quoted(&it.display().to_string())));
    let program = program(&std::env::args().next().unwrap_or_default());
    let reports = reports.unwrap_or_default();
    format!("{} test --last-failed{reports}", quoted(&program))
}

/// What is missing from the report. A report with a gap is never a pass.
fn gap(merged: &Merged) -> Option<String> {
    let Report { run, .. } = &merged.report;
    let has_gaps = run.merged.as_ref().is_some_and(MergedReport::has_gaps);
    let partial = merged.report.partial_words().filter(|_| has_gaps)?;
    Some(format!(
        "the result is {partial}; run that shard, then merge again"
    ))
}
