//! Addresses: resolves an environment's paths, and tells which URLs belong to an environment.

use url::Url;

use crate::yaml::{host_and_port, without_credentials};

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

/// Whether the URL is below the environment's base URL.
pub(crate) fn is_below(url: &Url, base: &Url) -> bool {
    let folder = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(folder);
    same_origin(url, base) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether scheme, host and port are the same. Credentials are sent to the same origin only.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && host_and_port(one) == host_and_port(other)
}

/// Whether the URL points into the document in front, so that nothing needs to be loaded.
pub(crate) fn is_within(document: &str, url: &Url) -> bool {
    let bare = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
    url.fragment().is_some() && bare(document) == bare(without_credentials(url).as_str())
}

/// Whether the URL has credentials that the environment's base URL does not have for this origin.
pub(crate) fn has_other_credentials(url: &Url, base: &Url) -> bool {
    let has_any = !url.username().is_empty() || url.password().is_some();
    let is_known = same_origin(url, base)
        && (url.username(), url.password()) == (base.username(), base.password());
    has_any && !is_known
}

/// `name` allows any port of the host, `name:port` only that one.
pub(crate) fn matches_host(allowed: &str, url: &Url) -> bool {
    url.host_str()
        .is_some_and(|host| host.eq_ignore_ascii_case(allowed))
        || host_and_port(url).eq_ignore_ascii_case(allowed)
}

/// Whether the URL is on a host of an environment: its own, or a listed one. If the environment uses https, URLs without
/// it are not.
pub(crate) fn is_on_own_host(url: &Url, base: &Url, hosts: &[String]) -> bool {
    let is_listed = hosts.iter().any(|host| matches_host(host, url));
    let is_as_safe = url.scheme() == "https" || base.scheme() == "http";
    same_origin(url, base) || (is_listed && is_as_safe)
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
