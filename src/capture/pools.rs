//! The sessions of a run: started ahead of time, taken in pairs (one for each side), and reused by later flows.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use url::Url;

use crate::{
    browser::{
        LaunchError, Launcher, PageClock, Pool, PooledSession, Screen, Session, SessionOptions,
    },
    config::{Browser, Config, Emulation, Network},
    plan::{Job, JobId, Plan},
    side::{Role, Side},
    yaml::Secrets,
};

/// An environment that responds, with the settings that a session needs.
#[derive(Debug, Clone)]
pub(crate) struct LiveEnvironment {
    /// Its base URL.
    pub(crate) base: Url,
    /// Other hosts on which its pages may end.
    pub(crate) hosts: Vec<String>,
    /// Its settings for the browser.
    pub(crate) emulation: Emulation,
    /// Headers for requests to its own hosts.
    pub(crate) headers: http::HeaderMap,
    /// How its browser connects to it.
    pub(crate) network: Network,
}

/// Everything that sessions are created from.
pub(crate) struct PoolOptions<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) config: &'a Config,
    pub(crate) launcher: &'a Launcher,
    /// `None`: the baseline is golden.
    pub(crate) baseline: Option<&'a LiveEnvironment>,
    pub(crate) candidate: &'a LiveEnvironment,
    /// Jobs whose baseline pictures already exist, so that nothing runs on the baseline.
    pub(crate) candidate_only: &'a HashSet<JobId>,
    /// Values that only the environments' own hosts may get.
    pub(crate) secrets: &'a Arc<Secrets>,
}

/// The sessions of a flow. There is none for the baseline if its pictures already exist.
pub(super) type Sessions = Side<Option<Session>>;

/// The sessions of a flow, or why one did not start.
pub(super) type StartedSessions = Side<Result<Option<Session>, LaunchError>>;

/// The pools of each kind of job.
#[derive(Debug)]
pub(crate) struct Pools {
    by_kind: BTreeMap<PoolKey, SidePools>,
    candidate_only: HashSet<JobId>,
}

/// The browser, and whether the job runs on the candidate alone.
type PoolKey = (Browser, bool);

impl Pools {
    /// Empty pools for every kind of job in the plan.
    pub(crate) fn new(options: &PoolOptions<'_>) -> Self {
        let mut pools = Self {
            by_kind: BTreeMap::new(),
            candidate_only: options.candidate_only.clone(),
        };
        for job in &options.plan.jobs {
            let kind = pools.kind(job);
            let new = || SidePools::new(options, kind);
            pools.by_kind.entry(kind).or_insert_with(new);
        }
        pools
    }

    fn kind(&self, job: &Job) -> PoolKey {
        (job.browser, self.candidate_only.contains(&job.id()))
    }

    fn of(&self, job: &Job) -> &SidePools {
        &self.by_kind[&self.kind(job)]
    }

    /// Whether the sessions of one job can be used for the other.
    pub(super) fn are_shared_by(&self, one: &Job, other: &Job) -> bool {
        self.kind(one) == self.kind(other)
    }

    /// Whether a job also runs on the baseline.
    pub(super) fn have_baseline(&self, job: &Job) -> bool {
        self.of(job).sides.baseline.is_some()
    }

    /// Starts the sessions that a job will need in the background. A remote driver may be full, so it is asked only
    /// when a flow begins.
    pub(super) fn start_ahead(&self, job: &Job) {
        let pools = self.of(job);
        if pools.launcher.is_remote() {
            return;
        }
        for pool in pools.all() {
            pool.start_one(Screen::from(&job.viewport));
        }
    }

    /// Takes the sessions for a job. If room is short, idle sessions of other kinds of jobs are ended first.
    pub(super) async fn take(&self, job: &Job, clock: Option<PageClock>) -> StartedSessions {
        let pools = self.of(job);
        if pools.launcher.is_remote() {
            let kind = self.kind(job);
            for (_, others) in self.by_kind.iter().filter(|(other, _)| **other != kind) {
                others.close().await;
            }
        }
        pools.take(&Screen::from(&job.viewport), clock).await
    }

    /// Replaces this session with a clean one.
    pub(super) async fn renew(
        &self,
        job: &Job,
        clock: Option<PageClock>,
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

    /// Keeps the sessions of a job for another job of the same kind, or ends them.
    pub(super) async fn release(&self, job: &Job, sessions: Sessions, is_wanted: bool) {
        self.of(job).release(sessions, is_wanted).await;
    }

    /// Ends the sessions that no flow took.
    pub(super) async fn close(&self) {
        for pools in self.by_kind.values() {
            pools.close().await;
        }
    }
}

/// The pool of each side. There is none for the baseline if its pictures already exist.
#[derive(Debug)]
struct SidePools {
    sides: Side<Option<Pool>>,
    launcher: Launcher,
    /// Sessions leave and enter the pools in pairs, so no flow holds one while it waits for the other.
    pairs: Mutex<()>,
}

impl SidePools {
    fn new(options: &PoolOptions<'_>, (browser, is_candidate_only): PoolKey) -> Self {
        let pool = |environment: &LiveEnvironment, other: Option<&LiveEnvironment>| {
            let session = session_options(options, browser, environment, other);
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

    /// Takes a session for each side: returned or started ahead of time if there are any, otherwise new ones.
    async fn take(&self, screen: &Screen, clock: Option<PageClock>) -> StartedSessions {
        if let Some(taken) = self.take_reserved(screen, clock).await {
            return taken;
        }
        let _turn = self.launcher.turn().await;
        // Another flow may have returned its sessions meanwhile.
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

    /// Takes the first reserved pair in which both sessions can be used.
    async fn take_reserved(
        &self,
        screen: &Screen,
        clock: Option<PageClock>,
    ) -> Option<StartedSessions> {
        let receive =
            async |pool: &Option<Pool>, coming: Option<PooledSession>| match (pool, coming) {
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

    fn reserve(&self) -> Option<Side<Option<PooledSession>>> {
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
        secrets: Arc::clone(options.secrets),
        headers: environment.headers.clone(),
        network: environment.network.clone(),
        settle: config.settle,
    }
}
