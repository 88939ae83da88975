//! Reads which document is in front and checks that it is the one that the flow meant to open.

use serde_json::{Value, json};
use url::Url;

use super::{COMMAND_LIMIT, Session};
use crate::browser::{
    address::{below, host_and_port, is_below, matches_host, same_origin},
    document::{BLANK_PAGE, Document, PageInfo},
    error::BrowserError,
};
use crate::yaml::without_credentials;

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
        Ok(self.check_described(document, allowance))
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
        if document.info.url.starts_with("chrome-error:") || document.trouble.is_some() {
            const CERTIFICATE: &str =
                "; to accept a self-signed certificate, set `ignore_certificate_errors`";
            let is_https = self.options.base.scheme() == "https";
            let trouble = match document.trouble {
                // WebKit may report either end of such a connection first; it depends on timing.
                Some(name) if is_https && name.contains("cancelled") => {
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
        if url == BLANK_PAGE || same_origin(&parsed, &self.options.base) {
            return Ok(());
        }
        let host = host_and_port(&parsed);
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
        (page_of(asked) != page_of(&found)).then(|| asked.to_owned())
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

/// A URL without its query, and without a fragment that is no route of a script.
fn page_of(url: &str) -> String {
    let (page, fragment) = url.split_once('#').unwrap_or((url, ""));
    let page = page.split('?').next().unwrap_or_default();
    match fragment.starts_with(['/', '!']) {
        true => format!("{page}#{fragment}"),
        false => page.to_owned(),
    }
}
