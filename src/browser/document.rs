//! Which document is in front, and whether it is the one that the flow meant to see.

use serde_json::{Value, json};
use url::Url;

pub(super) use crate::yaml::without_credentials;

use super::{
    error::BrowserError,
    session::{COMMAND_LIMIT, PageInfo, Session},
};

/// The page of a window that nothing was loaded into, or nothing could be.
pub(super) const BLANK_PAGE: &str = "about:blank";

/// A document as `page.js` describes it.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) info: PageInfo,
    /// What the browser's own error page calls the trouble, or the browser itself.
    pub(super) trouble: Option<String>,
    /// There is no element in it: the answer broke off.
    is_empty: bool,
    /// Tells two loads of one URL apart.
    pub(super) load: String,
}

/// What a navigation may end on besides an ordinary page of the environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Allowance {
    /// Exactly this status.
    pub(super) status: Option<u16>,
    /// This host too.
    pub(super) host: Option<String>,
}

impl Document {
    /// Reads what `describe` says.
    pub(super) fn of(value: &Value) -> Self {
        let status = value["status"].as_u64();
        let info = PageInfo {
            url: value["url"].as_str().unwrap_or_default().to_owned(),
            title: value["title"].as_str().unwrap_or_default().to_owned(),
            status: status.and_then(|status| u16::try_from(status).ok()),
        };
        Self {
            info,
            trouble: value["trouble"].as_str().map(str::to_owned),
            is_empty: value["empty"] == json!(true),
            load: value["load"].to_string(),
        }
    }
}

impl Session {
    pub(super) async fn document(&self) -> Result<Document, BrowserError> {
        self.describe_document("describe").await
    }

    async fn describe_document(&self, function: &str) -> Result<Document, BrowserError> {
        let value = self.in_page(COMMAND_LIMIT, function, &json!(null)).await?;
        Ok(Document::of(&value))
    }

    /// Judges the document in front when it is a new one; `Ok(Err)` says in words what is wrong.
    /// A navigation that a step asked for begins within the next frames, so these are waited for.
    pub(super) async fn judge_document(
        &mut self,
        allowance: &Allowance,
    ) -> Result<Result<(), String>, BrowserError> {
        let document = self.describe_document("describeSoon").await?;
        Ok(self.judge_this(document, allowance))
    }

    /// The same of a document that was just described.
    pub(super) fn judge_this(
        &mut self,
        document: Document,
        allowance: &Allowance,
    ) -> Result<(), String> {
        if document.load == self.judged_document {
            return Ok(());
        }
        self.judged_document.clone_from(&document.load);
        self.overdue.clear();
        self.documents += 1;
        self.documents_in_process += 1;
        if document.info.url.starts_with("chrome-error:") || document.trouble.is_some() {
            const CERTIFICATE: &str =
                "; if nobody vouches for the certificate, set `ignore_certificate_errors`";
            let is_https = self.options.base.scheme() == "https";
            let trouble = match document.trouble {
                // Which end of such a connection WebKit tells first depends on the moment.
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
                "{url} came without a document: its answer broke off"
            ));
        }
        self.judge(&document.info, allowance)
    }

    fn judge(&self, page: &PageInfo, allowance: &Allowance) -> Result<(), String> {
        self.judge_host(&page.url, allowance)?;
        let url = self.relative_url(&page.url);
        match (page.status, allowance.status) {
            (Some(0), _) if page.url.starts_with("http") => Err(format!(
                "{url} was not answered: the browser has no HTTP status for it"
            )),
            (Some(found), Some(wanted)) if found != wanted => Err(format!(
                "{url} was answered with HTTP status {found}, expected {wanted}"
            )),
            (Some(found), None) if found >= 400 => Err(format!(
                "{url} was answered with HTTP status {found}; if that is meant, let an \
                 `expect: {{ status: {found} }}` follow"
            )),
            _ => Ok(()),
        }
    }

    fn judge_host(&self, url: &str, allowance: &Allowance) -> Result<(), String> {
        let Ok(parsed) = Url::parse(url) else {
            return Ok(());
        };
        let is_first_page =
            parsed.scheme() == "data" || (url == BLANK_PAGE && self.asked.is_none());
        if is_first_page {
            return Err("there is no page of the flow in front: nothing was loaded yet".to_owned());
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
            "the flow ended on another host: {url} is not on {}; if that is meant, list `{host}` under the \
             environment's `hosts`",
            host_and_port(&self.options.base)
        ))
    }

    /// The URL as the environment's own pages would write it.
    pub(crate) fn relative_url(&self, url: &str) -> String {
        let base = without_credentials(&self.options.base);
        let base = base.as_str().trim_end_matches('/');
        match url.strip_prefix(base) {
            Some("") => "/".to_owned(),
            Some(rest) if rest.starts_with(['/', '?', '#']) => rest.to_owned(),
            _ => url.to_owned(),
        }
    }

    /// What the flow asked for, when the page in front is at another path.
    pub(crate) fn asked_elsewhere(&self, url: &str) -> Option<String> {
        let path = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let found = path(&self.relative_url(url));
        self.asked.clone().filter(|asked| path(asked) != found)
    }

    /// Where a URL of a spec leads, if anywhere.
    pub(crate) fn asked_url(&self, url: &str) -> Option<Url> {
        self.resolve(url).ok()
    }

    /// Where a URL of a spec leads: below the environment's URL unless it is absolute.
    pub(super) fn resolve(&self, url: &str) -> Result<Url, String> {
        match Url::parse(url) {
            Ok(absolute) => Ok(absolute),
            Err(url::ParseError::RelativeUrlWithoutBase) => below(&self.options.base, url),
            Err(error) => Err(format!("`{url}` is not a URL: {error}")),
        }
    }
}

