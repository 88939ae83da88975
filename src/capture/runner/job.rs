//! One job from its first step to its last shot: a flow in one browser at one viewport, on both sides at the same time.

use std::sync::Arc;

use super::{
    Assignment, PairSender, RunContext, StopSignal, WorkerState,
    ledger::Ledger,
    logins::LoggedIn,
    page_clock::page_clock,
    step::{act, expected_status, shoot_failure},
    step_clock::{StepClock, timed},
};
use crate::{
    browser::{FrameExchange, LaunchError, PageClock, Picture, Session, ShotTimes},
    capture::{
        CapturedPicture, Doubt, FailureKind, Origin, Page, SideOutcome, StepFailure,
        pools::Sessions,
    },
    plan::{Job, ShotId},
    side::{Role, Side},
    spec::{Shot, Step},
    yaml::Untrusted,
};

/// One flow at one viewport while its steps run.
pub(super) struct JobRun<'a> {
    pub(super) context: &'a RunContext,
    assignment: Assignment,
    pub(super) job: &'a Job,
    pub(super) ledger: Ledger<'a>,
    pub(super) clock: StepClock,
    /// The clock of the flow's pages.
    pub(super) page_clock: Option<PageClock>,
    /// The logins that the flow started with.
    pub(super) logged_in: Side<Option<Arc<LoggedIn>>>,
    /// How often the flow began again because it was logged out.
    pub(super) attempt: u32,
    /// Whether the flow has opened a page in this attempt.
    pub(super) has_gone: bool,
}

/// Why the steps of a flow ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepsEnd {
    /// The last step is done, or one failed.
    Whole,
    /// The run ends.
    CutShort,
    /// The login no longer holds on these sides.
    LoggedOut(Side<bool>),
}

impl<'a> JobRun<'a> {
    pub(super) fn new(
        context: &'a RunContext,
        assignment: Assignment,
        sender: &'a PairSender,
    ) -> Self {
        let job = &context.plan.jobs[assignment.job];
        Self {
            context,
            assignment,
            job,
            ledger: Ledger::new(&context.plan, job, sender),
            clock: StepClock::default(),
            page_clock: page_clock(
                job.flow.clock.unwrap_or(context.config.clock),
                &[&job.flow.name, &job.viewport.name, job.browser.name()],
            ),
            logged_in: Side::new(None, None),
            attempt: 0,
            has_gone: false,
        }
    }

    /// Runs the flow. Returns the sessions, and whether another flow may use them after cleaning.
    pub(super) async fn run(mut self, stop: &mut StopSignal) -> (Sessions, bool) {
        self.assignment.tell(self.context, WorkerState::Waiting);
        // This must not be cancelled: a cancelled start would leave a session that nothing can end.
        let mut sessions = self.take_sessions().await;
        if !self.ledger.has_unreported() {
            let is_cut_short = self.run_logged_in(&mut sessions, stop).await;
            // The last shot is not sent: a failure after it may be unknown.
            if is_cut_short {
                return (sessions, false);
            }
        }
        let is_clean = self.ledger.is_clean();
        let baseline = self.context.pools.have_baseline(self.job);
        let times = self.clock.take(Side::new(
            baseline.then(ShotTimes::default),
            Some(ShotTimes::default()),
        ));
        self.ledger.finish(times).await;
        (sessions, is_clean)
    }

    /// A session that does not start is a failure of the flow.
    async fn take_sessions(&mut self) -> Sessions {
        let taken = self.context.pools.take(self.job, self.page_clock).await;
        let mut sessions = Side::new(None, None);
        for (role, taken, session) in [
            (Role::Baseline, taken.baseline, &mut sessions.baseline),
            (Role::Candidate, taken.candidate, &mut sessions.candidate),
        ] {
            match taken {
                Ok(taken) => *session = taken,
                Err(error) => {
                    let failure = self.not_started(role, &error);
                    self.ledger.note(failure);
                }
            }
        }
        let browsers = sessions
            .as_ref()
            .map(|it| it.as_ref().and_then(Session::browser));
        self.ledger.set_browsers(browsers);
        sessions
    }

    pub(super) fn not_started(&self, role: Role, error: &LaunchError) -> StepFailure {
        StepFailure {
            message: error.to_string().into(),
            ..self.not_begun(role)
        }
    }

    pub(super) fn not_begun(&self, role: Role) -> StepFailure {
        StepFailure {
            role,
            kind: FailureKind::Driver,
            message: Untrusted::default(),
            label: "start the browser".to_owned(),
            location: self.job.flow.location.clone(),
            url: None,
            pictures: Vec::new(),
        }
    }

    pub(super) async fn run_steps(&mut self, sessions: &mut Sessions) -> StepsEnd {
        let steps = self.steps();
        for (number, &(step, shot)) in steps.iter().enumerate() {
            let state = WorkerState::Step {
                number: number + 1,
                of: steps.len(),
                label: step.label.clone(),
            };
            self.assignment.tell(self.context, state);
            let expected = steps
                .get(number + 1)
                .and_then(|(next, _)| expected_status(next));
            if let Some(ended) = self.run_step(sessions, step, expected, shot).await {
                return ended;
            }
        }
        StepsEnd::Whole
    }

