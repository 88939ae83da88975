//! What a shot took, and what was waited for meanwhile.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    agree::{Agreement, FrameExchange},
    settle::Settled,
};
use crate::waits::{WaitReason, WaitTime};

/// What a shot took, known also of one that failed.
#[derive(Debug, Default)]
pub(crate) struct ShotTimes {
    /// Until the page held still.
    pub(crate) settle: Duration,
    /// What was waited for meanwhile; of a page that never held still, nothing.
    pub(crate) waits: Vec<WaitTime>,
    /// Taking the frames.
    pub(crate) shoot: Duration,
    /// How many were taken.
    pub(crate) frames: u32,
    /// At which of its frames a drawing loop of the page was held.
    pub(super) held_at: Option<u64>,
    /// Whether the page came to its end when it was scrolled through.
    pub(super) came_to_its_end: Option<bool>,
    /// The addresses of what was waited for in vain.
    pub(super) overdue: Vec<String>,
}

impl ShotTimes {
    /// What settling waited for; what of it was not spent in the page was the driver's.
    pub(super) fn add(&mut self, settled: &Settled, took: Duration) {
        for &WaitTime { reason, count, ms } in &settled.waits {
            self.add_wait(reason, count, ms);
        }
        self.add_wait_for(WaitReason::Driver, 1, took.saturating_sub(settled.in_page));
    }

    /// Shows the other side a frame, and waits for what it shows.
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
