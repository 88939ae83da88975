//! The sessions of a run: started ahead, taken in pairs, one for each side, and kept for the next flow.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use url::Url;

use crate::{
    browser::{Coming, LaunchError, Launcher, Pool, Screen, Session, SessionOptions},
    config::{Browser, Config, Emulation, Network},
    plan::{Job, JobId, Plan},
    side::{Role, Side},
    spec::Clock,
};

/// An environment that answers, as a session needs it.
#[derive(Debug, Clone)]
pub(crate) struct LiveEnvironment {
    /// Its base URL.
    pub(crate) base: Url,
    /// Other hosts that its pages may end on.
    pub(crate) hosts: Vec<String>,
    /// What it asks of its browser.
    pub(crate) emulation: Emulation,
    /// What is sent along to its own hosts.
    pub(crate) headers: http::HeaderMap,
    /// How its browser reaches it.
    pub(crate) network: Network,
}

/// What sessions are made from.
pub(crate) struct PoolOptions<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) config: &'a Config,
    pub(crate) launcher: &'a Launcher,
    /// `None`: the baseline is golden.
    pub(crate) baseline: Option<&'a LiveEnvironment>,
    pub(crate) candidate: &'a LiveEnvironment,
    /// Jobs whose baseline pictures exist already, so that nothing runs on the baseline.
    pub(crate) candidate_only: &'a HashSet<JobId>,
}

/// The sessions of a flow; no baseline where its pictures exist already.
pub(super) type Sessions = Side<Option<Session>>;

/// The sessions of a flow, or why one did not start.
pub(super) type StartedSessions = Side<Result<Option<Session>, LaunchError>>;

/// The pools of each kind of job.
#[derive(Debug)]
pub(crate) struct Pools {
    by_kind: BTreeMap<SessionKind, SidePools>,
    candidate_only: HashSet<JobId>,
}

/// The browser, and whether the job runs on the candidate alone.
type SessionKind = (Browser, bool);

impl Pools {
    /// Empty pools for every kind of job in the plan.
    pub(crate) fn new(options: &PoolOptions<'_>) -> Self {
        let run_began = whole_seconds_since_1970();
        let mut pools = Self {
            by_kind: BTreeMap::new(),
            candidate_only: options.candidate_only.clone(),
        };
        for job in &options.plan.jobs {
            let kind = pools.kind(job);
            let new = || SidePools::new(options, kind, run_began);
            pools.by_kind.entry(kind).or_insert_with(new);
        }
        pools
    }

    fn kind(&self, job: &Job) -> SessionKind {
        (job.browser, self.candidate_only.contains(&job.id()))
    }

    fn of(&self, job: &Job) -> &SidePools {
        &self.by_kind[&self.kind(job)]
    }

    /// Whether sessions of one job serve the other.
    pub(super) fn are_shared_by(&self, one: &Job, other: &Job) -> bool {
        self.kind(one) == self.kind(other)
    }

    /// Whether a job runs on the baseline too.
    pub(super) fn have_baseline(&self, job: &Job) -> bool {
        self.of(job).sides.baseline.is_some()
    }

    /// Begins to start the sessions that a job will need. A remote driver may be full: it is asked only when a flow begins.
    pub(super) fn start_ahead(&self, job: &Job) {
        let pools = self.of(job);
        if pools.launcher.is_remote() {
            return;
        }
        for pool in pools.all() {
            pool.start_one(Screen::from(&job.viewport));
        }
    }

    /// What a job needs. Where room is short, the sessions of other kinds that nobody uses just then end first.
    pub(super) async fn take(&self, job: &Job, clock: Clock) -> StartedSessions {
        let pools = self.of(job);
        if pools.launcher.is_remote() {
            let kind = self.kind(job);
            for (_, others) in self.by_kind.iter().filter(|(other, _)| **other != kind) {
                others.close().await;
            }
        }
        pools.take(&Screen::from(&job.viewport), clock).await
    }

    /// A session without a past in place of this one.
    pub(super) async fn renew(
        &self,
        job: &Job,
        clock: Clock,
        role: Role,
        session: Session,
    ) -> Result<Session, LaunchError> {
        match self.of(job).sides.get(role) {
            Some(pool) => {
                let screen = Screen::from(&job.viewport);
                pool.renew(session, &screen, clock).await
            }
            None => Ok(session),
        }
    }

    /// Keeps the sessions of a job for another one of its kind, or ends them.
    pub(super) async fn release(&self, job: &Job, sessions: Sessions, is_wanted: bool) {
        self.of(job).release(sessions, is_wanted).await;
    }

    /// Ends the sessions that nobody took.
    pub(super) async fn close(&self) {
        for pools in self.by_kind.values() {
            pools.close().await;
        }
    }
}

/// The pool of each side; no baseline when its pictures are there already.
#[derive(Debug)]
struct SidePools {
    sides: Side<Option<Pool>>,
    launcher: Launcher,
    /// Sessions leave and enter the pools in pairs: no flow holds one while it waits for the other.
    pairs: Mutex<()>,
}

