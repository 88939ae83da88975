//! Programs and drivers: finds them, starts them (with a display if needed), and ends them with the run. This module
//! knows nothing about individual browsers except their [`Programs`].

mod display;
mod driver;
mod guard;
mod last_words;
mod leftovers;
mod programs;
mod remote;
mod run_folder;
mod start;
mod webkit;

use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use url::Url;

use super::{
    error::LaunchError,
    options::{LaunchOptions, SessionTimes},
};
use crate::config::Browser;

pub(crate) use driver::Driver;
pub use guard::guard;
pub(crate) use programs::{Programs, Startup, existing, first_in_path, named};
use remote::Remotes;
pub(crate) use run_folder::RunFolder;
pub(crate) use webkit::{browser_end, inspector_address};

/// Starts drivers for sessions; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Launcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The programs of each browser; empty when running drivers were given.
    programs: Vec<(Browser, Programs)>,
    remotes: Remotes,
    options: LaunchOptions,
    scratch: Arc<RunFolder>,
    /// The number of driver folders so far.
    folders: AtomicU32,
    times: Mutex<SessionTimes>,
    turn: tokio::sync::Mutex<()>,
}

impl Launcher {
    /// A launcher for these programs. They are not used if running drivers are given.
    pub(super) fn new(
        options: LaunchOptions,
        programs: Vec<(Browser, Programs)>,
        scratch: Arc<RunFolder>,
    ) -> Self {
        let remotes = Remotes::new(&options.webdrivers, options.per_flow, &options.connector);
        let inner = Inner {
            programs,
            remotes,
            options,
            scratch,
            folders: AtomicU32::new(0),
            times: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Whether browsers are shown on a user's desktop.
    pub(crate) fn is_headed(&self) -> bool {
        self.inner.options.headed
    }

    /// Whether animated images may move.
    pub(crate) fn has_moving_images(&self) -> bool {
        self.inner.options.moving_images
    }

    /// The time spent on starting and cleaning sessions so far.
    pub(crate) fn times(&self) -> SessionTimes {
        *self.times_mut()
    }

    /// The same times, for adding to them.
    pub(crate) fn times_mut(&self) -> MutexGuard<'_, SessionTimes> {
        let times = self.inner.times.lock();
        times.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether running drivers were given. These may be full.
    pub(crate) fn is_remote(&self) -> bool {
        !self.inner.remotes.is_empty()
    }

    /// Waits until no other flow is requesting sessions from remote drivers, which may be full. If several flows asked
    /// at once, each could get one of the two sessions that it needs and wait for the other forever. Our own drivers
    /// are never full.
    pub(crate) async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match self.is_remote() {
            true => Some(self.inner.turn.lock().await),
            false => None,
        }
    }

    /// How many drivers can be asked for a session, one after the other.
    pub(crate) fn drivers(&self) -> usize {
        self.inner.remotes.len().max(1)
    }

    /// A driver to ask for a session at this scale: a new process, or a running driver that was not `asked` yet.
    pub(crate) async fn driver(
        &self,
        browser: Browser,
        scale: f64,
        asked: &[Url],
    ) -> Result<Driver, LaunchError> {
        match self.programs(browser) {
            Some(programs) => {
                let number = self.inner.folders.fetch_add(1, Ordering::Relaxed);
                let folder = self.inner.scratch.subfolder(number)?;
                start::start_on_a_free_port(
                    programs,
                    &folder,
                    scale,
                    &self.inner.options.hidden_variables,
                )
                .await
            }
            None => {
                let place = self.inner.remotes.place(asked);
                place.map(Driver::at_remote).ok_or(LaunchError::NoDriver)
            }
        }
    }

    fn programs(&self, browser: Browser) -> Option<&Programs> {
        let mut all = self.inner.programs.iter();
        all.find(|it| it.0 == browser).map(|it| &it.1)
    }

    /// The browser's program, if we start its driver.
    pub(crate) fn binary(&self, browser: Browser) -> Option<Cow<'_, str>> {
        let programs = self.programs(browser)?;
        Some(programs.browser.to_string_lossy())
    }
}
