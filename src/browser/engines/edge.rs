//! Microsoft Edge: a Chromium with its own driver and capabilities. We have not run it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    chrome,
    kind::{BrowserKind, Protocol},
};
use crate::{
    browser::{
        error::LaunchError,
        launch::{Launcher, Programs, Startup, existing, first_in_path, named},
    },
    config::{Browser, Emulation},
};

pub(super) const KIND: BrowserKind = BrowserKind {
    programs,
    capabilities,
    start_limit: Duration::from_secs(60),
    protocol: Protocol::DevTools {
        path: "ms/cdp/execute",
    },
    can_be_remote: true,
};

/// The browser's name in capabilities.
const BROWSER_NAME: &str = "MicrosoftEdge";

fn programs(_: bool) -> Result<Programs, LaunchError> {
    let driver = named("TWINSHOT_EDGEDRIVER")?
        .or_else(|| first_in_path(&["msedgedriver"]))
        .ok_or(LaunchError::NoEdgeDriver)?;
    let browser = named("TWINSHOT_EDGE")?
        .or_else(|| first_in_path(&["microsoft-edge-stable", "microsoft-edge", "msedge"]))
        .or_else(|| existing("/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"))
        .ok_or(LaunchError::NoEdge)?;
    Ok(Programs {
        driver,
        browser,
        display: None,
        driver_name: "msedgedriver",
        startup: Startup::Greets,
        arguments: chrome::driver_arguments,
    })
}

fn capabilities(launcher: &Launcher, _: &Emulation) -> Map<String, Value> {
    let mut options = json!({ "args": chrome::arguments(launcher) });
    if let Some(binary) = launcher.binary(Browser::Edge) {
        options["binary"] = json!(binary);
    }
    let browser = ("browserName".to_owned(), json!(BROWSER_NAME));
    Map::from_iter([browser, ("ms:edgeOptions".to_owned(), options)])
}
