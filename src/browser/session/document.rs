//! Reads which document is in front, waits for the one that a step leads to, and checks that it is the one that the flow
//! meant to open.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use url::Url;

use super::{COMMAND_LIMIT, Session};
use crate::browser::{
    address::{below, is_below, matches_host, same_origin},
    document::{BLANK_PAGE, Departures, Document, PageInfo},
    error::BrowserError,
    target::POLL,
};
use crate::yaml::{host_and_port, page_part, without_credentials};

/// How long a navigation counts as one that the browser is about to begin. A download and an answer without content end
/// without a sign in the page.
const BEGINNING: Duration = Duration::from_millis(150);
/// How long to wait for the navigation of a frame. Its end cannot always be seen.
const FRAMES_LIMIT: Duration = Duration::from_secs(3);
/// How many documents in a row may lead to another one by themselves.
const MOST_DOCUMENTS: u32 = 5;

/// Where a navigation may end, other than on an ordinary page of the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowance {
    /// The page must have exactly this status.
    pub(crate) status: Option<u16>,
    /// The page may also be on this host.
    pub(crate) host: Option<String>,
}

impl Session {
    /// The document in front.
    pub(crate) async fn document(&self) -> Result<Document, BrowserError> {
        self.describe_document("describe").await
    }

    /// The document in front, if the page answers within this time. After a longer silence the session must end: the
    /// driver still waits for the answer.
    pub(crate) async fn describe_within(&self, limit: Duration) -> Result<Document, BrowserError> {
        let value = self.in_page(limit, "describe", &json!(null)).await?;
        Ok(self.read_document(&value))
    }

    async fn describe_document(&self, function: &str) -> Result<Document, BrowserError> {
        let value = self.in_page(COMMAND_LIMIT, function, &json!(null)).await?;
        Ok(self.read_document(&value))
    }

    /// Reads the description of the document that one of our page functions returned.
    pub(crate) fn read_document(&self, value: &Value) -> Document {
        let mut document = Document::of(value);
        if document.stands_in && self.flow.asked() != Some(BLANK_PAGE) {
            document
                .trouble
                .get_or_insert_with(|| "an empty one".to_owned());
        }
        self.flow.note_load(&document);
        document
    }

    /// The page in front.
    pub(crate) async fn page_info(&self) -> Result<PageInfo, BrowserError> {
        self.document().await.map(|document| document.info)
    }

    /// Checks the document in front if it has not been checked yet. `Ok(Err)` says what is wrong. A navigation that a
    /// step starts begins within the next frames, so this waits for those first.
    pub(crate) async fn check_document(
        &mut self,
        allowance: &Allowance,
    ) -> Result<Result<(), String>, BrowserError> {
        let document = self.describe_document("describeSoon").await?;
        Ok(match self.wait_for_arrival(document).await? {
            Ok(document) => {
                let document = self.with_reason(document).await;
                self.check_described(document, allowance)
            }
            Err(message) => Err(message),
        })
    }

    /// Waits for the end of the navigations that have begun in this document, as the driver waits after `goto`. Returns
    /// the document that is in front then; `Ok(Err)` says that it did not load in time. A document that led to another
    /// one by itself is not waited for.
    pub(crate) async fn wait_for_arrival(
        &mut self,
        mut document: Document,
    ) -> Result<Result<Document, String>, BrowserError> {
        let began = Instant::now();
        let mut wait = ArrivalWait::default();
        while let Some(limit) = self.arrival_limit(&document, &wait) {
            if began.elapsed() > self.options.page_timeout {
                return Ok(Err(self.did_not_finish()));
            }
            let is_over = wait.began.elapsed() > limit && !self.engine.is_navigating().await?;
            if is_over {
                self.flow.end_departures(&document);
                break;
            }
            if wait.polls > 0 {
                tokio::time::sleep(POLL).await;
            }
            wait.polls += 1;
            let now = self.document().await?;
            if now.load != document.load {
                wait.documents += 1;
                wait.began = Instant::now();
            }
            document = now;
        }
        Ok(Ok(document))
    }

    /// How long the document's navigations are waited for if the browser does not report them; `None` if there is
    /// nothing to wait for.
    fn arrival_limit(&self, document: &Document, wait: &ArrivalWait) -> Option<Duration> {
        if wait.documents >= MOST_DOCUMENTS {
            return None;
        }
        let departures = self.flow.departures(document);
        match departures {
            Departures { page: 1.., .. } => Some(BEGINNING),
            Departures { frames: 1.., .. } => Some(FRAMES_LIMIT),
            _ if wait.documents > 0 && document.is_loading => Some(self.options.page_timeout),
            _ => None,
        }
    }

    /// The message for a page that a step led to.
    pub(crate) fn did_not_finish(&self) -> String {
        format!(
            "the page that this step led to did not finish loading within {} s",
            self.options.page_timeout.as_secs_f32()
        )
    }

