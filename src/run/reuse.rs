//! EFFECT, ASYNC. `--reuse-baseline`: decides which baseline pictures of the last run still hold, because nothing that they
//! depend on has changed. Where that cannot be proved, the baseline is photographed and the reason is reported.

mod drawing;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::baseline::{ReusedPicture, ReusedPictures};
use crate::{
    browser::Launcher,
    capture::{Doubt, Page, Provenance, Record},
    config::{Browser, Config, Environment, EnvironmentUrl},
    digest::digest,
    files,
    plan::{Job, Plan, ShotId},
    report::{PictureReport, RecordReport, Report, RunState, ShotReport},
    spec::{Clock, Flow, Secrets},
    store,
    yaml::{Untrusted, address::without_password},
};

/// The length of a stored picture's name.
const HASH_DIGITS: usize = 64;

/// The pictures of the last run, and the values that must not be hashed.
pub(super) struct Reuse {
    last: Result<LastRun, String>,
    secrets: Secrets,
}

/// The newest run when this one began.
struct LastRun {
    report: Report,
    folder: PathBuf,
}

/// What the decision depends on in every job.
pub(super) struct ReuseContext<'a> {
    pub(super) plan: &'a Plan,
    pub(super) config: &'a Config,
    pub(super) baseline: &'a Environment,
    /// What it serves.
    pub(super) release: Option<String>,
    pub(super) launcher: &'a Launcher,
}

/// A message about the decision to reuse pictures.
pub(super) enum ReuseNotice {
    /// Why the baseline is photographed.
    Reason(String),
    /// Something is wrong and should be looked at.
    Warning(String),
}

impl Reuse {
    /// Reads the newest run of a reports folder. Call it before this run becomes the newest.
    pub(super) fn of_last(reports: &Path, secrets: Secrets) -> Self {
        Self {
            last: LastRun::read(&reports.join(store::LATEST)),
            secrets,
        }
    }

    /// Reads the run from which a resumed run took pictures before.
    pub(super) fn of_resumed(reports: &Path, id: Option<&str>, secrets: Secrets) -> Self {
        let none = || Err("the run that is resumed had no run before it".to_owned());
        Self {
            last: id.map_or_else(none, |id| LastRun::read(&reports.join(id))),
            secrets,
        }
    }

    /// The id of the run that pictures are taken from.
    pub(super) fn run(&self) -> Option<&str> {
        let last = self.last.as_ref().ok()?;
        Some(&last.report.run.id)
    }

    /// Finds the jobs whose baseline pictures all exist already.
    pub(super) async fn decide(
        &self,
        common: &ReuseContext<'_>,
        tell: &mut dyn FnMut(ReuseNotice),
    ) -> ReusedPictures {
        let mut reused = ReusedPictures::default();
        let proof = match self.prove(common).await {
            Ok(proof) => proof,
            Err(reason) => {
                let name = &common.baseline.name;
                tell(ReuseNotice::Reason(format!(
                    "{name} is photographed: {reason}"
                )));
                return reused;
            }
        };
        for job in &common.plan.jobs {
            let found = self.provenance(&proof, common, job).and_then(|provenance| {
                let provenance = Arc::new(provenance);
                reused.note(job, &provenance);
                self.pictures(job, &provenance)
            });
            let checked = found.map(|pictures| (check(&pictures), pictures));
            let head = || photographed(common.baseline, job);
            match checked {
                Ok((Ok(()), pictures)) => reused.add(job, pictures),
                Ok((Err(reason), _)) => tell(ReuseNotice::Warning(format!("{}: {reason}", head()))),
                Err(reason) => tell(ReuseNotice::Reason(format!("{}: {reason}", head()))),
            }
        }
        reused
    }

    async fn prove(&self, common: &ReuseContext<'_>) -> Result<CommonProvenance, String> {
        let name = &common.baseline.name;
        let Some(release) = &common.release else {
            return Err(format!("{name} names no release; let its `ready` read one"));
        };
        self.refuse_secrets(release, "its release")?;
        if common.launcher.is_remote() {
            let reason = "its browsers run elsewhere, and it is unknown here what they draw with";
            return Err(reason.to_owned());
        }
        let settings = settings(common);
        self.refuse_secrets(&settings, "its settings")?;
        let mut browsers = BTreeMap::new();
        for browser in common.plan.browsers() {
            let program = common.launcher.binary(browser);
            let program = program.ok_or("its browser's program is not known")?;
            browsers.insert(browser, drawing::of(Path::new(&*program)).await?);
        }
        Ok(CommonProvenance {
            release: digest([release.as_str()]),
            settings,
            browsers,
        })
    }

    /// A hash confirms a guess, so secrets are not even hashed.
    fn refuse_secrets(&self, text: &str, what: &str) -> Result<(), String> {
        match self.secrets.redact(text) == text {
            true => Ok(()),
            false => Err(format!("a secret is part of {what}")),
        }
    }

    fn provenance(
        &self,
        proof: &CommonProvenance,
        common: &ReuseContext<'_>,
        job: &Job,
    ) -> Result<Provenance, String> {
        let flow = &job.flow;
        let clock = flow.clock.unwrap_or(common.config.clock);
        if flow.session.is_some() {
            return Err("it begins logged in".to_owned());
        }
        if flow.definition.has_secrets {
            return Err("it uses secret values".to_owned());
        }
        let Clock::At(moment) = clock else {
            let reason = "its pages have the time of each run; set `clock` to a moment";
            return Err(reason.to_owned());
        };
        let variables = format!("{:?}", flow.definition.variables);
        self.refuse_secrets(&variables, "its variables")?;
        let settings = format!("{:?}", (&proof.settings, &job.viewport, moment));
        Ok(Provenance {
            release: proof.release.clone(),
            flow: digest([&*flow.definition.digest, &*variables, &*files_of(flow)?]),
            browser: proof.browsers[&job.browser].clone(),
            settings: digest([&*settings]),
        })
    }

