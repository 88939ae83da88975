//! The result of one pair out of many, as text, as JSON and as an exit code.

use serde_json::{Value, json};

use super::super::{Exit, Failure, terminal::printable};
use super::{DiffArgs, Judged};

/// The result of a pair.
pub(super) enum Outcome {
    Compared(Judged),
    OnlyBaseline,
    OnlyCandidate,
    /// Why the pair could not be compared.
    Undecided(String),
    /// Why the picture of the difference could not be written.
    Unwritten(String),
}

impl Outcome {
    /// Turns an error into a result, so that the other pairs continue.
    pub(super) fn of(judged: Result<Judged, Failure>) -> Self {
        match judged {
            Ok(judged) => Self::Compared(judged),
            Err(failure) if failure.exit() == Exit::CannotWrite => {
                Self::Unwritten(failure.to_string())
            }
            Err(failure) => Self::Undecided(failure.to_string()),
        }
    }

    /// One line that starts with `name`. Empty for a match if `is_quiet`.
    pub(super) fn text(&self, name: &str, is_quiet: bool) -> String {
        let name = printable(name);
        match self {
            Self::Compared(judged) if is_quiet && judged.is_match => String::new(),
            Self::Compared(judged) => format!("{name}: {}", judged.text()),
            Self::OnlyBaseline => format!("{name}: only in the baseline folder\n"),
            Self::OnlyCandidate => format!("{name}: only in the candidate folder\n"),
            Self::Undecided(why) => format!("{name}: not compared: {}\n", printable(why)),
            Self::Unwritten(why) => format!("{name}: {}\n", printable(why)),
        }
    }

    pub(super) fn json(&self, arguments: &DiffArgs) -> Value {
        match self {
            Self::Compared(judged) => arguments.json(judged),
            Self::OnlyBaseline => json!({ "verdict": "only_baseline" }),
            Self::OnlyCandidate => json!({ "verdict": "only_candidate" }),
            Self::Undecided(why) | Self::Unwritten(why) => {
                json!({ "verdict": "undecided", "error": why })
            }
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Compared(judged) => judged.exit(),
            Self::OnlyBaseline | Self::OnlyCandidate => Exit::Differs,
            Self::Undecided(_) => Exit::Undecided,
            Self::Unwritten(_) => Exit::CannotWrite,
        }
    }
}

/// The exit code of all results so far. Having nothing to compare is never a pass.
#[derive(Debug, Default)]
pub(super) struct Tally {
    codes: Vec<Exit>,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let exit = outcome.exit();
        if !self.codes.contains(&exit) {
            self.codes.push(exit);
        }
    }

    /// An unwritten result outweighs an undecided one, which outweighs a difference.
    pub(super) fn exit(&self) -> Exit {
        let order = [
            Exit::CannotWrite,
            Exit::Undecided,
            Exit::Differs,
            Exit::Clean,
        ];
        let found = order.into_iter().find(|exit| self.codes.contains(exit));
        found.unwrap_or(Exit::NothingSelected)
    }
}
