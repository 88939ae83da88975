//! EFFECT, ASYNC. Asks an environment again and again until it serves the wanted release, and once more
//! when the run is over. What an answer must be is `wanted`'s, which is pure.
//!
//! Every answer is bounded in time and size, redirects are not followed, and no connection is used twice:
//! behind one address there may be several servers.

pub(crate) mod one_server;
mod wanted;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use url::Url;

use crate::{
    config::Ready,
    connect::{Connector, tls_trouble},
};
use wanted::{Answer, Seen};

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How long an environment that does not answer is asked after the run.
const AFTER_LIMIT: Duration = Duration::from_secs(10);
/// What tells of a release is no longer than this, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// An environment that is waited for.
#[derive(Debug)]
pub(crate) struct Watch {
    name: String,
    url: Url,
    headers: HeaderMap,
    ready: Ready,
    client: Client<Connector, String>,
}

/// What an environment served when it was ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Served {
    /// The release, where the answer names one.
    pub(crate) release: Option<String>,
}

impl Watch {
    /// `url` is where to ask; `headers` are sent along.
    pub(crate) fn new(
        name: String,
        url: Url,
        headers: HeaderMap,
        ready: Ready,
        connector: Connector,
    ) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Self {
            name,
            url,
            headers,
            ready,
            client,
        }
    }

    /// Waits until the environment serves what is wanted. Says through `tell` what it waits for, and what
    /// it sees whenever that changes.
    ///
    /// # Errors
    /// When the time is over: what was seen last, as a sentence.
    pub(crate) async fn wait(&self, tell: impl Fn(String)) -> Result<Served, String> {
        let waiting = format!("waiting for {} to {}", self.name, self.sought());
        tell(waiting.clone());
        let deadline = Instant::now() + self.ready.timeout;
        let mut row = Row::default();
        let mut told = String::new();
        loop {
            let words = match self.ask(left(deadline)).await {
                Seen::Ready(release) => {
                    if row.add(release) >= self.ready.times {
                        return Ok(row.served());
                    }
                    row.describe(self.ready.times)
                }
                // A look that the deadline cut short says less than the one before it.
                Seen::Trouble(_) if left(deadline).is_zero() && !told.is_empty() => {
                    return Err(self.not_ready(&told));
                }
                Seen::Other(words) | Seen::Trouble(words) => {
                    row = Row::default();
                    if words != told {
                        tell(format!("{waiting}: {words}"));
                        told.clone_from(&words);
                    }
                    words
                }
            };
            if left(deadline) <= self.ready.every {
                tokio::time::sleep(left(deadline)).await;
                return Err(self.not_ready(&words));
            }
            tokio::time::sleep(self.ready.every).await;
        }
    }

    /// Looks again, as often in a row as before. A server in trouble gets a little time.
    ///
    /// # Errors
    /// When it serves anything else now: what, as a sentence.
    pub(crate) async fn look_again(&self, before: &Served) -> Result<(), String> {
        let deadline = Instant::now() + AFTER_LIMIT;
        let mut times = 0;
        while times < self.ready.times {
            match self.ask(left(deadline)).await {
                Seen::Ready(release) if release == before.release => {
                    times += 1;
                    continue;
                }
                Seen::Ready(release) => {
                    let release = release.unwrap_or_default();
                    return Err(self.changed(before, &format!("it serves release {release}")));
                }
                Seen::Other(words) => return Err(self.changed(before, &words)),
                Seen::Trouble(words) if left(deadline) <= self.ready.every => {
                    return Err(self.changed(before, &words));
                }
                Seen::Trouble(_) => {}
            }
            tokio::time::sleep(self.ready.every).await;
        }
        Ok(())
    }

    fn sought(&self) -> String {
        format!("{} at {}", self.ready.wanted.describe(), self.ready.url)
    }

    fn not_ready(&self, seen: &str) -> String {
        format!(
            "{} did not {} within {:?}: {seen}",
            self.name,
            self.sought(),
            self.ready.timeout
        )
    }

    fn changed(&self, before: &Served, now: &str) -> String {
        let (name, url) = (&self.name, &self.ready.url);
        let then = match &before.release {
            Some(release) => format!("at {url} it served release {release} before"),
            None => format!("at {url} it was ready before"),
        };
        format!("{name} changed during the run: {then}, afterwards {now}; run again")
    }

    /// One look.
    async fn ask(&self, limit: Duration) -> Seen {
        let limit = limit.min(ANSWER_LIMIT);
        match tokio::time::timeout(limit, self.answer()).await {
            Ok(Ok(answer)) => self.ready.wanted.judge(&answer),
            Ok(Err(words)) => Seen::Trouble(words),
            Err(_) => Seen::Trouble(format!("it gave no whole answer within {limit:.1?}")),
        }
    }

    async fn answer(&self) -> Result<Answer, String> {
        let response = self.client.request(self.request()).await;
        let response = response.map_err(|error| {
            let reason = tls_trouble(&error).unwrap_or_else(|| root_cause(&error));
            format!("it cannot be asked: {reason}")
        })?;
        let (parts, body) = response.into_parts();
        let body = match self.ready.wanted.reads_body() {
            true => read(Response::new(body)).await?,
            false => Vec::new(),
        };
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    fn request(&self) -> Request<String> {
        let mut request = Request::new(String::new());
        *request.uri_mut() = self.url.as_str().parse().expect("a URL is a URI");
        let headers = request.headers_mut();
        let own = [
            (
                header::USER_AGENT,
                concat!("twinshot/", env!("CARGO_PKG_VERSION")),
            ),
            (header::ACCEPT, "*/*"),
            (header::ACCEPT_ENCODING, "identity"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        headers.extend(own.map(|(name, value)| (name, header::HeaderValue::from_static(value))));
        headers.extend(self.headers.clone());
        request
    }
}

/// Equal answers in a row.
#[derive(Debug, Default)]
struct Row {
    release: Option<String>,
    length: u32,
}

impl Row {
    /// How many there are now; another release begins a new row.
    fn add(&mut self, release: Option<String>) -> u32 {
        if self.release != release {
            self.length = 0;
        }
        self.release = release;
        self.length += 1;
        self.length
    }

    fn served(self) -> Served {
        Served {
            release: self.release,
        }
    }

    fn describe(&self, times: u32) -> String {
        format!("it did so {} of {times} times in a row", self.length)
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

async fn read<B>(response: Response<B>) -> Result<Vec<u8>, String>
where
    B: http_body_util::BodyExt,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match Limited::new(response.into_body(), MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err("its answer is longer than 1 MiB".to_owned())
        }
        Err(error) => Err(format!("its answer breaks off: {}", root_cause(&*error))),
    }
}

/// The innermost error says what happened; those around it say where.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
