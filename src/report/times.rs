//! PURE. Where the time of a run went: the parts of each shot, and their totals.

use serde::{Deserialize, Serialize};

use super::ShotReport;
use crate::side::Side;
pub use crate::waits::{WaitReason, WaitTime};

/// Wall times of one shot in milliseconds. The two sides run at the same time, so each part has the time of its slower
/// side.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Times {
    /// The steps since the previous shot that go to a page: `goto`, `back`, `forward` and `refresh`.
    #[serde(default)]
    pub navigate_ms: u64,
    /// The other steps since the previous shot, including the page load that a click starts.
    pub act_ms: u64,
    /// Waiting until the page holds still.
    pub settle_ms: u64,
    /// Taking the pictures.
    pub shoot_ms: u64,
    /// Decoding and comparing them.
    pub compare_ms: u64,
    /// The times of each live side.
    #[serde(default)]
    pub sides: Side<Option<SideTimes>>,
}

/// Wall times of one side of a shot in milliseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SideTimes {
    /// The steps since the previous shot that go to a page.
    pub navigate_ms: u64,
    /// The other steps since the previous shot.
    pub act_ms: u64,
    /// Waiting until the page holds still.
    pub settle_ms: u64,
    /// What the shot waited for, if it took at least a millisecond. Some waits overlap.
    pub waits: Vec<WaitTime>,
    /// Taking the frames.
    pub shoot_ms: u64,
    /// How many frames were taken until two were equal.
    pub frames: u32,
}

/// The total times of all shots' parts, in milliseconds. Workers and sides run at the same time, so the total is longer
/// than the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTimes {
    /// See [`Times::navigate_ms`].
    pub navigate_ms: u64,
    /// See [`Times::act_ms`].
    pub act_ms: u64,
    /// See [`Times::settle_ms`].
    pub settle_ms: u64,
    /// See [`Times::shoot_ms`].
    pub shoot_ms: u64,
    /// See [`Times::compare_ms`].
    pub compare_ms: u64,
    /// The time for starting and cleaning browsers.
    pub sessions: SessionTimes,
}

/// The time for starting and cleaning browsers, in milliseconds. Most of it passes while flows run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTimes {
    /// How many were started.
    pub started: u32,
    /// The total time for starting them.
    pub start_ms: u64,
    /// How often a session was cleaned for another flow.
    pub cleaned: u32,
    /// The total time for cleaning them.
    pub clean_ms: u64,
}

impl Times {
    /// All parts together.
    pub fn total_ms(&self) -> u64 {
        let parts = [
            self.navigate_ms,
            self.act_ms,
            self.settle_ms,
            self.shoot_ms,
            self.compare_ms,
        ];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

impl SessionTimes {
    /// The times of both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            started: self.started.saturating_add(other.started),
            start_ms: self.start_ms.saturating_add(other.start_ms),
            cleaned: self.cleaned.saturating_add(other.cleaned),
            clean_ms: self.clean_ms.saturating_add(other.clean_ms),
        }
    }
}

impl RunTimes {
    /// The sum over `shots`, with the times of the sessions.
    pub fn of(shots: &[ShotReport], sessions: SessionTimes) -> Self {
        let mut sum = Self {
            sessions,
            ..Self::default()
        };
        for times in shots.iter().map(|shot| &shot.times) {
            for (part, more) in [
                (&mut sum.navigate_ms, times.navigate_ms),
                (&mut sum.act_ms, times.act_ms),
                (&mut sum.settle_ms, times.settle_ms),
                (&mut sum.shoot_ms, times.shoot_ms),
                (&mut sum.compare_ms, times.compare_ms),
            ] {
                *part = part.saturating_add(more);
            }
        }
        sum
    }
}
