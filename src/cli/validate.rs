//! `twinshot validate`: checks everything that needs no browser.

use twinshot::{
    compare::count,
    plan::{Filters, Plan},
    run,
};

use super::{Exit, Failure, ProjectArgs, terminal::print};

/// Runs the command.
pub(crate) fn run(project: &ProjectArgs) -> Result<Exit, Failure> {
    let project = project.open()?;
    let suite = project.suite()?;
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
