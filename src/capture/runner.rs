//! EFFECT, ASYNC. Runs the plan's jobs in real browsers under a concurrency cap, both sides of a flow at the same time,
//! and delivers each pair of pictures as soon as it is taken.

mod login;

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::{
    Capture, CapturePair, CaptureTimes, FailureKind, Origin, Page, SideOutcome, SideTimes,
    StepFailure, StepTimes,
    pools::{Pools, Sessions},
};
use crate::{
    browser::{FrameExchange, LaunchError, Picture, Session, ShootError, ShotTimes, StepError},
    config::Config,
    plan::{Job, Plan, ShotId},
    side::{Role, Side},
    spec::{Action, Clock, Expectation, Location, Shot, Step},
    yaml::Untrusted,
};

use login::LoggedIn;
pub(crate) use login::{Learned, Logins};

/// How many encoded pairs may wait for their comparison. This bounds the memory of a long run.
const PAIRS_IN_FLIGHT: usize = 16;

/// How long interrupted flows may take to end their sessions.
const GOODBYE_LIMIT: Duration = Duration::from_secs(6);

/// Everything that the jobs share.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) plan: Arc<Plan>,
    pub(crate) pools: Pools,
    pub(crate) config: Arc<Config>,
    pub(crate) workers: usize,
    pub(crate) on_work: OnWork,
    pub(crate) logins: Side<Logins>,
    pub(crate) learned: Arc<Learned>,
}

/// Receives the workers' progress. Dropped events do not change the result.
pub(crate) struct OnWork(Box<dyn Fn(Work) + Send + Sync>);

impl OnWork {
    /// Calls this function with each event. It must not block.
    pub(crate) fn new(tell: impl Fn(Work) + Send + Sync + 'static) -> Self {
        Self(Box::new(tell))
    }
}

impl std::fmt::Debug for OnWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnWork")
    }
}

/// What a worker is doing.
#[derive(Debug)]
pub(crate) struct Work {
    /// Counted from 0.
    pub(crate) worker: usize,
    /// The job's index in the plan.
    pub(crate) job: usize,
    pub(crate) doing: Doing,
}

/// The state of a worker's job.
#[derive(Debug)]
pub(crate) enum Doing {
    /// The worker waits for browsers.
    Waiting,
    /// The worker performs a step, counted from 1 including those of the setup.
    Step {
        number: usize,
        of: usize,
        label: String,
    },
    /// The job is done, and its browsers are ended or given back.
    Done { took: Duration },
}

/// A pair for the comparison. The permit is released when that is done.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) pair: CapturePair,
    pub(crate) browser: Option<String>,
    pub(crate) permit: OwnedSemaphorePermit,
}

/// Runs all jobs. When `stop` becomes true, the flows stop where they are and end their sessions.
pub(crate) async fn run(setup: Setup, deliveries: mpsc::Sender<Delivery>, mut stop: Stop) {
    let workers = setup.workers.clamp(1, setup.plan.jobs.len().max(1));
    for browser in setup.plan.browsers() {
        let jobs = setup.plan.jobs.iter();
        let first = jobs.filter(|job| job.browser == browser).take(workers);
        first.for_each(|job| setup.pools.start_ahead(job));
    }
    let setup = Arc::new(setup);
    let queue = Queue::new(setup.plan.jobs.len());
    let outlet = Outlet {
        deliveries,
        room: Arc::new(Semaphore::new(PAIRS_IN_FLIGHT)),
    };
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..workers {
        let worker = Worker {
            number,
            setup: Arc::clone(&setup),
            queue: queue.clone(),
            outlet: outlet.clone(),
        };
        tasks.spawn(worker.work(stop.clone()));
    }
    let all_done = async {
        join_all(&mut tasks).await;
        setup.pools.close().await;
    };
    let too_late = async {
        stopped(&mut stop).await;
        tokio::time::sleep(GOODBYE_LIMIT).await;
    };
    tokio::select! {
        () = all_done => {}
        () = too_late => tasks.shutdown().await,
    }
}

/// Waits for all workers. A panic in one of them panics here.
async fn join_all(tasks: &mut tokio::task::JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// Becomes true when the run must stop.
pub(crate) type Stop = watch::Receiver<bool>;

async fn stopped(stop: &mut Stop) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // No sender is left that could stop the run.
        std::future::pending().await
    }
}

