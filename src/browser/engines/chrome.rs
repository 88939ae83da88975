//! Chrome and Chromium: how to find and start them.

use std::{ffi::OsString, path::Path, time::Duration};

use rustix::process::getuid;
use serde_json::{Map, Value, json};

use super::kind::{BrowserKind, Protocol};
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
        path: "goog/cdp/execute",
    },
    can_be_remote: true,
};

fn programs(headed: bool) -> Result<Programs, LaunchError> {
    let driver = named("TWINSHOT_CHROMEDRIVER")?
        .or_else(|| first_in_path(&["chromedriver"]))
        .or_else(|| existing("/usr/lib/chromium/chromedriver"))
        .ok_or(LaunchError::NoDriver)?;
    let shells: &[&str] = &["chromium-headless-shell", "chrome-headless-shell"];
    let browser = named("TWINSHOT_CHROME")?
        .or_else(|| if headed { None } else { first_in_path(shells) })
        .or_else(|| {
            first_in_path(&[
                "chromium",
                "chromium-browser",
                "google-chrome-stable",
                "google-chrome",
            ])
        })
        .or_else(|| existing("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"))
        .ok_or(LaunchError::NoBrowser)?;
    Ok(Programs {
        driver,
        browser,
        display: None,
        driver_name: "chromedriver",
        startup: Startup::Greets,
        arguments: driver_arguments,
    })
}

/// The command line of a Chromium's driver. The log's path on it tells which run the process belongs to. The log has no
/// commands: they hold what flows type.
pub(super) fn driver_arguments(folder: &Path, port: u16) -> Vec<OsString> {
    let log = folder.join("driver.log");
    vec![
        format!("--port={port}").into(),
        format!("--log-path={}", log.display()).into(),
        "--log-level=SEVERE".into(),
    ]
}

fn capabilities(launcher: &Launcher, _: &Emulation) -> Map<String, Value> {
    let mut arguments = arguments(launcher);
    let binary = launcher.binary(Browser::Chrome);
    if binary.as_ref().is_some_and(|path| is_shell(path)) {
        arguments.push(IN_MEMORY.to_owned());
    }
    let mut options = json!({ "args": arguments });
    if let Some(binary) = binary {
        options["binary"] = json!(binary);
    }
    let browser = ("browserName".to_owned(), json!("chrome"));
    Map::from_iter([browser, ("goog:chromeOptions".to_owned(), options)])
}

/// The arguments for every Chromium.
pub(super) fn arguments(launcher: &Launcher) -> Vec<String> {
    let mut arguments: Vec<String> = QUIET_ARGUMENTS.iter().map(|&a| a.to_owned()).collect();
    if !launcher.is_headed() {
        arguments.push("--headless".to_owned());
    }
    let mut settings = vec![CLIPS_NOTHING];
    if !launcher.has_moving_images() {
        settings.push(STILL_IMAGES);
    }
    arguments.push(format!("{RENDERER_SETTINGS}{}", settings.join(",")));
    if shared_memory_is_small() {
        arguments.push(NO_SHARED_MEMORY.to_owned());
    }
    if getuid().is_root() {
        arguments.push(NO_SANDBOX.to_owned());
    }
    arguments
}

/// Whether the program is the headless shell, which cannot show a window.
fn is_shell(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.contains("headless-shell")
}

/// Keeps storage in memory: clearing it takes 2 ms instead of 60 ms. The shell otherwise behaves the same with it; the
/// full browser would not.
const IN_MEMORY: &str = "--incognito";

/// The switch with settings of the renderer. A browser knows only the last one on its command line.
pub(super) const RENDERER_SETTINGS: &str = "--blink-settings=";

/// Joins our settings of the renderer with those of the user's own capabilities.
pub(super) fn join_renderer_settings(capabilities: &mut Map<String, Value>) {
    for options in ["goog:chromeOptions", "ms:edgeOptions"] {
        let options = capabilities.get_mut(options);
        let Some(arguments) = options.and_then(|options| options.get_mut("args")) else {
            continue;
        };
        let Some(arguments) = arguments.as_array_mut() else {
            continue;
        };
        // Ours come first, and the last value of a setting counts.
        let settings: Vec<String> = arguments
            .iter()
            .filter_map(renderer_settings)
            .rev()
            .map(str::to_owned)
            .collect();
        arguments.retain(|argument| renderer_settings(argument).is_none());
        arguments.push(json!(format!("{RENDERER_SETTINGS}{}", settings.join(","))));
    }
}

/// The settings in this argument, which drivers also take without its dashes.
fn renderer_settings(argument: &Value) -> Option<&str> {
    let argument = argument.as_str()?;
    let switch = RENDERER_SETTINGS.trim_start_matches('-');
    argument.trim_start_matches('-').strip_prefix(switch)
}

/// The browser draws the whole page, and a picture may show all of it. Otherwise it resizes the view to one pixel and back
/// for such a picture: the page sees that, and what is sized by the view loses its scroll position.
pub(super) const CLIPS_NOTHING: &str = "mainFrameClipsContent=false";

/// Animated images (GIF, WebP, APNG) stay at their first frame wherever they are on the page, and SVG images are not
/// animated.
const STILL_IMAGES: &str = "imageAnimationPolicy=2";

const NO_SHARED_MEMORY: &str = "--disable-dev-shm-usage";
const NO_SANDBOX: &str = "--no-sandbox";

/// The arguments that depend on the machine and do not show in pictures.
pub(super) const UNSEEN: &[&str] = &[IN_MEMORY, NO_SHARED_MEMORY, NO_SANDBOX];

/// Containers often have only 64 MB of shared memory, with which Chromium crashes on tall pages.
fn shared_memory_is_small() -> bool {
    const ENOUGH: u64 = 512 << 20;
    rustix::fs::statvfs("/dev/shm").is_ok_and(|shm| shm.f_blocks * shm.f_frsize < ENOUGH)
}

/// Whether browsers run without their sandbox. Chromium refuses to use it as root.
pub(crate) fn sandbox_is_off() -> bool {
    getuid().is_root()
}

/// Keeps the browser from using the network, asking questions, and drawing the same page in different ways.
const QUIET_ARGUMENTS: &[&str] = &[
    "--disable-gpu",
    // A change repaints whole tiles. Otherwise smooth corners at the edge of a repainted part come out a shade
    // different.
    "--disable-partial-raster",
    // No tile is drawn before its large images are decoded. Otherwise it would be drawn twice.
    "--disable-checker-imaging",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication",
    "--disable-quic",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--mute-audio",
    "--force-color-profile=srgb",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    // The heights of a font do not depend on the pixel ratio. The renderer otherwise rounds them for the ratio that it had
    // when it met the font, and pages above a ratio of 1 came out with lines a pixel higher or lower from run to run.
    "--disable-font-subpixel-positioning",
    "--hide-scrollbars",
    "--lang=en-US",
];
