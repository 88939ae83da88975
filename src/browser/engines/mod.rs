//! The differences between browsers: how to find and start their programs, and which protocol offers what the
//! standard's HTTP commands do not. Only this module distinguishes engines.
//!
//! An engine has the session's [`Wire`] and answers a few questions. It knows nothing about flows or shots. To add a
//! browser, add a file with its description and an arm in [`known::kind`].

mod chrome;
mod chromium;
mod common;
mod edge;
mod firefox;
mod kind;
mod known;
mod resources;
mod webkit;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};

use super::{
    error::BrowserError,
    launch::Driver,
    options::{PageClock, Screen},
    picture::{PhotographedArea, ResourceKinds},
    random::random_name,
    wire::{COMMAND_LIMIT, Wire},
};
use crate::{config::Browser, spec::Viewport};
use chromium::Chromium;
use common::Base;
use firefox::Firefox;
use kind::Protocol;
use resources::MissingResources;
use webkit::WebKit;

pub(crate) use chrome::sandbox_is_off;
pub(crate) use chromium::Leftovers;
pub(crate) use common::{CookieChanges, Traits, WindowSetup};
pub(crate) use known::{
    capabilities, check_programs, drawing_switches, end_of_browser, launcher, start_limit,
};

/// The engine of a session's browser: the commands beyond the standard's HTTP, and the protocol for them.
#[derive(Debug)]
pub(crate) enum Engine {
    /// The Chrome DevTools protocol, through the driver.
    Chromium(Box<Chromium>),
    /// WebDriver BiDi.
    Firefox(Box<Firefox>),
    /// WebKit's inspector.
    WebKit(Box<WebKit>),
}

impl Engine {
    /// Connects the engine of a session that has just started.
    pub(crate) async fn connect(
        browser: Browser,
        wire: Arc<Wire>,
        driver: &Driver,
    ) -> Result<Self, BrowserError> {
        let base = Base {
            wire,
            name: format!("twinshot-{}", random_name()),
        };
        Ok(match known::kind(browser).protocol {
            Protocol::DevTools { path } => Self::Chromium(Box::new(Chromium::new(base, path))),
            Protocol::BiDi => Self::Firefox(Box::new(Firefox::connect(base).await?)),
            Protocol::Inspector => Self::WebKit(Box::new(WebKit::connect(base, driver).await?)),
        })
    }

    /// What this engine can and cannot do.
    pub(crate) fn traits(&self) -> Traits {
        match self {
            Self::Chromium(_) => chromium::TRAITS,
            Self::Firefox(_) => firefox::TRAITS,
            Self::WebKit(_) => webkit::TRAITS,
        }
    }

    fn base(&self) -> &Base {
        match self {
            Self::Chromium(chromium) => chromium.base(),
            Self::Firefox(firefox) => firefox.base(),
            Self::WebKit(webkit) => webkit.base(),
        }
    }

    /// The session's wire to its driver.
    pub(crate) fn wire(&self) -> &Wire {
        &self.base().wire
    }

    /// The unguessable name of our scripts in pages, and of their events.
    pub(crate) fn name(&self) -> &str {
        &self.base().name
    }

