//! Windows: finds them through the inspector, adds scripts to them, sets their viewport and takes pictures.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fantoccini::{error::ErrorStatus, wd::WindowHandle};
use serde_json::{Value, json};

use super::WebKit;
use crate::{
    browser::{
        engines::common::WindowSetup,
        error::BrowserError,
        options::PageClock,
        page::Scrollbars,
        picture::CssBox,
        random::random_name,
        wire::{
            COMMAND_LIMIT,
            inspector::{FIRST_PAGE, PageNumber},
        },
    },
    config::{ColorScheme, Emulation},
    spec::Viewport,
};

/// How long to wait for a window that exists to appear in the inspector.
const WINDOW_WAIT: Duration = Duration::from_secs(2);
/// How often a window is resized at most, and how long each attempt may take.
const SIZE_ATTEMPTS: u32 = 3;
const SIZE_POLLS: u32 = 25;
const SIZE_PAUSE: Duration = Duration::from_millis(20);
/// The start of every picture's data URL.
const PICTURE_PREFIX: &str = "data:image/png;base64,";

impl WebKit {
    /// The inspector's number of the window in front.
    pub(super) async fn page(&self) -> Result<PageNumber, BrowserError> {
        let window = self.wire().window().await?;
        if let Some(page) = self.known_page(&window) {
            return Ok(page);
        }
        let is_first = self.windows().pages.is_empty();
        let page = if is_first {
            let attached = self.inspector.attach(FIRST_PAGE);
            self.wire()
                .within("attach", COMMAND_LIMIT, attached)
                .await?;
            FIRST_PAGE
        } else {
            self.page_in_front().await?
        };
        let mut windows = self.windows();
        windows.unclaimed.retain(|other| *other != page);
        windows.pages.push((window, page));
        Ok(page)
    }

    /// Finds the window in front. Driver and inspector have no common name for a window, so one marks it and the other
    /// looks for the mark.
    async fn page_in_front(&self) -> Result<PageNumber, BrowserError> {
        let attached = self.inspector.attach_new(WINDOW_WAIT);
        let new = self
            .wire()
            .within("attach", COMMAND_LIMIT, attached)
            .await?;
        self.windows().unclaimed.extend(new);
        let mark = random_name();
        let (script, arguments) = ("window[arguments[0]] = true;", vec![json!(mark)]);
        self.wire()
            .execute(COMMAND_LIMIT, script, arguments)
            .await?;
        let unclaimed = self.windows().unclaimed.clone();
        for page in unclaimed {
            let expression = format!("Boolean(window[\"{mark}\"]) && delete window[\"{mark}\"]");
            let evaluation = json!({ "expression": expression, "returnByValue": true });
            let answer = self
                .inspector
                .command(page, "Runtime.evaluate", &evaluation);
            let answer = self
                .wire()
                .within("Runtime.evaluate", COMMAND_LIMIT, answer)
                .await?;
            if answer["result"]["value"] == json!(true) {
                return Ok(page);
            }
        }
        let reason = "WebKit's inspector does not know the window";
        Err(BrowserError::nonsense("window", reason))
    }

    fn known_page(&self, window: &WindowHandle) -> Option<PageNumber> {
        let windows = self.windows();
        let mut pages = windows.pages.iter();
        pages.find(|(known, _)| known == window).map(|it| it.1)
    }

    /// Applies the environment's settings to a window that the flow enters, and adds our script for the current page
    /// and all later ones.
    pub(in crate::browser::engines) async fn enter_window(
        &self,
        setup: WindowSetup<'_>,
    ) -> Result<(), BrowserError> {
        self.set_preload(setup.clock).await?;
        let evaluation = json!({ "expression": self.preload(setup.clock) });
        self.inspect(COMMAND_LIMIT, "Runtime.evaluate", evaluation)
            .await?;
        let Emulation {
            color_scheme,
            reduced_motion,
            ..
        } = setup.environment;
        let scheme = color_scheme.map(|scheme| match scheme {
            ColorScheme::Light => "Light",
            ColorScheme::Dark => "Dark",
        });
        let motion = reduced_motion.map(|reduced| match reduced {
            true => "Reduce",
            false => "NoPreference",
        });
        for (name, value) in [
            ("PrefersColorScheme", scheme.unwrap_or("Light")),
            ("PrefersReducedMotion", motion.unwrap_or("NoPreference")),
        ] {
            let preference = json!({ "name": name, "value": value });
            self.inspect(COMMAND_LIMIT, "Page.overrideUserPreference", preference)
                .await?;
        }
        Ok(())
    }