/// Jobs that no worker has taken yet, in plan order.
#[derive(Debug, Clone)]
struct Queue(Arc<Mutex<VecDeque<usize>>>);

impl Queue {
    fn new(jobs: usize) -> Self {
        Self(Arc::new(Mutex::new((0..jobs).collect())))
    }

    fn next(&self) -> Option<usize> {
        self.jobs().pop_front()
    }

    /// Whether a remaining job needs sessions of the same kind as this one.
    fn has_like(&self, setup: &Setup, done: &Job) -> bool {
        let mut jobs = self.jobs().clone().into_iter();
        jobs.any(|job| setup.pools.are_shared_by(&setup.plan.jobs[job], done))
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one job after the other.
struct Worker {
    number: usize,
    setup: Arc<Setup>,
    queue: Queue,
    outlet: Outlet,
}

impl Worker {
    async fn work(self, mut stop: Stop) {
        while !*stop.borrow() {
            let Some(index) = self.queue.next() else {
                return;
            };
            let began = Instant::now();
            let assignment = Assignment {
                worker: self.number,
                job: index,
            };
            let run = JobRun::new(&self.setup, assignment, &self.outlet);
            let (sessions, is_clean) = run.run(&mut stop).await;
            if !*stop.borrow() {
                let took = began.elapsed();
                assignment.tell(&self.setup, Doing::Done { took });
            }
            let job = &self.setup.plan.jobs[index];
            let is_wanted = is_clean && self.queue.has_like(&self.setup, job) && !*stop.borrow();
            self.setup.pools.release(job, sessions, is_wanted).await;
        }
    }
}

/// Delivers finished pairs.
#[derive(Debug, Clone)]
struct Outlet {
    deliveries: mpsc::Sender<Delivery>,
    room: Arc<Semaphore>,
}

impl Outlet {
    async fn send(&self, pair: CapturePair, browser: Option<String>) {
        let permit = Arc::clone(&self.room).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        // The receiver is gone only after the run has ended.
        let _ = self
            .deliveries
            .send(Delivery {
                pair,
                browser,
                permit,
            })
            .await;
    }
}

/// The worker that a job is assigned to.
#[derive(Debug, Clone, Copy)]
struct Assignment {
    worker: usize,
    job: usize,
}

impl Assignment {
    fn tell(self, setup: &Setup, doing: Doing) {
        (setup.on_work.0)(Work {
            worker: self.worker,
            job: self.job,
            doing,
        });
    }
}

/// One flow at one viewport while its steps run.
struct JobRun<'a> {
    setup: &'a Setup,
    assignment: Assignment,
    job: &'a Job,
    outlet: &'a Outlet,
    /// Failures that no shot has reported yet.
    unreported: Vec<StepFailure>,
    /// The last pair. It is held back until it is known that nothing failed after it.
    held: Option<CapturePair>,
    browser: Option<String>,
    /// The time of the steps since the last shot, each measured on its slower side.
    steps_took: StepTimes,
    /// The same time for each side.
    side_steps_took: Side<StepTimes>,
    /// Whether anything but an expectation failed. The browsers may then be in any state.
    has_failed_step: bool,
    /// The logins that the flow started with.
    logged_in: Side<Option<Arc<LoggedIn>>>,
    /// How often the flow was restarted because a login was no longer valid.
    attempt: u32,
    /// Whether the flow has opened a page in this attempt.
    has_opened_page: bool,
    /// The shots that were delivered. They are not taken again.
    sent: HashSet<ShotId>,
}

/// How the steps of a flow ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// With the last step, or with one that failed.
    Whole,
    /// The run must stop.
    CutShort,
    /// The login on these sides is no longer valid.
    LoggedOut(Side<bool>),
}

impl<'a> JobRun<'a> {
    fn new(setup: &'a Setup, assignment: Assignment, outlet: &'a Outlet) -> Self {
        Self {
            setup,
            assignment,
            job: &setup.plan.jobs[assignment.job],
            outlet,
            unreported: Vec::new(),
            held: None,
            browser: None,
            steps_took: StepTimes::default(),
            side_steps_took: Side::default(),
            has_failed_step: false,
            logged_in: Side::new(None, None),
            attempt: 0,
            has_opened_page: false,
            sent: HashSet::new(),
        }
    }

