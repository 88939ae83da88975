//! Options of browsers and sessions.

use std::{ffi::OsString, sync::Arc, time::Duration};

use http::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    config::{Browser, Device, Emulation, NamedViewport, Network},
    connect::Connector,
    spec::{Settle, Viewport},
    yaml::Secrets,
};

/// How browsers are started.
#[derive(Debug, Clone)]
pub(crate) struct LaunchOptions {
    /// Drivers that are already running; if empty, we start our own.
    pub(crate) webdrivers: Vec<Url>,
    /// The connector for connections to these drivers.
    pub(crate) connector: Connector,
    /// How many sessions a flow takes, at least one.
    pub(crate) per_flow: usize,
    /// Shows the browser's window on the user's display.
    pub(crate) headed: bool,
    /// Lets animated images (such as GIF) move.
    pub(crate) moving_images: bool,
    /// Variables of the environment that drivers and browsers do not get.
    pub(crate) hidden_variables: Vec<OsString>,
}

/// The options of a session, for all of its flows.
#[derive(Debug, Clone)]
pub(crate) struct SessionOptions {
    /// The browser that it runs in.
    pub(crate) browser: Browser,
    /// How long a page may take to load.
    pub(crate) page_timeout: Duration,
    /// The default timeout of waits and searches, for steps that set none.
    pub(crate) timeout: Duration,
    /// The base of relative URLs.
    pub(crate) base: Url,
    /// Other hosts (`name` or `name:port`) on which navigations may end.
    pub(crate) hosts: Vec<String>,
    /// The other side's environment. No page of this side may end there.
    pub(crate) other: Option<Url>,
    /// The height in CSS pixels at which taller pages are cut.
    pub(crate) max_page_height: u32,
    /// The environment's settings for the browser.
    pub(crate) emulation: Emulation,
    /// What is settled before a picture, unless the shot says otherwise.
    pub(crate) settle: Settle,
    /// Further capabilities to ask the driver for.
    pub(crate) capabilities: Map<String, Value>,
    /// Values that only the environment's own hosts may get.
    pub(crate) secrets: Arc<Secrets>,
    /// Headers for requests to the environment's own hosts.
    pub(crate) headers: HeaderMap,
    /// How the browser reaches the environment.
    pub(crate) network: Network,
}

/// The clock of a flow's pages, and the seed of their random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageClock {
    /// The moment at which it starts in every page, in milliseconds since 1970.
    pub(crate) start: u64,
    /// Every page draws the same random numbers from it.
    pub(crate) seed: u32,
}

/// A viewport and its device; cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Screen {
    /// The size of the page's viewport.
    pub(crate) viewport: Viewport,
    /// What the viewport sets beside its size.
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
    /// The browser's settings. Those of the viewport take precedence over the environment's.
    pub(crate) fn emulation(&self, environment: &Emulation) -> Emulation {
        self.device.emulation.or(environment)
    }
}

/// What starting and cleaning the sessions of a run costs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SessionTimes {
    /// How many were started.
    pub(crate) started: u32,
    /// The total time for starting them.
    pub(crate) start: Duration,
    /// How often a session was cleaned for another flow.
    pub(crate) cleaned: u32,
    /// The total time for cleaning them.
    pub(crate) clean: Duration,
}
