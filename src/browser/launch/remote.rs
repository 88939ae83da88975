//! Drivers that are already running, on this machine or elsewhere; a Selenium Grid is one. We do not know how many
//! sessions they have room for. A request for a session waits until there is room.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use url::Url;

use crate::connect::Connector;

/// How long a driver that gave no session is asked after all others.
const DISTRUST: Duration = Duration::from_secs(30);

/// The given drivers, in the given order.
#[derive(Debug)]
pub(super) struct Remotes {
    remotes: Vec<Arc<Remote>>,
    /// How many sessions a flow takes, one after the other.
    per_flow: usize,
}

#[derive(Debug)]
struct Remote {
    url: Url,
    connector: Connector,
    /// How many of our sessions it has, or was asked for.
    sessions: AtomicUsize,
    /// When it last refused a session.
    refused: Mutex<Option<Instant>>,
}

impl Remotes {
    /// Drivers for flows that take `per_flow` sessions each (at least one).
    pub(super) fn new(urls: &[Url], per_flow: usize, connector: &Connector) -> Self {
        let remote = |url: &Url| Remote {
            url: as_folder(url),
            connector: connector.clone(),
            sessions: AtomicUsize::new(0),
            refused: Mutex::default(),
        };
        Self {
            remotes: urls.iter().map(|url| Arc::new(remote(url))).collect(),
            per_flow,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.remotes.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.remotes.len()
    }

    /// A slot at the driver with the fewest flows, or at the first of several. The sessions of one flow, whose pictures
    /// are compared, use the same driver if possible. A driver that refused a session recently comes last, and those
    /// that were `asked` are left out.
    pub(super) fn place(&self, asked: &[Url]) -> Option<RemoteSlot> {
        let open = self
            .remotes
            .iter()
            .filter(|remote| !asked.contains(&remote.url));
        let best = open.min_by_key(|remote| {
            let sessions = remote.sessions.load(Ordering::Relaxed);
            (remote.is_distrusted(), sessions / self.per_flow)
        });
        best.map(RemoteSlot::new)
    }
}

impl Remote {
    fn is_distrusted(&self) -> bool {
        self.refused()
            .is_some_and(|refused| refused.elapsed() < DISTRUST)
    }

    fn refused(&self) -> MutexGuard<'_, Option<Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's slot at a driver. Dropping this value frees it.
#[derive(Debug)]
pub(super) struct RemoteSlot(Arc<Remote>);

impl RemoteSlot {
    fn new(remote: &Arc<Remote>) -> Self {
        remote.sessions.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(remote))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0.url
    }

    /// The connector for connections to the driver.
    pub(super) fn connector(&self) -> Connector {
        self.0.connector.clone()
    }

    /// Records that the driver gave no session.
    pub(super) fn was_refused(&self) {
        *self.0.refused() = Some(Instant::now());
    }
}

impl Drop for RemoteSlot {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Adds a slash to the URL's path. Without it, joining would replace the last part of the path.
fn as_folder(url: &Url) -> Url {
    let mut url = url.clone();
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remotes(per_flow: usize) -> Remotes {
        let urls = ["http://one:4444/wd/hub", "http://two:4444/"];
        let urls = urls.map(|url| Url::parse(url).unwrap());
        Remotes::new(&urls, per_flow, &crate::connect::by_http())
    }

    fn host(place: &RemoteSlot) -> String {
        place.url().host_str().unwrap().to_owned()
    }

    #[test]
    fn the_driver_with_the_fewest_flows_is_asked() {
        for (per_flow, expected) in [
            (1, ["one", "two", "one", "two"]),
            (2, ["one", "one", "two", "two"]),
        ] {
            let remotes = remotes(per_flow);
            let places: Vec<_> = (0..4).filter_map(|_| remotes.place(&[])).collect();
            assert_eq!(places.iter().map(host).collect::<Vec<_>>(), expected);
            drop(places);
            assert_eq!(host(&remotes.place(&[]).unwrap()), "one");
        }
    }

    #[test]
    fn a_driver_that_gave_no_session_comes_last() {
        let remotes = remotes(1);
        let refused = remotes.place(&[]).unwrap();
        refused.was_refused();
        let asked = [refused.url().clone()];
        drop(refused);
        let other = remotes.place(&asked).unwrap();
        assert_eq!(host(&other), "two");
        assert_eq!(host(&remotes.place(&[]).unwrap()), "two");
        let both = [asked[0].clone(), other.url().clone()];
        assert!(remotes.place(&both).is_none());
        assert_eq!(host(&remotes.place(&both[1..]).unwrap()), "one");
    }

    #[test]
    fn a_path_is_a_folder() {
        assert_eq!(
            remotes(1).remotes[0].url.as_str(),
            "http://one:4444/wd/hub/"
        );
    }
}
