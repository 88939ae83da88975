//! What a baseline picture depends on: with equal provenance, photographing the baseline again would give the same picture.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a picture depends on, each part as a hash of all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// What the environment serves.
    pub release: String,
    /// The flow's file, the fragments, files that its steps name, and variables.
    pub flow: String,
    /// The browser's program, its version, and the fonts and the system that it draws with.
    pub browser: String,
    /// The environment, the viewport, and Twinshot with its settings.
    pub settings: String,
}

impl Provenance {
    /// The first part that differs, in words.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let parts = [
            (&self.release, &other.release, "the release"),
            (&self.flow, &other.flow, "the flow"),
            (
                &self.browser,
                &other.browser,
                "the browser or what it draws with",
            ),
            (&self.settings, &other.settings, "a setting"),
        ];
        let mut parts = parts.into_iter();
        parts.find_map(|(mine, theirs, words)| (mine != theirs).then_some(words))
    }
}

/// How a baseline picture was made.
#[derive(Debug, Clone)]
pub struct Record {
    /// What it depends on.
    pub provenance: Arc<Provenance>,
    /// The name and version that the browser reports.
    pub browser: Option<String>,
    /// The earlier run in which it was taken, if it was reused.
    pub reused_from: Option<String>,
}
