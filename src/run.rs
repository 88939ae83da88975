//! The one place where async meets rayon: runs a plan and returns the report.
//!
//! A tokio thread sends captures over a bounded channel, rayon compares them, and the calling thread collects the
//! results here in plan order. A semaphore limits the pictures in flight, so memory stays flat however long the run is.

mod baseline;
mod circumstances;
mod collect;
mod fonts;
mod readiness;
mod reuse;
mod shot;

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    browser::{self, LaunchOptions, Launcher, RunFolder},
    capture::pools::{LiveEnvironment, PoolOptions, Pools},
    capture::runner::{
        self, Delivery, LearnedSecrets, ProgressListener, RunContext, WorkerProgress,
    },
    config::{BaselineSource, Browser, Config, Environment, EnvironmentUrl, Webdriver},
    connect::{self, Connector},
    demo::{DemoServer, Release},
    plan::Plan,
    report::{Report, RunState, ShotReport},
    side::{Role, Side},
    spec::Secrets,
    store::{FailingFolder, GoldenFolder, ReportFolder, StoreError},
};
pub use crate::{
    browser::{LaunchError, guard},
    connect::NoAuthority,
};
use baseline::{ReusedPictures, StoredBaseline};
use circumstances::DrawingMachine;
use collect::Collector;
pub(crate) use collect::new_run_id;
use readiness::Readiness;
use reuse::{Reuse, ReuseNotice};
use shot::ShotJudge;

/// What a run needs besides its plan.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where reports are kept.
    pub reports: PathBuf,
    /// Where approved pictures are kept.
    pub golden: PathBuf,
    /// Flows that run at the same time, each on both sides.
    pub workers: usize,
    /// Shows the browsers' windows.
    pub headed: bool,
    /// Reuses pictures of a live baseline from the last run if nothing that they depend on has changed.
    pub reuse_baseline: bool,
    /// Ends the run after this many failing shots.
    pub max_failures: Option<usize>,
    /// Lets new shots and masks that match nothing fail the run.
    pub ci: bool,
    /// Values that must not appear in any output.
    pub secrets: Secrets,
    /// Variables of the environment that drivers and browsers do not get.
    pub hidden_variables: Vec<OsString>,
    /// The program that ends the browsers if this process is killed, when it is called with `guard FOLDER`: it calls
    /// [`guard`].
    pub guard: Option<PathBuf>,
}

/// Progress of a run. Dropped events do not change the result.
#[derive(Debug)]
pub enum Event<'a> {
    /// Information that is not a result.
    Note(String),
    /// Information for verbose output.
    Detail(String),
    /// A worker started a flow, or its next step.
    Working {
        /// Counted from 0.
        worker: usize,
        /// The flow's name.
        flow: &'a str,
        /// The viewport's name.
        viewport: &'a str,
        /// The browser.
        browser: Browser,
        /// `None` while the flow waits for its browsers.
        step: Option<CurrentStep<'a>>,
    },
    /// A worker is done with a flow; its shots may still have to be compared.
    FlowDone {
        /// Counted from 0.
        worker: usize,
        /// The flow's name.
        flow: &'a str,
        /// The viewport's name.
        viewport: &'a str,
        /// The browser.
        browser: Browser,
        /// How many shots it has.
        shots: usize,
        /// From waiting for its browsers to its last picture.
        took: Duration,
    },
    /// One more shot has its verdict.
    Decided,
    /// All flows are done.
    Captured {
        /// How many browsers were started for them.
        browsers: u32,
        /// How many flows there were, each browser and viewport counted.
        flows: usize,
    },
    /// A decided shot, reported in plan order.
    Shot {
        /// What was decided.
        shot: &'a ShotReport,
        /// The picture to look at, for a failing shot.
        open: Option<&'a PathBuf>,
        /// Whether it fails the run.
        fails: bool,
    },
}

/// The current step of a flow.
#[derive(Debug, Clone, Copy)]
pub struct CurrentStep<'a> {
    /// Counted from 1, the setup's steps included.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// The step as people read it, without secrets.
    pub label: &'a str,
}

/// A finished run.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that was decided.
    pub report: Report,
    /// The report's page.
    pub index: PathBuf,
    /// The signal that ended the run early.
    pub signal: Option<i32>,
}

/// Why a run was not possible at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No browser can be driven.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Results cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No server can be trusted.
    #[error(transparent)]
    NoAuthority(#[from] NoAuthority),
    /// The embedded demo site cannot be started.
    #[error("the demo site cannot be started: {0}")]
    Demo(std::io::Error),
    /// The configuration does not have the environment that a role names.
    #[error("there is no environment `{name}`; twinshot.yaml has {known}")]
    UnknownEnvironment {
        /// The name.
        name: String,
        /// Those that are.
        known: String,
    },
    /// The operating system gave us no thread or no runtime.
    #[error("cannot start: {0}")]
    System(std::io::Error),
}