    /// The stored pictures of all shots of a job, or why one is missing.
    fn pictures(
        &self,
        job: &Job,
        provenance: &Arc<Provenance>,
    ) -> Result<Vec<(ShotId, ReusedPicture)>, String> {
        let last = self.last.as_ref().map_err(Clone::clone)?;
        let shots = job.shots.iter().flatten();
        let found = shots.map(|id| Ok((id.clone(), last.picture(&id.path(), provenance)?)));
        found.collect()
    }
}

/// The start of the sentence that gives the reason.
fn photographed(baseline: &Environment, job: &Job) -> String {
    let (flow, viewport) = (&job.flow.name, &job.viewport.name);
    let mark = Browser::mark(job.browser.name());
    format!(
        "{} is photographed for {flow} @{viewport}{mark}",
        baseline.name
    )
}

fn check(pictures: &[(ShotId, ReusedPicture)]) -> Result<(), String> {
    pictures.iter().try_for_each(|(_, picture)| picture.check())
}

/// The parts of the provenance that all jobs share.
struct CommonProvenance {
    release: String,
    settings: String,
    browsers: BTreeMap<Browser, String>,
}

impl LastRun {
    fn read(folder: &Path) -> Result<Self, String> {
        let report =
            store::read_report(folder).map_err(|_| "there is no last run that can be read")?;
        if report.run.state != RunState::Complete {
            return Err("the last run did not finish".to_owned());
        }
        // The run may have seen two releases.
        if !report.run.undecided.is_empty() {
            return Err("the last run decided nothing".to_owned());
        }
        // The link will point to this run.
        let folder = fs::canonicalize(folder).map_err(|error| error.to_string())?;
        Ok(Self { report, folder })
    }

    fn picture(&self, id: &str, wanted: &Arc<Provenance>) -> Result<ReusedPicture, String> {
        let run = &self.report.run.id;
        let mut shots = self.report.shots.iter();
        let shot = shots.find(|shot| shot.id == id);
        let picture = shot.and_then(|shot| shot.pictures.baseline.as_ref());
        let Some((shot, picture)) = shot.zip(picture) else {
            return Err(format!("run {run} has no picture of {id}"));
        };
        let Some(record) = &picture.record else {
            return Err(format!(
                "run {run} kept no record of it, as it had no --reuse-baseline or could prove nothing"
            ));
        };
        match record.provenance.difference(wanted) {
            Some(part) => Err(format!("{part} is another than in run {run}")),
            None => self.reusable(shot, picture, record, wanted),
        }
    }

    fn reusable(
        &self,
        shot: &ShotReport,
        picture: &PictureReport,
        record: &RecordReport,
        provenance: &Arc<Provenance>,
    ) -> Result<ReusedPicture, String> {
        let hash = &picture.hash;
        let is_hash = hash.len() == HASH_DIGITS && hash.chars().all(|c| c.is_ascii_hexdigit());
        let (Some(page), true) = (&picture.page, is_hash) else {
            return Err(format!(
                "run {} has no page for {}",
                self.report.run.id, shot.id
            ));
        };
        let from = record.reused_from.as_ref().unwrap_or(&self.report.run.id);
        Ok(ReusedPicture {
            file: self.folder.join(format!("shots/{hash}.png")),
            hash: hash.clone(),
            size: picture.size,
            page: Page {
                url: page.url.clone().into(),
                asked: page.asked.clone().map(Untrusted::from),
                title: page.title.clone().into(),
                status: page.status,
            },
            masks: record.masks.clone(),
            cut_from: record.cut_from,
            warnings: record
                .warnings
                .iter()
                .cloned()
                .map(Untrusted::from)
                .collect(),
            doubts: record
                .doubts
                .iter()
                .map(|doubt| Doubt {
                    suspicion: doubt.suspicion,
                    text: doubt.text.clone().into(),
                })
                .collect(),
            record: Record {
                provenance: Arc::clone(provenance),
                browser: record.browser.clone(),
                reused_from: Some(from.clone()),
            },
            circumstances: picture.circumstances.clone().map(Arc::new),
        })
    }
}

/// All that is set and that every picture of the baseline depends on; passwords are left out.
fn settings(common: &ReuseContext<'_>) -> String {
    let (environment, config) = (common.baseline, common.config);
    let headers = environment.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    });
    let environment = (
        address(&environment.url),
        environment.basic_auth.as_ref().map(|it| &it.user),
        &environment.hosts,
        &environment.emulation,
        &environment.network,
        headers.collect::<Vec<_>>(),
    );
    let capture = (
        env!("CARGO_PKG_VERSION"),
        (config.settle, config.isolation, config.max_page_height),
        (config.timeout, config.page_timeout),
        // Steps may name any of them.
        (&config.capabilities, &config.viewports),
        common.launcher.is_headed(),
    );
    format!("{:?}", (environment, capture))
}

fn address(url: &EnvironmentUrl) -> String {
    match url {
        EnvironmentUrl::Demo(release) => format!("demo:{release}"),
        EnvironmentUrl::Url(url) => without_password(url).into(),
    }
}

/// A hash of the files that the flow's steps name.
fn files_of(flow: &Flow) -> Result<String, String> {
    let mut hasher = blake3::Hasher::new();
    for file in flow.files() {
        let bytes = files::read(file, files::UPLOAD_LIMIT);
        let bytes = bytes.map_err(|error| format!("{}: {error}", file.display()))?;
        hasher.update(blake3::hash(&bytes).as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}