/// `/settings` on `https://host/app/` is `https://host/app/settings`.
pub(crate) fn below(base: &Url, path: &str) -> Result<Url, String> {
    let mut folder = base.clone();
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", folder.path()));
    }
    folder
        .join(path.trim_start_matches('/'))
        .map_err(|error| format!("`{path}` cannot be put after {base}: {error}"))
}

/// Whether the URL is one of the environment's own.
fn is_below(url: &Url, base: &Url) -> bool {
    let folder = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(folder);
    same_origin(url, base) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Scheme, host and port: what a credential may be sent to.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && host_and_port(one) == host_and_port(other)
}

pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether the URL names a place in the document in front, so that nothing has to be loaded.
pub(super) fn is_within(document: &str, url: &Url) -> bool {
    let bare = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
    url.fragment().is_some() && bare(document) == bare(without_credentials(url).as_str())
}

/// Whether the URL has credentials that the environment's own does not have for this origin.
pub(super) fn has_other_credentials(url: &Url, base: &Url) -> bool {
    let has_any = !url.username().is_empty() || url.password().is_some();
    let is_known = same_origin(url, base)
        && (url.username(), url.password()) == (base.username(), base.password());
    has_any && !is_known
}

/// `name` allows any port of the host, `name:port` that one.
pub(super) fn matches_host(allowed: &str, url: &Url) -> bool {
    url.host_str()
        .is_some_and(|host| host.eq_ignore_ascii_case(allowed))
        || host_and_port(url).eq_ignore_ascii_case(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_below_the_environment() {
        let base = Url::parse("https://example.com/app").unwrap();
        assert_eq!(
            below(&base, "/settings?a=1").unwrap().as_str(),
            "https://example.com/app/settings?a=1"
        );
        let base = Url::parse("https://example.com").unwrap();
        assert_eq!(
            below(&base, "settings").unwrap().as_str(),
            "https://example.com/settings"
        );
        assert_eq!(below(&base, "/").unwrap().as_str(), "https://example.com/");
    }

    #[test]
    fn scheme_and_port_are_part_of_the_origin() {
        let url = |text| Url::parse(text).unwrap();
        assert!(same_origin(&url("http://a:80/x"), &url("http://a/y")));
        assert!(!same_origin(&url("http://a:8080/"), &url("http://a:8081/")));
        assert!(!same_origin(&url("https://a/"), &url("http://a/")));
    }

    #[test]
    fn only_the_environments_own_credentials_are_known() {
        let url = |text| Url::parse(text).unwrap();
        let base = url("https://jane:secret@a/app");
        assert!(!has_other_credentials(
            &url("https://jane:secret@a/x"),
            &base
        ));
        assert!(!has_other_credentials(&url("https://a/x"), &base));
        assert!(has_other_credentials(&url("https://joe:secret@a/x"), &base));
        assert!(has_other_credentials(
            &url("https://jane:secret@b/x"),
            &base
        ));
        assert!(has_other_credentials(
            &url("https://jane@b/x"),
            &url("https://a/")
        ));
    }

    #[test]
    fn an_allowed_host_may_name_its_port() {
        let url = Url::parse("https://login.example.com:8443/").unwrap();
        assert!(matches_host("login.example.com", &url));
        assert!(matches_host("login.example.com:8443", &url));
        assert!(!matches_host("login.example.com:9", &url));
        assert!(!matches_host("example.com", &url));
    }
}
