//! Checks both environments before and after the run. The run begins when they are ready, and is undecided if one of
//! them changed meanwhile.

use std::sync::{Mutex, PoisonError, mpsc::Sender};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use tokio::sync::watch;
use url::Url;

use super::{CollectorMessage, Roles};
use crate::{
    browser::below,
    capture::pools::LiveEnvironment,
    config::{Environment, Ready},
    connect::Connector,
    ready::{
        Served, Watch,
        one_server::{self, Likeness},
    },
    side::Role,
    yaml::{passwords_in, without_credentials},
};

/// The environments that have `ready`.
pub(super) struct Readiness {
    watched: Vec<WatchedEnvironment>,
    news: Sender<CollectorMessage>,
}

/// An environment in its role.
struct WatchedEnvironment {
    role: Role,
    name: String,
    watch: Watch,
    /// What it served before the run, when it was ready.
    served: Mutex<Option<Served>>,
}

impl Readiness {
    pub(super) fn new(
        roles: &Roles,
        baseline: Option<&LiveEnvironment>,
        candidate: &LiveEnvironment,
        connector: &Connector,
        news: Sender<CollectorMessage>,
    ) -> Self {
        let baseline = roles.baseline.as_ref().zip(baseline);
        let baseline = baseline.map(|(it, live)| (Role::Baseline, it, live));
        let candidate = (Role::Candidate, &roles.candidate, candidate);
        let watched = baseline.into_iter().chain([candidate]);
        Self {
            watched: watched
                .filter_map(|(role, environment, live)| {
                    WatchedEnvironment::new(role, environment, live, connector.clone())
                })
                .collect(),
            news,
        }
    }

    /// Waits for all environments at the same time. Returns `false` if one was not ready in time (which is then
    /// reported) or the run must stop.
    pub(super) async fn wait(&self, mut stop: watch::Receiver<bool>) -> bool {
        let all = self.watched.iter().map(|watched| self.wait_for(watched));
        let stopped = async {
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending().await
            }
        };
        tokio::select! {
            ready = all_true(all) => ready,
            () = stopped => false,
        }
    }

    /// The release that an environment served when it was ready, if known.
    pub(super) fn release(&self, role: Role) -> Option<String> {
        let watched = self.watched.iter().find(|watched| watched.role == role)?;
        let served = watched.served.lock();
        let served = served.unwrap_or_else(PoisonError::into_inner);
        served.as_ref()?.release.clone()
    }

    async fn wait_for(&self, watched: &WatchedEnvironment) -> bool {
        let tell = |note| self.tell(CollectorMessage::Note(note));
        match watched.watch.wait(tell).await {
            Ok(served) => {
                self.tell(CollectorMessage::Note(watched.describe(&served)));
                if let Some(release) = &served.release {
                    self.tell(CollectorMessage::Served(watched.role, release.clone()));
                }
                *watched
                    .served
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(served);
                true
            }
            Err(reason) => {
                self.tell(CollectorMessage::Undecided(reason));
                false
            }
        }
    }

    /// Reports every environment that no longer serves the same as before the run.
    pub(super) async fn look_again(&self) {
        let all = self.watched.iter().map(|watched| async {
            let before = watched
                .served
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let Some(before) = before else { return true };
            match watched.watch.look_again(&before).await {
                Ok(()) => true,
                Err(reason) => {
                    self.tell(CollectorMessage::Undecided(reason));
                    // The other one is looked at all the same.
                    true
                }
            }
        });
        all_true(all).await;
    }

    fn tell(&self, news: CollectorMessage) {
        // Nobody listens any more only when results cannot be written.
        let _ = self.news.send(news);
    }
}

/// Tells the collector if both environments seem to be one. Browsers behind a proxy may see others than this machine does,
/// and headers may lead to another release at the same place.
pub(super) async fn compare_servers(
    roles: &Roles,
    baseline: Option<&LiveEnvironment>,
    candidate: &LiveEnvironment,
    connector: &Connector,
    news: &Sender<CollectorMessage>,
) {
    let Some((environment, baseline)) = roles.baseline.as_ref().zip(baseline) else {
        return;
    };
    let is_plain = baseline.network.proxy.is_none()
        && candidate.network.proxy.is_none()
        && baseline.headers == candidate.headers
        && passwords_in(&baseline.base) == passwords_in(&candidate.base);
    if !is_plain {
        return;
    }
    let headers = headers(&baseline.base, baseline);
    let (ours, theirs) = (
        without_credentials(&baseline.base),
        without_credentials(&candidate.base),
    );
    let likeness = one_server::compare(&ours, &theirs, &headers, connector.clone()).await;
    let names = format!(
        "{} ({ours}) and {} ({theirs})",
        environment.name, roles.candidate.name
    );
    let message = match likeness {
        None => return,
        Some(Likeness::OneSite) => CollectorMessage::OneEnvironment(format!(
            "both sides are the same environment: {names} are one server, which answers alike whatever host it is asked for"
        )),
        Some(Likeness::Alike) => CollectorMessage::Warning(format!(
            "{names} have one address and gave the same answer; check that they are different environments"
        )),
    };
    // Nobody listens any more only when results cannot be written.
    let _ = news.send(message);
}

/// Runs all at the same time; the first `false` ends the others.
async fn all_true(futures: impl Iterator<Item = impl Future<Output = bool>>) -> bool {
    let mut futures = futures;
    match (futures.next(), futures.next()) {
        (None, _) => true,
        (Some(only), None) => only.await,
        (Some(one), Some(other)) => {
            let fail = |ready: bool| ready.then_some(()).ok_or(());
            let one = async { fail(one.await) };
            let other = async { fail(other.await) };
            tokio::try_join!(one, other).is_ok()
        }
    }
}

impl WatchedEnvironment {
    fn new(
        role: Role,
        environment: &Environment,
        live: &LiveEnvironment,
        connector: Connector,
    ) -> Option<Self> {
        let ready: Ready = environment.ready.clone()?;
        let url = address(&ready.url, &live.base);
        let headers = headers(&url, live);
        let plain = without_credentials(&url);
        Some(Self {
            role,
            name: environment.name.clone(),
            watch: Watch::new(environment.name.clone(), plain, headers, ready, connector),
            served: Mutex::new(None),
        })
    }

    fn describe(&self, served: &Served) -> String {
        match &served.release {
            Some(release) => format!("{}: release {release}", self.name),
            None => format!("{} is ready", self.name),
        }
    }
}

/// The URL to request: relative URLs are below the environment's base URL.
fn address(written: &str, base: &Url) -> Url {
    let found = Url::parse(written).or_else(|_| below(base, written).map_err(drop));
    found.unwrap_or_else(|()| base.clone())
}

/// The environment's credentials and headers, only for its own origin.
fn headers(url: &Url, live: &LiveEnvironment) -> HeaderMap {
    if url.origin() != live.base.origin() {
        return HeaderMap::new();
    }
    let mut headers = HeaderMap::new();
    // The last form is what basic authentication sends.
    if let Some(sent) = passwords_in(&live.base).pop() {
        let value = format!("Basic {}", BASE64_STANDARD.encode(sent));
        let mut value = HeaderValue::try_from(value).expect("base64 is a header value");
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    headers.extend(live.headers.clone());
    headers
}
