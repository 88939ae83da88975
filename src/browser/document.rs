//! A document, as our page function describes it.

use serde_json::{Value, json};

/// The page of a window in which nothing was loaded, or could be loaded.
pub(crate) const BLANK_PAGE: &str = "about:blank";

/// The page in front at some moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageInfo {
    /// The document's URL.
    pub(crate) url: String,
    /// Its title.
    pub(crate) title: String,
    /// Its HTTP status, if the browser knows it.
    pub(crate) status: Option<u16>,
}

/// One load of a page.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The page.
    pub(crate) info: PageInfo,
    /// Why the page could not be loaded, in the words of the browser or its error page.
    pub(crate) trouble: Option<String>,
    /// The browser shows an empty page instead of the requested one.
    pub(crate) stands_in: bool,
    /// The document has no elements: the answer ended early.
    pub(crate) is_empty: bool,
    /// The load ID: distinguishes two loads of one URL.
    pub(crate) load: String,
    /// Whether it is still loading.
    pub(crate) is_loading: bool,
    /// The navigations away from it, or in its frames, that have begun and not ended.
    pub(crate) departures: Departures,
}

/// Navigations that have begun and not ended, each named by a number that the document does not use again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Departures {
    /// The navigation of the document itself; 0 if there is none.
    pub(crate) page: u64,
    /// The navigations of its frames; 0 if there are none.
    pub(crate) frames: u64,
}

impl Document {
    /// Reads the result of `describe` in the page.
    pub(crate) fn of(value: &Value) -> Self {
        let status = value["status"].as_u64();
        let info = PageInfo {
            url: value["url"].as_str().unwrap_or_default().to_owned(),
            title: value["title"].as_str().unwrap_or_default().to_owned(),
            status: status.and_then(|status| u16::try_from(status).ok()),
        };
        Self {
            info,
            trouble: value["trouble"].as_str().map(str::to_owned),
            stands_in: value["standsIn"] == json!(true),
            is_empty: value["empty"] == json!(true),
            load: value["load"].to_string(),
            is_loading: value["loading"] == json!(true),
            departures: Departures {
                page: value["leaving"]["page"].as_u64().unwrap_or_default(),
                frames: value["leaving"]["frames"].as_u64().unwrap_or_default(),
            },
        }
    }

    /// Whether it is Chrome's own page for a load that failed.
    pub(crate) fn is_error_page(&self) -> bool {
        self.info.url.starts_with("chrome-error:")
    }
}
