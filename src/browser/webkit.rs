//! WebKitGTK: what it gives through its inspector — scripts before a page's own, pictures of any part of a
//! page, statuses. Our functions run in the page's own world there: it has no other.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fantoccini::{error::ErrorStatus, wd::WindowHandle};
use serde_json::{Value, json};

use super::{
    document::BLANK_PAGE,
    driver::Driver,
    error::BrowserError,
    firefox::DEPARTED,
    inspector::{Arrival, FIRST_PAGE, Inspector, PageNumber, Sent},
    session::{COMMAND_LIMIT, Session, random_name},
    shoot::CssBox,
};
use crate::{
    config::{ColorScheme, Emulation},
    spec::Viewport,
};

/// How often it is looked whether a script can still come to its end.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a window that is there may take to show itself to us.
const WINDOW_WAIT: Duration = Duration::from_secs(2);
/// How long the end of an answer may be in coming after the page was loaded.
const ARRIVAL_WAIT: Duration = Duration::from_millis(300);
/// How often a window is told its size, and how long it may take each time.
const SIZE_ATTEMPTS: u32 = 3;
const SIZE_POLLS: u32 = 25;
const SIZE_PAUSE: Duration = Duration::from_millis(20);
/// What a picture begins with.
const PICTURE_PREFIX: &str = "data:image/png;base64,";

/// Drawings have clocks of their own, which no setting of WebKit stops.
const STOP_DRAWINGS: &str = "for (const drawing of document.querySelectorAll('svg:not(svg svg)')) { \
     drawing.pauseAnimations(); drawing.setCurrentTime(0); } ";
const LET_DRAWINGS_GO: &str = "for (const drawing of document.querySelectorAll('svg:not(svg svg)')) \
     drawing.unpauseAnimations(); ";

/// What is done before one of our functions, besides what it does in every browser.
pub(super) fn before(function: &str, argument: &Value) -> &'static str {
    match function {
        "settle" if argument["parts"]["animations"] == json!(true) => STOP_DRAWINGS,
        "letGo" => LET_DRAWINGS_GO,
        _ => "",
    }
}

/// One session's second channel, and what is known of its windows.
#[derive(Debug)]
pub(super) struct WebKit {
    inspector: Inspector,
    windows: std::sync::Mutex<Windows>,
}

#[derive(Debug, Default)]
struct Windows {
    pages: Vec<(WindowHandle, PageNumber)>,
    /// Pages of windows that the flow has not been in.
    unclaimed: Vec<PageNumber>,
    /// The size of the picture of a viewport; CSS pixels.
    viewport: (u32, u32),
}

/// Opens the session's second channel.
pub(super) async fn connect(driver: &Driver) -> Result<WebKit, BrowserError> {
    let Some(address) = driver.inspector_address() else {
        let reason = "its browser has no server for inspectors, or it is not one of this machine";
        return Err(BrowserError::nonsense("new session", reason));
    };
    Ok(WebKit {
        inspector: Inspector::connect(address).await?,
        windows: std::sync::Mutex::default(),
    })
}

impl WebKit {
    fn windows(&self) -> std::sync::MutexGuard<'_, Windows> {
        let windows = self.windows.lock();
        windows.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn known_page(&self, window: &WindowHandle) -> Option<PageNumber> {
        let windows = self.windows();
        let mut pages = windows.pages.iter();
        pages.find(|(known, _)| known == window).map(|it| it.1)
    }
}

impl Session {
    /// The window in front, as the inspector calls it.
    async fn webkit_page(&self, webkit: &WebKit) -> Result<PageNumber, BrowserError> {
        let window = self.call("window", COMMAND_LIMIT, self.client.window());
        let window = window.await?;
        if let Some(page) = webkit.known_page(&window) {
            return Ok(page);
        }
        let is_first = webkit.windows().pages.is_empty();
        let page = if is_first {
            let attached = webkit.inspector.attach(FIRST_PAGE);
            self.within("attach", COMMAND_LIMIT, attached).await?;
            FIRST_PAGE
        } else {
            self.page_in_front(webkit).await?
        };
        let mut windows = webkit.windows();
        windows.unclaimed.retain(|other| *other != page);
        windows.pages.push((window, page));
        Ok(page)
    }

    /// Driver and inspector have no name in common for a window: it is given a mark by one that is looked for by
    /// the other.
    async fn page_in_front(&self, webkit: &WebKit) -> Result<PageNumber, BrowserError> {
        let attached = webkit.inspector.attach_new(WINDOW_WAIT);
        let new = self.within("attach", COMMAND_LIMIT, attached).await?;
        webkit.windows().unclaimed.extend(new);
        let mark = random_name();
        let marking = self
            .client
            .execute("window[arguments[0]] = true;", vec![json!(mark)]);
        self.call("execute", COMMAND_LIMIT, marking).await?;
        let unclaimed = webkit.windows().unclaimed.clone();
        for page in unclaimed {
            let expression = format!("Boolean(window[\"{mark}\"]) && delete window[\"{mark}\"]");
            let evaluation = json!({ "expression": expression, "returnByValue": true });
            let answer = webkit
                .inspector
                .command(page, "Runtime.evaluate", &evaluation);
            let answer = self
                .within("Runtime.evaluate", COMMAND_LIMIT, answer)
                .await?;
            if answer["result"]["value"] == json!(true) {
                return Ok(page);
            }
        }
        let reason = "WebKit's inspector does not know the window";
        Err(BrowserError::nonsense("window", reason))
    }

