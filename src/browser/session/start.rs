//! Starts a session: finds or starts a driver, asks it for a browser, and prepares the first window.

use std::{sync::Arc, time::Duration};

use fantoccini::{Client, ClientBuilder};

use super::{Flow, Life, Session, close};
use crate::browser::{
    engines::{Engine, capabilities, end_of_browser, start_limit},
    error::{BrowserError, LaunchError},
    launch::{Driver, Launcher},
    options::{Screen, SessionOptions},
    wire::Wire,
};

/// How long a remote driver may take until it has room. A Selenium Grid gives up after 300 s itself, and says why.
const QUEUE_LIMIT: Duration = Duration::from_secs(330);

impl Session {
    /// Starts a browser with an empty page at this screen.
    pub(crate) async fn start(
        launcher: &Launcher,
        options: SessionOptions,
        screen: Screen,
    ) -> Result<Self, LaunchError> {
        let (driver, client) = connect(launcher, &options, screen.viewport.scale).await?;
        let mut wire = Wire::new(client, options.page_timeout);
        if !options.headers.is_empty()
            && let Err(error) = send_headers(&mut wire, &driver, &options).await
        {
            close(&wire, &driver).await;
            return Err(error);
        }
        let wire = Arc::new(wire);
        let engine = match Engine::connect(options.browser, Arc::clone(&wire), &driver).await {
            Ok(engine) => engine,
            Err(error) => {
                close(&wire, &driver).await;
                return Err(not_started(&driver, &error));
            }
        };
        let mut session = Self {
            engine,
            options,
            life: Life::begin(screen, !launcher.is_headed()),
            flow: Flow::default(),
            driver,
        };
        match session.enter_first_window().await {
            Ok(()) => Ok(session),
            Err(error) => {
                let error = session.not_started(&error);
                session.close().await;
                Err(error)
            }
        }
    }

    async fn enter_first_window(&mut self) -> Result<(), BrowserError> {
        let window = self.wire().window().await?;
        self.life.set_first_window(window.clone());
        self.engine.begin(self.window_setup()).await?;
        self.enter_window().await?;
        // The page that the browser opens with does not belong to the flow.
        self.flow = Flow::begin(window, self.document().await?);
        Ok(())
    }
}

/// Adds the environment's headers to requests. This needs a browser that this machine can connect to: the driver gives
/// no access to requests.
async fn send_headers(
    wire: &mut Wire,
    driver: &Driver,
    options: &SessionOptions,
) -> Result<(), LaunchError> {
    let sent = match driver.is_on_this_machine() {
        true => wire.send_headers(options).await,
        false => Err("its browser must be a Chrome, Chromium or Edge on this machine".to_owned()),
    };
    sent.map_err(|reason| LaunchError::Headers {
        driver: driver.describe(),
        reason,
    })
}

pub(super) fn not_started(driver: &Driver, error: &BrowserError) -> LaunchError {
    LaunchError::Session {
        driver: driver.describe(),
        reason: error.to_string(),
    }
}

/// Starts a session at the first driver that has room.
async fn connect(
    launcher: &Launcher,
    options: &SessionOptions,
    scale: f64,
) -> Result<(Driver, Client), LaunchError> {
    let mut asked = Vec::new();
    loop {
        let driver = launcher.driver(options.browser, scale, &asked).await?;
        match connect_to(launcher, &driver, options).await {
            Ok(client) => return Ok((driver, client)),
            Err(error) => {
                driver.was_refused();
                asked.push(driver.url.clone());
                if asked.len() >= launcher.drivers() {
                    return Err(error);
                }
            }
        }
    }
}

async fn connect_to(
    launcher: &Launcher,
    driver: &Driver,
    options: &SessionOptions,
) -> Result<Client, LaunchError> {
    let mut builder = ClientBuilder::new(driver.connector());
    builder.capabilities(capabilities(launcher, options));
    let limit = match driver.is_ours() {
        true => start_limit(options.browser),
        false => QUEUE_LIMIT,
    };
    let failed = |reason: String| LaunchError::Session {
        driver: driver.describe(),
        reason,
    };
    let connecting = tokio::time::timeout(limit, builder.connect(driver.url.as_str()));
    let connected = tokio::select! {
        connected = connecting => connected,
        () = end_of_browser(options.browser, driver) => {
            return Err(failed("the browser exited while starting".to_owned()));
        }
    };
    match connected {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => Err(LaunchError::session(driver.describe(), &error)),
        Err(_) => Err(failed(format!("no answer within {} s", limit.as_secs()))),
    }
}
