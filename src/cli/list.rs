//! `twinshot list`: prints the selected shots without starting a browser.

use clap::Args;
use twinshot::plan::Plan;

use super::{
    Exit, Failure, ProjectArgs, SelectionArgs,
    terminal::{print, printable, tell},
};

/// The arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Print one JSON array instead of lines.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &ListArgs) -> Result<Exit, Failure> {
    let project = arguments.project.open_unset()?;
    let filters = arguments.selection.filters(None);
    let (suite, _) = project.suite_unset()?;
    let plan = arguments
        .selection
        .plan(&suite, &project.config, &filters)?;
    if let Some(part) = plan.part.as_ref().filter(|_| plan.shots.is_empty()) {
        tell(&format!("note: no selected flow belongs to {}", part.shard));
    }
    print(&if arguments.json {
        json(&plan)
    } else {
        lines(&plan)
    })?;
    Ok(Exit::Clean)
}

fn lines(plan: &Plan) -> String {
    let line = |shot: &twinshot::plan::PlannedShot| {
        let (id, file) = (shot.id.to_string(), &shot.location.file);
        let (id, file) = (printable(&id), printable(file));
        format!("{id}  ({file}:{})\n", shot.location.line)
    };
    plan.shots.iter().map(line).collect()
}

fn json(plan: &Plan) -> String {
    let shots = plan.shots.iter().map(|shot| {
        serde_json::json!({
            "id": shot.id.path(),
            "flow": shot.id.flow,
            "shot": shot.id.shot,
            "viewport": shot.id.viewport,
            "browser": shot.id.browser,
            "step": shot.label,
            "location": shot.location,
        })
    });
    format!("{:#}\n", serde_json::Value::Array(shots.collect()))
}