    /// Checks a document that has just been described.
    pub(crate) fn check_described(
        &mut self,
        document: Document,
        allowance: &Allowance,
    ) -> Result<(), String> {
        if self.flow.is_checked(&document) {
            return Ok(());
        }
        self.flow.mark_checked(&document);
        self.life.count_document();
        if document.is_error_page() || document.trouble.is_some() {
            const CERTIFICATE: &str =
                "; to accept a self-signed certificate, set `ignore_certificate_errors`";
            let is_https = self.options.base.scheme() == "https";
            let trouble = match document.trouble {
                // WebKit may report either end of such a connection first; it depends on timing.
                Some(name)
                    if is_https && (name.contains("cancelled") || name.contains("ERR_CERT_")) =>
                {
                    format!(" ({name}){CERTIFICATE}")
                }
                Some(name) => format!(" ({name})"),
                None if is_https => CERTIFICATE.to_owned(),
                None => String::new(),
            };
            return Err(format!(
                "the page could not be loaded: the browser shows its own error page{trouble}"
            ));
        }
        if document.is_empty {
            let url = self.relative_url(&document.info.url);
            return Err(format!(
                "{url} returned no document: the response ended early"
            ));
        }
        self.check_page(&document.info, allowance)
    }

    fn check_page(&self, page: &PageInfo, allowance: &Allowance) -> Result<(), String> {
        self.check_host(&page.url, allowance)?;
        let url = self.relative_url(&page.url);
        match (page.status, allowance.status) {
            (Some(0), _) if page.url.starts_with("http") => Err(format!(
                "{url} got no response: the browser has no HTTP status for it"
            )),
            (Some(found), Some(wanted)) if found != wanted => Err(format!(
                "{url} was answered with HTTP status {found}, expected {wanted}"
            )),
            (Some(found), None) if found >= 400 => Err(format!(
                "{url} was answered with HTTP status {found}; if this is intended, add \
                 `expect: {{ status: {found} }}` after it"
            )),
            _ => Ok(()),
        }
    }

    fn check_host(&self, url: &str, allowance: &Allowance) -> Result<(), String> {
        let Ok(parsed) = Url::parse(url) else {
            return Ok(());
        };
        let is_first_page =
            parsed.scheme() == "data" || (url == BLANK_PAGE && self.flow.asked().is_none());
        if is_first_page {
            return Err("the flow has not loaded a page yet".to_owned());
        }
        if let Some(other) = &self.options.other
            && is_below(&parsed, other)
            && !is_below(&parsed, &self.options.base)
        {
            return Err(format!(
                "the page is the other environment's: {url} is below {}",
                without_credentials(other)
            ));
        }
        if is_blank(url) && self.may_be_blank() || same_origin(&parsed, &self.options.base) {
            return Ok(());
        }
        let host = host_and_port(&parsed);
        if host.is_empty() {
            return Err(format!(
                "the flow ended on {}, which no server sent; a flow can be on pages of {} only",
                shortened(url),
                host_and_port(&self.options.base)
            ));
        }
        let allowed = self.options.hosts.iter().chain(&allowance.host);
        if allowed
            .into_iter()
            .any(|allowed| matches_host(allowed, &parsed))
        {
            return Ok(());
        }
        Err(format!(
            "the flow ended on another host: {url} is not on {}; if this is intended, list `{host}` under the \
             environment's `hosts`",
            host_and_port(&self.options.base)
        ))
    }

    /// Whether the flow may be on an empty page: it asked for one, or a page opened one in another window to fill it.
    fn may_be_blank(&self) -> bool {
        self.flow.asked() == Some(BLANK_PAGE) || self.flow.windows().len() > 1
    }

    /// Writes the URL relative to the environment's base URL, as the environment's own pages would.
    pub(crate) fn relative_url(&self, url: &str) -> String {
        let base = without_credentials(&self.options.base);
        let base = base.as_str().trim_end_matches('/');
        match url.strip_prefix(base) {
            Some("") => "/".to_owned(),
            Some(rest) if rest.starts_with(['/', '?', '#']) => rest.to_owned(),
            _ => url.to_owned(),
        }
    }

    /// The URL that the flow asked for, if the page in front has another path, or another route in its fragment.
    pub(crate) fn asked_elsewhere(&self, url: &str) -> Option<String> {
        let asked = self.flow.asked_of(url)?;
        let found = self.relative_url(url);
        (page_part(asked) != page_part(&found)).then(|| asked.to_owned())
    }

    /// Resolves a URL of a spec, if it is valid.
    pub(crate) fn asked_url(&self, url: &str) -> Option<Url> {
        self.resolve(url).ok()
    }

    /// Resolves a URL of a spec: relative URLs are below the environment's base URL.
    pub(crate) fn resolve(&self, url: &str) -> Result<Url, String> {
        match Url::parse(url) {
            Ok(absolute) => Ok(absolute),
            Err(url::ParseError::RelativeUrlWithoutBase) => below(&self.options.base, url),
            Err(error) => Err(format!("`{url}` is not a URL: {error}")),
        }
    }
}

fn is_blank(url: &str) -> bool {
    url.split(['?', '#']).next() == Some(BLANK_PAGE)
}

/// The URL as far as it tells anything: those of `data:` and `blob:` are long.
fn shortened(url: &str) -> String {
    const MOST_CHARACTERS: usize = 60;
    match url.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &url[..end]),
        None => url.to_owned(),
    }
}

/// What was waited for after a step.
struct ArrivalWait {
    /// When the document in front came.
    began: Instant,
    polls: u32,
    /// How many documents came.
    documents: u32,
}

impl Default for ArrivalWait {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            polls: 0,
            documents: 0,
        }
    }
}
