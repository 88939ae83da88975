//! Collects decided shots into the report, in plan order. The report is rewritten as it grows, so a killed run leaves a
//! readable partial report.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::{Duration, Instant},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    CollectorInbox, CollectorMessage, CurrentStep, Event, RunError, RunOptions, failing,
    resume::ExpectedWorld,
    shot::{Decided, StoredShot, milliseconds},
    stop::StopSwitch,
};
use crate::{
    browser::Launcher,
    capture::runner::{WorkerProgress, WorkerState},
    config::{BaselineSource, Config, EnvironmentUrl},
    plan::{Part, Plan, ShotId},
    report::{
        EnvironmentReport, Report, Run, RunState, RunTimes, SCHEMA_VERSION, SessionTimes,
        ShardReport, ShotReport, Summary,
    },
    side::Side,
    spec::Secrets,
    store::{ReportFolder, StoreError},
    yaml::without_credentials,
};

/// The shortest pause between two partial reports for people.
const PARTIAL_PAUSE: Duration = Duration::from_secs(1);
/// Writing these takes no more than about this part of the time.
const PARTIAL_SHARE: u32 = 20;
/// The same for `report.json`, which is to hold what was decided as soon as it is.
const DATA_SHARE: u32 = 5;
/// How often the collector looks for what is due while nothing happens.
const TICK: Duration = Duration::from_millis(250);

/// The growing report.
pub(super) struct Collector<'a> {
    report: Report,
    plan: Arc<Plan>,
    /// `None` if no browser had to be started.
    launcher: Option<Launcher>,
    secrets: &'a Secrets,
    /// Name and version of each.
    browsers: Vec<String>,
    shots: HashMap<ShotId, StoredShot>,
    /// How many shots were reported, from the first of the plan on.
    told: usize,
    folder: &'a ReportFolder,
    max_failures: Option<usize>,
    began: Instant,
    /// Of the parts of a resumed run that are over.
    earlier: EarlierTimes,
    /// What a resumed run must meet again.
    expected: Option<ExpectedWorld>,
    /// Whether the report on disk is still that of the part before.
    is_untouched: bool,
    /// The next partial `report.json`, which is written as soon as a shot is decided.
    next_data: Instant,
    /// The next partial report for people.
    next_pages: Instant,
    /// Whether `report.json` lacks what was decided last, and whether the other files do.
    is_data_stale: bool,
    are_pages_stale: bool,
}

/// How a run begins: empty, or with what its earlier parts decided.
pub(super) struct BegunRun {
    pub(super) run: Run,
    pub(super) warnings: Vec<String>,
    pub(super) shots: HashMap<ShotId, ShotReport>,
    /// `None` for a new run.
    pub(super) expected: Option<ExpectedWorld>,
}

/// The times of a run's earlier parts.
struct EarlierTimes {
    duration_ms: u64,
    sessions: SessionTimes,
}

impl BegunRun {
    pub(super) fn new(run: Run) -> Self {
        Self {
            run,
            warnings: Vec::new(),
            shots: HashMap::new(),
            expected: None,
        }
    }

    /// The run of this report, with the shots that are kept of it. `fresh` is the head of a new run.
    pub(super) fn resumed(report: Report, shots: HashMap<ShotId, ShotReport>, fresh: Run) -> Self {
        let Report { run, warnings, .. } = report;
        let expected = ExpectedWorld::of(&run);
        Self {
            run: Run {
                finished: None,
                state: RunState::Running,
                stopped_by: None,
                undecided: Vec::new(),
                one_environment: fresh.one_environment.or(run.one_environment),
                ..run
            },
            warnings,
            shots,
            expected: Some(expected),
        }
    }
}

/// Why the collector stops collecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collected {
    /// There are no more news.
    All,
    /// A signal came long ago, and a thread still works.
    Overdue,
}

