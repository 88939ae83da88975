//! Driver processes. Each runs in its own process group and is always ended.

use std::path::{Path, PathBuf};

use fantoccini::Client;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;
use url::Url;

use super::{display::Display, leftovers::remove_folder, remote::RemoteSlot};
use crate::{
    browser::wire,
    connect::{self, Connector},
    yaml::without_credentials,
};

/// The URL where sessions are requested and, if the driver is ours, its process.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) url: Url,
    ownership: Ownership,
}

/// What ends together with a driver.
#[derive(Debug)]
enum Ownership {
    /// Our own process.
    Process(Box<DriverProcess>),
    /// The session's slot at a remote driver.
    Remote(RemoteSlot),
}

/// A driver that we started.
#[derive(Debug)]
pub(super) struct DriverProcess {
    child: Child,
    /// Its display, if we started one for it.
    display: Option<Display>,
    folder: PathBuf,
    /// The program's usual name.
    name: &'static str,
}

impl Driver {
    /// A driver that listens on this port of this machine.
    pub(super) fn at_port(port: u16, process: DriverProcess) -> Self {
        let url = Url::parse(&format!("http://127.0.0.1:{port}/"));
        Self {
            url: url.expect("a port makes a valid URL"),
            ownership: Ownership::Process(Box::new(process)),
        }
    }

    /// The process group of our own driver and its browser.
    pub(crate) fn group(&self) -> Option<Pid> {
        match &self.ownership {
            Ownership::Process(process) => process.group(),
            Ownership::Remote(_) => None,
        }
    }

    pub(super) fn at_remote(place: RemoteSlot) -> Self {
        Self {
            url: place.url().clone(),
            ownership: Ownership::Remote(place),
        }
    }

    /// Records that the driver gave no session, so that other drivers are asked first for a while.
    pub(crate) fn was_refused(&self) {
        if let Ownership::Remote(place) = &self.ownership {
            place.was_refused();
        }
    }

    /// Ends a session of a remote driver on a separate connection, because the driver may still be busy with a command.
    /// Our own driver's sessions end with its processes.
    pub(crate) async fn forget(&self, session: &str) {
        if !self.is_ours() {
            let again = Client::with_existing_session(self.url.as_str(), session, self.connector());
            if let Ok(client) = again.await {
                wire::end(&client).await;
            }
        }
    }

    /// The connector for connections to it.
    pub(crate) fn connector(&self) -> Connector {
        match &self.ownership {
            Ownership::Process(_) => connect::by_http(),
            Ownership::Remote(place) => place.connector(),
        }
    }

    /// Whether dropping this value ends its processes.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.ownership, Ownership::Process(_))
    }

    /// Whether its browser runs on this machine and can be connected to.
    pub(crate) fn is_on_this_machine(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        self.is_ours() || matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    }

    /// Its name in messages.
    pub(crate) fn describe(&self) -> String {
        match &self.ownership {
            Ownership::Process(process) => process.name.to_owned(),
            Ownership::Remote(_) => format!("the driver at {}", without_credentials(&self.url)),
        }
    }
}

impl DriverProcess {
    /// A driver that was just started, with everything that belongs to it. Dropping this value ends it.
    pub(super) fn new(
        child: Child,
        folder: &Path,
        name: &'static str,
        display: Option<Display>,
    ) -> Self {
        Self {
            child,
            display,
            folder: folder.to_owned(),
            name,
        }
    }

    /// The display's process group ends with the driver.
    fn group(&self) -> Option<Pid> {
        let leader = match &self.display {
            Some(display) => display.group(),
            None => self.child.id(),
        };
        leader
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
    }
}

/// The driver and every process that it started are in its process group. All of them end here.
impl Drop for DriverProcess {
    fn drop(&mut self) {
        if let Some(display) = &mut self.display {
            display.remove_socket();
        }
        if let Some(group) = self.group() {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.try_wait();
        if let Some(display) = &mut self.display {
            display.reap();
        }
        remove_folder(&self.folder);
    }
}
