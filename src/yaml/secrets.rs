//! Keeps secret values out of everything that is shown or stored.

use std::fmt::{self, Write as _};

use base64::{Engine, engine::general_purpose};
use url::Url;

/// What stands in place of a secret.
const DOTS: &str = "••••••";

/// Values that never appear in any output, in any of their usual encodings.
#[derive(Clone, Default)]
pub struct Secrets {
    values: Vec<String>,
}

impl Secrets {
    /// Empty values are ignored: they would match everywhere.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut secrets = Self::default();
        secrets.add(values);
        secrets
    }

    /// Adds what another part of the run found secret.
    pub fn merge(&mut self, other: &Self) {
        self.add(other.values.iter().cloned());
    }

    /// Those of no more than this many bytes.
    pub(crate) fn up_to(&self, bytes: usize) -> Self {
        let values = self.values.iter();
        Self {
            values: values
                .filter(|value| value.len() <= bytes)
                .cloned()
                .collect(),
        }
    }

    /// The text with every secret, in any of its usual encodings, replaced by dots.
    pub fn redact(&self, text: &str) -> String {
        let mut forms: Vec<String> = self.values.iter().flat_map(|value| forms(value)).collect();
        forms.retain(|form| text.contains(form.as_str()));
        if forms.is_empty() {
            return text.to_owned();
        }
        forms.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        forms.dedup();
        replace(text, &forms)
    }

    /// Whether the text holds a secret as it is. A short one must be all of the text: it stands in others by chance.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        const SHORT: usize = 4;
        let is_in = |value: &String| match value.len() < SHORT {
            true => text == value,
            false => text.contains(value.as_str()),
        };
        self.values.iter().any(is_in)
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn add(&mut self, values: impl IntoIterator<Item = String>) {
        self.values.extend(values);
        self.values.retain(|value| !value.trim().is_empty());
        self.values.sort_unstable();
        self.values.dedup();
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} values)", self.values.len())
    }
}

/// One pass from left to right, the longest form first at each place, so that dots are never searched again.
fn replace(text: &str, forms: &[String]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match forms.iter().find(|form| begins_with(rest, form)) {
            Some(form) => {
                shown.push_str(DOTS);
                rest = &rest[form.len()..];
            }
            None => {
                shown.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    shown
}

fn begins_with(text: &str, form: &str) -> bool {
    text.as_bytes().first() == form.as_bytes().first() && text.starts_with(form)
}

/// A value as it may appear in a URL, a header, a JSON or HTML document.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    forms.extend(percent_forms(value));
    forms.extend(url_forms(value));
    forms.extend(base64_forms(value));
    forms.extend(json_forms(value));
    forms.extend(html_forms(value));
    forms
}

/// Browsers, forms and libraries disagree on which characters are safe and on the case of the digits.
fn percent_forms(value: &str) -> Vec<String> {
    let safe_sets = [
        "-_.~",
        "-_.!~*'()",
        "*-._",
        "-_.!~*'();,/?:@&=+$",
        "!$&'()*+,-./:;=?@[]_|~",
    ];
    let mut forms = Vec::new();
    for safe in safe_sets {
        let upper = percent_encoded(value, safe, false);
        let lower = percent_encoded(value, safe, true);
        forms.extend([
            upper.replace("%20", "+"),
            lower.replace("%20", "+"),
            upper,
            lower,
        ]);
    }
    forms
}

fn percent_encoded(value: &str, safe: &str, lower: bool) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        let kept = byte.is_ascii_alphanumeric() || safe.as_bytes().contains(&byte);
        match (kept, lower) {
            (true, _) => encoded.push(byte.into()),
            (false, true) => write!(encoded, "%{byte:02x}").expect("a string takes all"),
            (false, false) => write!(encoded, "%{byte:02X}").expect("a string takes all"),
        }
    }
    encoded
}

