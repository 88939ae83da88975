//! What a page is waited for before its picture, and how long that took: a word that the browser, the captures and the
//! reports share.

use serde::{Deserialize, Serialize};

/// Something that was waited for until a page held still. Several may have been waited for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitTime {
    /// What it was.
    #[serde(rename = "for")]
    pub reason: WaitReason,
    /// The most of it at once.
    pub count: u32,
    /// How long, in milliseconds.
    pub ms: u64,
}

/// What a page is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitReason {
    /// The document was still loading.
    Document,
    /// Fonts were loading.
    Fonts,
    /// Images, and what else the browser had requested, were loading.
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

impl WaitReason {
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

impl std::fmt::Display for WaitTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, ms) = (self.reason.name(), self.ms);
        let is_counted = matches!(
            self.reason,
            WaitReason::Images | WaitReason::Animations | WaitReason::Requests
        );
        match (is_counted, self.count) {
            (true, 1) => write!(f, "1 {} {ms} ms", name.trim_end_matches('s')),
            (true, count) => write!(f, "{count} {name} {ms} ms"),
            _ => write!(f, "{name} {ms} ms"),
        }
    }
}
