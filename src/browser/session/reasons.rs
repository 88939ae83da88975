//! Finds out why a page did not come or does not rest, once a step or a picture has failed for it.

use std::time::{Duration, Instant};

use super::Session;
use crate::browser::{document::Document, target::POLL};

/// A page that reloads itself does so within this time.
const FIRST_RELOAD: Duration = Duration::from_millis(400);
/// How long such a page is watched.
const WATCHED: Duration = Duration::from_secs(2);
/// How long a page may take to describe itself. It may be gone before it can.
const DESCRIPTION_LIMIT: Duration = Duration::from_secs(5);

impl Session {
    /// The document, with the name of the error if the browser shows its own error page without one. The browser is
    /// asked again for a page that the flow named itself: that is no form which would be sent twice.
    pub(crate) async fn with_reason(&self, mut document: Document) -> Document {
        let is_nameless = document.is_error_page() && document.trouble.is_none();
        if is_nameless
            && !self.flow.is_checked(&document)
            && self.flow.asked_of(&document.info.url).is_some()
        {
            let name = self.engine.load_error().await;
            self.engine.leave_document();
            document.trouble = name.map(|name| in_words(&name));
        }
        document
    }

    /// Says that the page loads itself again and again, if it does.
    pub(crate) async fn reload_trouble(&self) -> Option<String> {
        let began = Instant::now();
        loop {
            let (mut page, documents) = self.flow.reloading_page();
            // The driver stopped answering, and no more can be seen.
            if self.wire().is_lost() {
                page = page.or_else(|| self.flow.reloaded_page());
            }
            if let Some(page) = page {
                let url = self.relative_url(&page);
                return Some(format!(
                    "{url} loads itself again and again, so it never comes to rest"
                ));
            }
            let watched = if documents > 1 { WATCHED } else { FIRST_RELOAD };
            if began.elapsed() > watched || self.wire().is_lost() {
                return None;
            }
            // What it reads is recorded. A document may be gone before it is read.
            let _ = self.describe_within(DESCRIPTION_LIMIT).await;
            tokio::time::sleep(POLL).await;
        }
    }
}

/// The browser's name for an error, with what it means where the name does not say it.
fn in_words(name: &str) -> String {
    let meaning = match name.trim_start_matches("net::") {
        "ERR_TOO_MANY_REDIRECTS" => "the page redirects in a circle",
        "ERR_UNSAFE_PORT" => "browsers do not connect to this port",
        "ERR_UNSAFE_REDIRECT" => "the page redirects to an address that no page may lead to",
        "ERR_INVALID_HTTP_RESPONSE" => "the answer is not HTTP",
        "ERR_INVALID_REDIRECT" => "the page redirects to what is no address",
        _ => return name.to_owned(),
    };
    format!("{name}: {meaning}")
}
