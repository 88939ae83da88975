//! The clock that both sides of a flow share, and the seed of their random numbers.

use std::time::SystemTime;

use crate::{browser::PageClock, digest::hasher_of, spec::Clock};

/// The clock for pages of what has these names. A fixed clock starts now. Its seed belongs to the names and to the start:
/// identifiers that pages make by chance differ from flow to flow, and from run to run. With a moment they are those of
/// every other run.
pub(super) fn page_clock(clock: Clock, names: &[&str]) -> Option<PageClock> {
    let start = match clock {
        Clock::Off => return None,
        Clock::Fixed => now(),
        Clock::At(moment) => moment,
    };
    let mut hasher = hasher_of(names.iter().copied());
    hasher.update(&start.to_le_bytes());
    let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
    Some(PageClock {
        start,
        seed: u32::from_le_bytes([a, b, c, d]),
    })
}

/// The whole second, in milliseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flow_has_a_seed_of_its_own_that_a_moment_keeps() {
        let at = |names: &[&str]| page_clock(Clock::At(5000), names).expect("a clock");
        assert_eq!(at(&["Shop", "phone"]), at(&["Shop", "phone"]));
        assert_eq!(at(&["Shop"]).start, 5000);
        assert_ne!(at(&["Shop", "phone"]).seed, at(&["Shop", "desktop"]).seed);
        assert_ne!(at(&["ab", "c"]).seed, at(&["a", "bc"]).seed);
        let other = page_clock(Clock::At(6000), &["Shop", "phone"]).expect("a clock");
        assert_ne!(at(&["Shop", "phone"]).seed, other.seed);
        assert_eq!(page_clock(Clock::Off, &["Shop"]), None);
        let fixed = page_clock(Clock::Fixed, &[]).expect("a clock");
        assert!(now() - fixed.start < 60_000);
    }
}
