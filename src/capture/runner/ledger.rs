//! What the report has yet to hear of one job: failures that no shot reports so far, and the last pair of pictures, which is
//! held back until its job ends or takes the next one.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use super::PairSender;
use crate::{
    capture::{CapturePair, CaptureTimes, FailureKind, SideOutcome, StepFailure},
    plan::{Job, Plan, ShotId},
    side::{Role, Side},
};

/// Failures and shots of one job, until they are sent.
pub(super) struct Ledger<'a> {
    plan: &'a Plan,
    job: &'a Job,
    sender: &'a PairSender,
    /// The name and version that the browser of each side reports.
    browsers: Side<Option<String>>,
    /// Failures that no shot reports yet.
    unreported: Vec<StepFailure>,
    /// The last pair. A failure after the last shot is reported with it.
    held: Option<CapturePair>,
    /// Shots of this attempt or an earlier one, or of the run that is resumed; they are not taken again.
    sent: HashSet<ShotId>,
    /// Whether anything but an expectation failed: the browsers may be in any state.
    has_trouble: bool,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(plan: &'a Plan, job: &'a Job, sender: &'a PairSender) -> Self {
        let shots = job.shots.iter().flatten();
        let decided = shots
            .filter(|id| plan.decided.contains(id))
            .cloned()
            .collect();
        Self {
            plan,
            job,
            sender,
            browsers: Side::default(),
            unreported: Vec::new(),
            held: None,
            sent: decided,
            has_trouble: false,
        }
    }

    /// Names the browsers that the pictures are of.
    pub(super) fn set_browsers(&mut self, browsers: Side<Option<String>>) {
        self.browsers = browsers;
    }

    /// Keeps a failure until a shot reports it.
    pub(super) fn note(&mut self, failure: StepFailure) {
        self.has_trouble |= failure.kind != FailureKind::Expectation;
        self.unreported.push(failure);
    }

    pub(super) fn has_unreported(&self) -> bool {
        !self.unreported.is_empty()
    }

    /// Whether the browsers can serve another job.
    pub(super) fn is_clean(&self) -> bool {
        !self.has_trouble
    }

    /// The failure because of which the page of this side cannot be photographed.
    pub(super) fn breakage(&self, role: Role) -> Option<&StepFailure> {
        let is_broken = |failure: &&StepFailure| {
            failure.role == role && failure.kind != FailureKind::Expectation
        };
        self.unreported.iter().find(is_broken)
    }

    /// Whether an earlier attempt sent this shot.
    pub(super) fn is_sent(&self, id: &ShotId) -> bool {
        self.sent.contains(id)
    }

    /// Drops the unmet expectations before a shot of an earlier attempt, which reported them.
    pub(super) fn drop_expectations(&mut self) {
        self.unreported
            .retain(|failure| failure.kind != FailureKind::Expectation);
    }

    /// Adds a shot that the flow came to, with the failures before it.
    pub(super) async fn add_shot(
        &mut self,
        id: &ShotId,
        mut sides: Side<SideOutcome>,
        times: CaptureTimes,
    ) {
        self.has_trouble |= [&sides.baseline, &sides.candidate]
            .into_iter()
            .any(|side| matches!(side, SideOutcome::Failed(_)));
        for failure in self.unreported.drain(..) {
            report(&mut sides, failure);
        }
        self.hold(CapturePair {
            id: id.clone(),
            is_reached: true,
            sides,
            times,
        })
        .await;
    }

    /// Whether the last shot failed because a browser was gone.
    pub(super) fn has_lost_a_browser(&self) -> bool {
        let failure = self.held.as_ref().and_then(failure_of);
        failure.is_some_and(|failure| failure.kind == FailureKind::Driver)
    }

    /// Forgets what no report has heard of yet, before the job begins again.
    pub(super) fn restart(&mut self) {
        self.unreported.clear();
        self.held = None;
        self.has_trouble = false;
    }

    async fn hold(&mut self, pair: CapturePair) {
        if let Some(earlier) = self.held.replace(pair) {
            self.sent.insert(earlier.id.clone());
            self.sender.send(earlier, self.browsers.clone()).await;
        }
    }

    /// Sends the last pair, and a failure for every shot that was not taken. `times` are those since the last shot.
    pub(super) async fn finish(mut self, times: CaptureTimes) {
        let mut missing = self.missing();
        let cause = self.cause();
        let unreported = std::mem::take(&mut self.unreported);
        if !unreported.is_empty() {
            match missing.pop_front() {
                Some(id) => {
                    let mut pair = unreached(id);
                    pair.times = times;
                    report_all(&mut pair.sides, unreported);
                    self.hold(pair).await;
                }
                None => {
                    if let Some(held) = &mut self.held {
                        report_all(&mut held.sides, unreported);
                    }
                }
            }
        }
        for id in missing {
            let pair = self.not_reached(id, cause.as_ref());
            self.hold(pair).await;
        }
        if let Some(last) = self.held.take() {
            self.sender.send(last, self.browsers.clone()).await;
        }
    }

    /// The job's shots that were not taken.
    fn missing(&self) -> VecDeque<&'a ShotId> {
        let held = self.held.as_ref().map(|pair| &pair.id);
        let shots = self.job.shots.iter().flatten();
        shots
            .filter(|&id| held != Some(id) && !self.is_sent(id))
            .collect()
    }

    /// Why the job ended before its last shot.
    fn cause(&self) -> Option<StepFailure> {
        let cause = self
            .unreported
            .iter()
            .rfind(|failure| failure.kind != FailureKind::Expectation)
            .or(self.unreported.first())
            .or_else(|| self.held.as_ref().and_then(failure_of));
        cause.cloned()
    }

    fn not_reached(&self, id: &ShotId, cause: Option<&StepFailure>) -> CapturePair {
        let planned = self.plan.shot(id);
        let message = match cause {
            Some(cause) => format!(
                "not reached: the step `{}` failed on the {}",
                cause.label, cause.role
            ),
            None => "not reached".to_owned(),
        };
        let failure = StepFailure {
            role: cause.map_or(Role::Candidate, |cause| cause.role),
            kind: FailureKind::NotReached,
            message: message.into(),
            label: planned.label.clone(),
            location: planned.location.clone(),
            url: None,
            pictures: Vec::new(),
        };
        let mut pair = unreached(id);
        report(&mut pair.sides, failure);
        pair
    }
}

fn unreached(id: &ShotId) -> CapturePair {
    CapturePair {
        id: id.clone(),
        is_reached: false,
        sides: Side::new(SideOutcome::Absent, SideOutcome::Absent),
        times: CaptureTimes::default(),
    }
}

fn report_all(sides: &mut Side<SideOutcome>, failures: Vec<StepFailure>) {
    for failure in failures {
        report(sides, failure);
    }
}

/// Sets a failure on its side and keeps the picture if one was taken.
fn report(sides: &mut Side<SideOutcome>, mut failure: StepFailure) {
    let side = sides.get_mut(failure.role);
    match side {
        SideOutcome::Failed(_) => {}
        SideOutcome::Absent => *side = SideOutcome::Failed(failure),
        SideOutcome::Picture(capture) => {
            failure.pictures.push(Arc::clone(&capture.png));
            *side = SideOutcome::Failed(failure);
        }
    }
}

fn failure_of(pair: &CapturePair) -> Option<&StepFailure> {
    [&pair.sides.baseline, &pair.sides.candidate]
        .into_iter()
        .find_map(|side| match side {
            SideOutcome::Failed(failure) => Some(failure),
            _ => None,
        })
}
