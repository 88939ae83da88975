//! What a run captures with its browsers: plain values that say nothing about how they were taken.

mod circumstances;
pub(crate) mod pools;
mod provenance;
pub(crate) mod runner;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

pub use circumstances::Circumstances;
pub use provenance::{Provenance, Record};

use crate::{
    diff::{Rect, Size},
    plan::ShotId,
    side::{Role, Side},
    spec::Suspicion,
    waits::WaitTime,
    yaml::{Location, Untrusted},
};

/// One picture and the page that it shows.
#[derive(Debug, Clone)]
pub struct CapturedPicture {
    /// PNG, as the browser encoded it.
    pub png: Arc<[u8]>,
    /// Device pixels.
    pub size: Size,
    /// Where it comes from.
    pub origin: Origin,
    /// For each mask of the shot, what it covers in device pixels.
    pub masks: Vec<Vec<Rect>>,
    /// The page's height in CSS pixels, if the picture does not show all of it.
    pub cut_from: Option<u32>,
    /// Warnings for the reader of the report.
    pub warnings: Vec<Untrusted>,
    /// Warnings that are reasons why it may prove less than it seems to.
    pub doubts: Vec<Doubt>,
    /// How the picture was made, if a later run may ask for that.
    pub record: Option<Record>,
    /// What it was drawn with, if that is known.
    pub circumstances: Option<Arc<Circumstances>>,
}

/// Why a picture may prove less than it seems to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The suspicion that it raises.
    pub suspicion: Suspicion,
    /// What is suspicious.
    pub text: Untrusted,
}

/// Where a picture comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A live page.
    Page(Page),
    /// An approved picture.
    Golden {
        /// The file that it is stored in.
        file: String,
    },
}

/// The page that a picture shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its URL, relative to the environment's base URL if it is below it.
    pub url: Untrusted,
    /// The URL that the flow asked for, if the page is at another one.
    pub asked: Option<Untrusted>,
    /// Its title.
    pub title: Untrusted,
    /// Its HTTP status, if the browser knows it.
    pub status: Option<u16>,
}

/// The result of one side of a shot.
#[derive(Debug, Clone)]
pub enum SideOutcome {
    /// A picture.
    Picture(CapturedPicture),
    /// This side was not photographed, and no stored picture replaces it.
    Absent,
    /// Trouble on the page: data, not an error of ours.
    Failed(StepFailure),
}

/// Both sides of one shot.
#[derive(Debug, Clone)]
pub struct CapturePair {
    /// The shot of the plan.
    pub id: ShotId,
    /// Whether the flow reached this shot.
    pub is_reached: bool,
    /// The result of each side.
    pub sides: Side<SideOutcome>,
    /// How long each part took.
    pub times: CaptureTimes,
}

/// Why a side has no picture.
#[derive(Debug, Clone)]
pub struct StepFailure {
    /// The side on which it happened.
    pub role: Role,
    /// The kind of failure.
    pub kind: FailureKind,
    /// What happened, and what to do next.
    pub message: Untrusted,
    /// The label of the failed step.
    pub label: String,
    /// Where that step is in its file.
    pub location: Location,
    /// The page's URL at that time.
    pub url: Option<Untrusted>,
    /// PNGs of the page at that time.
    pub pictures: Vec<Arc<[u8]>>,
}

/// How long the parts of a shot took.
#[derive(Debug, Clone, Default)]
pub struct CaptureTimes {
    /// The steps since the previous shot, each measured on its slower side.
    pub steps: StepTimes,
    /// The times of each live side.
    pub sides: Side<Option<SideTimes>>,
}

/// How long steps took.
#[derive(Debug, Clone, Copy, Default)]
pub struct StepTimes {
    /// Those that go to a page: `goto`, `back`, `forward` and `refresh`.
    pub navigate: Duration,
    /// All other steps, including the page load that a click starts.
    pub act: Duration,
}

/// How long the parts of one side of a shot took.
#[derive(Debug, Clone, Default)]
pub struct SideTimes {
    /// The steps since the previous shot.
    pub steps: StepTimes,
    /// The time until the page held still.
    pub settle: Duration,
    /// What the shot waited for.
    pub waits: Vec<WaitTime>,
    /// The time for taking the frames.
    pub shoot: Duration,
    /// How many frames were taken until two were equal.
    pub frames: u32,
}

/// Why a shot could not be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// An `expect` did not hold.
    Expectation,
    /// A step could not be done: no such element, not clickable, a wait ran out.
    Step,
    /// The page could not be loaded, is an error page, or is on a foreign host.
    Navigation,
    /// No two equal frames in a row.
    Unstable,
    /// The browser or its driver did not answer, crashed, or gave a wrong answer.
    Driver,
    /// An earlier step of the flow failed.
    NotReached,
    /// A picture could not be read.
    Picture,
    /// A bug in Twinshot.
    Internal,
}
