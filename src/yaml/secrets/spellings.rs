//! What is searched for a secret: its value, and what decoding alone does not lead back to it.

use base64::{Engine, engine::general_purpose};
use url::Url;

use super::{escapes, runs};

/// A value of fewer characters would be found by chance wherever digits are decoded, and in ordinary words.
const FEWEST_CHARACTERS: usize = 4;
/// A part of a value counts as secret from this length on, even if it is less than half of it.
const LONG_PART: usize = 8;
/// Shorter pieces of base64 would be found by chance.
const FEWEST_DIGITS: usize = 8;

/// A spelling, and where it counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spelling {
    /// Counts in every view and in either case.
    Anywhere(Vec<u8>),
    /// Counts in texts, and only exactly so.
    InText(Vec<u8>),
    /// Counts where a run of digits means this, and only exactly this.
    WholeRun(Vec<u8>),
}

impl Spelling {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Anywhere(bytes) | Self::InText(bytes) | Self::WholeRun(bytes) => bytes,
        }
    }
}

/// The spellings of a value.
pub(super) fn of(value: &str) -> Vec<Spelling> {
    if is_short(value) {
        return of_short(value);
    }
    let mut forms = vec![value.trim().to_owned(), on_one_line(value)];
    forms.extend(url_forms(value));
    forms.retain(|form| !is_short(form) && form.len() * 2 >= value.len());
    forms.extend(parts(value));
    forms.push(value.to_owned());
    let cases = forms.iter().filter(|form| !form.is_ascii());
    let cases = cases.flat_map(|form| {
        let upper = form.to_uppercase();
        // `ß` becomes `SS`, which becomes `ss`.
        [form.to_lowercase(), upper.to_lowercase(), upper]
    });
    let cases: Vec<String> = cases.collect();
    forms.extend(cases);
    let mut spellings: Vec<Vec<u8>> = forms.iter().filter_map(|form| latin_1(form)).collect();
    for form in &forms {
        // A value that looks like an escape is decoded with the text around it.
        let decoded = escapes::decoded_value(form);
        let twice = String::from_utf8(decoded.clone()).map(|form| escapes::decoded_value(&form));
        spellings.extend([Ok(decoded), twice].into_iter().flatten());
    }
    spellings.retain(|spelling| spelling.len() >= FEWEST_CHARACTERS);
    spellings.extend(forms.into_iter().map(String::into_bytes));
    spellings.extend(base64_pieces(value).into_iter().map(String::into_bytes));
    spellings.sort_unstable();
    spellings.dedup();
    spellings.into_iter().map(Spelling::Anywhere).collect()
}

/// A text that is too short to be searched in what digits mean, unless they mean nothing else.
fn of_short(value: &str) -> Vec<Spelling> {
    let mut spellings = vec![Spelling::InText(value.into())];
    if value.len() + 1 >= FEWEST_CHARACTERS {
        let whole = [&[runs::WHOLE], value.as_bytes(), &[runs::WHOLE]].concat();
        spellings.push(Spelling::WholeRun(whole));
    }
    spellings
}

fn is_short(value: &str) -> bool {
    let counted = value.chars().filter(|c| !c.is_whitespace() && *c != '+');
    counted.count() < FEWEST_CHARACTERS
}

/// As titles of pages have it.
fn on_one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As browsers write it in each part of a URL: they leave out line ends and turn backslashes.
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
    forms
}

/// What a page reads from a URL in which the value stands as it is, if that is most of it or long by itself.
fn parts(value: &str) -> impl Iterator<Item = String> {
    let parts = value.split(['&', '#']).map(str::trim);
    let is_secret = |part: &&str| {
        let length = part.chars().count();
        !is_short(part) && (length >= LONG_PART || length * 2 >= value.chars().count())
    };
    // An address before a fragment is no secret.
    let parts = parts.filter(is_secret).filter(|part| !part.contains("://"));
    parts.map(str::to_owned)
}

/// As `\xe4` of scripts and `%E4` of old pages mean it, if that is another spelling.
fn latin_1(value: &str) -> Option<Vec<u8>> {
    let bytes = value.chars().map(|c| u8::try_from(u32::from(c)).ok());
    let bytes = bytes.collect::<Option<Vec<u8>>>();
    bytes.filter(|_| !value.is_ascii())
}

/// Base64 whose letters lost their case, or whose `+` became a space, cannot be decoded: what of it depends on the value
/// alone, wherever it stands in a longer text.
fn base64_pieces(value: &str) -> Vec<String> {
    let engines = [
        general_purpose::STANDARD_NO_PAD,
        general_purpose::URL_SAFE_NO_PAD,
    ];
    let pieces = engines.iter().flat_map(|engine| {
        (0..3).filter_map(|before| {
            let bytes = [&vec![0; before], value.as_bytes()].concat();
            let encoded = engine.encode(&bytes);
            let piece = encoded.get((before * 8).div_ceil(6)..bytes.len() * 8 / 6)?;
            (piece.len() >= FEWEST_DIGITS).then(|| piece.to_owned())
        })
    });
    pieces.collect()
}
