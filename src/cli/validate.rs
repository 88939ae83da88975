//! `twinshot validate`: checks everything that needs no browser. Variables that are not set are notes.

use twinshot::{
    compare::count,
    plan::{Filters, Plan},
    run,
};

use super::{
    Exit, Failure, ProjectArgs,
    terminal::{print, printable_lines, tell},
};

/// Runs the command.
pub(crate) fn run(project: &ProjectArgs) -> Result<Exit, Failure> {
    let project = project.open_unset()?;
    let (suite, notes) = project.suite_unset()?;
    let notes = notes.iter().map(ToString::to_string);
    notes.for_each(|note| tell(&printable_lines(&note)));
    run::check_edge(&project.config)
        .map_err(|error| Failure::Usage(format!("`browsers` has edge: {error}")))?;
    let plan = Plan::new(&suite, &project.config, &Filters::default())?;
    let flows = count(suite.flows.len(), "flow");
    print(&format!(
        "ok: {flows}, {}\n",
        count(plan.shots.len(), "shot")
    ))?;
    Ok(Exit::Clean)
}
