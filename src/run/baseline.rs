//! EFFECT. Where a baseline picture comes from if it is not photographed: the golden folder, or an earlier run.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    capture::{
        CapturePair, CapturedPicture, Circumstances, Doubt, FailureKind, Origin, Page, Provenance,
        Record, SideOutcome, StepFailure,
    },
    config::BaselineSource,
    diff::{self, Rect, Size},
    plan::{Job, JobId, PlannedShot, ShotId},
    side::Role,
    store::{self, GoldenFolder},
    yaml::Untrusted,
};

/// The pictures on disk that serve as a baseline, or that excuse a difference from it.
pub(super) enum StoredBaseline {
    /// The approved pictures are the baseline.
    Golden(GoldenFolder),
    /// The baseline is an environment.
    Environment {
        /// A candidate that equals its approved picture may differ from the environment.
        approved: GoldenFolder,
        /// Pictures of an earlier run that need not be taken again.
        reused: ReusedPictures,
    },
}

/// A captured pair together with its stored pictures.
pub(super) struct CompletePair {
    pub(super) pair: CapturePair,
    /// The approved picture that excuses a difference from a live baseline.
    pub(super) approved: Option<CapturedPicture>,
    /// Why the approved picture excuses nothing, or is compared forgivingly, if it or its record cannot be read.
    pub(super) warning: Option<Untrusted>,
    /// The hash of the golden picture.
    pub(super) golden: Option<String>,
}

impl StoredBaseline {
    pub(super) fn new(
        source: &BaselineSource,
        golden: GoldenFolder,
        reused: ReusedPictures,
    ) -> Self {
        match source {
            BaselineSource::Golden => Self::Golden(golden),
            BaselineSource::Environment(_) => Self::Environment {
                approved: golden,
                reused,
            },
        }
    }

    /// Adds the stored pictures of a shot. `browser` is the name and version that the candidate's browser reports.
    pub(super) fn complete(
        &self,
        pair: &CapturePair,
        planned: &PlannedShot,
        browser: Option<&str>,
    ) -> CompletePair {
        let mut pair = pair.clone();
        let (Self::Golden(golden)
        | Self::Environment {
            approved: golden, ..
        }) = self;
        let GoldenPicture { picture, hash } = golden_picture(golden, planned);
        let (approved, warning) = match self {
            Self::Golden(_) => {
                // A failure of the flow as a whole is reported on the baseline, and stays there.
                if !matches!(pair.sides.baseline, SideOutcome::Failed(_)) {
                    pair.sides.baseline = picture;
                }
                (None, None)
            }
            Self::Environment { reused, .. } => {
                reused.complete(&mut pair, planned, browser);
                match picture {
                    SideOutcome::Picture(picture) => {
                        let warning = picture.warnings.first().cloned();
                        (Some(picture), warning)
                    }
                    SideOutcome::Absent => (None, None),
                    SideOutcome::Failed(failure) => (
                        None,
                        Some(failure.message.between("", "; it approves nothing")),
                    ),
                }
            }
        };
        CompletePair {
            pair,
            approved,
            warning,
            golden: hash,
        }
    }
}

/// A golden picture, and the hash of its file if that could be read.
struct GoldenPicture {
    picture: SideOutcome,
    hash: Option<String>,
}

/// The approved picture of a shot.
fn golden_picture(golden: &GoldenFolder, planned: &PlannedShot) -> GoldenPicture {
    let (picture, hash) = match golden.read(&planned.id.path()) {
        Ok(Some(png)) => {
            let hash = store::picture_hash(&png);
            (decoded(golden, planned, png), Some(hash))
        }
        Ok(None) => (SideOutcome::Absent, None),
        Err(error) => (broken(planned, &error.to_string()), None),
    };
    GoldenPicture { picture, hash }
}

fn broken(planned: &PlannedShot, reason: &str) -> SideOutcome {
    let message = format!("{reason}; restore it, or remove it and approve again");
    SideOutcome::Failed(unreadable(planned, message))
}

fn decoded(golden: &GoldenFolder, planned: &PlannedShot, png: Vec<u8>) -> SideOutcome {
    let path = planned.id.path();
    let file = golden.file(&path).display().to_string();
    let whole = diff::check_whole(&png);
    match whole.and_then(|()| diff::decode_header(&png)) {
        Ok(size) => SideOutcome::Picture(CapturedPicture {
            circumstances: golden.circumstances(&path, &png).map(Arc::new),
            png: png.into(),
            size,
            origin: Origin::Golden { file },
            masks: Vec::new(),
            cut_from: None,
            warnings: golden
                .broken_record(&path)
                .map(Untrusted::from)
                .into_iter()
                .collect(),
            doubts: Vec::new(),
            record: None,
        }),
        Err(error) => broken(planned, &format!("the golden picture {file} {error}")),
    }
}

