//! Driver processes: started in a process group of their own, and never left behind.

use std::path::{Path, PathBuf};

use fantoccini::Client;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;
use url::Url;

use super::{display::Display, remote::RemoteSlot, run_folder::remove_folder};
use crate::{
    browser::wire,
    connect::{self, Connector},
    yaml::without_credentials,
};

/// Where to ask for a session, and the process to end with it when it is ours.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) url: Url,
    ownership: Ownership,
}

/// What ends with a driver.
#[derive(Debug)]
enum Ownership {
    /// Our own process.
    Process(Box<DriverProcess>),
    /// The session's place at somebody else's driver.
    Remote(RemoteSlot),
}

/// A driver that we started.
#[derive(Debug)]
pub(super) struct DriverProcess {
    child: Child,
    /// What it draws on, when that is ours.
    display: Option<Display>,
    folder: PathBuf,
    /// As people know the program.
    name: &'static str,
}

impl Driver {
    /// The driver that listens there on this machine.
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

    /// Remembers that it gave no session, so that others are asked before it for a while.
    pub(crate) fn was_refused(&self) {
        if let Ownership::Remote(place) = &self.ownership {
            place.was_refused();
        }
    }

    /// Ends a session of somebody else's driver on a connection of its own, past a command that it may
    /// still be busy with. Our own driver's sessions end with its processes.
    pub(crate) async fn forget(&self, session: &str) {
        if !self.is_ours() {
            let again = Client::with_existing_session(self.url.as_str(), session, self.connector());
            if let Ok(client) = again.await {
                wire::end(&client).await;
            }
        }
    }

    /// Opens connections to it.
    pub(crate) fn connector(&self) -> Connector {
        match &self.ownership {
            Ownership::Process(_) => connect::by_http(),
            Ownership::Remote(place) => place.connector(),
        }
    }

    /// Whether its processes end with this value.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.ownership, Ownership::Process(_))
    }

    /// Whether its browser can be talked to from here.
    pub(crate) fn is_on_this_machine(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        self.is_ours() || matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    }

    /// What it is called in messages.
    pub(crate) fn describe(&self) -> String {
        match &self.ownership {
            Ownership::Process(process) => process.name.to_owned(),
            Ownership::Remote(_) => format!("the driver at {}", without_credentials(&self.url)),
        }
    }
}

impl DriverProcess {
    /// A driver that was just started, and what belongs to it. It ends with this value.
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

    /// That of the display is the driver's too.
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

/// The driver and every process that it started share its group; none outlives this value.
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
