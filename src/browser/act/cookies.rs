//! Cookies of the page in front, including `httpOnly` ones, which no script can set.

use super::StepError;
use crate::{
    browser::{engines::CookieChanges, session::Session},
    spec::Cookie,
};

impl Session {
    /// Changes the cookies of the page in front, or of the environment if there is no page yet.
    pub(super) async fn change_cookies(&self, changes: CookieChanges<'_>) -> Result<(), StepError> {
        let page = self.page_info().await?.url;
        let url = match page.starts_with("http") {
            true => page,
            false => self.options.base.to_string(),
        };
        let holds_secret = |cookie: &Cookie| {
            let texts = [&cookie.name, &cookie.value];
            texts.iter().any(|text| self.holds_secret(text.value()))
        };
        if changes.set.iter().any(holds_secret) {
            self.check_may_know(&url)?;
        }
        Ok(self.engine.change_cookies(changes, &url).await?)
    }
}
