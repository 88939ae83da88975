//! `ready` of an environment: its keys, and the checks that need no network.

use http::HeaderName;
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;
use url::Url;

use super::{EnvironmentUrl, SPEAKS_HTTPS};
use crate::yaml::{Diagnostic, read::Place, reader::Reader};

/// A deployment may take this long.
const TIMEOUT: Duration = Duration::from_secs(600);
/// The pause between two requests.
const EVERY: Duration = Duration::from_secs(2);
/// The shortest pause between two requests, to spare the server.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// More successes in a row prove nothing more.
const MAX_TIMES: u32 = 100;
/// What follows the address that cannot be asked.
const NO_TLS: &str =
    "cannot be asked for `ready`: this Twinshot was built without the cargo feature `remote-tls`";
const NO_TLS_HELP: &str =
    "build it with `--features remote-tls`, or name an `http://` address of the same server";

/// What an environment must serve before a run begins.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The URL to request, or a path below the environment's URL.
    pub url: String,
    /// What the answer must be.
    pub wanted: Wanted,
    /// How many answers in a row must be as wanted.
    pub times: u32,
    /// The pause between two requests.
    pub every: Duration,
    /// How long to wait at most.
    pub timeout: Duration,
}

/// What an answer must be. All given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The status; any success status if absent.
    pub status: Option<u16>,
    /// A header that must be present.
    pub header: Option<WantedHeader>,
    /// A JSON pointer to a value that must exist.
    pub json: Option<String>,
    /// What the value at `json` must be or, without `json`, the whole text.
    pub value: Option<Rule>,
    /// What the text must contain.
    pub text: Option<String>,
}

/// A header that must be present.
#[derive(Debug, Clone)]
pub struct WantedHeader {
    /// Its name.
    pub name: String,
    /// What its value must be.
    pub value: Option<Rule>,
}

/// What a value must be.
#[derive(Debug, Clone)]
pub enum Rule {
    /// Exactly this.
    Equals(String),
    /// The regular expression matches somewhere in it. The first group, or the whole match, is the release.
    Matches(Regex),
}

/// What an environment must serve before a run begins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Ready")]
pub(super) struct ReadyYaml {
    /// Where to ask: a path below the environment's URL, or a URL.
    pub(super) url: Place<String>,
    /// The status that must be answered; any from 200 to 299 when absent.
    status: Option<Place<u16>>,
    /// A header that must be answered.
    header: Option<Place<HeaderYaml>>,
    /// A JSON pointer such as `/release` to a value that must be there.
    json: Option<Place<String>>,
    /// What the value at `json` must be; without `json`, the whole text.
    equals: Option<Place<String>>,
    /// A regular expression for the value at `json`, or for the text; its first group is the release.
    matches: Option<Place<String>>,
    /// What the text must contain.
    text: Option<Place<String>>,
    /// How often in a row it must be so, 1 when absent.
    times: Option<Place<u32>>,
    /// The pause between two looks, `2s` when absent.
    every: Option<Place<String>>,
    /// How long to wait at most, `10m` when absent.
    timeout: Option<Place<String>>,
}

/// A header that must be answered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReadyHeader")]
struct HeaderYaml {
    /// Its name.
    name: Place<String>,
    /// What its value must be.
    equals: Option<Place<String>>,
    /// A regular expression for its value; the first group is the release.
    matches: Option<Place<String>>,
}

/// Whether an environment at this base URL is requested over https.
pub(super) fn is_asked_by_https(ready: &Ready, base: &EnvironmentUrl) -> bool {
    match (Url::parse(&ready.url), base) {
        (Ok(url), _) => url.scheme() == "https",
        (Err(_), EnvironmentUrl::Url(base)) => base.scheme() == "https",
        (Err(_), EnvironmentUrl::Demo(_)) => false,
    }
}

/// Why an environment at this base URL cannot be requested, as a whole message.
pub(super) fn refusal(ready: &Ready, base: &EnvironmentUrl) -> Option<String> {
    let is_refused = is_asked_by_https(ready, base) && !SPEAKS_HTTPS;
    is_refused.then(|| format!("an https:// address {NO_TLS}; {NO_TLS_HELP}"))
}

/// Checks `ready` of an environment whose base URL is `base`.
pub(super) fn ready(
    reader: Reader<'_>,
    place: &Place<ReadyYaml>,
    base: &EnvironmentUrl,
) -> Result<Ready, Diagnostic> {
    let yaml = &place.value;
    let ready = Ready {
        url: url(reader, &yaml.url)?,
        wanted: wanted(reader, yaml)?,
        times: times(reader, yaml.times.as_ref())?,
        every: every(reader, yaml.every.as_ref())?,
        timeout: reader
            .maybe_timeout(yaml.timeout.as_ref())?
            .unwrap_or(TIMEOUT),
    };
    match refusal(&ready, base) {
        None => Ok(ready),
        Some(_) => {
            let error = reader.error(yaml.url.id, format!("an https:// address {NO_TLS}"));
            Err(error.help(NO_TLS_HELP))
        }
    }
}

