//! What a browser photographs, and the results.

use std::{sync::Arc, time::Instant};

use super::document::PageInfo;
use crate::{
    diff::{Rect, Size},
    spec::{Area, Suspicion, Target},
};

/// A box in CSS pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CssBox {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// The kinds of resources that a picture waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResourceKinds {
    /// Images, fonts and style sheets.
    pub(crate) images: bool,
    /// Code: scripts of the page, of its modules and of its workers.
    pub(crate) scripts: bool,
}

impl ResourceKinds {
    /// All of them.
    pub(crate) const ALL: Self = Self {
        images: true,
        scripts: true,
    };

    /// Whether nothing is waited for.
    pub(crate) fn are_none(self) -> bool {
        !self.images && !self.scripts
    }

    /// Whether these include a type or destination, as the browsers' protocols name it.
    pub(crate) fn include(self, name: &str) -> bool {
        match name {
            "Image" | "Font" | "Stylesheet" | "StyleSheet" | "image" | "font" | "style" => {
                self.images
            }
            "Script" | "script" | "worker" | "sharedworker" => self.scripts,
            _ => false,
        }
    }
}

/// A picture as the browser encoded it, and the page that it shows.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// PNG.
    pub(crate) png: Arc<[u8]>,
    /// Device pixels.
    pub(crate) size: Size,
    /// The page in front.
    pub(crate) page: PageInfo,
    /// For each mask of the shot, what it covers in device pixels of the picture.
    pub(crate) masks: Vec<Vec<Rect>>,
    /// The page's height in CSS pixels, if the picture does not show all of it.
    pub(crate) cut_from: Option<u32>,
    /// What the reader of the report should know.
    pub(crate) warnings: Vec<Warning>,
}

/// Something that the reader of the report should know about a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// The warning in words.
    pub(crate) text: String,
    /// The suspicion that it raises, if it makes a match prove less.
    pub(crate) suspicion: Option<Suspicion>,
}

impl Warning {
    /// A warning that raises a suspicion.
    pub(crate) fn of(suspicion: Suspicion, text: String) -> Self {
        Self {
            text,
            suspicion: Some(suspicion),
        }
    }
}

impl From<String> for Warning {
    fn from(text: String) -> Self {
        Self {
            text,
            suspicion: None,
        }
    }
}

/// The area of the page that is photographed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhotographedArea {
    /// In CSS pixels of the page; if absent, the current viewport.
    pub(crate) page: Option<CssBox>,
    /// Where the page begins: below zero if it is written from right to left.
    pub(crate) origin: (f64, f64),
    /// The page's height in CSS pixels, if the picture does not show all of it.
    pub(crate) cut_from: Option<f64>,
}

impl PhotographedArea {
    /// The current viewport.
    pub(crate) const VIEWPORT: Self = Self {
        page: None,
        origin: (0.0, 0.0),
        cut_from: None,
    };

    /// This box of the page, which begins at `origin`.
    pub(crate) fn of(area: CssBox, origin: (f64, f64)) -> Self {
        Self {
            page: Some(area),
            origin,
            cut_from: None,
        }
    }

    /// The height of the page, if the picture ends before it does; whole CSS pixels.
    pub(crate) fn cut_height(&self) -> Option<u32> {
        self.cut_from.map(|height| height.ceil() as u32)
    }
}

/// One photograph. A shot takes several until two are equal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// PNG.
    pub(crate) png: Arc<[u8]>,
    /// Device pixels.
    pub(crate) size: Size,
    /// The area of the page that it shows.
    pub(crate) area: PhotographedArea,
    /// For each mask of the shot, what it covers in device pixels.
    pub(crate) masks: Vec<Vec<Rect>>,
}

/// The last frame of the previous shot, and what it shows.
#[derive(Debug)]
pub(crate) struct PreviousFrame {
    pub(crate) at: Instant,
    /// The document's load ID.
    pub(crate) load: String,
    /// The shot's area.
    pub(crate) area: Area,
    /// The shot's masks.
    pub(crate) masks: Vec<Target>,
    pub(crate) frame: Frame,
}
