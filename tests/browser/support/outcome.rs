//! How a run ended: exit code, what it printed, and its report.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::Arc,
};

use serde_json::Value;
use tempfile::TempDir;

use super::Picture;

/// A finished run.
pub(crate) struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    folder: PathBuf,
    /// Kept until nobody looks at the pictures any more.
    _project: Arc<TempDir>,
    pub(crate) report: Value,
}

impl Outcome {
    pub(crate) fn new(output: &Output, project: Arc<TempDir>) -> Self {
        let folder = project.path().join("reports/latest");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let report = fs::read_to_string(folder.join("report.json"));
        let report = report.unwrap_or_else(|error| {
            panic!(
                "no report ({error}); is there a browser? `make setup` brings one\n{stdout}{stderr}"
            )
        });
        Self {
            code: output.status.code(),
            report: serde_json::from_str(&report).expect("a report"),
            stdout,
            stderr,
            folder: fs::canonicalize(&folder).expect("a report"),
            _project: project,
        }
    }

    /// Asserts the exit code.
    pub(crate) fn exits(self, code: i32) -> Self {
        let said = self.said();
        assert_eq!(
            self.code,
            Some(code),
            "the exit code; the run said:\n{said}"
        );
        self
    }

    /// What was printed, and every failure at full length.
    pub(crate) fn said(&self) -> String {
        let failures = self.shots().iter().flat_map(failures_of);
        let failures: Vec<_> = failures
            .map(|failure| failure["message"].to_string())
            .collect();
        format!("{}{}{}", self.stdout, self.stderr, failures.join("\n"))
    }

    /// Where the report is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn shots(&self) -> &[Value] {
        self.report["shots"].as_array().expect("shots")
    }

    /// The shot of this name.
    pub(crate) fn shot(&self, name: &str) -> &Value {
        let mut shots = self.shots().iter();
        let found = shots.find(|shot| shot["shot"] == name);
        found.unwrap_or_else(|| panic!("no shot `{name}`:\n{}", self.said()))
    }

    /// The first shot of a flow.
    pub(crate) fn first_shot_of(&self, flow: &str) -> &Value {
        let mut shots = self.shots().iter();
        let found = shots.find(|shot| shot["flow"] == flow);
        found.unwrap_or_else(|| panic!("no shot of `{flow}`:\n{}", self.said()))
    }

    /// The candidate's picture of a shot.
    pub(crate) fn picture(&self, name: &str) -> Picture {
        let file = self.shot(name)["pictures"]["candidate"]["file"].as_str();
        let file = file.unwrap_or_else(|| panic!("`{name}` has no picture:\n{}", self.said()));
        Picture::read(&self.folder.join(file))
    }

    /// The candidate's picture of a shot whose name several flows use.
    pub(crate) fn picture_of(&self, flow: &str, name: &str) -> Picture {
        let mut shots = self.shots().iter();
        let found = shots.find(|shot| shot["flow"] == flow && shot["shot"] == name);
        let found = found.unwrap_or_else(|| panic!("no `{name}` of `{flow}`:\n{}", self.said()));
        self.stored(&found["pictures"]["candidate"]["file"])
    }

    /// Any stored picture.
    pub(crate) fn stored(&self, file: &Value) -> Picture {
        Picture::read(&self.folder.join(file.as_str().expect("a file")))
    }

    /// Name and hash of every picture of both sides.
    pub(crate) fn hashes(&self) -> Vec<(String, String)> {
        let of = |shot: &Value, side: &str| {
            let name = format!("{} {} {side}", shot["id"], shot["shot"]);
            (name, shot["pictures"][side]["hash"].to_string())
        };
        let shots = self.shots().iter();
        shots
            .flat_map(|shot| ["baseline", "candidate"].map(|side| of(shot, side)))
            .collect()
    }

    /// A stored file of the report.
    pub(crate) fn has_file(&self, file: &Value) -> bool {
        file.as_str()
            .is_some_and(|file| self.folder.join(file).is_file())
    }
}

/// The failures of a shot.
pub(crate) fn failures_of(shot: &Value) -> impl Iterator<Item = &Value> {
    shot["failures"].as_array().into_iter().flatten()
}