    /// Runs the flow. Returns the sessions, and whether another flow may use them after cleaning.
    async fn run(mut self, stop: &mut Stop) -> (Sessions, bool) {
        self.assignment.tell(self.setup, Doing::Waiting);
        // This must not be cancelled: a cancelled start would leave a session that nothing can end.
        let mut sessions = self.take_sessions().await;
        if self.unreported.is_empty() {
            let is_cut_short = self.run_logged_in(&mut sessions, stop).await;
            // It is unknown what would have come after the shot that is held back.
            if is_cut_short {
                return (sessions, false);
            }
        }
        let is_clean = !self.has_failed_step;
        self.finish().await;
        (sessions, is_clean)
    }

    /// The clock of the flow's pages.
    fn clock(&self) -> Clock {
        self.job.flow.clock.unwrap_or(self.setup.config.clock)
    }

    /// Takes the sessions. A side without one gets a failure.
    async fn take_sessions(&mut self) -> Sessions {
        let taken = self.setup.pools.take(self.job, self.clock()).await;
        let mut sessions = Side::new(None, None);
        for (role, taken, session) in [
            (Role::Baseline, taken.baseline, &mut sessions.baseline),
            (Role::Candidate, taken.candidate, &mut sessions.candidate),
        ] {
            match taken {
                Ok(taken) => *session = taken,
                Err(error) => {
                    let failure = self.not_started(role, &error);
                    self.notice(failure);
                }
            }
        }
        self.browser = sessions.candidate.as_ref().and_then(Session::browser);
        sessions
    }

    /// Keeps a failure until a shot reports it.
    fn notice(&mut self, failure: StepFailure) {
        self.has_failed_step |= failure.kind != FailureKind::Expectation;
        self.unreported.push(failure);
    }

    fn not_started(&self, role: Role, error: &LaunchError) -> StepFailure {
        StepFailure {
            message: error.to_string().into(),
            ..self.not_begun(role)
        }
    }