impl<'a> Collector<'a> {
    /// Writes the empty partial report at once: if that fails, nothing else should be done. A resumed run's report stays as
    /// it is until more is decided.
    pub(super) fn new(
        plan: &Arc<Plan>,
        begun: BegunRun,
        folder: &'a ReportFolder,
        options: &'a RunOptions,
        launcher: Option<Launcher>,
    ) -> Result<Self, StoreError> {
        let BegunRun {
            run,
            warnings,
            shots,
            expected,
        } = begun;
        let browsers = run.browser.iter().flat_map(|names| names.split(", "));
        let stored = shots.into_iter().map(|(id, shot)| {
            let open = failing::in_report(&shot, folder);
            (id, StoredShot { shot, open })
        });
        let began = Instant::now();
        let mut collector = Self {
            plan: Arc::clone(plan),
            launcher,
            secrets: &options.secrets,
            browsers: browsers.map(str::to_owned).collect(),
            shots: stored.collect(),
            told: 0,
            folder,
            max_failures: options.max_failures,
            began,
            earlier: EarlierTimes {
                duration_ms: run.duration_ms,
                sessions: run.times.sessions,
            },
            is_untouched: expected.is_some(),
            expected,
            next_data: began,
            next_pages: began + PARTIAL_PAUSE,
            is_data_stale: false,
            are_pages_stale: false,
            report: Report {
                schema_version: SCHEMA_VERSION,
                run,
                summary: Summary::default(),
                warnings,
                suspicions: Vec::new(),
                allowed: Vec::new(),
                idle_allowances: Vec::new(),
                shots: Vec::new(),
            },
        };
        if !collector.is_untouched {
            collector.refresh();
            let begun = folder.write(&collector.report);
            if let Err(error) = begun.and_then(|()| folder.make_latest()) {
                collector.end_in_trouble(&error.to_string());
                return Err(error);
            }
        }
        Ok(collector)
    }

