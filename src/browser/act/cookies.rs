//! Cookies of the page in front, `httpOnly` ones too, which no script could set.

use super::Trouble;
use crate::browser::{engines::CookieChanges, session::Session};

impl Session {
    /// Cookies belong to the page in front, or to the environment while there is none yet.
    pub(super) async fn change_cookies(&self, changes: CookieChanges<'_>) -> Result<(), Trouble> {
        let page = self.page_info().await?.url;
        let url = match page.starts_with("http") {
            true => page,
            false => self.options.base.to_string(),
        };
        Ok(self.engine.change_cookies(changes, &url).await?)
    }
}
