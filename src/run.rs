//! The one place where async meets rayon: runs a plan and returns the report.
//!
//! A tokio thread sends captures over a bounded channel, rayon compares them, and the calling thread collects the
//! results here in plan order. A semaphore limits the pictures in flight, so memory stays flat however long the run is.

mod baseline;
mod circumstances;
mod collect;
mod failing;
mod fonts;
mod readiness;
mod resume;
mod reuse;
mod shot;
mod stop;

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use crate::{
    browser::{self, LaunchOptions, Launcher, RunFolder},
    capture::pools::{LiveEnvironment, PoolOptions, Pools},
    capture::runner::{
        self, Delivery, LearnedSecrets, ProgressListener, RunContext, WorkerProgress,
    },
    config::{BaselineSource, Browser, Config, Environment, EnvironmentUrl, Webdriver},
    connect::{self, Connector},
    demo::{DemoServer, Release},
    plan::{Inputs, Plan},
    report::{Report, Run, RunState, ShotReport},
    side::{Role, Side},
    spec::Secrets,
    store::{GoldenFolder, ReportFolder, StoreError},
};
pub use crate::{
    browser::{LaunchError, guard},
    connect::NoAuthority,
};
use baseline::{ReusedPictures, StoredBaseline};
use circumstances::DrawingMachine;
pub(crate) use collect::new_run_id;
use collect::{BegunRun, Collected, Collector};
use failing::FailingPictures;
use readiness::Readiness;
pub use resume::ResumeError;
use resume::Resumed;
use reuse::{Reuse, ReuseNotice};
use shot::ShotJudge;
use stop::{RunInProgress, StopSwitch, watch_signals};

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
    /// Goes on with the last run.
    pub resume: bool,
    /// What the plan was made of.
    pub inputs: Inputs,
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
    /// Something on this machine is wrong, and the run goes on without it.
    Warning(String),
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
    /// The last run goes on.
    Resumed {
        /// How many shots are decided.
        kept: usize,
        /// How many there are.
        of: usize,
        /// How many flows are still to run, each browser and viewport counted.
        flows: usize,
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
    /// The last run cannot go on.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// The operating system gave us no thread or no runtime.
    #[error("cannot start: {0}")]
    System(std::io::Error),
}

