//! PURE. One run in several parts: flows are dealt out by their names, so that a flow that comes or goes
//! moves no other.

use std::{fmt, str::FromStr};

use super::{Filters, Plan};
use crate::{config::Config, spec::Suite};

/// More parts than this are a slip of the pen; choosing among them takes a hash for each.
const MOST_SHARDS: u32 = 1000;

/// One part of a run, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    index: u32,
    of: u32,
}

/// What a part of a run knows of the whole.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which part it is.
    pub shard: Shard,
    /// Every flow of the project in plan order, selected or not.
    pub flows: Vec<String>,
    /// What the whole is restricted to, in words; empty when to nothing.
    pub selection: String,
    /// Shots of all parts together.
    pub shots: usize,
    /// Equal for two plans that come from equal flows, viewports and limits, in hexadecimal.
    pub digest: String,
}

/// Why a text names no part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Not two numbers.
    #[error("a shard is its number and how many there are, for example 2/4")]
    Form,
    /// Numbers that do not go together.
    #[error("shards are counted from 1 to how many there are, which are {MOST_SHARDS} at most")]
    Range,
}

impl Shard {
    /// The part `index` of `of`.
    pub fn new(index: u32, of: u32) -> Result<Self, ShardError> {
        match (1..=MOST_SHARDS).contains(&of) && (1..=of).contains(&index) {
            true => Ok(Self { index, of }),
            false => Err(ShardError::Range),
        }
    }

    /// Its number, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many parts there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether the flow of this name falls to this part: every part draws a lot for it, and the highest wins.
    pub fn has(self, flow: &str) -> bool {
        let winner = (1..=self.of).max_by_key(|&index| lot(flow, index));
        winner == Some(self.index)
    }
}

/// The same on every machine and in every version: parts of one run may be far apart.
fn lot(flow: &str, index: u32) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(flow.as_bytes()).update(&index.to_le_bytes());
    *hasher.finalize().as_bytes()
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, of) = text.trim().split_once('/').ok_or(ShardError::Form)?;
        Self::new(number(index)?, number(of)?)
    }
}

fn number(text: &str) -> Result<u32, ShardError> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
        return Err(ShardError::Form);
    }
    text.parse().map_err(|_| ShardError::Range)
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shard {} of {}", self.index, self.of)
    }
}

impl Plan {
    /// What of this plan falls to one shard; that can be nothing. `suite`, `config` and `filters` are those
    /// that the plan was made of.
    pub fn part(self, shard: Shard, suite: &Suite, config: &Config, filters: &Filters) -> Self {
        let part = Part {
            shard,
            flows: suite.flows.iter().map(|flow| flow.name.clone()).collect(),
            selection: filters.describe().trim().to_owned(),
            shots: self.shots.len(),
            digest: rules_digest(suite, config),
        };
        let mut plan = Self::empty(Some(part));
        plan.partial_flows = self.partial_flows;
        let jobs = self.jobs.into_iter();
        plan.jobs = jobs.filter(|job| shard.has(&job.flow.name)).collect();
        let shots = self.shots.into_iter();
        for shot in shots.filter(|shot| shard.has(&shot.id.flow)) {
            plan.add_shot(shot);
        }
        plan
    }
}

/// Of what decides which pictures are taken and how they are judged; places of files are left out, since
/// every machine may have its own.
pub fn rules_digest(suite: &Suite, config: &Config) -> String {
    let rules = (
        (&config.browsers, &config.viewports, config.max_page_height),
        (config.metric, config.threshold, config.antialiasing),
        config.max_mismatch,
        (config.settle, config.clock),
        &config.allow,
    );
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{rules:?}").as_bytes());
    for flow in &suite.flows {
        hasher.update(format!("{:?}", (&flow.name, &flow.viewports, flow.clock)).as_bytes());
        for step in &flow.steps {
            hasher.update(format!("{:?}", (&step.label, &step.shot)).as_bytes());
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("Flow {number}")).collect()
    }

    fn shards(of: u32) -> Vec<Shard> {
        let new = |index| Shard::new(index, of).unwrap();
        (1..=of).map(new).collect()
    }

    fn owner(flow: &str, of: u32) -> u32 {
        let owners: Vec<_> = shards(of).into_iter().filter(|it| it.has(flow)).collect();
        assert_eq!(owners.len(), 1, "{flow} falls to {owners:?}");
        owners[0].index
    }

    #[test]
    fn every_flow_falls_to_exactly_one_shard_and_the_shards_are_about_even() {
        for of in [1, 2, 3, 4, 8] {
            let mut sizes = vec![0; of as usize];
            for name in names(200) {
                sizes[owner(&name, of) as usize - 1] += 1;
            }
            let even = 200 / of;
            let is_even = |size: &u32| (even / 2..=even * 3 / 2).contains(size);
            assert!(sizes.iter().all(is_even), "{of} shards: {sizes:?}");
        }
    }

    #[test]
    fn a_shard_more_takes_flows_and_moves_none_between_the_others() {
        let mut moved = 0;
        for name in names(200) {
            let (before, after) = (owner(&name, 4), owner(&name, 5));
            assert!(before == after || after == 5, "{name}: {before} → {after}");
            moved += u32::from(before != after);
        }
        assert!((20..=60).contains(&moved), "{moved} of 200 moved");
    }

    #[test]
    fn what_falls_to_whom_stays_from_version_to_version() {
        let owners: Vec<u32> = names(12).iter().map(|name| owner(name, 4)).collect();
        assert_eq!(owners, [4, 2, 3, 2, 2, 1, 4, 3, 3, 2, 3, 1]);
    }

    #[test]
    fn a_shard_is_read_as_it_is_written() {
        assert_eq!("2/4".parse(), Shard::new(2, 4));
        assert_eq!(" 1/1 ".parse(), Shard::new(1, 1));
        assert_eq!(Shard::new(2, 4).unwrap().to_string(), "shard 2 of 4");
        for text in [
            "", "2", "/", "2/", "/4", "a/4", "+2/4", "-1/4", "2/4/8", "2 / 4",
        ] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Form), "{text:?}");
        }
        for text in ["0/4", "5/4", "0/0", "1/0", "1/1001", "1/99999999999"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Range), "{text:?}");
        }
    }
}
