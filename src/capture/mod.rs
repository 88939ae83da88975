//! What a run takes from its browsers: plain values, without a word about how they were taken.

pub(crate) mod pools;
mod provenance;
pub(crate) mod runner;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

pub use provenance::{Provenance, Record};

use crate::{
    diff::{Rect, Size},
    plan::ShotId,
    side::{Role, Side},
    spec::Location,
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
    /// How tall the page is, when the picture ends before it does; CSS pixels.
    pub cut_from: Option<u32>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// How it came to be, where that may be asked later.
    pub record: Option<Record>,
}

/// Where a picture comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A live page.
    Page(Page),
    /// It was approved before.
    Golden {
        /// Where it is kept.
        file: String,
    },
}

/// The page that a picture shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its URL, relative to the environment's when below it.
    pub url: String,
    /// The address that the flow asked for, where another one answered.
    pub asked: Option<String>,
    /// Its title.
    pub title: String,
    /// Its HTTP status, when the browser knows it.
    pub status: Option<u16>,
}

/// The result of one side of a shot.
#[derive(Debug, Clone)]
pub enum SideOutcome {
    /// A picture.
    Picture(CapturedPicture),
    /// Nobody photographed this side, and no stored picture replaces it.
    Absent,
    /// Trouble on the page: data, not an error of ours.
    Failed(StepFailure),
}

/// Both sides of one shot.
#[derive(Debug, Clone)]
pub struct CapturePair {
    /// Which shot of the plan.
    pub id: ShotId,
    /// Whether the flow got as far as this shot.
    pub is_reached: bool,
    /// The result of each side.
    pub sides: Side<SideOutcome>,
    /// What took how long.
    pub times: CaptureTimes,
}

/// Why a side has no picture.
#[derive(Debug, Clone)]
pub struct StepFailure {
    /// On which side it happened.
    pub role: Role,
    /// Which kind of trouble.
    pub kind: FailureKind,
    /// What happened, with what to do next.
    pub message: String,
    /// The step at fault, as people read it.
    pub label: String,
    /// Where that step stands.
    pub location: Location,
    /// The page's URL at that moment.
    pub url: Option<String>,
    /// PNGs of the page as it was.
    pub pictures: Vec<Arc<[u8]>>,
}

/// What a shot's parts took.
#[derive(Debug, Clone, Default)]
pub struct CaptureTimes {
    /// The steps since the last shot; of each, the slower side.
    pub steps: StepTimes,
    /// What each live side took.
    pub sides: Side<Option<SideTimes>>,
}

/// What steps took.
#[derive(Debug, Clone, Copy, Default)]
pub struct StepTimes {
    /// Those that go to a page: `goto`, `back`, `forward` and `refresh`.
    pub navigate: Duration,
    /// All others, with the page that a click leads to.
    pub act: Duration,
}

/// What one side of a shot took.
#[derive(Debug, Clone, Default)]
pub struct SideTimes {
    /// The steps since the last shot.
    pub steps: StepTimes,
    /// Until the page held still.
    pub settle: Duration,
    /// What was waited for meanwhile.
    pub waits: Vec<Wait>,
    /// Taking the frames.
    pub shoot: Duration,
    /// How many were taken until two were equal.
    pub frames: u32,
}

/// Something that was waited for until a page held still. Several may have been waited for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What it was.
    #[serde(rename = "for")]
    pub awaited: Awaited,
    /// The most of it at once.
    pub count: u32,
    /// How long, in milliseconds.
    pub ms: u64,
}

/// What a page is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// The document was still loading.
    Document,
    /// Fonts were loading.
    Fonts,
    /// Images were loading.
    Images,
    /// The page was scrolled through, because something in it waits for coming into view.
    Scrolling,
    /// Animations that were finished, and were looked at once more.
    Animations,
    /// Requests of scripts were not answered.
    Requests,
    /// The page changed itself.
    Changes,
    /// Images that had loaded were decoded.
    Decoding,
    /// The browser laid the page out, and we looked through it.
    Layout,
    /// The browser drew its next frames.
    Drawing,
    /// The browser and its driver took our commands.
    Driver,
    /// The other side of the shot had no frame yet to compare with.
    OtherSide,
}

impl Awaited {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::Document,
        Self::Fonts,
        Self::Images,
        Self::Scrolling,
        Self::Animations,
        Self::Requests,
        Self::Changes,
        Self::Decoding,
        Self::Layout,
        Self::Drawing,
        Self::Driver,
        Self::OtherSide,
    ];

    /// Its name, as the page's functions have it too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Fonts => "fonts",
            Self::Images => "images",
            Self::Scrolling => "scrolling",
            Self::Animations => "animations",
            Self::Requests => "requests",
            Self::Changes => "changes",
            Self::Decoding => "decoding",
            Self::Layout => "layout",
            Self::Drawing => "drawing",
            Self::Driver => "driver",
            Self::OtherSide => "other side",
        }
    }
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, ms) = (self.awaited.name(), self.ms);
        let is_counted = matches!(
            self.awaited,
            Awaited::Images | Awaited::Animations | Awaited::Requests
        );
        match (is_counted, self.count) {
            (true, 1) => write!(f, "1 {} {ms} ms", name.trim_end_matches('s')),
            (true, count) => write!(f, "{count} {name} {ms} ms"),
            _ => write!(f, "{name} {ms} ms"),
        }
    }
}

/// Which kind of trouble kept a shot from being decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// An `expect` did not hold.
    Expectation,
    /// A step could not be done: no such element, not clickable, a wait ran out.
    Step,
    /// The page could not be loaded, or is an error page, or on a foreign host.
    Navigation,
    /// No two equal frames in a row.
    Unstable,
    /// The browser or its driver did not answer, crashed or lied.
    Driver,
    /// An earlier step of the flow failed.
    NotReached,
    /// A picture could not be read.
    Picture,
    /// Our own fault.
    Internal,
}