    fn not_begun(&self, role: Role) -> StepFailure {
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

    async fn run_steps(&mut self, sessions: &mut Sessions) -> Ended {
        let steps = self.steps();
        for (number, &(step, shot)) in steps.iter().enumerate() {
            let doing = Doing::Step {
                number: number + 1,
                of: steps.len(),
                label: step.label.clone(),
            };
            self.assignment.tell(self.setup, doing);
            let expected = steps
                .get(number + 1)
                .and_then(|(next, _)| expected_status(next));
            if let Some(ended) = self.run_step(sessions, step, expected, shot).await {
                return ended;
            }
        }
        Ended::Whole
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
    ) -> Option<Ended> {
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
        self.note_step_times(step, Side::new(baseline.1, candidate.1));
        let (baseline, candidate) = (baseline.0, candidate.0);
        let mut failures: Vec<StepFailure> = [baseline, candidate].into_iter().flatten().collect();
        let logged_out = self.logged_out(sessions, step, expected_status, &mut failures);
        if let Some(sides) = logged_out.await {
            return Some(Ended::LoggedOut(sides));
        }
        let ends = failures
            .iter()
            .any(|failure| failure.kind != FailureKind::Expectation);
        failures
            .into_iter()
            .for_each(|failure| self.notice(failure));
        match shot {
            Some(id) if self.sent.contains(id) => self.drop_reported(),
            Some(id) => self.take_shot(sessions, id, step).await,
            None => {}
        }
        (ends || self.has_lost_a_browser()).then_some(Ended::Whole)
    }

    /// Drops failures that a shot of an earlier attempt has already reported.
    fn drop_reported(&mut self) {
        self.unreported
            .retain(|failure| failure.kind != FailureKind::Expectation);
    }

    fn note_step_times(&mut self, step: &Step, took: Side<Duration>) {
        let is_navigation = is_navigation(&step.action);
        let slower = took.baseline.max(took.candidate);
        for (sum, took) in [
            (&mut self.steps_took, slower),
            (&mut self.side_steps_took.baseline, took.baseline),
            (&mut self.side_steps_took.candidate, took.candidate),
        ] {
            if is_navigation {
                sum.navigate += took;
            } else {
                sum.act += took;
            }
        }
    }

    /// Adds time that belongs to no step of the flow.
    fn note_act_time(&mut self, took: Duration) {
        let sides = &mut self.side_steps_took;
        for sum in [
            &mut self.steps_took,
            &mut sides.baseline,
            &mut sides.candidate,
        ] {
            sum.act += took;
        }
    }

    /// Takes the times of the steps since the last shot and of this shot on its live sides, and starts again from zero.
    fn take_times(&mut self, sides: Side<Option<ShotTimes>>) -> CaptureTimes {
        let took = std::mem::take(&mut self.side_steps_took);
        let side = |steps: StepTimes, times: Option<ShotTimes>| {
            times.map(|times| SideTimes {
                steps,
                settle: times.settle,
                waits: times.waits,
                shoot: times.shoot,
                frames: times.frames,
            })
        };
        CaptureTimes {
            steps: std::mem::take(&mut self.steps_took),
            sides: Side::new(
                side(took.baseline, sides.baseline),
                side(took.candidate, sides.candidate),
            ),
        }
    }

    /// Whether the shot just taken failed because a browser was lost.
    fn has_lost_a_browser(&self) -> bool {
        let failure = self.held.as_ref().and_then(failure_of);
        failure.is_some_and(|failure| failure.kind == FailureKind::Driver)
    }

    async fn take_shot(&mut self, sessions: &mut Sessions, id: &ShotId, step: &Step) {
        let shot = &self.setup.plan.shot(id).shot;
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
        let times = self.take_times(Side::new(baseline.times, candidate.times));
        let mut sides = Side::new(baseline.taken, candidate.taken);
        self.has_failed_step |= [&sides.baseline, &sides.candidate]
            .into_iter()
            .any(|side| matches!(side, SideOutcome::Failed(_)));
        for failure in self.unreported.drain(..) {
            tell(&mut sides, failure);
        }
        self.hold(CapturePair {
            id: id.clone(),
            is_reached: true,
            sides,
            times,
        })
        .await;
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
        let broken = self
            .unreported
            .iter()
            .find(|failure| is_broken(failure, role));
        let taken = match broken {
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

    async fn hold(&mut self, pair: CapturePair) {
        if let Some(earlier) = self.held.replace(pair) {
            self.sent.insert(earlier.id.clone());
            self.outlet.send(earlier, self.browser.clone()).await;
        }
    }

    /// Delivers the held pair, and a reason for every shot that was not taken.
    async fn finish(mut self) {
        let held = self.held.as_ref().map(|pair| pair.id.clone());
        let shots = self.job.shots.iter().flatten();
        let mut missing: VecDeque<&ShotId> = shots
            .filter(|&id| held.as_ref() != Some(id) && !self.sent.contains(id))
            .collect();
        let unreported = std::mem::take(&mut self.unreported);
        let cause = unreported
            .iter()
            .rfind(|failure| failure.kind != FailureKind::Expectation)
            .or(unreported.first())
            .or_else(|| self.held.as_ref().and_then(failure_of))
            .cloned();
        if !unreported.is_empty() && missing.is_empty() {
            if let Some(held) = &mut self.held {
                unreported
                    .into_iter()
                    .for_each(|failure| tell(&mut held.sides, failure));
            }
        } else if !unreported.is_empty() {
            let id = missing.pop_front().expect("it is not empty");
            let mut sides = Side::new(SideOutcome::Absent, SideOutcome::Absent);
            unreported
                .into_iter()
                .for_each(|failure| tell(&mut sides, failure));
            let has_baseline = self.setup.pools.have_baseline(self.job);
            let times = self.take_times(Side::new(
                has_baseline.then(ShotTimes::default),
                Some(ShotTimes::default()),
            ));
            self.hold(CapturePair {
                id: id.clone(),
                is_reached: false,
                sides,
                times,
            })
            .await;
        }
        for id in missing {
            let pair = self.not_reached(id, cause.as_ref());
            self.hold(pair).await;
        }
        if let Some(last) = self.held.take() {
            self.outlet.send(last, self.browser.clone()).await;
        }
    }

    fn not_reached(&self, id: &ShotId, cause: Option<&StepFailure>) -> CapturePair {
        let planned = self.setup.plan.shot(id);
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
        let mut sides = Side::new(SideOutcome::Absent, SideOutcome::Absent);
        tell(&mut sides, failure);
        CapturePair {
            id: id.clone(),
            is_reached: false,
            sides,
            times: CaptureTimes::default(),
        }
    }
}

/// One side of a shot, with its times if it is live.
struct SideShot {
    taken: SideOutcome,
    times: Option<ShotTimes>,
}

/// Awaits a future and measures the time.
async fn timed<T>(something: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let outcome = something.await;
    (outcome, began.elapsed())
}

/// Whether an action loads a page, so that most of its time is the page's.
fn is_navigation(action: &Action) -> bool {
    matches!(
        action,
        Action::Goto { .. } | Action::Back | Action::Forward | Action::Refresh
    )
}

/// Whether the side's page is not where the flow needs it, so that it cannot be photographed.
fn is_broken(failure: &StepFailure, role: Role) -> bool {
    failure.role == role && failure.kind != FailureKind::Expectation
}

/// Sets a failure on its side and keeps the picture if one was taken.
fn tell(sides: &mut Side<SideOutcome>, mut failure: StepFailure) {
    let side = match failure.role {
        Role::Baseline => &mut sides.baseline,
        Role::Candidate => &mut sides.candidate,
    };
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

/// The status that an `expect` step expects of the document before it.
fn expected_status(step: &Step) -> Option<u16> {
    let Action::Expect(expectations) = &step.action else {
        return None;
    };
    expectations
        .iter()
        .find_map(|expectation| match expectation {
            Expectation::Status(status) => Some(*status),
            _ => None,
        })
}

/// Performs the step on one side. A failure is returned as data.
async fn act(
    role: Role,
    session: &mut Option<Session>,
    step: &Step,
    expected_status: Option<u16>,
) -> Option<StepFailure> {
    let session = session.as_mut()?;
    let trouble = session.act(step, expected_status).await.err()?;
    let (kind, message) = match trouble {
        StepError::Step(message) => (FailureKind::Step, message),
        StepError::Navigation(message) => (FailureKind::Navigation, message),
        StepError::Expectation(unmet) => (FailureKind::Expectation, unmet.join("; ")),
        StepError::Browser(error) => (FailureKind::Driver, error.to_string()),
    };
    Some(failure(role, session, step, kind, message, Vec::new()).await)
}

async fn shoot_failure(
    role: Role,
    session: &Session,
    step: &Step,
    error: ShootError,
) -> StepFailure {
    let (kind, message, frames) = match error {
        ShootError::Unstable { reason, frames } => (FailureKind::Unstable, reason, frames),
        ShootError::Navigation(message) => (FailureKind::Navigation, message, Vec::new()),
        ShootError::Impossible(reason) => (FailureKind::Step, reason, Vec::new()),
        ShootError::Browser(error) => match StepError::from(error) {
            StepError::Browser(error) => (FailureKind::Driver, error.to_string(), Vec::new()),
            StepError::Step(message) | StepError::Navigation(message) => {
                (FailureKind::Step, message, Vec::new())
            }
            StepError::Expectation(unmet) => {
                (FailureKind::Expectation, unmet.join("; "), Vec::new())
            }
        },
    };
    failure(role, session, step, kind, message, frames).await
}

/// Adds the page's URL, and a picture of it unless there are frames already.
async fn failure(
    role: Role,
    session: &Session,
    step: &Step,
    kind: FailureKind,
    message: String,
    mut pictures: Vec<Arc<[u8]>>,
) -> StepFailure {
    let mut url = None;
    if kind != FailureKind::Driver {
        url = session
            .page_info()
            .await
            .ok()
            .map(|page| session.relative_url(&page.url))
            .filter(|url| url.starts_with('/') || url.starts_with("http"));
        if pictures.is_empty() && kind != FailureKind::Expectation {
            pictures.extend(session.snapshot().await.map(Arc::from));
        }
    }
    let location: Location = step.location.clone();
    StepFailure {
        role,
        kind,
        message: message.into(),
        label: step.label.clone(),
        location,
        url: url.map(Untrusted::from),
        pictures,
    }
}

fn capture(picture: Picture, session: &Session) -> Capture {
    Capture {
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
        warnings: picture.warnings.into_iter().map(Untrusted::from).collect(),
        record: None,
    }
}
