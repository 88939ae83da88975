//! EFFECT, ASYNC. Finds out whether two host names lead to one server that answers alike, whatever host it is asked for.
//! Equal addresses alone say little: a proxy or a CDN serves many sites at one address, each by its host name.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use url::{Host, Url};

use super::read;
use crate::{connect::Connector, yaml::host_and_port};

/// How long everything together may take.
const LIMIT: Duration = Duration::from_secs(8);
/// A host that no server serves.
const NO_HOST: &str = "twinshot.invalid";
/// Headers that differ from one answer to the next.
const PASSING: [&str; 7] = [
    "content-length",
    "date",
    "age",
    "expires",
    "set-cookie",
    "x-request-id",
    "x-runtime",
];

/// How a server answers that refuses hosts which it was not told.
const REFUSES_HOST: [StatusCode; 3] = [
    StatusCode::BAD_REQUEST,
    StatusCode::FORBIDDEN,
    StatusCode::MISDIRECTED_REQUEST,
];

/// What two host names have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The server answers alike, also for a host that it cannot know.
    OneSite,
    /// The server answers alike for both names, but that may be by chance: it goes by the names, or something differs in
    /// each answer.
    Alike,
}

/// Compares the servers of two base URLs. `None` if they are different, or if that cannot be told: over https, or at
/// different ports.
pub(crate) async fn compare(
    baseline: &Url,
    candidate: &Url,
    headers: &HeaderMap,
    connector: Connector,
) -> Option<Likeness> {
    let place = |url: &Url| (url.port_or_known_default(), folder(url));
    let is_possible = baseline.scheme() == "http"
        && candidate.scheme() == "http"
        && place(baseline) == place(candidate)
        && baseline.host() != candidate.host();
    if !is_possible {
        return None;
    }
    let asking = ask_all(baseline, candidate, headers, connector);
    tokio::time::timeout(LIMIT, asking).await.ok()?
}

/// The path where the pages of a base URL begin.
fn folder(url: &Url) -> String {
    format!("{}/", url.path().trim_end_matches('/'))
}

async fn ask_all(
    baseline: &Url,
    candidate: &Url,
    headers: &HeaderMap,
    connector: Connector,
) -> Option<Likeness> {
    let (ours, theirs) = tokio::join!(addresses(baseline), addresses(candidate));
    let address = *ours?.intersection(&theirs?).next()?;
    let client: Client<Connector, String> = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector);
    let server = Server {
        client,
        address,
        path: folder(baseline),
        headers: headers.clone(),
    };
    let [one, other] = [baseline, candidate].map(host_and_port);
    let first = server.ask(&one).await?;
    let pattern = Pattern::new(&first, &server.ask(&one).await?);
    let are_aliases = [baseline, candidate].iter().all(|url| names_machine(url));
    // A page that is arranged anew each time tells nothing: then only names decide that can hardly be two sites.
    if !(pattern.fits(&server.ask(&other).await?) && (pattern.words.is_some() || are_aliases)) {
        return None;
    }
    let port = baseline.port().map(|port| format!(":{port}"));
    let nobody = format!("{NO_HOST}{}", port.unwrap_or_default());
    let answer = server.ask(&nobody).await?;
    let goes_by_names = !pattern.fits(&answer);
    let is_refusal = are_aliases && REFUSES_HOST.contains(&answer.status);
    if !goes_by_names || is_refusal {
        let is_sure = pattern.is_exact() || are_aliases;
        return Some(if is_sure {
            Likeness::OneSite
        } else {
            Likeness::Alike
        });
    }
    (pattern.is_exact() && first.is_file()).then_some(Likeness::Alike)
}

/// Whether the host is an address or `localhost`. Such names say where a server is and not which site is wanted.
fn names_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Where a host name leads. `0.0.0.0` leads to this machine.
async fn addresses(url: &Url) -> Option<BTreeSet<SocketAddr>> {
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default()?;
    let found = tokio::net::lookup_host((host, port)).await.ok()?;
    let reached = |address: SocketAddr| {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, address.port())
    };
    Some(found.map(reached).collect())
}

