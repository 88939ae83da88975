//! PURE. What a run is made of, as far as a later command can tell whether it is still the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Filters, rules_digest};
use crate::{
    config::Config,
    spec::{Secrets, Suite},
};

/// Everything that a run depends on and that its report does not hold anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The configuration, the specs of the run's flows, all fragments, and the files that steps name.
    pub files: Vec<FileDigest>,
    /// What the run was restricted to, in words; empty if it was not.
    pub selection: String,
    /// The shots that `--last-failed` selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failed: Option<Vec<String>>,
    /// A hash of the flows, viewports and limits.
    pub plan: String,
    /// A hash of the variables that the flows use, without secret values.
    pub variables: String,
    /// Whether windows were shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub headed: bool,
    /// Whether pictures of an earlier run were reused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reuse_baseline: bool,
    /// The id of that run, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_run: Option<String>,
}

/// A file of a project and what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Its path, relative to the project if it is inside.
    pub file: String,
    /// BLAKE3 in hexadecimal; empty if it could not be read.
    pub digest: String,
    /// The flow that it defines, if that is all it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
}

impl Inputs {
    /// Those of a plan that is made of `suite`, `config` and `filters`. Secrets are not even hashed: a hash confirms a
    /// guess.
    pub fn new(
        mut files: Vec<FileDigest>,
        (suite, config, filters): (&Suite, &Config, &Filters),
        secrets: &Secrets,
    ) -> Self {
        let variables = suite.flows.iter().map(|flow| &flow.definition.variables);
        let variables: BTreeSet<String> = variables.map(|it| format!("{it:?}")).collect();
        let variables = secrets.redact(&format!("{variables:?}"));
        files.sort_by(|one, other| one.file.cmp(&other.file));
        Self {
            files,
            selection: secrets.redact(filters.describe().trim()),
            last_failed: filters.ids.clone(),
            plan: rules_digest(suite, config),
            variables: blake3::hash(variables.as_bytes()).to_hex()[..16].to_owned(),
            ..Self::default()
        }
    }

    /// What is different now, in words; `None` if nothing is.
    pub(crate) fn difference(&self, now: &Self) -> Option<String> {
        let options = [
            (self.selection != now.selection, "selects other shots"),
            (self.last_failed != now.last_failed, "selects other shots"),
            (self.headed != now.headed, "differs in --headed"),
            (
                self.reuse_baseline != now.reuse_baseline,
                "differs in --reuse-baseline",
            ),
        ];
        if let Some((_, words)) = options.into_iter().find(|(differs, _)| *differs) {
            return Some(format!("this command {words}"));
        }
        let files = changed_files(&self.files, &now.files);
        if !files.is_empty() {
            return Some(format!("changed since it began: {}", files.join(", ")));
        }
        let hashes = [
            (&self.plan, &now.plan, "flows, viewports or limits"),
            (&self.variables, &now.variables, "variables"),
        ];
        let changed = hashes.into_iter().find(|(before, now, _)| before != now);
        changed.map(|(.., words)| format!("changed since it began: {words}"))
    }
}

/// The files that were changed, added or removed, in order.
fn changed_files(before: &[FileDigest], now: &[FileDigest]) -> Vec<String> {
    let digests = |files: &[FileDigest]| -> BTreeMap<String, String> {
        let files = files.iter();
        files
            .map(|it| (it.file.clone(), it.digest.clone()))
            .collect()
    };
    let (before, now) = (digests(before), digests(now));
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let changed = names
        .into_iter()
        .filter(|name| before.get(*name) != now.get(*name));
    changed.cloned().collect()
}