impl SidePools {
    fn new(
        options: &PoolOptions<'_>,
        (browser, is_candidate_only): SessionKind,
        run_began: u64,
    ) -> Self {
        let pool = |environment: &LiveEnvironment, other: Option<&LiveEnvironment>| {
            let session = session_options(options, browser, run_began, environment, other);
            Pool::new(options.launcher.clone(), session, options.config.isolation)
        };
        let baseline = options.baseline;
        let sides = Side::new(
            baseline
                .filter(|_| !is_candidate_only)
                .map(|baseline| pool(baseline, Some(options.candidate))),
            Some(pool(options.candidate, baseline)),
        );
        Self {
            sides,
            launcher: options.launcher.clone(),
            pairs: Mutex::default(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Pool> {
        let Side {
            baseline,
            candidate,
        } = &self.sides;
        [baseline, candidate].into_iter().flatten()
    }

    /// A session of each side: those that were given back or started ahead, or else new ones.
    async fn take(&self, screen: &Screen, clock: Clock) -> StartedSessions {
        if let Some(taken) = self.take_reserved(screen, clock).await {
            return taken;
        }
        let _turn = self.launcher.turn().await;
        // Another flow may have given its sessions back meanwhile.
        if let Some(taken) = self.take_reserved(screen, clock).await {
            return taken;
        }
        let start = async |pool: &Option<Pool>| match pool {
            Some(pool) => pool.start(screen, clock).await.map(Some),
            None => Ok(None),
        };
        let Side {
            baseline,
            candidate,
        } = &self.sides;
        let (baseline, candidate) = tokio::join!(start(baseline), start(candidate));
        Side::new(baseline, candidate)
    }

    /// The first pair on its way of which both could be made as good as new.
    async fn take_reserved(&self, screen: &Screen, clock: Clock) -> Option<StartedSessions> {
        let receive = async |pool: &Option<Pool>, coming: Option<Coming>| match (pool, coming) {
            (Some(pool), Some(coming)) => pool.receive(coming, screen, clock).await,
            _ => Ok(None),
        };
        while let Some(reserved) = self.reserve() {
            let (baseline, candidate) = tokio::join!(
                receive(&self.sides.baseline, reserved.baseline),
                receive(&self.sides.candidate, reserved.candidate)
            );
            let is_spent = |pool: &Option<Pool>, taken: &Result<Option<Session>, LaunchError>| {
                pool.is_some() && matches!(taken, Ok(None))
            };
            if is_spent(&self.sides.baseline, &baseline)
                || is_spent(&self.sides.candidate, &candidate)
            {
                let sessions = Side::new(baseline.ok().flatten(), candidate.ok().flatten());
                self.release(sessions, false).await;
                continue;
            }
            return Some(Side::new(baseline, candidate));
        }
        None
    }

    fn reserve(&self) -> Option<Side<Option<Coming>>> {
        let _pair = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let reserve = |pool: &Option<Pool>| pool.as_ref().and_then(Pool::reserve);
        let reserved = self.sides.as_ref().map(reserve);
        reserved.candidate.is_some().then_some(reserved)
    }

    /// Keeps the sessions for another flow, or ends them.
    async fn release(&self, sessions: Sessions, is_wanted: bool) {
        if is_wanted {
            return self.give_back(sessions);
        }
        let close = async |session: Option<Session>| {
            if let Some(session) = session {
                session.close().await;
            }
        };
        tokio::join!(close(sessions.baseline), close(sessions.candidate));
    }

    fn give_back(&self, sessions: Sessions) {
        let _pair = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        for (pool, session) in [
            (&self.sides.baseline, sessions.baseline),
            (&self.sides.candidate, sessions.candidate),
        ] {
            if let (Some(pool), Some(session)) = (pool, session) {
                pool.give_back(session);
            }
        }
    }

    async fn close(&self) {
        let close = async |pool: &Option<Pool>| {
            if let Some(pool) = pool {
                pool.close().await;
            }
        };
        tokio::join!(close(&self.sides.baseline), close(&self.sides.candidate));
    }
}

fn session_options(
    options: &PoolOptions<'_>,
    browser: Browser,
    run_began: u64,
    environment: &LiveEnvironment,
    other: Option<&LiveEnvironment>,
) -> SessionOptions {
    let config = options.config;
    SessionOptions {
        browser,
        page_timeout: config.page_timeout,
        timeout: config.timeout,
        base: environment.base.clone(),
        hosts: environment.hosts.clone(),
        other: other
            .map(|other| other.base.clone())
            .filter(|other| *other != environment.base),
        max_page_height: config.max_page_height,
        emulation: environment.emulation.clone(),
        capabilities: config
            .capabilities
            .get(&browser)
            .cloned()
            .unwrap_or_default(),
        headers: environment.headers.clone(),
        network: environment.network.clone(),
        settle: config.settle,
        run_began,
    }
}

/// In milliseconds.
fn whole_seconds_since_1970() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() * 1000)
}