/// Runs the plan and writes the report.
///
/// # Errors
/// When the run cannot be made at all; trouble on a page is in the report instead.
pub fn run(
    plan: Plan,
    config: Config,
    options: &RunOptions,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    let (plan, config) = (Arc::new(plan), Arc::new(config));
    let roles = Roles::of(&config)?;
    if plan.shots.is_empty() {
        return report_nothing(&plan, &config, options);
    }
    let webdrivers = match &config.webdriver {
        Webdriver::Auto => Vec::new(),
        Webdriver::Urls(urls) => urls.clone(),
    };
    let connector = match roles.any_by_https() || webdrivers.iter().any(is_https) {
        true => connect::by_https()?,
        false => connect::by_http(),
    };
    let launch = LaunchOptions {
        webdrivers,
        connector: connector.clone(),
        per_flow: if roles.baseline.is_some() { 2 } else { 1 },
        headed: options.headed,
        moving_images: config.settle.animations == Some(false),
        hidden_variables: options.hidden_variables.clone(),
    };
    let scratch = Arc::new(RunFolder::create(options.guard.as_deref())?);
    let launcher = browser::launcher(launch, &plan.browsers(), Arc::clone(&scratch))?;
    let run_id = collect::new_run_id();
    // Soon this run is the last one.
    let reuse = options
        .reuse_baseline
        .then(|| Reuse::new(&options.reports, options.secrets.clone()));
    let folder = ReportFolder::create(&options.reports, &run_id)?;
    let failing = FailingFolder::create(&std::env::temp_dir(), &config.root)?;
    if plan.browsers().iter().any(|it| it.is_chromium()) && browser::sandbox_is_off() {
        let note = "running as root: the browser is started with --no-sandbox";
        on_event(Event::Note(note.to_owned()));
    }

    if plan.browsers().contains(&Browser::WebKit) {
        let note = "WebKit's MiniBrowser shows pages without a sandbox";
        on_event(Event::Note(note.to_owned()));
    }

    let counter = Some(launcher.clone());
    let collector = Collector::new(&plan, &config, run_id, &folder, options, counter)?;
    let learned = Arc::new(LearnedSecrets::default());
    let machine = DrawingMachine::new(&launcher, &config, &plan.browsers());
    let judge = |reused| ShotJudge {
        plan: &plan,
        folder: &folder,
        failing: &failing,
        baseline: StoredBaseline::new(
            &config.baseline,
            GoldenFolder::new(options.golden.clone()),
            reused,
        ),
        machine: &machine,
        secrets: &options.secrets,
        learned: &learned,
    };
    let stop = StopSwitch::default();
    let (deliveries, arriving) = mpsc::channel(1);
    let (decided, reused) = oneshot::channel();
    let (news, arrived) = channel();
    thread::scope(|scope| {
        let capture = CaptureThread {
            plan: Arc::clone(&plan),
            config: Arc::clone(&config),
            roles,
            launcher: launcher.clone(),
            connector,
            scratch,
            workers: options.workers,
            reuse,
            news: news.clone(),
            learned: Arc::clone(&learned),
            secrets: Arc::new(options.secrets.clone()),
        };
        let stop = &stop;
        let capture = scope.spawn(move || capture.run(decided, deliveries, stop));
        let judge = &judge;
        scope.spawn(move || {
            // Nothing is decided, and nothing captured, when the run ends before its first flow.
            if let Ok(reused) = reused.blocking_recv() {
                compare_all(arriving, &judge(reused), news);
            }
        });
        let collected = collector.collect(arrived, stop, on_event);
        capture
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        on_event(Event::Captured {
            browsers: launcher.times().started,
            flows: plan.jobs.len(),
        });
        let report = collected?.finish(stop.state())?;
        Ok(Outcome {
            report,
            index: folder.index(),
            signal: stop.signal(),
        })
    })
}

/// A shard without flows needs no browser, but a report: otherwise the shard would be missing.
fn report_nothing(
    plan: &Arc<Plan>,
    config: &Config,
    options: &RunOptions,
) -> Result<Outcome, RunError> {
    let run_id = collect::new_run_id();
    let folder = ReportFolder::create(&options.reports, &run_id)?;
    let collector = Collector::new(plan, config, run_id, &folder, options, None)?;
    Ok(Outcome {
        report: collector.finish(RunState::Complete)?,
        index: folder.index(),
        signal: None,
    })
}

