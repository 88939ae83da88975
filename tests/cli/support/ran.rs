//! A run that is over, and what must be true of it. Each method says what was seen when it does not hold.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;
use twinshot::report::{self, FailureKind, Report, RunState, ShotReport, Verdict};

/// What a command left behind.
pub(crate) struct Ran {
    pub(super) command: String,
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// The project's; it stays as long as somebody asks about the run.
    pub(super) folder: Arc<TempDir>,
}

impl Ran {
    /// The exit code; 101 is a panic and never right.
    #[track_caller]
    pub(crate) fn exit(&self, expected: i32) -> &Self {
        self.check(
            self.code == Some(expected),
            &format!("exit code {expected}"),
        );
        self.check(!self.stderr.contains("panicked"), "no panic");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(&self, text: &str) -> &Self {
        self.check(self.stdout.contains(text), &format!("on stdout: {text}"));
        self
    }

    #[track_caller]
    pub(crate) fn stdout_lacks(&self, text: &str) -> &Self {
        self.check(
            !self.stdout.contains(text),
            &format!("not on stdout: {text}"),
        );
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(&self, text: &str) -> &Self {
        self.check(self.stderr.contains(text), &format!("on stderr: {text}"));
        self
    }

    #[track_caller]
    pub(crate) fn stderr_is_empty(&self) -> &Self {
        self.check(self.stderr.is_empty(), "nothing on stderr");
        self
    }

    /// The arguments of the command that is printed to run again.
    #[track_caller]
    pub(crate) fn again(&self) -> Vec<&str> {
        let line = self
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("again:  "));
        self.check(line.is_some(), "a command to run again");
        let mut words = line.unwrap_or_default().split(' ');
        self.check(
            words.next() == Some(env!("CARGO_BIN_EXE_twinshot")),
            "the program by its path",
        );
        words.collect()
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.code
    }

    pub(crate) fn stdout(&self) -> &str {
        &self.stdout
    }

    pub(crate) fn stderr(&self) -> &str {
        &self.stderr
    }

    /// The newest report.
    #[track_caller]
    pub(crate) fn report(&self) -> Report {
        let file = self.report_folder().join("report.json");
        let text = std::fs::read_to_string(&file);
        self.check(text.is_ok(), &format!("a report at {}", file.display()));
        let report = report::json::parse(&text.unwrap_or_default());
        report.unwrap_or_else(|error| panic!("{} is no report: {error}", file.display()))
    }

    pub(crate) fn report_folder(&self) -> PathBuf {
        self.folder.path().join("project/reports/latest")
    }

    /// The one shot with this id.
    #[track_caller]
    pub(crate) fn shot(&self, id: &str) -> ShotReport {
        let report = self.report();
        let ids: Vec<_> = report.shots.iter().map(|shot| shot.id.clone()).collect();
        let found = report.shots.into_iter().find(|shot| shot.id == id);
        found.unwrap_or_else(|| panic!("the report has no `{id}`, only {ids:?}"))
    }

    #[track_caller]
    pub(crate) fn verdict(&self, id: &str, expected: Verdict) -> &Self {
        let shot = self.shot(id);
        let found = (shot.verdict, &shot.reason);
        assert_eq!(shot.verdict, expected, "{id}: {found:?}\n{}", self.shown());
        self
    }

    /// The shot failed, in this way, saying this; nothing was compared.
    #[track_caller]
    pub(crate) fn failed(&self, id: &str, kind: FailureKind, message: &str) -> &Self {
        self.verdict(id, Verdict::Failed);
        let shot = self.shot(id);
        assert!(shot.comparison.is_none(), "compared: {shot:#?}");
        let says = |failure: &report::FailureReport| {
            failure.kind == kind && failure.message.contains(message)
        };
        let failures = &shot.failures;
        assert!(
            failures.iter().any(says),
            "no {kind} failure with `{message}` in {failures:#?}"
        );
        self
    }

    /// A report that says of itself that it is partial, in the file and on the page.
    #[track_caller]
    pub(crate) fn partial(&self, state: RunState) -> &Self {
        let report = self.report();
        assert_eq!(report.run.state, state, "{}", self.shown());
        assert!(report.is_partial());
        let page = self.read(&self.report_folder().join("index.html"));
        assert!(
            page.contains("artial"),
            "the page does not say so:\n{page:.2000}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn read(&self, file: &Path) -> String {
        std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", file.display(), self.shown()))
    }

    #[track_caller]
    fn check(&self, holds: bool, expected: &str) {
        assert!(holds, "expected {expected}\n{}", self.shown());
    }

    pub(crate) fn shown(&self) -> String {
        format!(
            "$ {}\nexit code {:?}\n--- stdout\n{}\n--- stderr\n{}\n---",
            self.command, self.code, self.stdout, self.stderr
        )
    }
}