fn url(reader: Reader<'_>, place: &Place<String>) -> Result<String, Diagnostic> {
    let text = reader.some_text(place)?;
    let value = text.value().trim();
    let wrong = |message: String| reader.error(place.id, message);
    match Url::parse(value) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            let error = wrong(format!("`{text}` is not an http URL"));
            Err(error
                .help("write a path such as `/version`, or a URL with `http://` or `https://`"))
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let error = wrong("a URL of `ready` holds no user and no password".to_owned());
            Err(error.help("write `basic_auth: user:password` beside `ready`"))
        }
        Ok(_) => Ok(value.to_owned()),
        Err(url::ParseError::RelativeUrlWithoutBase) if !value.starts_with("//") => {
            Ok(value.to_owned())
        }
        Err(_) => {
            let error = wrong(format!("`{text}` is neither a path nor a URL"));
            Err(error
                .help("write a path such as `/version`, or a URL with `http://` or `https://`"))
        }
    }
}

fn wanted(reader: Reader<'_>, yaml: &ReadyYaml) -> Result<Wanted, Diagnostic> {
    let header = yaml.header.as_ref();
    Ok(Wanted {
        status: yaml
            .status
            .as_ref()
            .map(|place| status(reader, place))
            .transpose()?,
        header: header
            .map(|place| wanted_header(reader, &place.value))
            .transpose()?,
        json: yaml
            .json
            .as_ref()
            .map(|place| pointer(reader, place))
            .transpose()?,
        value: rule(reader, yaml.equals.as_ref(), yaml.matches.as_ref())?,
        text: match &yaml.text {
            Some(place) => Some(reader.some_text(place)?.value().to_owned()),
            None => None,
        },
    })
}

fn status(reader: Reader<'_>, place: &Place<u16>) -> Result<u16, Diagnostic> {
    match (200..600).contains(&place.value) {
        true => Ok(place.value),
        false => Err(reader.error(place.id, "an HTTP status is 200 to 599")),
    }
}

fn wanted_header(reader: Reader<'_>, yaml: &HeaderYaml) -> Result<WantedHeader, Diagnostic> {
    let name = reader.some_text(&yaml.name)?;
    if HeaderName::from_bytes(name.value().as_bytes()).is_err() {
        let message = format!("`{name}` cannot name a header");
        return Err(reader.error(yaml.name.id, message));
    }
    Ok(WantedHeader {
        name: name.value().to_owned(),
        value: rule(reader, yaml.equals.as_ref(), yaml.matches.as_ref())?,
    })
}

fn pointer(reader: Reader<'_>, place: &Place<String>) -> Result<String, Diagnostic> {
    let text = reader.text(place)?;
    let value = text.value();
    if value.is_empty() || value.starts_with('/') {
        return Ok(value.to_owned());
    }
    let error = reader.error(place.id, format!("`{text}` is no JSON pointer"));
    Err(error.help(format!(
        "it begins with a slash: `/{}`",
        text.source().replace('.', "/")
    )))
}

fn rule(
    reader: Reader<'_>,
    equals: Option<&Place<String>>,
    matches: Option<&Place<String>>,
) -> Result<Option<Rule>, Diagnostic> {
    match (equals, matches) {
        (None, None) => Ok(None),
        (Some(place), None) => {
            let text = reader.some_text(place)?;
            Ok(Some(Rule::Equals(text.value().to_owned())))
        }
        (None, Some(place)) => Ok(Some(Rule::Matches(regex(reader, place)?))),
        (Some(_), Some(place)) => {
            let error = reader.key_error(place.id, "`equals` and `matches` exclude each other");
            Err(error.help("leave one of them out"))
        }
    }
}

/// The parser's message contains the pattern, which may hold a secret, so only its last line is shown.
fn regex(reader: Reader<'_>, place: &Place<String>) -> Result<Regex, Diagnostic> {
    let text = reader.some_text(place)?;
    Regex::new(text.value()).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        let error = reader.error(place.id, format!("`{text}` is no regular expression"));
        error.help(format!(
            "{reason}; quote it in single quotes, so that YAML leaves it alone"
        ))
    })
}

fn times(reader: Reader<'_>, place: Option<&Place<u32>>) -> Result<u32, Diagnostic> {
    match place {
        None => Ok(1),
        Some(place) if (1..=MAX_TIMES).contains(&place.value) => Ok(place.value),
        Some(place) => Err(reader.error(place.id, format!("`times` is 1 to {MAX_TIMES}"))),
    }
}

fn every(reader: Reader<'_>, place: Option<&Place<String>>) -> Result<Duration, Diagnostic> {
    let Some(place) = place else { return Ok(EVERY) };
    let pause = reader.duration(place)?;
    match pause >= SHORTEST_PAUSE {
        true => Ok(pause),
        false => Err(reader.error(place.id, "a server is asked every `50ms` at most")),
    }
}