/// The environments that fill the two roles.
#[derive(Debug)]
struct Roles {
    baseline: Option<Environment>,
    candidate: Environment,
}

impl Roles {
    fn of(config: &Config) -> Result<Self, RunError> {
        let baseline = match &config.baseline {
            BaselineSource::Golden => None,
            BaselineSource::Environment(name) => Some(environment(config, name)?),
        };
        Ok(Self {
            baseline,
            candidate: environment(config, &config.candidate)?,
        })
    }

    /// Whether the release of either environment is requested over https.
    fn any_by_https(&self) -> bool {
        let mut all = self.baseline.iter().chain([&self.candidate]);
        all.any(Environment::is_asked_by_https)
    }
}

fn is_https(url: &url::Url) -> bool {
    url.scheme() == "https"
}

fn environment(config: &Config, name: &str) -> Result<Environment, RunError> {
    let found = config
        .environments
        .iter()
        .find(|environment| environment.name == name);
    found.cloned().ok_or_else(|| {
        let known = config
            .environments
            .iter()
            .map(|environment| environment.name.as_str());
        let known = known.collect::<Vec<_>>().join(", ");
        RunError::UnknownEnvironment {
            name: name.to_owned(),
            known,
        }
    })
}

/// Why a run ends early.
#[derive(Debug, Default)]
pub(crate) struct StopSwitch {
    wanted: watch::Sender<bool>,
    signal: AtomicI32,
}

impl StopSwitch {
    fn stop(&self) {
        self.wanted.send_replace(true);
    }

    fn stop_for_signal(&self, signal: i32) {
        self.signal.store(signal, Ordering::Relaxed);
        self.stop();
    }

    fn signal(&self) -> Option<i32> {
        Some(self.signal.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
    }

    fn state(&self) -> RunState {
        match (self.signal(), *self.wanted.borrow()) {
            (Some(_), _) => RunState::Interrupted,
            (None, true) => RunState::Stopped,
            (None, false) => RunState::Complete,
        }
    }
}

/// The asynchronous half of a run, on its own thread and runtime.
struct CaptureThread {
    plan: Arc<Plan>,
    config: Arc<Config>,
    roles: Roles,
    launcher: Launcher,
    connector: Connector,
    scratch: Arc<RunFolder>,
    workers: usize,
    reuse: Option<Reuse>,
    news: Sender<CollectorMessage>,
    learned: Arc<LearnedSecrets>,
    secrets: Arc<Secrets>,
}

impl CaptureThread {
    fn run(
        self,
        decided: oneshot::Sender<ReusedPictures>,
        deliveries: mpsc::Sender<Delivery>,
        stop: &StopSwitch,
    ) -> Result<(), RunError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(RunError::System)?;
        runtime.block_on(self.capture(decided, deliveries, stop))
    }

    async fn capture(
        self,
        decided: oneshot::Sender<ReusedPictures>,
        deliveries: mpsc::Sender<Delivery>,
        stop: &StopSwitch,
    ) -> Result<(), RunError> {
        let mut demos = Vec::new();
        let baseline = match &self.roles.baseline {
            Some(environment) => Some(live(environment, &mut demos).await?),
            None => None,
        };
        let candidate = live(&self.roles.candidate, &mut demos).await?;
        let readiness = Readiness::new(
            &self.roles,
            baseline.as_ref(),
            &candidate,
            &self.connector,
            self.news.clone(),
        );
        let context = |reused: &ReusedPictures| RunContext {
            plan: Arc::clone(&self.plan),
            pools: Pools::new(&PoolOptions {
                plan: &self.plan,
                config: &self.config,
                launcher: &self.launcher,
                baseline: baseline.as_ref(),
                candidate: &candidate,
                candidate_only: reused.jobs(),
                secrets: &self.secrets,
            }),
            config: Arc::clone(&self.config),
            workers: self.workers,
            logins: Side::default(),
            learned: Arc::clone(&self.learned),
            on_progress: self.on_progress(),
        };
        let run = async {
            if readiness.wait(stop.wanted.subscribe()).await {
                let reused = self.reused_pictures(&readiness).await;
                let context = context(&reused);
                // The receiver is gone only after a panic.
                let _ = decided.send(reused);
                let compared = readiness::compare_servers(
                    &self.roles,
                    baseline.as_ref(),
                    &candidate,
                    &self.connector,
                    &self.news,
                );
                let run = runner::run(context, deliveries, stop.wanted.subscribe());
                tokio::join!(run, compared);
            }
            if stop.signal().is_none() {
                readiness.look_again().await;
            }
        };
        tokio::select! {
            () = run => Ok(()),
            error = watch_signals(stop, &self.scratch) => Err(RunError::System(error)),
        }
    }
}

