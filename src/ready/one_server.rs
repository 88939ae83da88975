//! EFFECT, ASYNC. Finds out whether two host names lead to one server that answers alike, whatever host it is asked for.
//! Equal addresses alone say little: a proxy or a CDN serves many sites at one address, each by its host name.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use url::Url;

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

/// What two host names have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The server answers alike, also for a host that it cannot know.
    OneSite,
    /// One server gave the same unchanged file for both names, but it goes by the names.
    SameFile,
}

/// Compares the servers of two base URLs. `None` if they are different, or if that cannot be told: over https, at
/// different ports, or where two answers to one question differ already.
pub(crate) async fn compare(
    baseline: &Url,
    candidate: &Url,
    headers: &HeaderMap,
    connector: Connector,
) -> Option<Likeness> {
    let place = |url: &Url| (url.port_or_known_default(), url.path().to_owned());
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
        path: baseline.path().to_owned(),
        headers: headers.clone(),
    };
    let [one, other] = [baseline, candidate].map(host_and_port);
    let first = server.ask(&one).await?;
    if server.ask(&one).await? != first || server.ask(&other).await? != first {
        return None;
    }
    let port = baseline.port().map(|port| format!(":{port}"));
    let nobody = format!("{NO_HOST}{}", port.unwrap_or_default());
    if server
        .ask(&nobody)
        .await
        .is_some_and(|answer| answer == first)
    {
        return Some(Likeness::OneSite);
    }
    first.is_file().then_some(Likeness::SameFile)
}

async fn addresses(url: &Url) -> Option<BTreeSet<SocketAddr>> {
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default()?;
    Some(tokio::net::lookup_host((host, port)).await.ok()?.collect())
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
            let bare = host.split(':').next().unwrap_or(host);
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
