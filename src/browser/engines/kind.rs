//! What is known of a browser before it runs.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::browser::{
    error::LaunchError,
    launch::{Launcher, Programs},
    options::SessionOptions,
};

/// What is known of a browser before it runs.
pub(super) struct Kind {
    /// Finds its programs; shown on a display or not.
    pub(super) programs: fn(headed: bool) -> Result<Programs, LaunchError>,
    /// The capabilities that only this browser has.
    pub(super) capabilities: fn(&Launcher, &SessionOptions) -> Map<String, Value>,
    /// How long it may take to start.
    pub(super) start_limit: Duration,
    /// How it is spoken to beside the standard's HTTP commands.
    pub(super) protocol: Protocol,
    /// Whether a driver that runs already, also on another machine, can drive it.
    pub(super) can_be_remote: bool,
}

/// By which protocol a browser gives pictures, viewports and a world of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The Chrome DevTools protocol, through the driver at this path.
    DevTools {
        /// Below the session's.
        path: &'static str,
    },
    /// WebDriver BiDi.
    BiDi,
    /// WebKit's inspector.
    Inspector,
}