fn unreadable(planned: &PlannedShot, message: String) -> StepFailure {
    StepFailure {
        role: Role::Baseline,
        kind: FailureKind::Picture,
        message: message.into(),
        label: planned.label.clone(),
        location: planned.location.clone(),
        url: None,
        pictures: Vec::new(),
    }
}

/// What `--reuse-baseline` knows about the baseline before the run; empty without that option.
#[derive(Debug, Default)]
pub(super) struct ReusedPictures {
    /// The jobs whose baseline pictures all exist, so that they run on the candidate alone.
    jobs: HashSet<JobId>,
    /// The pictures of these jobs.
    pictures: HashMap<ShotId, ReusedPicture>,
    /// What the pictures depend on, including those of shots that are photographed again.
    provenance: HashMap<ShotId, Arc<Provenance>>,
}

impl ReusedPictures {
    /// Notes what the baseline pictures of a job depend on.
    pub(super) fn note(&mut self, job: &Job, provenance: &Arc<Provenance>) {
        let shots = job.shots.iter().flatten().cloned();
        let provenance = shots.map(|id| (id, Arc::clone(provenance)));
        self.provenance.extend(provenance);
    }

    /// Lets a job run on the candidate alone.
    pub(super) fn add(
        &mut self,
        job: &Job,
        pictures: impl IntoIterator<Item = (ShotId, ReusedPicture)>,
    ) {
        self.jobs.insert(job.id());
        self.pictures.extend(pictures);
    }

    /// The jobs that run on the candidate alone.
    pub(super) fn jobs(&self) -> &HashSet<JobId> {
        &self.jobs
    }

    /// Sets the baseline to the picture of an earlier run, or records how the new picture was made.
    fn complete(&self, pair: &mut CapturePair, planned: &PlannedShot, browser: Option<&str>) {
        let is_reached = pair.is_reached;
        match &mut pair.sides.baseline {
            SideOutcome::Picture(capture) => capture.record = self.record(&planned.id, browser),
            baseline @ SideOutcome::Absent if is_reached => {
                if let Some(picture) = self.pictures.get(&planned.id) {
                    *baseline = picture.read_for(planned, browser);
                }
            }
            SideOutcome::Absent | SideOutcome::Failed(_) => {}
        }
    }

    fn record(&self, id: &ShotId, browser: Option<&str>) -> Option<Record> {
        Some(Record {
            provenance: Arc::clone(self.provenance.get(id)?),
            browser: browser.map(str::to_owned),
            reused_from: None,
        })
    }
}

/// A baseline picture that an earlier run photographed.
#[derive(Debug, Clone)]
pub(super) struct ReusedPicture {
    pub(super) file: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub(super) hash: String,
    pub(super) size: Size,
    pub(super) page: Page,
    pub(super) masks: Vec<Vec<Rect>>,
    pub(super) cut_from: Option<u32>,
    pub(super) warnings: Vec<Untrusted>,
    pub(super) doubts: Vec<Doubt>,
    pub(super) record: Record,
    pub(super) circumstances: Option<Arc<Circumstances>>,
}

impl ReusedPicture {
    /// Whether the file still has the content that its hash promises.
    pub(super) fn check(&self) -> Result<(), String> {
        self.bytes().map(drop)
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        let file = self.file.display();
        let bytes = store::read_stored(&self.file).map_err(|error| format!("{file}: {error}"))?;
        match blake3::hash(&bytes).to_hex().as_str() == self.hash {
            true => Ok(bytes),
            false => Err(format!("{file} is damaged")),
        }
    }

    fn read_for(&self, planned: &PlannedShot, browser: Option<&str>) -> SideOutcome {
        match self.read(browser) {
            Ok(capture) => SideOutcome::Picture(capture),
            Err(reason) => {
                let message = format!("{reason}; run again without --reuse-baseline");
                SideOutcome::Failed(unreadable(planned, message))
            }
        }
    }

    /// The picture, if the candidate's `browser` is the one that drew it.
    fn read(&self, browser: Option<&str>) -> Result<CapturedPicture, String> {
        let theirs = self.record.browser.as_deref();
        if theirs != browser {
            let [theirs, ours] = [theirs, browser].map(|name| name.unwrap_or("unknown"));
            return Err(format!(
                "the browser is {ours}, and the baseline's picture is of {theirs}"
            ));
        }
        Ok(CapturedPicture {
            png: self.bytes()?.into(),
            size: self.size,
            origin: Origin::Page(self.page.clone()),
            masks: self.masks.clone(),
            cut_from: self.cut_from,
            warnings: self.warnings.clone(),
            doubts: self.doubts.clone(),
            record: Some(self.record.clone()),
            circumstances: self.circumstances.clone(),
        })
    }
}