    /// The steps of the setup and the flow, each with the shot that is taken after it.
    fn steps(&self) -> Vec<(&'a Step, Option<&'a ShotId>)> {
        let flow = &self.job.flow;
        let setup = flow.setup.iter().map(|step| (step, None));
        let steps = flow
            .steps
            .iter()
            .zip(self.job.shots.iter().map(Option::as_ref));
        setup.chain(steps.take(self.job.steps_to_run)).collect()
    }

    /// Runs one step. Returns how the flow ends if it cannot continue after it.
    async fn run_step(
        &mut self,
        sessions: &mut Sessions,
        step: &Step,
        expected_status: Option<u16>,
        shot: Option<&ShotId>,
    ) -> Option<StepsEnd> {
        let (baseline, candidate) = tokio::join!(
            timed(act(
                Role::Baseline,
                &mut sessions.baseline,
                step,
                expected_status
            )),
            timed(act(
                Role::Candidate,
                &mut sessions.candidate,
                step,
                expected_status
            ))
        );
        self.clock
            .add_step(step, Side::new(baseline.1, candidate.1));
        let (baseline, candidate) = (baseline.0, candidate.0);
        let mut failures: Vec<StepFailure> = [baseline, candidate].into_iter().flatten().collect();
        let logged_out = self.logged_out(sessions, step, expected_status, &mut failures);
        if let Some(sides) = logged_out.await {
            return Some(StepsEnd::LoggedOut(sides));
        }
        let ends = failures
            .iter()
            .any(|failure| failure.kind != FailureKind::Expectation);
        failures
            .into_iter()
            .for_each(|failure| self.ledger.note(failure));
        match shot {
            Some(id) if self.ledger.is_sent(id) => self.ledger.drop_expectations(),
            Some(id) => self.take_shot(sessions, id, step).await,
            None => {}
        }
        (ends || self.ledger.has_lost_a_browser()).then_some(StepsEnd::Whole)
    }

    async fn take_shot(&mut self, sessions: &mut Sessions, id: &ShotId, step: &Step) {
        let shot = &self.context.plan.shot(id).shot;
        let exchanges = match sessions {
            Side {
                baseline: Some(_),
                candidate: Some(_),
            } => FrameExchange::of_two().map(Some),
            _ => Side::new(None, None),
        };
        let (baseline, candidate) = tokio::join!(
            self.shoot(
                Role::Baseline,
                &mut sessions.baseline,
                exchanges.baseline,
                shot,
                step
            ),
            self.shoot(
                Role::Candidate,
                &mut sessions.candidate,
                exchanges.candidate,
                shot,
                step
            ),
        );
        let times = (self.clock).take(Side::new(baseline.times, candidate.times));
        let sides = Side::new(baseline.taken, candidate.taken);
        self.ledger.add_shot(id, sides, times).await;
    }

    async fn shoot(
        &self,
        role: Role,
        session: &mut Option<Session>,
        exchange: Option<FrameExchange>,
        shot: &Shot,
        step: &Step,
    ) -> SideShot {
        let Some(session) = session else {
            return SideShot {
                taken: SideOutcome::Absent,
                times: None,
            };
        };
        let mut times = ShotTimes::default();
        let taken = match self.ledger.breakage(role) {
            Some(failure) => SideOutcome::Failed(failure.clone()),
            None => match session.shoot(shot, exchange, &mut times).await {
                Ok(picture) => SideOutcome::Picture(capture(picture, session)),
                Err(error) => SideOutcome::Failed(shoot_failure(role, session, step, error).await),
            },
        };
        SideShot {
            taken,
            times: Some(times),
        }
    }
}

/// One side of a shot, with its times if it is live.
struct SideShot {
    taken: SideOutcome,
    times: Option<ShotTimes>,
}

fn capture(picture: Picture, session: &Session) -> CapturedPicture {
    let (mut warnings, mut doubts) = (Vec::new(), Vec::new());
    for warning in picture.warnings {
        let text = Untrusted::from(warning.text);
        match warning.suspicion {
            Some(suspicion) => doubts.push(Doubt { suspicion, text }),
            None => warnings.push(text),
        }
    }
    CapturedPicture {
        png: picture.png,
        size: picture.size,
        origin: Origin::Page(Page {
            asked: session
                .asked_elsewhere(&picture.page.url)
                .map(Untrusted::from),
            url: session.relative_url(&picture.page.url).into(),
            title: picture.page.title.into(),
            status: picture.page.status.filter(|&status| status != 0),
        }),
        masks: picture.masks,
        cut_from: picture.cut_from,
        warnings,
        doubts,
        record: None,
        circumstances: None,
    }
}
