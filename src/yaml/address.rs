//! Addresses: hosts, and the credentials that stand in URLs.

use url::Url;

/// `name` or `name:port`.
pub(crate) fn is_host(text: &str) -> bool {
    let url = Url::parse(&format!("http://{text}"));
    url.is_ok_and(|url| {
        let plain = url.path() == "/" && url.username().is_empty() && url.password().is_none();
        plain && !text.contains(['/', '?', '#', '@', '*'])
    })
}

/// The password in a URL as it is written there and as it is meant, and what basic authentication sends.
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