    /// Each script replaces the one before.
    pub(in crate::browser::engines) async fn set_preload(
        &self,
        clock: Option<PageClock>,
    ) -> Result<(), BrowserError> {
        let script = json!({ "source": self.preload(clock) });
        self.inspect(COMMAND_LIMIT, "Page.setBootstrapScript", script)
            .await
            .map(drop)
    }

    fn preload(&self, clock: Option<PageClock>) -> String {
        self.base.preload(Scrollbars::HiddenByScript, clock)
    }

    /// Sets exactly this viewport for the window in front: measures the window's frame and adds it.
    pub(in crate::browser::engines) async fn set_viewport(
        &self,
        viewport: Viewport,
    ) -> Result<(), BrowserError> {
        let wanted = (f64::from(viewport.width), f64::from(viewport.height));
        let screen = json!({ "width": viewport.width, "height": viewport.height });
        self.inspect(COMMAND_LIMIT, "Page.setScreenSizeOverride", screen)
            .await?;
        let mut found = self.sizes().await?;
        for _ in 0..SIZE_ATTEMPTS {
            let width = wanted.0 + (found.outer.0 - found.inner.0);
            let height = wanted.1 + (found.outer.1 - found.inner.1);
            let rect = json!({ "x": 0, "y": 0, "width": width, "height": height });
            self.wire()
                .post(COMMAND_LIMIT, "window rect", "window/rect", rect)
                .await?;
            for _ in 0..SIZE_POLLS {
                found = self.sizes().await?;
                if found.inner == wanted {
                    break;
                }
                tokio::time::sleep(SIZE_PAUSE).await;
            }
            if found.inner == wanted {
                break;
            }
        }
        self.windows().viewport = (viewport.width, viewport.height);
        check_viewport(viewport, &found)
    }

    async fn sizes(&self) -> Result<Sizes, BrowserError> {
        const COMMAND: &str = "Runtime.evaluate";
        let expression = "[innerWidth, innerHeight, outerWidth, outerHeight, devicePixelRatio]";
        let evaluation = json!({ "expression": expression, "returnByValue": true });
        let answer = self.inspect(COMMAND_LIMIT, COMMAND, evaluation).await?;
        let numbers = answer["result"]["value"].as_array();
        let numbers = numbers.map(|all| all.iter().filter_map(Value::as_f64).collect::<Vec<_>>());
        match numbers.as_deref() {
            Some(&[width, height, outer_width, outer_height, scale]) => Ok(Sizes {
                inner: (width, height),
                outer: (outer_width, outer_height),
                scale,
            }),
            _ => Err(BrowserError::nonsense(COMMAND, "there are no sizes in it")),
        }
    }

    /// Takes a PNG of the viewport, or of a box of the page. The page does not notice it.
    pub(in crate::browser::engines) async fn picture(
        &self,
        limit: Duration,
        area: Option<CssBox>,
    ) -> Result<Vec<u8>, BrowserError> {
        const COMMAND: &str = "Page.snapshotRect";
        self.wire().check_dialog().await?;
        let (width, height) = self.windows().viewport;
        let part = match area {
            None => {
                json!({ "x": 0, "y": 0, "width": width, "height": height, "coordinateSystem": "Viewport" })
            }
            Some(area) => json!({
                "x": area.x, "y": area.y, "width": area.width, "height": area.height, "coordinateSystem": "Page",
            }),
        };
        let answer = self.inspect(limit, COMMAND, part).await?;
        let url = answer["dataURL"].as_str().unwrap_or_default();
        let Some(data) = url.strip_prefix(PICTURE_PREFIX) else {
            return Err(BrowserError::nonsense(COMMAND, "there is no picture in it"));
        };
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| BrowserError::nonsense(COMMAND, &error.to_string()))
    }
}

/// The size of a window in CSS pixels, and the device pixels for each of them.
struct Sizes {
    inner: (f64, f64),
    outer: (f64, f64),
    scale: f64,
}

fn check_viewport(wanted: Viewport, found: &Sizes) -> Result<(), BrowserError> {
    let refused = |message: String| {
        let status = ErrorStatus::UnsupportedOperation;
        Err(BrowserError::refused(status, &message))
    };
    if (found.scale - wanted.scale).abs() > 1e-6 {
        return refused(format!(
            "WebKit keeps the pixel ratio that it starts with, {}: {wanted} needs a separate flow",
            found.scale
        ));
    }
    let (width, height) = found.inner;
    if found.inner != (f64::from(wanted.width), f64::from(wanted.height)) {
        return refused(format!(
            "WebKit sets the viewport to {width}x{height} instead of {wanted}: its window cannot be that small"
        ));
    }
    Ok(())
}
