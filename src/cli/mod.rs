//! The command line: parses arguments, makes one library call for each command, prints text and returns an exit code.

mod approve;
mod demo;
mod diff;
mod exit;
mod failure;
mod guard;
mod list;
mod merge;
mod schema;
mod terminal;
mod test;
mod validate;
mod variables;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use twinshot::{
    config::Config,
    plan::{Filters, Plan, PlanError, Shard},
    project::Project,
    spec::Suite,
};

pub(crate) use exit::Exit;
pub(crate) use failure::Failure;

/// Compares two environments, step by step and pixel by pixel.
///
/// Runs the flows in specs/ in a real browser on both sides at the same time, takes a screenshot of each
/// step, compares the pictures and writes a report of what changed. docs/README.md is the manual.
#[derive(Debug, Parser)]
#[command(name = "twinshot", version, after_help = exit::TABLE)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Which project to work on.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProjectArgs {
    /// The configuration file. Default: twinshot.yaml in the working directory or in a folder above it.
    #[arg(long, value_name = "FILE", env = "TWINSHOT_CONFIG")]
    config: Option<PathBuf>,
}

impl ProjectArgs {
    fn open(&self) -> Result<Project, Failure> {
        Ok(Project::open(self.config.as_deref(), std::env::vars_os())?)
    }

    /// For commands that run nothing: the project's variables need not be set.
    fn open_unset(&self) -> Result<Project, Failure> {
        let config = self.config.as_deref();
        Ok(Project::open_unset(config, std::env::vars_os())?)
    }
}

/// Which of the project's shots to work on.
#[derive(Debug, Clone, Args)]
pub(crate) struct SelectionArgs {
    /// Only shots whose `flow › shot @viewport` or spec file contains one of these words, ignoring case, or FILE:LINE as
    /// `list` prints it. A line without a shot of its own selects the whole flow.
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Only these viewports, separated by commas.
    #[arg(
        long = "viewport",
        value_name = "NAME",
        env = "TWINSHOT_VIEWPORT",
        value_delimiter = ','
    )]
    viewports: Vec<String>,
    /// Only these of the configured browsers, separated by commas: chrome, edge (untested), firefox, webkit (experimental).
    #[arg(
        long = "browser",
        value_name = "NAME",
        env = "TWINSHOT_BROWSER",
        value_delimiter = ','
    )]
    browsers: Vec<String>,
    /// Only part I of N, for example 2/4. `twinshot merge` joins the reports of all parts.
    #[arg(long, value_name = "I/N", env = "TWINSHOT_SHARD")]
    shard: Option<Shard>,
}

impl SelectionArgs {
    /// The plan of what is selected. A shard's plan can be empty.
    fn plan(&self, suite: &Suite, config: &Config, filters: &Filters) -> Result<Plan, PlanError> {
        let whole = Plan::new(suite, config, filters)?;
        Ok(match self.shard {
            Some(shard) => whole.part(shard, suite, config, filters),
            None => whole,
        })
    }

    /// The filters for the plan. `ids` restricts them further.
    fn filters(&self, ids: Option<Vec<String>>) -> Filters {
        Filters {
            words: self.filters.clone(),
            ids,
            viewports: self.viewports.clone(),
            browsers: self.browsers.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the flows on both sides, compare the pictures and write a report.
    Test(test::TestArgs),
    /// Make pictures of the last run the golden ones.
    Approve(approve::ApproveArgs),
    /// Join the reports of all shards into one.
    Merge(merge::MergeArgs),
    /// Compare two images or two folders of images.
    Diff(diff::DiffArgs),
    /// List the selected shots without starting a browser.
    List(list::ListArgs),
    /// Check the configuration and every spec without starting a browser.
    Validate(ProjectArgs),
    /// Print a JSON Schema of the specs or of twinshot.yaml for your editor.
    Schema(schema::SchemaArgs),
    /// Serve both releases of the demo site.
    Demo(demo::DemoArgs),
    /// Cleans up after a run that is killed.
    #[command(hide = true)]
    Guard(guard::GuardArgs),
}

impl Cli {
    /// Runs the command. This is the only place that prints its error.
    pub(crate) fn run(self) -> Exit {
        let done = match &self.command {
            Command::Test(arguments) => test::run(arguments),
            Command::Approve(arguments) => approve::run(arguments),
            Command::Merge(arguments) => merge::run(arguments),
            Command::Diff(arguments) => diff::run(arguments),
            Command::List(arguments) => list::run(arguments),
            Command::Validate(project) => validate::run(project),
            Command::Schema(arguments) => schema::run(arguments),
            Command::Demo(arguments) => demo::run(arguments),
            Command::Guard(arguments) => guard::run(arguments),
        };
        done.unwrap_or_else(|failure| {
            terminal::complain(&failure.to_string());
            failure.exit()
        })
    }
}