    /// A command of WebKit's inspector to the window in front, with a deadline of its own.
    pub(super) async fn inspect(
        &self,
        webkit: &WebKit,
        limit: Duration,
        method: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        let page = self.webkit_page(webkit).await?;
        let answer = webkit.inspector.command(page, method, &params);
        self.within(method, limit, answer).await
    }

    /// A window that the flow enters gets what the environment asks for, and our script for this page and those
    /// that follow.
    pub(super) async fn prepare_webkit_window(&self, webkit: &WebKit) -> Result<(), BrowserError> {
        self.set_webkit_preload(webkit).await?;
        let evaluation = json!({ "expression": self.preload() });
        self.inspect(webkit, COMMAND_LIMIT, "Runtime.evaluate", evaluation)
            .await?;
        let Emulation {
            color_scheme,
            reduced_motion,
            ..
        } = &self.options.emulation;
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
            self.inspect(
                webkit,
                COMMAND_LIMIT,
                "Page.overrideUserPreference",
                preference,
            )
            .await?;
        }
        Ok(())
    }

    /// One script takes the place of the other.
    pub(super) async fn set_webkit_preload(&self, webkit: &WebKit) -> Result<(), BrowserError> {
        let script = json!({ "source": self.preload() });
        self.inspect(webkit, COMMAND_LIMIT, "Page.setBootstrapScript", script)
            .await
            .map(drop)
    }

    /// Gives the window in front exactly this viewport: its frame is measured and added.
    pub(super) async fn set_webkit_viewport(
        &self,
        webkit: &WebKit,
        viewport: Viewport,
    ) -> Result<(), BrowserError> {
        let wanted = (f64::from(viewport.width), f64::from(viewport.height));
        let screen = json!({ "width": viewport.width, "height": viewport.height });
        self.inspect(webkit, COMMAND_LIMIT, "Page.setScreenSizeOverride", screen)
            .await?;
        let mut found = self.webkit_sizes(webkit).await?;
        for _ in 0..SIZE_ATTEMPTS {
            let width = wanted.0 + (found.outer.0 - found.inner.0);
            let height = wanted.1 + (found.outer.1 - found.inner.1);
            let rect = json!({ "x": 0, "y": 0, "width": width, "height": height });
            self.post("window rect", "window/rect".to_owned(), rect)
                .await?;
            for _ in 0..SIZE_POLLS {
                found = self.webkit_sizes(webkit).await?;
                if found.inner == wanted {
                    break;
                }
                tokio::time::sleep(SIZE_PAUSE).await;
            }
            if found.inner == wanted {
                break;
            }
        }
        webkit.windows().viewport = (viewport.width, viewport.height);
        check_viewport(viewport, &found)
    }

    async fn webkit_sizes(&self, webkit: &WebKit) -> Result<Sizes, BrowserError> {
        const COMMAND: &str = "Runtime.evaluate";
        let expression = "[innerWidth, innerHeight, outerWidth, outerHeight, devicePixelRatio]";
        let evaluation = json!({ "expression": expression, "returnByValue": true });
        let answer = self
            .inspect(webkit, COMMAND_LIMIT, COMMAND, evaluation)
            .await?;
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

    /// What one of our functions resolves to in the top document. A dialog stops the page's scripts and ours; that
    /// is told at once, as the driver does.
    pub(super) async fn in_webkit_page(
        &self,
        webkit: &WebKit,
        limit: Duration,
        body: &str,
    ) -> Result<Value, BrowserError> {
        self.check_dialog().await?;
        let page = self.webkit_page(webkit).await?;
        let answer = self.await_in_webkit(webkit, page, body);
        let mut answer = self.within("Runtime.evaluate", limit, answer).await?;
        webkit.inspector.wait_for_arrival(page, ARRIVAL_WAIT).await;
        let is_asked = self.asked.as_deref() == Some(BLANK_PAGE);
        complete(&mut answer, page, &webkit.inspector.arrival(page), is_asked);
        Ok(answer)
    }

    async fn await_in_webkit(
        &self,
        webkit: &WebKit,
        page: PageNumber,
        body: &str,
    ) -> Result<Value, BrowserError> {
        let document = webkit.inspector.arrival(page).documents;
        let is_gone = || webkit.inspector.arrival(page).documents != document;
        let evaluation = json!({ "expression": format!("(async () => {{ {body} }})()") });
        let sent = webkit
            .inspector
            .send(page, "Runtime.evaluate", &evaluation)
            .await?;
        let promise = returned(self.answer_in_webkit(sent, &is_gone).await?)?;
        let awaited = json!({ "promiseObjectId": promise["objectId"], "returnByValue": true });
        let sent = webkit
            .inspector
            .send(page, "Runtime.awaitPromise", &awaited)
            .await?;
        let mut answer = returned(self.answer_in_webkit(sent, &is_gone).await?)?;
        Ok(answer["value"].take())
    }

    async fn answer_in_webkit(
        &self,
        mut sent: Sent,
        is_gone: &impl Fn() -> bool,
    ) -> Result<Value, BrowserError> {
        loop {
            match tokio::time::timeout(PAUSE, sent.answer()).await {
                Ok(answer) => return answer,
                Err(_) if is_gone() => {
                    let status = ErrorStatus::JavascriptError;
                    return Err(BrowserError::refused(status, DEPARTED));
                }
                Err(_) => self.check_dialog().await?,
            }
        }
    }

    /// As a script of the page would run: what it declares is global.
    pub(super) async fn run_as_webkit_script(
        &self,
        webkit: &WebKit,
        limit: Duration,
        source: &str,
    ) -> Result<(), BrowserError> {
        let evaluation = json!({ "expression": source });
        let answer = self
            .inspect(webkit, limit, "Runtime.evaluate", evaluation)
            .await?;
        returned(answer).map(drop)
    }

    /// A PNG of the viewport, or of a box of the page, which takes no notice of it.
    pub(super) async fn webkit_picture(
        &self,
        webkit: &WebKit,
        limit: Duration,
        area: Option<CssBox>,
    ) -> Result<Vec<u8>, BrowserError> {
        const COMMAND: &str = "Page.snapshotRect";
        self.check_dialog().await?;
        let (width, height) = webkit.windows().viewport;
        let part = match area {
            None => {
                json!({ "x": 0, "y": 0, "width": width, "height": height, "coordinateSystem": "Viewport" })
            }
            Some(area) => json!({
                "x": area.x, "y": area.y, "width": area.width, "height": area.height, "coordinateSystem": "Page",
            }),
        };
        let answer = self.inspect(webkit, limit, COMMAND, part).await?;
        let url = answer["dataURL"].as_str().unwrap_or_default();
        let Some(data) = url.strip_prefix(PICTURE_PREFIX) else {
            return Err(BrowserError::nonsense(COMMAND, "there is no picture in it"));
        };
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| BrowserError::nonsense(COMMAND, &error.to_string()))
    }
}

