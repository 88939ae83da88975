//! `twinshot approve`: copies reviewed pictures of the last run to the golden folder, byte for byte.

use std::{fs, path::PathBuf};

use clap::Args;
use twinshot::{
    report::{RunState, ShotReport, Verdict},
    store::{self, GoldenFolder},
};

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
    let project = arguments.project.open()?;
    let reports = arguments
        .reports
        .clone()
        .unwrap_or_else(|| project.reports());
    let (report, folder) = store::latest_report(&reports)?;
    if report.run.state == RunState::Running {
        let text =
            "the last run is still going on or was killed: only a finished run can be approved";
        return Err(Failure::Usage(text.to_owned()));
    }
    if let Some(reason) = report.run.undecided.first() {
        let text = format!("the last run decided nothing, so it cannot be approved: {reason}");
        return Err(Failure::Usage(text));
    }
    let chosen = choose(&report.shots, arguments)?;
    let golden = GoldenFolder::new(project.golden());
    let mut printed = Ok(());
    for shot in &chosen {
        let picture = shot
            .pictures
            .candidate
            .as_ref()
            .expect("only shots with a picture are chosen");
        let file = folder.join(&picture.file);
        let png = fs::read(&file).map_err(|source| Failure::Read {
            path: file.clone(),
            source,
        })?;
        if blake3_hex(&png) != picture.hash {
            let text = format!(
                "{} is not the picture that was reviewed: run again",
                file.display()
            );
            return Err(Failure::Undecided(text));
        }
        let kept = golden.approve(&shot.id, &png)?;
        let line = format!("approved {} → {}\n", shot.id, kept.display());
        printed = printed.and(print(&line));
    }
    if chosen.is_empty() {
        printed = print("nothing to approve: no shot of the last run is new or different\n");
    }
    printed.map(|()| Exit::Clean)
}

fn blake3_hex(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn choose<'a>(
    shots: &'a [ShotReport],
    arguments: &ApproveArgs,
) -> Result<Vec<&'a ShotReport>, Failure> {
    if arguments.all {
        let can_be = |shot: &&ShotReport| matches!(shot.verdict, Verdict::New | Verdict::Mismatch);
        return Ok(shots.iter().filter(can_be).collect());
    }
    arguments.ids.iter().map(|id| find(shots, id)).collect()
}

fn find<'a>(shots: &'a [ShotReport], id: &str) -> Result<&'a ShotReport, Failure> {
    let Some(shot) = shots.iter().find(|shot| shot.id == id) else {
        return Err(Failure::Usage(format!(
            "the last run has no shot `{id}`{}",
            suggestion(shots, id)
        )));
    };
    if shot.verdict == Verdict::Failed || shot.pictures.candidate.is_none() {
        return Err(Failure::Usage(format!(
            "`{id}` failed in the last run, and a failed shot cannot be approved"
        )));
    }
    Ok(shot)
}

fn suggestion(shots: &[ShotReport], id: &str) -> String {
    let near = shots
        .iter()
        .map(|shot| (strsim::jaro_winkler(&shot.id, id), &shot.id))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match near {
        Some((likeness, near)) if likeness > 0.8 => format!("; did you mean `{near}`?"),
        _ => String::new(),
    }
}
