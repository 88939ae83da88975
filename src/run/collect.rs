//! Collects decided shots into the report, in plan order. The report is rewritten as it grows, so a killed run leaves a
//! readable partial report.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::{Duration, Instant},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    CollectorInbox, CollectorMessage, CurrentStep, Event, RunOptions,
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
        ShardReport, Summary,
    },
    side::Side,
    spec::Secrets,
    store::{ReportFolder, StoreError},
    yaml::without_credentials,
};

/// The shortest pause between two partial reports for people.
const PARTIAL_PAUSE: Duration = Duration::from_secs(1);
/// Writing partial reports, `report.json` and the rest each, takes no more than this part of the time.
const PARTIAL_SHARE: u32 = 20;
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
    /// The next partial `report.json`, which is written as soon as a shot is decided.
    next_data: Instant,
    /// The next partial report for people.
    next_pages: Instant,
    /// Whether `report.json` lacks what was decided last, and whether the other files do.
    is_data_stale: bool,
    are_pages_stale: bool,
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
    /// Writes the empty partial report at once: if that fails, nothing else should be done.
    pub(super) fn new(
        plan: &Arc<Plan>,
        config: &Config,
        run_id: String,
        folder: &'a ReportFolder,
        options: &'a RunOptions,
        launcher: Option<Launcher>,
    ) -> Result<Self, StoreError> {
        let began = Instant::now();
        let collector = Self {
            report: Report {
                schema_version: SCHEMA_VERSION,
                run: new_run(plan, config, run_id, options),
                summary: Summary::default(),
                warnings: Vec::new(),
                suspicions: Vec::new(),
                allowed: Vec::new(),
                idle_allowances: Vec::new(),
                shots: Vec::new(),
            },
            plan: Arc::clone(plan),
            launcher,
            secrets: &options.secrets,
            browsers: Vec::new(),
            shots: HashMap::with_capacity(plan.shots.len()),
            told: 0,
            folder,
            max_failures: options.max_failures,
            began,
            next_data: began,
            next_pages: began + PARTIAL_PAUSE,
            is_data_stale: false,
            are_pages_stale: false,
        };
        folder.write(&collector.report)?;
        folder.make_latest()?;
        Ok(collector)
    }

    /// Takes news until there are no more to come, or a signal ends the wait for them.
    pub(super) fn collect(
        &mut self,
        news: &CollectorInbox,
        stop: &StopSwitch,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Collected, StoreError> {
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
    ) -> Result<Collected, StoreError> {
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
    ) -> Result<(), StoreError> {
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
                self.report.warnings.push(warning);
            }
            CollectorMessage::Served(role, release) => {
                let environment = self.report.run.environments.get_mut(role);
                environment.release = Some(self.secrets.redact(&release));
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
    ) -> Result<(), StoreError> {
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
            self.folder.write_data(&self.report)?;
            self.is_data_stale = false;
            self.next_data = Instant::now() + began.elapsed() * PARTIAL_SHARE;
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
        self.report.run.duration_ms = milliseconds(self.began.elapsed());
    }

    fn session_times(&self) -> SessionTimes {
        let times = self
            .launcher
            .as_ref()
            .map(Launcher::times)
            .unwrap_or_default();
        SessionTimes {
            started: times.started,
            start_ms: milliseconds(times.start),
            cleaned: times.cleaned,
            clean_ms: milliseconds(times.clean),
        }
    }

    fn failing(&self) -> usize {
        let fails = |kept: &&StoredShot| self.report.fails(&kept.shot);
        self.shots.values().filter(fails).count()
    }

    /// Writes the report of a run that ends in trouble, as far as there is room for it. What cannot be replaced stays whole.
    pub(super) fn end_in_trouble(&mut self, reason: &str) {
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
        self.folder.make_room();
        self.folder.write(&self.report)?;
        Ok(self.report)
    }
}

fn new_run(plan: &Plan, config: &Config, id: String, options: &RunOptions) -> Run {
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
        || (baseline.url == candidate.url
            && baseline.headers == candidate.headers
            && baseline.basic_auth == candidate.basic_auth);
    is_same.then(|| "both sides are the same environment".to_owned())
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
