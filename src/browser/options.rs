//! What browsers and sessions are asked to be.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    config::{Browser, Device, Emulation, NamedViewport, Network},
    connect::Connector,
    spec::{Settle, Viewport},
};

/// How browsers are started.
#[derive(Debug, Clone)]
pub(crate) struct LaunchOptions {
    /// Drivers that run already; ours when there are none.
    pub(crate) webdrivers: Vec<Url>,
    /// Opens connections to them.
    pub(crate) connector: Connector,
    /// How many sessions a flow takes, at least one.
    pub(crate) per_flow: usize,
    /// Shows the browser's window.
    pub(crate) headed: bool,
    /// Lets animated images (GIF and the like) move.
    pub(crate) moving_images: bool,
}

/// What a session is asked to be, for all of its flows.
#[derive(Debug, Clone)]
pub(crate) struct SessionOptions {
    /// The browser that it runs in.
    pub(crate) browser: Browser,
    /// How long a page may take to load.
    pub(crate) page_timeout: Duration,
    /// How long waits and searches take when the step says nothing.
    pub(crate) timeout: Duration,
    /// Where relative URLs lead.
    pub(crate) base: Url,
    /// Other hosts (`name` or `name:port`) that pages may end on.
    pub(crate) hosts: Vec<String>,
    /// The other side's environment, where no page of this side may end.
    pub(crate) other: Option<Url>,
    /// Taller pages are cut here; CSS pixels.
    pub(crate) max_page_height: u32,
    /// What the environment asks of its browser.
    pub(crate) emulation: Emulation,
    /// What is brought to rest where a shot does not say.
    pub(crate) settle: Settle,
    /// When the run began, for clocks that begin there; milliseconds since 1970.
    pub(crate) run_began: u64,
    /// Further capabilities that the driver is asked for.
    pub(crate) capabilities: Map<String, Value>,
    /// Headers that are sent to the environment's own hosts.
    pub(crate) headers: HeaderMap,
    /// How the browser reaches the environment.
    pub(crate) network: Network,
}

/// A viewport and the device that it belongs to; cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Screen {
    /// The size of the page's window.
    pub(crate) viewport: Viewport,
    /// What the viewport asks for beside its size.
    pub(crate) device: Arc<Device>,
}

impl From<&NamedViewport> for Screen {
    fn from(named: &NamedViewport) -> Self {
        Self {
            viewport: named.viewport,
            device: Arc::clone(&named.device),
        }
    }
}

impl Screen {
    /// What the browser is to be: the viewport's wishes before the environment's.
    pub(crate) fn emulation(&self, environment: &Emulation) -> Emulation {
        self.device.emulation.or(environment)
    }
}

/// What the sessions of a run cost apart from what is done in them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SessionTimes {
    /// How many were started.
    pub(crate) started: u32,
    /// What that took, one after the other.
    pub(crate) start: Duration,
    /// How often one was cleaned for another flow.
    pub(crate) cleaned: u32,
    /// What that took, one after the other.
    pub(crate) clean: Duration,
}