/// As browsers write it in each part of a URL, where every part has its own set of safe characters.
fn url_forms(value: &str) -> Vec<String> {
    let mut url = Url::parse("http://x/").expect("it is a URL");
    url.set_query(Some(value));
    url.set_fragment(Some(value));
    let _ = url.set_username(value);
    let _ = url.set_password(Some(value));
    let parts = [
        url.query(),
        url.fragment(),
        url.password(),
        Some(url.username()),
    ];
    let mut forms: Vec<String> = parts.into_iter().flatten().map(str::to_owned).collect();
    url.set_path(value);
    forms.push(url.path().trim_start_matches('/').to_owned());
    forms.retain(|form| !form.trim().is_empty());
    forms
}

fn base64_forms(value: &str) -> Vec<String> {
    let mut forms = vec![
        general_purpose::STANDARD.encode(value),
        general_purpose::STANDARD_NO_PAD.encode(value),
        general_purpose::URL_SAFE.encode(value),
        general_purpose::URL_SAFE_NO_PAD.encode(value),
    ];
    for engine in [
        general_purpose::STANDARD_NO_PAD,
        general_purpose::URL_SAFE_NO_PAD,
    ] {
        forms.extend((0..3).filter_map(|before| inner_base64(&engine, value, before)));
    }
    forms
}

/// `Authorization: Basic` encodes `user:password`: what of it depends on the password alone, when so many
/// bytes modulo 3 stand before it.
fn inner_base64(engine: &impl Engine, value: &str, before: usize) -> Option<String> {
    let mut bytes = vec![0; before];
    bytes.extend(value.as_bytes());
    let encoded = engine.encode(&bytes);
    let inner = encoded.get((before * 8).div_ceil(6)..bytes.len() * 8 / 6)?;
    // Shorter pieces would be found by chance.
    (inner.len() >= 8).then(|| inner.to_owned())
}

/// With and without `\/`, and with everything beyond ASCII as `\u…` in both cases.
fn json_forms(value: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(value).to_string();
    let plain = quoted[1..quoted.len() - 1].to_owned();
    let ascii = |lower: bool| {
        let mut escaped = String::new();
        for unit in plain.encode_utf16() {
            match (u8::try_from(unit).ok().filter(u8::is_ascii), lower) {
                (Some(byte), _) => escaped.push(byte.into()),
                (None, true) => write!(escaped, "\\u{unit:04x}").expect("a string takes all"),
                (None, false) => write!(escaped, "\\u{unit:04X}").expect("a string takes all"),
            }
        }
        escaped
    };
    let mut forms = vec![plain.replace('/', "\\/"), ascii(true), ascii(false)];
    // Debug output and scripts quote in the same way; HTML in JSON escapes the angle brackets.
    forms.push(value.escape_debug().to_string());
    for (amp, less, more, apostrophe) in [
        ("\\u0026", "\\u003c", "\\u003e", "\\u0027"),
        ("\\u0026", "\\u003C", "\\u003E", "\\u0027"),
    ] {
        let safe = plain
            .replace('&', amp)
            .replace('<', less)
            .replace('>', more);
        forms.push(safe.replace('\'', apostrophe));
        forms.push(safe);
    }
    forms.push(plain);
    forms
}

/// The spellings of the HTML writers in use: minijinja, quick-xml, browsers.
fn html_forms(value: &str) -> Vec<String> {
    let text = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut forms = vec![text.clone()];
    for quote in ["\"", "&quot;", "&#34;", "&#x22;"] {
        for apostrophe in ["'", "&#x27;", "&#39;", "&apos;"] {
            let quoted = text.replace('"', quote).replace('\'', apostrophe);
            forms.push(quoted.replace('/', "&#x2f;"));
            forms.push(quoted.replace('/', "&#x2F;"));
            forms.push(quoted);
        }
    }
    // Inside an attribute a browser leaves the angle brackets alone.
    forms.push(value.replace('&', "&amp;").replace('"', "&quot;"));
    forms
}