impl CaptureThread {
    fn on_progress(&self) -> ProgressListener {
        let news = self.news.clone();
        ProgressListener::new(move |work| {
            // The collector leaves early only when results cannot be written any more.
            let _ = news.send(CollectorMessage::WorkerProgress(work));
        })
    }

    /// Finds the pictures that need not be taken again.
    async fn reused_pictures(&self, readiness: &Readiness) -> ReusedPictures {
        let (Some(reuse), Some(baseline)) = (&self.reuse, &self.roles.baseline) else {
            return ReusedPictures::default();
        };
        let common = reuse::ReuseContext {
            plan: &self.plan,
            config: &self.config,
            baseline,
            release: readiness.release(Role::Baseline),
            launcher: &self.launcher,
        };
        let tell = &mut |word| {
            let news = match word {
                ReuseNotice::Reason(reason) => CollectorMessage::Detail(reason),
                ReuseNotice::Warning(warning) => CollectorMessage::Warning(warning),
            };
            let _ = self.news.send(news);
        };
        reuse.decide(&common, tell).await
    }
}

/// Checks that Edge's programs are on this machine, if flows run in Edge and no running driver is given. No Linux
/// distribution packages Edge, so this is reported before the run.
///
/// # Errors
///
/// Says which program is missing and where it is to be had.
pub fn check_edge(config: &Config) -> Result<(), LaunchError> {
    let is_asked = config.browsers.contains(&Browser::Edge);
    match is_asked && config.webdriver == Webdriver::Auto {
        true => browser::check_programs(Browser::Edge, false),
        false => Ok(()),
    }
}

/// Starts the demo site where an environment is one.
async fn live(
    environment: &Environment,
    demos: &mut Vec<DemoServer>,
) -> Result<LiveEnvironment, RunError> {
    let base = match &environment.url {
        EnvironmentUrl::Url(url) => url.clone(),
        EnvironmentUrl::Demo(release) => start_demo(*release, demos).await?,
    };
    Ok(LiveEnvironment {
        base: environment.with_credentials(&base),
        hosts: environment.hosts.clone(),
        emulation: environment.emulation.clone(),
        headers: environment.headers.clone(),
        network: environment.network.clone(),
    })
}

async fn start_demo(release: Release, demos: &mut Vec<DemoServer>) -> Result<url::Url, RunError> {
    let server = DemoServer::start(release).await.map_err(RunError::Demo)?;
    let url = url::Url::parse(&server.url()).expect("a loopback address is a URL");
    demos.push(server);
    Ok(url)
}

/// The first signal ends the run in order; the second one ends the browsers and the process at once.
/// Returns only an error.
async fn watch_signals(stop: &StopSwitch, scratch: &RunFolder) -> std::io::Error {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let [interrupt, terminate, hangup] = kinds.map(signal);
    let (mut interrupt, mut terminate, mut hangup) = match (interrupt, terminate, hangup) {
        (Ok(interrupt), Ok(terminate), Ok(hangup)) => (interrupt, terminate, hangup),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return error,
    };
    loop {
        let kind = tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
            _ = hangup.recv() => SignalKind::hangup(),
        };
        let number = kind.as_raw_value();
        if stop.signal().is_some() {
            scratch.clear();
            std::process::exit(128 + number);
        }
        stop.stop_for_signal(number);
    }
}

/// Compares what arrives, as many at a time as there are cores.
fn compare_all(
    mut arriving: mpsc::Receiver<Delivery>,
    judge: &ShotJudge<'_>,
    results: Sender<CollectorMessage>,
) {
    rayon::in_place_scope(|scope| {
        while let Some(Delivery {
            pair,
            browsers,
            permit,
        }) = arriving.blocking_recv()
        {
            let results = results.clone();
            scope.spawn(move |_| {
                let decided = judge.decide(pair, browsers);
                drop(permit);
                // The collector leaves early only when results cannot be written any more.
                let _ = results.send(CollectorMessage::Decided(Box::new(decided)));
            });
        }
    });
}

/// What the collector is told.
enum CollectorMessage {
    /// A shot's verdict.
    Decided(Box<shot::Decided>),
    /// What a worker is doing.
    WorkerProgress(WorkerProgress),
    /// Information that is not a result.
    Note(String),
    /// Information for verbose output.
    Detail(String),
    /// Something that every reader of the report should know.
    Warning(String),
    /// What a role's environment serves.
    Served(Role, String),
    /// Why both sides seem to be the same environment.
    OneEnvironment(String),
    /// Why the run as a whole decides nothing.
    Undecided(String),
}

/// What the collector reads.
type CollectorInbox = Receiver<CollectorMessage>;
