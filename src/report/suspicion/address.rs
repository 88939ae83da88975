//! PURE. Tells pages apart by their addresses, and whether a page ended where it was asked for.

use url::Url;

use crate::yaml::split_route;

/// Files that a server shows for their folder.
const INDEX_NAMES: [&str; 4] = ["index", "default", "home.aspx", "index.aspx"];
/// What servers leave out of addresses.
const EXTENSIONS: [&str; 5] = [".html", ".htm", ".php", ".aspx", ".jsp"];
/// Parts of paths, without `-` and `_`, that a page is led to when it cannot be shown.
const DEAD_ENDS: [&str; 24] = [
    "auth",
    "oauth",
    "oauth2",
    "sso",
    "saml",
    "authorize",
    "authenticate",
    "session",
    "sessions",
    "signon",
    "logon",
    "error",
    "errors",
    "401",
    "403",
    "404",
    "500",
    "503",
    "notfound",
    "unauthorized",
    "forbidden",
    "accessdenied",
    "maintenance",
    "consent",
];

/// What tells a page from others: the host, the path, and a route that a script keeps in the fragment. Queries and other
/// fragments often change nothing visible; a slash at the end and the name of an index file never do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageAddress {
    host: Option<String>,
    segments: Vec<String>,
}

impl PageAddress {
    /// Of a URL, or of a path below the environment whose base URL is `base`.
    pub(super) fn of(url: &str, base: Option<&str>) -> Self {
        let base_host = base.and_then(host);
        let host = host(url).filter(|host| Some(host) != base_host.as_ref());
        let (start, route) = split_route(url);
        let path = match Url::parse(start) {
            Ok(url) => url.path().to_owned(),
            Err(_) => start.to_owned(),
        };
        let mut segments = segments(&path);
        segments.extend(self::segments(route.unwrap_or_default()));
        Self { host, segments }
    }

    /// Whether a page at `self` is another one than was `asked` for. A page that a server adds a language, a version or
    /// a start page to is the same one.
    pub(super) fn is_astray(&self, asked: &Self) -> bool {
        if self.host.is_some() && self.host != asked.host {
            return true;
        }
        let mut wanted = asked.segments.iter().peekable();
        let added: Vec<&String> = self
            .segments
            .iter()
            .filter(|segment| wanted.next_if_eq(segment).is_none())
            .collect();
        wanted.peek().is_some() || added.into_iter().any(|segment| is_dead_end(segment))
    }
}

/// A host with and without `www.` is one.
fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    Some(host.strip_prefix("www.").map(str::to_owned).unwrap_or(host))
}

fn segments(path: &str) -> Vec<String> {
    let parts = path.split('/').map(|part| part.trim_start_matches('!'));
    let parts = parts.filter(|part| !part.is_empty());
    let mut segments: Vec<String> = parts.map(str::to_lowercase).collect();
    if let Some(last) = segments.pop() {
        let bare = EXTENSIONS.iter().find_map(|it| last.strip_suffix(it));
        let bare = bare.unwrap_or(&last);
        if !(INDEX_NAMES.contains(&bare) || INDEX_NAMES.contains(&last.as_str())) {
            segments.push(bare.to_owned());
        }
    }
    segments
}

fn is_dead_end(segment: &str) -> bool {
    let plain = segment.replace(['-', '_'], "");
    let is_sign_in = ["login", "signin"]
        .iter()
        .any(|word| plain.starts_with(word) || plain.ends_with(word));
    is_sign_in || DEAD_ENDS.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Option<&str> = Some("http://app.example.com");

    fn is_astray(asked: &str, found: &str) -> bool {
        PageAddress::of(found, BASE).is_astray(&PageAddress::of(asked, BASE))
    }

    #[test]
    fn a_page_that_is_led_elsewhere_is_astray() {
        for (asked, found) in [
            ("/settings", "/login?next=/settings"),
            ("/settings", "/login/settings"),
            ("/", "/users/sign_in"),
            ("/", "/wp-login.php"),
            ("/app", "/app/login"),
            ("/settings", "/"),
            ("/old", "/new"),
            ("/docs/intro", "/docs"),
            ("/settings", "https://sso.example.org/settings"),
            ("/#/settings", "/#/login"),
            ("/", "/#/login"),
            ("/a", "/maintenance.html"),
        ] {
            assert!(is_astray(asked, found), "{asked} → {found}");
        }
    }

    #[test]
    fn a_page_at_another_writing_of_its_address_is_not_astray() {
        for (asked, found) in [
            ("/docs", "/docs/"),
            ("/docs/", "/docs/index.html"),
            ("/", "/index.html"),
            ("/", "/en/"),
            ("/", "/home"),
            ("/pricing", "/en/pricing"),
            ("/docs/intro", "/docs/v4/intro/"),
            ("/settings", "/settings/profile"),
            ("/settings", "https://app.example.com/settings"),
            ("/settings", "http://www.app.example.com/settings"),
            ("/About", "/about"),
            ("/about.html", "/about"),
            ("/search?q=a", "/search?q=a&page=1"),
            ("/#/settings", "/#/settings?tab=2"),
            ("/page#top", "/page"),
            ("/login", "/login/password"),
            ("/caf%C3%A9", "/caf%c3%a9"),
        ] {
            assert!(!is_astray(asked, found), "{asked} → {found}");
        }
    }
}
