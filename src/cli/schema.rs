//! `twinshot schema`: a JSON Schema for editors, made from the types that read the files.

use clap::{Args, ValueEnum};

use super::{Exit, Failure, terminal::print};

/// The arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The kind of file.
    #[arg(value_enum, default_value_t)]
    of: File,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum File {
    /// Flows and fragments, `specs/**/*.yaml`.
    #[default]
    Spec,
    /// `twinshot.yaml`.
    Config,
}

/// Runs the command.
pub(crate) fn run(arguments: &SchemaArgs) -> Result<Exit, Failure> {
    let schema = match arguments.of {
        File::Spec => twinshot::spec::spec_schema(),
        File::Config => twinshot::config::config_schema(),
    };
    print(&format!("{schema:#}\n"))?;
    Ok(Exit::Clean)
}