/// How large a window is, CSS pixels, and how many device pixels each of them takes.
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
            "WebKit keeps the pixel ratio that it starts with, {}: {wanted} needs a flow of its own",
            found.scale
        ));
    }
    let (width, height) = found.inner;
    if found.inner != (f64::from(wanted.width), f64::from(wanted.height)) {
        return refused(format!(
            "WebKit gives the viewport {width}x{height} where {wanted} is asked for: its window cannot be so small"
        ));
    }
    Ok(())
}

/// Adds to what a page says of its document what only the browser knows: the status, which load it is (the moment when it
/// began is told anew each time, and not always alike), and why the page that was asked for last is not in front.
fn complete(answer: &mut Value, page: PageNumber, arrival: &Arrival, is_empty_page_asked: bool) {
    let document = match answer["document"].is_object() {
        true => &mut answer["document"],
        false => answer,
    };
    if document["load"].is_null() {
        return;
    }
    document["load"] = json!(format!("{page:?} {}", arrival.documents));
    document["status"] = json!(arrival.status);
    let is_left_empty = document["url"] == BLANK_PAGE && arrival.documents > 0;
    document["trouble"] = match &arrival.trouble {
        Some(trouble) if trouble.contains("certificate") => json!(format!(
            "{trouble}; if nobody vouches for it, set `ignore_certificate_errors`"
        )),
        Some(trouble) => json!(trouble),
        None if is_left_empty && !is_empty_page_asked => json!("an empty one"),
        None => Value::Null,
    };
}

/// What a script gave, or what it threw.
fn returned(mut answer: Value) -> Result<Value, BrowserError> {
    if answer["wasThrown"] != json!(true) {
        return Ok(answer["result"].take());
    }
    let text = answer["result"]["description"].as_str();
    let text = text.unwrap_or("the script failed");
    Err(BrowserError::refused(ErrorStatus::JavascriptError, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WebKit tells the moment anew each time, by a clock that is set and rounded.
    #[test]
    fn a_load_is_the_same_whenever_it_is_said_to_have_begun() {
        let load = |moment: f64, documents: u64| {
            let mut said = json!({ "document": { "load": moment, "url": "http://staging.test/" } });
            let arrival = Arrival {
                documents,
                ..Arrival::default()
            };
            complete(&mut said, FIRST_PAGE, &arrival, false);
            said["document"]["load"].take()
        };
        assert_eq!(load(1000.0, 1), load(1001.0, 1));
        assert_ne!(load(1000.0, 1), load(1000.0, 2));
    }
}
