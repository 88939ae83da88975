//! What a browser photographs, and what comes of it.

use std::{sync::Arc, time::Instant};

use super::document::PageInfo;
use crate::{
    diff::{Rect, Size},
    spec::{Area, Target},
};

/// A box in CSS pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CssBox {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
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
    /// How tall the page is, when the picture ends before it does; CSS pixels.
    pub(crate) cut_from: Option<u32>,
    /// What a reader should know.
    pub(crate) warnings: Vec<String>,
}

/// What of the page is photographed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhotographedArea {
    /// CSS pixels of the page; the viewport as it stands when absent.
    pub(crate) page: Option<CssBox>,
    /// How tall the page is, when the picture ends before it does; CSS pixels.
    pub(crate) cut_from: Option<f64>,
}

impl PhotographedArea {
    /// The viewport as it stands.
    pub(crate) const VIEWPORT: Self = Self {
        page: None,
        cut_from: None,
    };

    /// This box of the page.
    pub(crate) fn of(area: CssBox) -> Self {
        Self {
            page: Some(area),
            cut_from: None,
        }
    }
}

/// One photograph: a shot takes several until they agree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// PNG.
    pub(crate) png: Arc<[u8]>,
    /// Device pixels.
    pub(crate) size: Size,
    /// What of the page it shows.
    pub(crate) area: PhotographedArea,
    /// For each mask of the shot, what it covers in device pixels.
    pub(crate) masks: Vec<Vec<Rect>>,
}

/// The frame that the last shot ended with, and what it is a frame of.
#[derive(Debug)]
pub(crate) struct PreviousFrame {
    pub(crate) at: Instant,
    /// The document's load.
    pub(crate) load: String,
    /// The shot's area.
    pub(crate) area: Area,
    /// The shot's masks.
    pub(crate) masks: Vec<Target>,
    pub(crate) frame: Frame,
}
