//! How long a shot took, and what it waited for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    agree::{Agreement, FrameExchange},
    settle::Settled,
};
use crate::waits::{WaitReason, WaitTime};

/// How long a shot took. This is known even if the shot failed.
#[derive(Debug, Default)]
pub(crate) struct ShotTimes {
    /// The time until the page held still.
    pub(crate) settle: Duration,
    /// What the shot waited for; empty for a page that never held still.
    pub(crate) waits: Vec<WaitTime>,
    /// The time for taking the frames.
    pub(crate) shoot: Duration,
    /// How many frames were taken.
    pub(crate) frames: u32,
    /// The frame number at which a drawing loop of the page was held.
    pub(super) held_at: Option<u64>,
    /// Whether the engine was asked to stop marquees.
    pub(super) tried_marquees: bool,
    /// The parts of the page that were painted over, because they did not hold still.
    pub(super) moving_parts: Vec<String>,
    /// Whether scrolling through the page reached its end.
    pub(super) reached_end: Option<bool>,
    /// The URLs of resources that did not arrive in time.
    pub(super) overdue: Vec<String>,
    /// A box that hides a part of what the picture should show, by a short selector.
    pub(super) only_in_view: Option<String>,
    /// Smaller boxes that scroll in the picture, by short selectors.
    pub(super) only_partly: Vec<String>,
    /// The width in CSS pixels of a page that is wider than its phone's screen.
    pub(super) too_wide: Option<f64>,
    /// The kinds and URLs of resources that failed, as far as the browser tells.
    pub(super) failed: Vec<(String, String)>,
}

impl ShotTimes {
    /// Adds the waits of one settling. Time that was not spent in the page counts as the driver's.
    pub(super) fn add(&mut self, settled: &Settled, took: Duration) {
        self.only_in_view.clone_from(&settled.only_in_view);
        self.only_partly.clone_from(&settled.only_partly);
        for &WaitTime { reason, count, ms } in &settled.waits {
            self.add_wait(reason, count, ms);
        }
        self.add_wait_for(WaitReason::Driver, 1, took.saturating_sub(settled.in_page));
    }

    /// Forgets what was found out about a document that is gone. The time was spent all the same.
    pub(super) fn begin_again(&mut self) {
        *self = Self {
            settle: self.settle,
            waits: std::mem::take(&mut self.waits),
            shoot: self.shoot,
            ..Self::default()
        };
    }

    /// Exchanges a frame with the other side, and counts the wait.
    pub(super) async fn wait_for_other_side(
        &mut self,
        exchange: &mut FrameExchange,
        shown: Option<Arc<[u8]>>,
    ) -> Agreement {
        let began = Instant::now();
        let agreement = exchange.show(shown).await;
        self.settle += began.elapsed();
        self.add_wait_for(WaitReason::OtherSide, 1, began.elapsed());
        agreement
    }

    pub(super) fn add_wait_for(&mut self, reason: WaitReason, count: u32, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if ms > 0 {
            self.add_wait(reason, count, ms);
        }
    }

    fn add_wait(&mut self, reason: WaitReason, count: u32, ms: u64) {
        match self.waits.iter_mut().find(|wait| wait.reason == reason) {
            Some(wait) => {
                wait.ms += ms;
                wait.count = wait.count.max(count);
            }
            None => self.waits.push(WaitTime { reason, count, ms }),
        }
    }
}
