//! How long the steps of a job take, from one shot to the next.

use std::time::{Duration, Instant};

use crate::{
    browser::ShotTimes,
    capture::{CaptureTimes, SideTimes, StepTimes},
    side::Side,
    spec::{Action, Step},
};

/// What the steps since the last shot took.
#[derive(Debug, Default)]
pub(super) struct StepClock {
    /// Of each step, the slower side.
    slower: StepTimes,
    sides: Side<StepTimes>,
}

impl StepClock {
    /// Adds a step.
    pub(super) fn add_step(&mut self, step: &Step, took: Side<Duration>) {
        let slower = took.baseline.max(took.candidate);
        for (sum, took) in [
            (&mut self.slower, slower),
            (&mut self.sides.baseline, took.baseline),
            (&mut self.sides.candidate, took.candidate),
        ] {
            if is_navigation(&step.action) {
                sum.navigate += took;
            } else {
                sum.act += took;
            }
        }
    }

    /// Adds time that belongs to no step of the flow.
    pub(super) fn add_time(&mut self, took: Duration) {
        let sides = &mut self.sides;
        for sum in [&mut self.slower, &mut sides.baseline, &mut sides.candidate] {
            sum.act += took;
        }
    }

    /// Ends the time of a shot. `shot` is what each live side took for the picture.
    pub(super) fn take(&mut self, shot: Side<Option<ShotTimes>>) -> CaptureTimes {
        let took = std::mem::take(self);
        CaptureTimes {
            steps: took.slower,
            sides: Side::new(
                side_times(took.sides.baseline, shot.baseline),
                side_times(took.sides.candidate, shot.candidate),
            ),
        }
    }
}

fn side_times(steps: StepTimes, shot: Option<ShotTimes>) -> Option<SideTimes> {
    shot.map(|shot| SideTimes {
        steps,
        settle: shot.settle,
        waits: shot.waits,
        shoot: shot.shoot,
        frames: shot.frames,
    })
}

/// Measures how long a future takes.
pub(super) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let outcome = future.await;
    (outcome, began.elapsed())
}

/// Whether an action loads a page, so that most of its time is the page's.
fn is_navigation(action: &Action) -> bool {
    matches!(
        action,
        Action::Goto { .. } | Action::Back | Action::Forward | Action::Refresh
    )
}
