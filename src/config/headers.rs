//! `headers` of an environment: sent to its own hosts and to no others.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::yaml::{
    Diagnostic,
    read::{Entries, Place},
    reader::Reader,
};

/// Headers that belong to the connection, the browser or another key of the configuration.
const NOT_OURS: &[&str] = &[
    "accept-charset",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "dnt",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
/// Prefixes of such headers.
const NOT_OUR_FAMILIES: &[&str] = &["access-control-", "if-", "proxy-", "sec-"];
/// Headers for which there is another key.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "cookie",
        "set cookies with a `cookies` step, or share a login with `sessions`",
    ),
    (
        "cookie2",
        "set cookies with a `cookies` step, or share a login with `sessions`",
    ),
    ("user-agent", "write `user_agent` beside `headers`"),
    ("accept-language", "write `locale` beside `headers`"),
];

/// Checks names and values. A value may be secret, so no message shows one.
pub(super) fn headers(
    reader: Reader<'_>,
    place: Option<&Place<Entries<String>>>,
) -> Result<HeaderMap, Diagnostic> {
    let mut headers = HeaderMap::new();
    for place in place.iter().flat_map(|place| &place.value.0) {
        let name = name(reader, place)?;
        if headers.insert(&name, value(reader, place)?).is_some() {
            let error = reader.key_error(place.id, format!("the header `{name}` stands twice"));
            return Err(error.help("names differ not only in upper and lower case"));
        }
    }
    Ok(headers)
}

fn name(reader: Reader<'_>, place: &Place<String>) -> Result<HeaderName, Diagnostic> {
    let written = reader.tree.key(place.id);
    let Ok(name) = HeaderName::try_from(written) else {
        let error = reader.key_error(place.id, format!("`{written}` cannot name a header"));
        return Err(error.help("write for example `X-Preview`"));
    };
    let elsewhere = ELSEWHERE.iter().find(|(known, _)| name == *known);
    if let Some((_, help)) = elsewhere {
        let error = reader.key_error(place.id, format!("`{written}` cannot be set here"));
        return Err(error.help(*help));
    }
    let is_family = |family: &&str| name.as_str().starts_with(*family);
    if NOT_OURS.contains(&name.as_str()) || NOT_OUR_FAMILIES.iter().any(is_family) {
        let error = reader.key_error(place.id, format!("`{written}` cannot be set here"));
        return Err(error.help("it belongs to the connection or to the browser"));
    }
    Ok(name)
}

fn value(reader: Reader<'_>, place: &Place<String>) -> Result<HeaderValue, Diagnostic> {
    let text = reader.some_text(place)?;
    let value = text.value();
    let is_plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && value.trim() == value;
    let value = HeaderValue::try_from(value).ok().filter(|_| is_plain);
    let value = value.map(|mut value| {
        value.set_sensitive(true);
        value
    });
    value.ok_or_else(|| {
        let name = reader.tree.key(place.id);
        let error = reader.key_error(
            place.id,
            format!("`{name}` has a value that no header can have"),
        );
        error.help("a value is one line of printable ASCII that begins and ends with no space")
    })
}
