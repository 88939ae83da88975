//! EFFECT, ASYNC. Runs the plan's jobs in real browsers under a concurrency cap, both sides of a flow at the same time,
//! and delivers each pair of pictures as soon as it is taken.

mod job;
mod ledger;
mod login;
mod logins;
mod page_clock;
mod step;
mod step_clock;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::{CapturePair, pools::Pools};
use crate::{
    config::Config,
    plan::{Job, Plan},
    side::Side,
};

use job::JobRun;
pub(crate) use logins::{LearnedSecrets, Logins};

/// How many encoded pairs may wait for their comparison. This bounds the memory of a long run.
const PAIRS_IN_FLIGHT: usize = 16;

/// How long interrupted flows may take to end their sessions.
const GOODBYE_LIMIT: Duration = Duration::from_secs(6);

/// Everything that the jobs share.
#[derive(Debug)]
pub(crate) struct RunContext {
    pub(crate) plan: Arc<Plan>,
    pub(crate) pools: Pools,
    pub(crate) config: Arc<Config>,
    pub(crate) workers: usize,
    pub(crate) on_progress: ProgressListener,
    pub(crate) logins: Side<Logins>,
    pub(crate) learned: Arc<LearnedSecrets>,
}

/// Receives the workers' progress. Dropped events do not change the result.
pub(crate) struct ProgressListener(Box<dyn Fn(WorkerProgress) + Send + Sync>);

impl ProgressListener {
    /// Calls this function with each event. It must not block.
    pub(crate) fn new(tell: impl Fn(WorkerProgress) + Send + Sync + 'static) -> Self {
        Self(Box::new(tell))
    }
}

impl std::fmt::Debug for ProgressListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProgressListener")
    }
}

/// What a worker is doing.
#[derive(Debug)]
pub(crate) struct WorkerProgress {
    /// Counted from 0.
    pub(crate) worker: usize,
    /// The job's place in the plan.
    pub(crate) job: usize,
    pub(crate) state: WorkerState,
}

/// How far a worker is with its job.
#[derive(Debug)]
pub(crate) enum WorkerState {
    /// It waits for its browsers.
    Waiting,
    /// It runs a step; steps are counted from 1, and those of the setup count.
    Step {
        number: usize,
        of: usize,
        label: String,
    },
    /// Its flow and its browsers are done.
    Done { took: Duration },
}

/// A pair for the comparison. The permit is released when that is done.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) pair: CapturePair,
    /// The name and version that the browser of each side reports.
    pub(crate) browsers: Side<Option<String>>,
    pub(crate) permit: OwnedSemaphorePermit,
}

/// Runs all jobs. When `stop` turns true, the flows end where they are and say goodbye to their drivers.
pub(crate) async fn run(
    context: RunContext,
    deliveries: mpsc::Sender<Delivery>,
    mut stop: StopSignal,
) {
    let workers = context.workers.clamp(1, context.plan.jobs.len().max(1));
    for browser in context.plan.browsers() {
        let jobs = context.plan.jobs.iter();
        let first = jobs.filter(|job| job.browser == browser).take(workers);
        first.for_each(|job| context.pools.start_ahead(job));
    }
    let context = Arc::new(context);
    let queue = Queue::new(context.plan.jobs.len());
    let sender = PairSender {
        deliveries,
        room: Arc::new(Semaphore::new(PAIRS_IN_FLIGHT)),
    };
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..workers {
        let worker = Worker {
            number,
            context: Arc::clone(&context),
            queue: queue.clone(),
            sender: sender.clone(),
        };
        tasks.spawn(worker.work(stop.clone()));
    }
    let all_done = async {
        join_all(&mut tasks).await;
        context.pools.close().await;
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

/// Turns true when the run is to end.
pub(crate) type StopSignal = watch::Receiver<bool>;

async fn stopped(stop: &mut StopSignal) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // The sender is gone: nobody can stop the run any more.
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
    fn has_like(&self, context: &RunContext, done: &Job) -> bool {
        let mut jobs = self.jobs().clone().into_iter();
        jobs.any(|job| context.pools.are_shared_by(&context.plan.jobs[job], done))
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one job after the other.
struct Worker {
    number: usize,
    context: Arc<RunContext>,
    queue: Queue,
    sender: PairSender,
}

impl Worker {
    async fn work(self, mut stop: StopSignal) {
        while !*stop.borrow() {
            let Some(index) = self.queue.next() else {
                return;
            };
            let began = Instant::now();
            let assignment = Assignment {
                worker: self.number,
                job: index,
            };
            let run = JobRun::new(&self.context, assignment, &self.sender);
            let (sessions, is_clean) = run.run(&mut stop).await;
            if !*stop.borrow() {
                let took = began.elapsed();
                assignment.tell(&self.context, WorkerState::Done { took });
            }
            let job = &self.context.plan.jobs[index];
            let is_wanted = is_clean && self.queue.has_like(&self.context, job) && !*stop.borrow();
            self.context.pools.release(job, sessions, is_wanted).await;
        }
    }
}

/// Delivers finished pairs.
#[derive(Debug, Clone)]
struct PairSender {
    deliveries: mpsc::Sender<Delivery>,
    room: Arc<Semaphore>,
}

impl PairSender {
    async fn send(&self, pair: CapturePair, browsers: Side<Option<String>>) {
        let permit = Arc::clone(&self.room).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        // The receiver is gone only when the run is over.
        let _ = self
            .deliveries
            .send(Delivery {
                pair,
                browsers,
                permit,
            })
            .await;
    }
}

/// Which worker runs which job.
#[derive(Debug, Clone, Copy)]
struct Assignment {
    worker: usize,
    job: usize,
}

impl Assignment {
    fn tell(self, context: &RunContext, state: WorkerState) {
        (context.on_progress.0)(WorkerProgress {
            worker: self.worker,
            job: self.job,
            state,
        });
    }
}