    /// Prepares a session for its windows. Called once, before the first window is entered.
    pub(crate) async fn begin(&self, setup: WindowSetup<'_>) -> Result<(), BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.check_switches().await,
            Self::Firefox(firefox) => firefox.begin(setup).await,
            Self::WebKit(_) => Ok(()),
        }
    }

    /// The browser's name for the error for which it shows its own page, if it tells that only when asked again.
    pub(crate) async fn load_error(&self) -> Option<String> {
        match self {
            Self::Chromium(chromium) => chromium.load_error().await,
            Self::Firefox(_) | Self::WebKit(_) => None,
        }
    }

    /// Sets up a window that the flow enters for the first time.
    pub(crate) async fn enter_window(&self, setup: WindowSetup<'_>) -> Result<(), BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.enter_window(setup).await?,
            Self::Firefox(_) => {}
            Self::WebKit(webkit) => webkit.enter_window(setup).await?,
        }
        let Screen { viewport, device } = setup.screen;
        self.set_viewport(*viewport, device.mobile).await
    }

    /// Sets exactly this viewport for the page in front.
    pub(crate) async fn set_viewport(
        &self,
        viewport: Viewport,
        is_mobile: bool,
    ) -> Result<(), BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.set_viewport(viewport, is_mobile).await,
            Self::Firefox(firefox) => firefox.set_viewport(viewport).await,
            Self::WebKit(webkit) => webkit.set_viewport(viewport).await,
        }
    }

    /// Changes the window in front to another screen. Settings that the new screen does not have are reset to the
    /// browser's own.
    pub(crate) async fn set_screen(
        &self,
        before: WindowSetup<'_>,
        now: WindowSetup<'_>,
    ) -> Result<(), BrowserError> {
        let Screen { viewport, device } = now.screen;
        self.set_viewport(*viewport, device.mobile).await?;
        match self {
            Self::Chromium(chromium) => chromium.change_device(before, now).await,
            Self::Firefox(firefox) => firefox.change_environment(&before.emulation(), now).await,
            // A WebKit session keeps the device that it starts with.
            Self::WebKit(_) => Ok(()),
        }
    }

    /// Sets the clock of the pages, from the next page on; `None` is the real time.
    pub(crate) async fn set_clock(&mut self, clock: Option<PageClock>) -> Result<(), BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.set_clock(clock).await,
            Self::Firefox(firefox) => firefox.set_clock(clock).await,
            Self::WebKit(webkit) => webkit.set_preload(clock).await,
        }
    }

    /// Runs one of our functions (`page/`) in the top document and returns its result. If the engine has an isolated
    /// world, the page's own scripts cannot reach the function. If the document goes away, the function runs again in
    /// the next one.
    pub(crate) async fn run(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.run(limit, function, argument).await,
            Self::Firefox(firefox) => firefox.run(limit, function, argument).await,
            Self::WebKit(webkit) => webkit.run(limit, function, argument).await,
        }
    }

    /// Whether a navigation of the window in front may be loading that the page has told of.
    pub(crate) async fn is_navigating(&self) -> Result<bool, BrowserError> {
        match self {
            // Its driver answers no command meanwhile.
            Self::Chromium(_) => Ok(false),
            Self::Firefox(firefox) => firefox.is_navigating().await,
            // Its page tells what the browser knows.
            Self::WebKit(_) => Ok(true),
        }
    }

    /// Forgets the old document's world after a navigation.
    pub(crate) fn leave_document(&self) {
        match self {
            Self::Chromium(chromium) => chromium.leave_world(),
            Self::Firefox(_) | Self::WebKit(_) => {}
        }
    }

    /// Runs a script of the flow in the page's own world, in the flow's frame. Only booleans, numbers and strings are
    /// returned by every engine.
    pub(crate) async fn evaluate(
        &self,
        limit: Duration,
        script: &str,
        arguments: &[Value],
        is_in_frame: bool,
    ) -> Result<Value, BrowserError> {
        match self {
            Self::Firefox(firefox) => {
                firefox
                    .evaluate(limit, script, arguments, is_in_frame)
                    .await
            }
            Self::Chromium(_) | Self::WebKit(_) => {
                let arguments = arguments.to_vec();
                self.wire()
                    .execute_for_its_effect(limit, script, arguments)
                    .await
            }
        }
    }

    /// Runs the source as a script of the page: its declarations are global.
    pub(crate) async fn inject(&self, source: &str, is_in_frame: bool) -> Result<(), BrowserError> {
        match self {
            Self::Firefox(firefox) => firefox.inject(source, is_in_frame).await,
            Self::Chromium(_) | Self::WebKit(_) if is_in_frame => {
                let (wire, script) = (self.wire(), "(0, eval)(arguments[0]);");
                let source = vec![Value::from(source)];
                wire.execute(COMMAND_LIMIT, script, source).await.map(drop)
            }
            Self::Chromium(chromium) => chromium.inject(source).await,
            Self::WebKit(webkit) => webkit.inject(source).await,
        }
    }

    /// Takes a PNG of the viewport, or of an area of the page.
    pub(crate) async fn picture(
        &self,
        limit: Duration,
        area: &PhotographedArea,
    ) -> Result<Vec<u8>, BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.picture(limit, area).await,
            Self::Firefox(firefox) => firefox.picture(limit, area.page).await,
            Self::WebKit(webkit) => webkit.picture(limit, area.page).await,
        }
    }

    /// Stops the marquees of the page in front, where the engine can. The page lets them go on when it is released.
    pub(crate) async fn stop_marquees(&self) -> Result<(), BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.stop_marquees().await,
            Self::Firefox(_) | Self::WebKit(_) => Ok(()),
        }
    }

    /// Changes the cookies of the page at this URL, including `httpOnly` ones, which no script can set.
    pub(crate) async fn change_cookies(
        &self,
        changes: CookieChanges<'_>,
        url: &str,
    ) -> Result<(), BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.change_cookies(changes, url).await,
            Self::Firefox(firefox) => firefox.change_cookies(changes, url).await,
            Self::WebKit(webkit) => webkit.change_cookies(changes, url).await,
        }
    }

    /// The resources that the page in front does not have. Of those that are loading, only these kinds.
    pub(crate) async fn missing_resources(
        &self,
        kinds: ResourceKinds,
    ) -> Result<MissingResources, BrowserError> {
        let tree = match self {
            Self::Chromium(chromium) => chromium.resource_tree().await?,
            Self::Firefox(firefox) => return firefox.missing_resources(kinds).await,
            Self::WebKit(webkit) => webkit.resource_tree().await?,
        };
        let urls = resources::pending_in(&tree, kinds);
        let mut pending = Vec::new();
        if !urls.is_empty() {
            let argument = json!({ "urls": urls });
            let left = self.run(COMMAND_LIMIT, "notAnswered", &argument).await?;
            pending = resources::addresses(&left);
        }
        let failed = resources::failed_in(&tree);
        Ok(MissingResources { pending, failed })
    }

    /// Moves the pointer to where it does not hover over the page, if the browser starts with it over the page.
    pub(crate) async fn park_pointer(&self) -> Result<(), BrowserError> {
        match self {
            Self::Chromium(chromium) => chromium.park_pointer().await,
            Self::Firefox(_) | Self::WebKit(_) => Ok(()),
        }
    }

    /// Removes what a flow left in the browser and describes the page in front, which is the browser's first or blank
    /// page.
    pub(crate) async fn forget(&mut self, leftovers: Leftovers) -> Result<Value, BrowserError> {
        self.chromium_mut()?.forget(leftovers).await
    }

    /// The names and values in the local storage of an origin; `None` if the page has navigated meanwhile or may not
    /// store.
    pub(crate) async fn local_storage(
        &self,
        origin: &str,
    ) -> Result<Option<BTreeMap<String, String>>, BrowserError> {
        self.chromium()?.local_storage(origin).await
    }

    /// All cookies of the browser, in its own format.
    pub(crate) async fn all_cookies(&self) -> Result<Vec<Value>, BrowserError> {
        self.chromium()?.all_cookies().await
    }

    /// Sets cookies from [`Self::all_cookies`]. Fills the storage of each origin when its first page starts, before any
    /// script of the page.
    pub(crate) async fn restore(
        &mut self,
        cookies: &[Value],
        storage: &BTreeMap<&String, &BTreeMap<String, String>>,
    ) -> Result<(), BrowserError> {
        self.chromium_mut()?.restore(cookies, storage).await
    }

    fn chromium(&self) -> Result<&Chromium, BrowserError> {
        match self {
            Self::Chromium(chromium) => Ok(chromium),
            Self::Firefox(_) | Self::WebKit(_) => Err(only_chromium()),
        }
    }

    fn chromium_mut(&mut self) -> Result<&mut Chromium, BrowserError> {
        match self {
            Self::Chromium(chromium) => Ok(chromium),
            Self::Firefox(_) | Self::WebKit(_) => Err(only_chromium()),
        }
    }
}

/// Validation refuses settings that only Chromium supports, so a user never sees this.
fn only_chromium() -> BrowserError {
    let status = ErrorStatus::UnsupportedOperation;
    BrowserError::refused(status, "only Chrome and Edge can do this")
}