/// Runs the plan and writes the report.
///
/// # Errors
/// When the run cannot be made at all; trouble on a page is in the report instead.
pub fn run(
    mut plan: Plan,
    config: Config,
    options: &RunOptions,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    let roles = Roles::of(&config)?;
    let mut head = collect::new_run(&plan, &config, collect::new_run_id(), options);
    let resumed = resumed(&mut plan, &head, options)?;
    let (plan, config) = (Arc::new(plan), Arc::new(config));
    if plan.jobs.is_empty() {
        return report_nothing(&plan, head, resumed, options, on_event);
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
    // Soon this run is the last one.
    let reuse = options
        .reuse_baseline
        .then(|| reuse(options, resumed.as_ref()));
    if let (Some(reuse), Some(inputs)) = (&reuse, &mut head.inputs) {
        inputs.reused_run = reuse.run().map(str::to_owned);
    }
    let stop = Arc::new(StopSwitch::default());
    let _in_progress = RunInProgress(Arc::clone(&stop));
    watch_signals(Arc::clone(&stop), Arc::downgrade(&scratch)).map_err(RunError::System)?;
    let golden = GoldenFolder::new(options.golden.clone());
    golden.sweep();
    let (begun, folder) = begun(head, resumed, options)?;
    let folder = Arc::new(folder);
    if plan.browsers().iter().any(|it| it.is_chromium()) && browser::sandbox_is_off() {
        let note = "running as root: the browser is started with --no-sandbox";
        on_event(Event::Note(note.to_owned()));
    }

    if plan.browsers().contains(&Browser::WebKit) {
        let note = "WebKit's MiniBrowser shows pages without a sandbox";
        on_event(Event::Note(note.to_owned()));
    }

    let counter = Some(launcher.clone());
    let mut collector = Collector::new(&plan, begun, &folder, options, counter)?;
    let (deliveries, arriving) = mpsc::channel(1);
    let (decided, reused) = oneshot::channel();
    let (news, arrived) = channel();
    let learned = Arc::new(LearnedSecrets::default());
    let comparison = ComparisonThread {
        plan: Arc::clone(&plan),
        folder: Arc::clone(&folder),
        failing: FailingPictures::new(&std::env::temp_dir(), &config.root, news.clone()),
        baseline: config.baseline.clone(),
        golden,
        machine: DrawingMachine::new(&launcher, &config, &plan.browsers()),
        secrets: options.secrets.clone(),
        learned: Arc::clone(&learned),
        news: news.clone(),
    };
    let capture = CaptureThread {
        plan: Arc::clone(&plan),
        config,
        roles,
        launcher: launcher.clone(),
        connector,
        workers: options.workers,
        reuse,
        news,
        learned,
        secrets: Arc::new(options.secrets.clone()),
    };
    let threads = Threads {
        capture: {
            let stop = Arc::clone(&stop);
            thread::spawn(move || capture.run(decided, deliveries, &stop))
        },
        comparison: thread::spawn(move || comparison.run(reused, arriving)),
    };
    match collector.collect(&arrived, &stop, on_event) {
        Ok(Collected::All) => threads.join(&mut collector)?,
        // A thread hangs, so nobody else ends the browsers.
        Ok(Collected::Overdue) => scratch.clear(),
        Err(error) => {
            let trouble = error.to_string();
            collector.end_in_trouble(&trouble);
            let ended = threads.join(&mut collector);
            collector.add_rest(&arrived);
            collector.end_in_trouble(&trouble);
            return ended.and(Err(error));
        }
    }
    on_event(Event::Captured {
        browsers: launcher.times().started,
        flows: plan.jobs.len(),
    });
    // A signal while the report is written ends nothing any more.
    let state = stop.state();
    let signal = stop.signal().filter(|_| state == RunState::Interrupted);
    Ok(Outcome {
        report: collector.finish(state)?,
        index: folder.index(),
        signal,
    })
}

/// The threads of a run. They are not scoped, so that one that hangs does not keep the process.
struct Threads {
    capture: JoinHandle<Result<(), RunError>>,
    comparison: JoinHandle<()>,
}

impl Threads {
    /// Waits for both. What ended them early is in the report. A panic in one of them panics here.
    fn join(self, collector: &mut Collector<'_>) -> Result<(), RunError> {
        let (capture, comparison) = (self.capture.join(), self.comparison.join());
        match (capture, comparison) {
            (Ok(Ok(())), Ok(())) => Ok(()),
            (Ok(Err(error)), Ok(())) => {
                collector.end_in_trouble(&error.to_string());
                Err(error)
            }
            (Err(panic), _) | (_, Err(panic)) => {
                collector.end_in_trouble("Twinshot panicked: this is a bug, please report it");
                std::panic::resume_unwind(panic)
            }
        }
    }
}

/// The last run, if this one goes on with it. Its shots are left out of the plan.
fn resumed(
    plan: &mut Plan,
    fresh: &Run,
    options: &RunOptions,
) -> Result<Option<Resumed>, ResumeError> {
    if !options.resume {
        return Ok(None);
    }
    let golden = GoldenFolder::new(options.golden.clone());
    let resumed = Resumed::open(&options.reports, plan, fresh, &golden)?;
    plan.resume(resumed.shots.keys().cloned().collect());
    Ok(Some(resumed))
}

/// A resumed run takes pictures from the same run as before.
fn reuse(options: &RunOptions, resumed: Option<&Resumed>) -> Reuse {
    let (reports, secrets) = (&options.reports, options.secrets.clone());
    let Some(resumed) = resumed else {
        return Reuse::of_last(reports, secrets);
    };
    let inputs = resumed.report.run.inputs.as_ref();
    let id = inputs.and_then(|inputs| inputs.reused_run.as_deref());
    Reuse::of_resumed(reports, id, secrets)
}

/// How the run begins, and its folder.
fn begun(
    head: Run,
    resumed: Option<Resumed>,
    options: &RunOptions,
) -> Result<(BegunRun, ReportFolder), StoreError> {
    Ok(match resumed {
        Some(Resumed {
            folder,
            report,
            shots,
        }) => (BegunRun::resumed(report, shots, head), folder),
        None => {
            let folder = ReportFolder::create(&options.reports, &head.id)?;
            (BegunRun::new(head), folder)
        }
    })
}

/// A shard without flows needs no browser, but a report: otherwise the shard would be missing. So does a resumed run that
/// had decided everything.
fn report_nothing(
    plan: &Arc<Plan>,
    head: Run,
    resumed: Option<Resumed>,
    options: &RunOptions,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    let (begun, folder) = begun(head, resumed, options)?;
    let mut collector = Collector::new(plan, begun, &folder, options, None)?;
    collector.tell_kept(on_event);
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

/// The asynchronous half of a run, on its own thread and runtime.
struct CaptureThread {
    plan: Arc<Plan>,
    config: Arc<Config>,
    roles: Roles,
    launcher: Launcher,
    connector: Connector,
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
            if readiness.wait(stop.wanted()).await {
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
                let run = runner::run(context, deliveries, stop.wanted());
                tokio::join!(run, compared);
            }
            if stop.signal().is_none() {
                readiness.look_again().await;
            }
        };
        run.await;
        Ok(())
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

/// The comparing half of a run, on its own thread.
struct ComparisonThread {
    plan: Arc<Plan>,
    folder: Arc<ReportFolder>,
    failing: FailingPictures,
    baseline: BaselineSource,
    golden: GoldenFolder,
    machine: DrawingMachine,
    secrets: Secrets,
    learned: Arc<LearnedSecrets>,
    news: Sender<CollectorMessage>,
}

impl ComparisonThread {
    fn run(self, reused: oneshot::Receiver<ReusedPictures>, arriving: mpsc::Receiver<Delivery>) {
        // Nothing is decided, and nothing captured, when the run ends before its first flow.
        let Ok(reused) = reused.blocking_recv() else {
            return;
        };
        let judge = ShotJudge {
            plan: self.plan,
            folder: self.folder,
            failing: self.failing,
            baseline: StoredBaseline::new(&self.baseline, self.golden, reused),
            machine: self.machine,
            secrets: self.secrets,
            learned: self.learned,
        };
        compare_all(arriving, &judge, self.news);
    }
}

/// Compares what arrives, as many at a time as there are cores.
fn compare_all(
    mut arriving: mpsc::Receiver<Delivery>,
    judge: &ShotJudge,
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
    /// Something that only the user of this machine should know.
    Nuisance(String),
    /// What a role's environment serves.
    Served(Role, String),
    /// Why both sides seem to be the same environment.
    OneEnvironment(String),
    /// Why the run as a whole decides nothing.
    Undecided(String),
}

/// What the collector reads.
type CollectorInbox = Receiver<CollectorMessage>;