/// What a server answers, without what differs each time and without the host's name.
#[derive(Debug, PartialEq, Eq)]
struct PlainAnswer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: String,
}

impl PlainAnswer {
    /// Whether the server can tell when it changed last.
    fn is_file(&self) -> bool {
        let tells = |(name, _): &(String, String)| name == "etag" || name == "last-modified";
        self.headers.iter().any(tells)
    }
}

/// What two answers to one question have in common. Tokens, nonces and times differ between them.
#[derive(Debug)]
struct Pattern {
    status: StatusCode,
    /// Without a value where it differs.
    headers: Vec<(String, Option<String>)>,
    /// The words of the body, or `None` where one differs. `None` if the numbers of words differ.
    words: Option<Vec<Option<String>>>,
}

impl Pattern {
    fn new(one: &PlainAnswer, other: &PlainAnswer) -> Self {
        let value = |(name, value): &(String, String)| {
            let is_shared = other.headers.contains(&(name.clone(), value.clone()));
            (name.clone(), is_shared.then(|| value.clone()))
        };
        let pairs = words(&one.body).zip(words(&other.body));
        let shared = pairs.map(|(one, other)| (one == other).then(|| one.to_owned()));
        let is_aligned = words(&one.body).count() == words(&other.body).count();
        Self {
            status: one.status,
            headers: one.headers.iter().map(value).collect(),
            words: is_aligned.then(|| shared.collect()),
        }
    }

    /// Whether the two answers were equal.
    fn is_exact(&self) -> bool {
        let words = self.words.as_ref();
        words.is_some_and(|words| words.iter().all(Option::is_some))
            && self.headers.iter().all(|(_, value)| value.is_some())
    }

    fn fits(&self, answer: &PlainAnswer) -> bool {
        let mut headers = self.headers.iter().zip(&answer.headers);
        let has_headers = self.headers.len() == answer.headers.len()
            && headers.all(|((name, value), (theirs, their_value))| {
                name == theirs && value.as_ref().is_none_or(|value| value == their_value)
            });
        let has_words = self.words.as_ref().is_none_or(|expected| {
            let mut found = expected.iter().zip(words(&answer.body));
            expected.len() == words(&answer.body).count()
                && found.all(|(word, found)| word.as_ref().is_none_or(|word| word == found))
        });
        self.status == answer.status && has_headers && has_words
    }
}

/// A token in base64 is one word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| !c.is_alphanumeric() && !"+/=-_.%".contains(c);
    text.split(is_between).filter(|word| !word.is_empty())
}

/// One address, asked for one path.
struct Server {
    client: Client<Connector, String>,
    address: SocketAddr,
    path: String,
    headers: HeaderMap,
}

impl Server {
    async fn ask(&self, host: &str) -> Option<PlainAnswer> {
        let mut request = Request::new(String::new());
        let uri: Uri = format!("http://{}{}", self.address, self.path)
            .parse()
            .ok()?;
        *request.uri_mut() = uri;
        request.headers_mut().extend(self.headers.clone());
        let name = HeaderValue::from_str(host).ok()?;
        request.headers_mut().insert(header::HOST, name);
        let (parts, body) = self.client.request(request).await.ok()?.into_parts();
        let body = read(Response::new(body)).await.ok()?;
        let nameless = |text: &[u8]| {
            let text = String::from_utf8_lossy(text);
            let bare = host
                .rsplit_once(':')
                .filter(|(_, port)| !port.ends_with(']'));
            let bare = bare.map_or(host, |(name, _)| name);
            text.replace(host, "HOST").replace(bare, "HOST")
        };
        let lasting = |(name, value): (&header::HeaderName, &HeaderValue)| {
            let is_lasting = !PASSING.contains(&name.as_str());
            is_lasting.then(|| (name.to_string(), nameless(value.as_bytes())))
        };
        Some(PlainAnswer {
            status: parts.status,
            headers: parts.headers.iter().filter_map(lasting).collect(),
            body: nameless(&body),
        })
    }
}
