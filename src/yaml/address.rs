//! Addresses: hosts, and the credentials in URLs. Neither a password nor a user is ever shown; this is the only place
//! that removes them.

use url::Url;

/// `name` or `name:port`.
pub(crate) fn is_host(text: &str) -> bool {
    let url = Url::parse(&format!("http://{text}"));
    url.is_ok_and(|url| {
        let plain = url.path() == "/" && url.username().is_empty() && url.password().is_none();
        plain && !text.contains(['/', '?', '#', '@', '*'])
    })
}

/// The host of a URL, with its port if it is not the scheme's own.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The part of a URL that tells which page it is: without its query, and without a fragment that is no route.
pub(crate) fn page_part(url: &str) -> String {
    let (start, route) = split_route(url);
    match route {
        Some(route) => format!("{start}#{route}"),
        None => start.to_owned(),
    }
}

/// The URL up to its query or fragment, and the route in the fragment: `#/settings` or `#!settings`.
pub(crate) fn split_route(url: &str) -> (&str, Option<&str>) {
    let (rest, fragment) = match url.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (url, None),
    };
    let route = fragment.filter(|fragment| fragment.starts_with(['/', '!']));
    let path = |text: &'_ str| text.split('?').next().unwrap_or_default().len();
    let route = route.map(|route| &route[..path(route)]);
    (&rest[..path(rest)], route)
}

/// The password of a URL, as written and decoded, and the header value that basic authentication sends.
pub fn passwords_in(url: &Url) -> Vec<String> {
    let Some(written) = url.password() else {
        return Vec::new();
    };
    let decoded = |text: &str| {
        let pair = format!("x={}", text.replace('+', "%2B"));
        let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
        pairs
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let meant = decoded(written);
    let sent = format!("{}:{meant}", decoded(url.username()));
    vec![written.to_owned(), meant, sent]
}

/// The URL without credentials, as it is shown.
pub fn without_credentials(url: &Url) -> Url {
    let mut shown = without_password(url);
    // Fails only for a URL without a host, which has no credentials.
    let _ = shown.set_username("");
    shown
}

/// The URL with its user but without its password, for telling URLs apart.
pub(crate) fn without_password(url: &Url) -> Url {
    let mut url = url.clone();
    let _ = url.set_password(None);
    url
}

/// A text that may be a URL, without credentials. Any other text is returned unchanged.
pub fn written_without_credentials(written: &str) -> String {
    match Url::parse(written) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            without_credentials(&url).into()
        }
        _ => written.to_owned(),
    }
}

/// The text with a dot for each character of what stands before the `@` of its URLs, so that columns stay; `:` and
/// references to variables show nothing.
pub(super) fn with_dotted_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.extend([before, "://"]);
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c));
        let authority = &after[..end.unwrap_or(after.len())];
        let credentials = authority.rfind('@').unwrap_or(0);
        shown.push_str(&dotted(&authority[..credentials]));
        rest = &after[credentials..];
    }
    shown.push_str(rest);
    shown
}

fn dotted(credentials: &str) -> String {
    let mut is_reference = false;
    let dot = |(index, c)| {
        is_reference |= credentials[index..].starts_with("${");
        let is_shown = is_reference || c == ':';
        is_reference &= c != '}';
        if is_shown { c } else { '•' }
    };
    credentials.char_indices().map(dot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_host_is_not_shown() {
        for (written, shown) in [
            ("a: http://jane:pw@x/ # @", "a: http://••••:••@x/ # @"),
            (
                "[\"https://pw@x\", https://é:p@w@y]",
                "[\"https://••@x\", https://•:•••@y]",
            ),
            ("http://${WHO}:a${PW}b@x", "http://${WHO}:•${PW}•@x"),
            ("http://x/@ and a@b", "http://x/@ and a@b"),
        ] {
            assert_eq!(with_dotted_credentials(written), shown);
        }
    }

    #[test]
    fn only_credentials_are_taken_off() {
        for (written, shown) in [
            ("http://jane:pw@x/a?b#c", "http://x/a?b#c"),
            ("https://jane@x:8443", "https://x:8443/"),
            ("http://:pw@x/", "http://x/"),
            ("http://x", "http://x"),
            ("not a URL", "not a URL"),
            ("data:a@b", "data:a@b"),
        ] {
            assert_eq!(written_without_credentials(written), shown);
        }
        let url = Url::parse("http://jane:pw@x/").expect("a URL");
        assert_eq!(without_password(&url).as_str(), "http://jane@x/");
    }

    #[test]
    fn a_page_is_told_without_what_changes_nothing() {
        assert_eq!(page_part("/cart?x=1#top"), "/cart");
        assert_eq!(page_part("/?lang=de#/users?sort=name"), "/#/users");
        assert_eq!(page_part("https://sso.test/a?b"), "https://sso.test/a");
    }
}
