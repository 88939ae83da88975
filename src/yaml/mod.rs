//! PURE. Everything that our YAML files need before their keys have a meaning: positions and diagnostics, the tree of a
//! file and the reader of its values, variables, secrets, addresses. It knows nothing about specs or configurations.

pub(crate) mod address;
pub(crate) mod diagnostic;
pub(crate) mod interpolate;
pub(crate) mod read;
pub(crate) mod reader;
mod schema;
mod secrets;
pub(crate) mod stand_in;
pub(crate) mod tree;
mod untrusted;
mod written;

use std::{fmt, path::PathBuf, sync::Arc};

pub(crate) use self::{
    address::{host_and_port, page_part, split_route},
    schema::schema_of,
};
pub use self::{
    address::{passwords_in, without_credentials, written_without_credentials},
    diagnostic::{Diagnostic, Diagnostics},
    interpolate::{Text, Variables},
    secrets::Secrets,
    untrusted::Untrusted,
    written::secrets_in,
};

/// A file that the caller has read.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the user would name it, for example `specs/settings.yaml`.
    pub name: String,
    /// Its folder; files that it names are resolved against it.
    pub folder: PathBuf,
    /// Its content.
    pub text: String,
}

/// A position in a file. Lines and columns are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Location {
    /// The file as the user would name it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
