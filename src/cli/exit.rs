//! The exit codes of the process.

use std::process::ExitCode;

use twinshot::{
    report::{FailureKind, MergedReport, Report, RunState, ShotReport, Verdict},
    run::Outcome,
};

/// Every exit code. When several apply: interrupted > 5 > 3 > 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing differs.
    Clean,
    /// Something differs, or an `expect` does not hold. With `--ci` also: a shot is new, or the run is suspicious.
    Differs,
    /// The command line, the configuration or a spec is wrong.
    Usage,
    /// A driver, a browser, an environment or a timeout prevented a decision.
    Undecided,
    /// The filters select no shot.
    NothingSelected,
    /// Results cannot be written.
    CannotWrite,
    /// A signal ended the run. The partial report is written.
    Interrupted(i32),
}

/// The table for `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
  0        nothing differs
  1        something differs, an `expect` fails, or with --ci: a new shot or a suspicion
  2        the command line, the configuration or a spec is wrong
  3        could not decide: a driver, browser or environment failed, a timeout, a missing shard
  4        no shot is selected
  5        results cannot be written
  130/143  interrupted; the partial report is written
  101      a panic: always a bug in Twinshot, please report it";

impl Exit {
    /// The exit code of a run.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        if let Some(signal) = outcome.signal {
            return Self::Interrupted(signal);
        }
        Self::of_report(&outcome.report)
    }

    /// The exit code of a report, without looking at how the process ended.
    pub(crate) fn of_report(report: &Report) -> Self {
        let has_gaps = report
            .run
            .merged
            .as_ref()
            .is_some_and(MergedReport::has_gaps);
        let decides_nothing = has_gaps || !report.run.undecided.is_empty();
        if decides_nothing || report.shots.iter().any(is_undecided) {
            return Self::Undecided;
        }
        let is_suspicious = report.run.ci && !report.suspicions.is_empty();
        if is_suspicious || report.shots.iter().any(|shot| report.fails(shot)) {
            return Self::Differs;
        }
        match report.run.state {
            RunState::Complete => Self::Clean,
            _ => Self::Undecided,
        }
    }
}

/// A failed expectation is a finding. Any other failure means that nothing was found out.
fn is_undecided(shot: &ShotReport) -> bool {
    let is_finding = |kind| kind == FailureKind::Expectation;
    shot.verdict == Verdict::Failed && !shot.failures.iter().all(|failure| is_finding(failure.kind))
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Differs => 1,
            Exit::Usage => 2,
            Exit::Undecided => 3,
            Exit::NothingSelected => 4,
            Exit::CannotWrite => 5,
            Exit::Interrupted(signal) => 128 + u8::try_from(signal).unwrap_or(2),
        })
    }
}
