//! Waits for resources that the browser has requested but not received yet.

use std::time::{Duration, Instant};

use super::times::ShotTimes;
use crate::{
    browser::{error::BrowserError, picture::ResourceKinds, session::Session, target::POLL},
    waits::WaitReason,
};

/// How long a shot waits for requested resources.
pub(super) const ARRIVAL_BUDGET: Duration = Duration::from_secs(5);

impl Session {
    /// Waits until all resources of these kinds have arrived, except for those that were waited for in vain before.
    /// Returns whether there was anything to wait for. The time is taken from `budget`; resources that have not arrived
    /// by then are overdue. Notes in `times` what is overdue, and what failed.
    pub(super) async fn wait_for_resources(
        &self,
        kinds: ResourceKinds,
        budget: &mut Duration,
        times: &mut ShotTimes,
    ) -> Result<bool, BrowserError> {
        if budget.is_zero() || kinds.are_none() {
            return Ok(false);
        }
        let began = Instant::now();
        let mut most = 0;
        loop {
            let missing = self.engine.missing_resources(kinds).await?;
            times.failed = missing.failed;
            let is_overdue =
                |url: &String| self.flow.is_overdue(url) || times.overdue.contains(url);
            let (overdue, mut pending) = missing.pending.into_iter().partition(is_overdue);
            times.overdue = overdue;
            most = most.max(pending.len());
            if began.elapsed() >= *budget {
                times.overdue.append(&mut pending);
            }
            if pending.is_empty() {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        if most == 0 {
            return Ok(false);
        }
        *budget = budget.saturating_sub(began.elapsed());
        let count = u32::try_from(most).unwrap_or(u32::MAX);
        times.add_wait_for(WaitReason::Images, count, began.elapsed());
        Ok(true)
    }
}