    /// Reports the shots that a resumed run keeps.
    pub(super) fn tell_kept(&mut self, on_event: &mut dyn FnMut(Event<'_>)) {
        let kept = self.shots.len();
        if kept > 0 {
            on_event(Event::Resumed {
                kept,
                of: self.plan.shots.len(),
                flows: self.plan.jobs.len(),
            });
            self.tell(on_event);
        }
    }

    /// Takes news until there are no more to come, or a signal ends the wait for them.
    pub(super) fn collect(
        &mut self,
        news: &CollectorInbox,
        stop: &StopSwitch,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Collected, RunError> {
        self.tell_kept(on_event);
        let collected = self.take_all(news, stop, on_event);
        match collected {
            Ok(_) => self.tell_rest(on_event),
            Err(_) => stop.stop(),
        }
        collected
    }

    fn take_all(
        &mut self,
        news: &CollectorInbox,
        stop: &StopSwitch,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Collected, RunError> {
        loop {
            match news.recv_timeout(TICK) {
                Ok(news) => self.take(news, on_event)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(Collected::All),
            }
            if stop.is_overdue() {
                return Ok(Collected::Overdue);
            }
            if self.max_failures.is_some_and(|most| self.failing() >= most) {
                stop.stop();
            }
            self.write_partial()?;
        }
    }

    /// Takes what was decided while the run ended in trouble.
    pub(super) fn add_rest(&mut self, news: &CollectorInbox) {
        for news in news.try_iter() {
            if let CollectorMessage::Decided(decided) = news
                && let Ok(stored) = decided.result
            {
                self.shots.insert(decided.id, stored);
            }
        }
    }

    fn take(
        &mut self,
        news: CollectorMessage,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), RunError> {
        match news {
            CollectorMessage::Decided(decided) => return self.add(*decided, on_event),
            CollectorMessage::WorkerProgress(work) => self.tell_work(&work, on_event),
            CollectorMessage::Note(note) => on_event(Event::Note(self.secrets.redact(&note))),
            CollectorMessage::Detail(note) => on_event(Event::Detail(self.secrets.redact(&note))),
            CollectorMessage::Nuisance(warning) => {
                on_event(Event::Warning(self.secrets.redact(&warning)));
            }
            CollectorMessage::Warning(warning) => {
                let warning = self.secrets.redact(&warning);
                if !self.report.warnings.contains(&warning) {
                    self.report.warnings.push(warning);
                }
            }
            CollectorMessage::Served(role, release) => {
                let release = self.secrets.redact(&release);
                if let Some(expected) = &self.expected {
                    expected.check_release(role, &release)?;
                }
                self.report.run.environments.get_mut(role).release = Some(release);
            }
            CollectorMessage::OneEnvironment(words) => {
                let words = self.secrets.redact(&words);
                self.report.run.one_environment.get_or_insert(words);
            }
            CollectorMessage::Undecided(reason) => {
                let reason = self.secrets.redact(&reason);
                self.report.run.undecided.push(reason);
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        Decided {
            id,
            browser,
            result,
        }: Decided,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), RunError> {
        if let Some((expected, browser)) = self.expected.as_ref().zip(browser.as_deref()) {
            expected.check_browser(browser)?;
        }
        self.shots.insert(id, result?);
        if let Some(browser) = browser {
            self.note_browser(browser);
        }
        on_event(Event::Decided);
        self.tell(on_event);
        (self.is_data_stale, self.are_pages_stale) = (true, true);
        Ok(())
    }

    /// The first version of each browser that answered, always in one order.
    fn note_browser(&mut self, browser: String) {
        let name = |browser: &str| browser.split(' ').next().map(str::to_owned);
        if self.browsers.iter().all(|it| name(it) != name(&browser)) {
            self.browsers.push(browser);
            self.browsers.sort();
            self.report.run.browser = Some(self.browsers.join(", "));
        }
    }

    fn tell_work(&self, work: &WorkerProgress, on_event: &mut dyn FnMut(Event<'_>)) {
        let (worker, job) = (work.worker, &self.plan.jobs[work.job]);
        let (flow, viewport) = (job.flow.name.as_str(), job.viewport.name.as_str());
        let browser = job.browser;
        match &work.state {
            WorkerState::Waiting => on_event(Event::Working {
                worker,
                flow,
                viewport,
                browser,
                step: None,
            }),
            WorkerState::Step { number, of, label } => on_event(Event::Working {
                worker,
                flow,
                viewport,
                browser,
                step: Some(CurrentStep {
                    number: *number,
                    of: *of,
                    label: &self.secrets.redact(label),
                }),
            }),
            WorkerState::Done { took } => on_event(Event::FlowDone {
                worker,
                flow,
                viewport,
                browser,
                shots: job.shots.iter().flatten().count(),
                took: *took,
            }),
        }
    }

    /// Reports shots in plan order, so that two runs print the same lines.
    fn tell(&mut self, on_event: &mut dyn FnMut(Event<'_>)) {
        while let Some(planned) = self.plan.shots.get(self.told)
            && let Some(StoredShot { shot, open }) = self.shots.get(&planned.id)
        {
            on_event(Event::Shot {
                shot,
                open: open.as_ref(),
                fails: self.report.fails(shot),
            });
            self.told += 1;
        }
    }

    /// Reports the shots after a gap, if the run ended early.
    fn tell_rest(&self, on_event: &mut dyn FnMut(Event<'_>)) {
        for StoredShot { shot, open } in self.decided().skip(self.told) {
            on_event(Event::Shot {
                shot,
                open: open.as_ref(),
                fails: self.report.fails(shot),
            });
        }
    }

    /// What is decided so far, in plan order.
    fn decided(&self) -> impl Iterator<Item = &StoredShot> {
        let planned = self.plan.shots.iter();
        planned.filter_map(|planned| self.shots.get(&planned.id))
    }

    /// Writes what is due. `report.json` comes first and more often: it holds all that was decided.
    fn write_partial(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        if self.is_data_stale && began >= self.next_data {
            self.refresh();
            self.is_untouched = false;
            self.folder.write_data(&self.report)?;
            self.is_data_stale = false;
            self.next_data = Instant::now() + began.elapsed() * DATA_SHARE;
        }
        let began = Instant::now();
        if self.are_pages_stale && began >= self.next_pages {
            self.refresh();
            self.folder.write_pages(&self.report)?;
            self.are_pages_stale = false;
            let pause = PARTIAL_PAUSE.max(began.elapsed() * PARTIAL_SHARE);
            self.next_pages = Instant::now() + pause;
        }
        Ok(())
    }

    fn refresh(&mut self) {
        let shots = self.decided().map(|kept| kept.shot.clone());
        self.report.shots = shots.collect();
        self.report.summary = Summary::of(&self.report.shots);
        self.report.judge();
        self.report.run.times = RunTimes::of(&self.report.shots, self.session_times());
        let now = milliseconds(self.began.elapsed());
        self.report.run.duration_ms = self.earlier.duration_ms.saturating_add(now);
    }

    fn session_times(&self) -> SessionTimes {
        let times = self
            .launcher
            .as_ref()
            .map(Launcher::times)
            .unwrap_or_default();
        self.earlier.sessions.and(SessionTimes {
            started: times.started,
            start_ms: milliseconds(times.start),
            cleaned: times.cleaned,
            clean_ms: milliseconds(times.clean),
        })
    }

    fn failing(&self) -> usize {
        let fails = |kept: &&StoredShot| self.report.fails(&kept.shot);
        self.shots.values().filter(fails).count()
    }

    /// Writes the report of a run that ends in trouble, as far as there is room for it. What cannot be replaced stays whole.
    /// So does the report of a run that could not be resumed.
    pub(super) fn end_in_trouble(&mut self, reason: &str) {
        if self.is_untouched {
            return;
        }
        self.report.run.state = RunState::Stopped;
        self.report.run.stopped_by = Some(self.secrets.redact(reason));
        self.refresh();
        self.report.run.finished = Some(now());
        self.folder.make_room();
        // The trouble itself is reported; that it reaches the report too cannot be promised.
        let _ = self.folder.write(&self.report);
    }

    /// Writes the report for good.
    pub(super) fn finish(mut self, state: RunState) -> Result<Report, StoreError> {
        let is_whole = self.decided().count() == self.plan.shots.len();
        // If everything was decided when the run was stopped, nothing is missing.
        self.report.run.state = match state {
            RunState::Stopped if is_whole => RunState::Complete,
            RunState::Complete if !is_whole => RunState::Stopped,
            state => state,
        };
        // What a mask or an allowance is good for is known only in this state.
        self.refresh();
        self.report.run.finished = Some(now());
        // An environment was not ready, so the run can still be resumed as it was.
        if self.is_untouched && !self.report.run.undecided.is_empty() {
            return Ok(self.report);
        }
        self.folder.make_room();
        self.folder.write(&self.report)?;
        Ok(self.report)
    }
}

/// The head of a new run's report.
pub(super) fn new_run(plan: &Plan, config: &Config, id: String, options: &RunOptions) -> Run {
    let named = |name: &str| EnvironmentReport {
        name: name.to_owned(),
        url: shown_url(config, name).map(|url| options.secrets.redact(&url)),
        release: None,
    };
    let baseline = match &config.baseline {
        BaselineSource::Golden => EnvironmentReport {
            name: "golden".to_owned(),
            url: None,
            release: None,
        },
        BaselineSource::Environment(name) => named(name),
    };
    Run {
        id,
        started: now(),
        finished: None,
        duration_ms: 0,
        times: RunTimes::default(),
        state: RunState::Running,
        planned_shots: plan.shots.len(),
        twinshot_version: env!("CARGO_PKG_VERSION").to_owned(),
        browser: None,
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        environments: Side::new(baseline, named(&config.candidate)),
        metric: config.metric,
        antialiasing: config.antialiasing,
        ci: options.ci,
        shard: plan.part.as_ref().map(|part| shard_report(part, options)),
        merged: None,
        stopped_by: None,
        undecided: Vec::new(),
        one_environment: one_environment(config),
        partial_flows: plan.partial_flows.iter().cloned().collect(),
        inputs: Some(options.inputs.clone()),
    }
}

/// Why both sides are the same environment, as far as the configuration tells. Headers may lead to another release at the
/// same address.
fn one_environment(config: &Config) -> Option<String> {
    let BaselineSource::Environment(baseline) = &config.baseline else {
        return None;
    };
    let find = |name: &String| config.environments.iter().find(|it| it.name == *name);
    let (baseline, candidate) = (find(baseline)?, find(&config.candidate)?);
    let is_same = baseline.name == candidate.name
        || (same_place(&baseline.url, &candidate.url)
            && baseline.headers == candidate.headers
            && baseline.basic_auth == candidate.basic_auth);
    is_same.then(|| "both sides are the same environment".to_owned())
}

/// Whether pages are at the same addresses below both URLs: a last slash makes no difference.
fn same_place(one: &EnvironmentUrl, other: &EnvironmentUrl) -> bool {
    let plain = |url: &EnvironmentUrl| match url {
        EnvironmentUrl::Demo(_) => None,
        EnvironmentUrl::Url(url) => {
            let mut plain = url.clone();
            plain.set_path(url.path().trim_end_matches('/'));
            let host = url.host_str().map(|host| host.trim_end_matches('.'));
            // A URL whose host cannot be replaced is compared as it is.
            let _ = plain.set_host(host);
            plain.set_query(None);
            plain.set_fragment(None);
            Some(plain)
        }
    };
    one == other || plain(one).is_some_and(|one| plain(other) == Some(one))
}

fn shard_report(part: &Part, options: &RunOptions) -> ShardReport {
    ShardReport {
        index: part.shard.index(),
        of: part.shard.of(),
        selected_shots: part.shots,
        selection: options.secrets.redact(&part.selection),
        digest: part.digest.clone(),
        flows: part.flows.clone(),
    }
}

/// The environment's URL without credentials.
fn shown_url(config: &Config, name: &str) -> Option<String> {
    let environment = config
        .environments
        .iter()
        .find(|environment| environment.name == name)?;
    Some(match &environment.url {
        EnvironmentUrl::Demo(release) => format!("demo:{release}"),
        EnvironmentUrl::Url(url) => without_credentials(url).into(),
    })
}

fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now.format(&Rfc3339).unwrap_or_default()
}

/// The time to the second, safe as a file name, and four characters against two runs in one second.
pub(crate) fn new_run_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let chance = RandomState::new().hash_one(std::process::id()) & 0xFFFF;
    format!("{}-{chance:04x}", now().replace(':', "-"))
}
