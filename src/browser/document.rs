//! A document in front of a session, as our function in the page describes it.

use serde_json::{Value, json};

/// The page of a window that nothing was loaded into, or nothing could be.
pub(crate) const BLANK_PAGE: &str = "about:blank";

/// The page in front, as it was at some moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageInfo {
    /// The document's URL.
    pub(crate) url: String,
    /// Its title.
    pub(crate) title: String,
    /// Its HTTP status, when the browser knows it.
    pub(crate) status: Option<u16>,
}

/// One load of a page.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The page.
    pub(crate) info: PageInfo,
    /// What the browser or its error page calls the trouble that kept the page from loading.
    pub(crate) trouble: Option<String>,
    /// The browser shows an empty page in the place of one that it asked for.
    pub(crate) stands_in: bool,
    /// There is no element in it: the answer broke off.
    pub(crate) is_empty: bool,
    /// Tells two loads of one URL apart.
    pub(crate) load: String,
}

impl Document {
    /// Reads what `describe` says in the page.
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
        }
    }
}
