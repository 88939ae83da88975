//! Pictures of the baseline that were taken in an earlier run, and what every picture of it depends on: with equal
//! provenance the baseline would be photographed as it was.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Capture, FailureKind, Origin, Page, StepFailure, Taken};
use crate::{
    diff::{Rect, Size},
    plan::{PlannedShot, ShotId},
    side::Role,
};

/// What a picture depends on, each part as a hash of all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// What the environment serves.
    pub release: String,
    /// The flow's file, the fragments, files that its steps name, and variables.
    pub flow: String,
    /// The browser's program, its version, and the fonts and the system that it draws with.
    pub browser: String,
    /// The environment, the viewport, and Twinshot with its settings.
    pub settings: String,
}

impl Provenance {
    /// In words, what differs first.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let parts = [
            (&self.release, &other.release, "the release"),
            (&self.flow, &other.flow, "the flow"),
            (
                &self.browser,
                &other.browser,
                "the browser or what it draws with",
            ),
            (&self.settings, &other.settings, "a setting"),
        ];
        let mut parts = parts.into_iter();
        parts.find_map(|(mine, theirs, words)| (mine != theirs).then_some(words))
    }
}

/// How a picture of the baseline came to be.
#[derive(Debug, Clone)]
pub struct Record {
    /// What it depends on.
    pub provenance: Arc<Provenance>,
    /// The name and version by which the browser itself goes.
    pub browser: Option<String>,
    /// The run in which it was taken, if that is an earlier one.
    pub reused_from: Option<String>,
}

/// A picture of an earlier run that stands for one of this run.
#[derive(Debug, Clone)]
pub(crate) struct KeptPicture {
    pub(crate) file: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub(crate) hash: String,
    pub(crate) size: Size,
    pub(crate) page: Page,
    pub(crate) masks: Vec<Vec<Rect>>,
    pub(crate) cut_from: Option<u32>,
    pub(crate) warnings: Vec<String>,
    pub(crate) record: Record,
}

/// What is known of the baseline's pictures before any is taken; nothing where nobody asked.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// By the number of the job.
    pub(crate) provenance: BTreeMap<usize, Arc<Provenance>>,
    /// All shots of a job or none.
    pub(crate) pictures: HashMap<ShotId, KeptPicture>,
}

impl Kept {
    /// How a picture of a job comes to be that is taken now.
    pub(crate) fn record(&self, job: usize, browser: Option<String>) -> Option<Record> {
        Some(Record {
            provenance: Arc::clone(self.provenance.get(&job)?),
            browser,
            reused_from: None,
        })
    }

    /// The picture that stands for one of a shot, beside one that is taken by this `browser` now.
    pub(crate) fn picture(&self, planned: &PlannedShot, browser: Option<&str>) -> Taken {
        let Some(kept) = self.pictures.get(&planned.id) else {
            return Taken::Absent;
        };
        match kept.read(browser) {
            Ok(capture) => Taken::Picture(capture),
            Err(reason) => Taken::Failed(StepFailure {
                role: Role::Baseline,
                kind: FailureKind::Picture,
                message: format!("{reason}; run again without --reuse-baseline"),
                label: planned.label.clone(),
                location: planned.location.clone(),
                url: None,
                pictures: Vec::new(),
            }),
        }
    }
}

impl KeptPicture {
    /// Whether the file is what it was.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.bytes().map(drop)
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        let file = self.file.display();
        let bytes = fs::read(&self.file).map_err(|error| format!("{file}: {error}"))?;
        match blake3::hash(&bytes).to_hex().as_str() == self.hash {
            true => Ok(bytes),
            false => Err(format!("{file} is damaged")),
        }
    }

    fn read(&self, browser: Option<&str>) -> Result<Capture, String> {
        let theirs = self.record.browser.as_deref();
        if theirs != browser {
            let [theirs, ours] = [theirs, browser].map(|name| name.unwrap_or("unknown"));
            return Err(format!(
                "the browser is {ours}, and the baseline's picture is of {theirs}"
            ));
        }
        Ok(Capture {
            png: self.bytes()?.into(),
            size: self.size,
            origin: Origin::Page(self.page.clone()),
            masks: self.masks.clone(),
            cut_from: self.cut_from,
            warnings: self.warnings.clone(),
            record: Some(self.record.clone()),
        })
    }
}
