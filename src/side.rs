//! The pair that everything here comes in: what was assumed good, and what is under test.

use serde::{Deserialize, Serialize};

/// One of the two roles of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Assumed good: production, or the golden pictures.
    Baseline,
    /// Under test: staging.
    Candidate,
}

impl Role {
    /// Both roles, baseline first.
    pub const ALL: [Self; 2] = [Self::Baseline, Self::Candidate];
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        })
    }
}

/// A value for each role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side<T> {
    /// The baseline's value.
    pub baseline: T,
    /// The candidate's value.
    pub candidate: T,
}

impl<T> Side<T> {
    /// Pairs two values, baseline first.
    pub const fn new(baseline: T, candidate: T) -> Self {
        Self {
            baseline,
            candidate,
        }
    }

    /// The value of one role.
    pub const fn get(&self, role: Role) -> &T {
        match role {
            Role::Baseline => &self.baseline,
            Role::Candidate => &self.candidate,
        }
    }

    /// The value of one role, to change it.
    pub const fn get_mut(&mut self, role: Role) -> &mut T {
        match role {
            Role::Baseline => &mut self.baseline,
            Role::Candidate => &mut self.candidate,
        }
    }

    /// Borrows both values.
    pub const fn as_ref(&self) -> Side<&T> {
        Side::new(&self.baseline, &self.candidate)
    }

    /// Applies `f` to both values, baseline first.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Side<U> {
        Side::new(f(self.baseline), f(self.candidate))
    }
}
