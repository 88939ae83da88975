//! Describes a browser before it runs.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::{
    browser::{
        error::LaunchError,
        launch::{Launcher, Programs},
    },
    config::Emulation,
};

/// The description of a browser before it runs.
pub(super) struct BrowserKind {
    /// Finds its programs. With `headed` it needs a display of the user's.
    pub(super) programs: fn(headed: bool) -> Result<Programs, LaunchError>,
    /// The capabilities that only this browser has, with the environment's settings.
    pub(super) capabilities: fn(&Launcher, &Emulation) -> Map<String, Value>,
    /// How long the browser may take to start.
    pub(super) start_limit: Duration,
    /// The protocol that it uses in addition to the standard's HTTP commands.
    pub(super) protocol: Protocol,
    /// Whether it can run under a driver that is already running, possibly on another machine.
    pub(super) can_be_remote: bool,
}

/// The protocol through which a browser offers pictures, viewports and an isolated world for our scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The Chrome DevTools protocol, through the driver at this path.
    DevTools {
        /// The path below the session's.
        path: &'static str,
    },
    /// WebDriver BiDi.
    BiDi,
    /// WebKit's inspector.
    Inspector,
}
