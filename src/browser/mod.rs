//! EFFECT, ASYNC. Real browsers through W3C WebDriver: the only module that names fantoccini.
//!
//! A [`Launcher`] knows where the browser is driven; a [`Session`] is one browser with one page to
//! itself, in which steps are done and pictures taken; a [`Pool`] starts sessions ahead of time and
//! cleans them between flows where the browser can be cleaned. What differs between browsers is an
//! `Engine`'s. Every call to the driver has our own deadline; a session that misses one
//! is thrown away with its processes.

mod act;
mod arrivals;
mod bidi;
mod calm;
mod clean;
mod device;
mod display;
mod document;
mod driver;
mod engine;
mod environment;
mod error;
mod find;
mod firefox;
mod headers;
mod inspector;
mod kept;
mod meeting;
mod page;
mod pool;
mod programs;
mod remote;
mod session;
mod settle;
mod shoot;
mod webkit;
mod webkit_driver;

pub(crate) use act::Trouble;
pub(crate) use device::Screen;
pub(crate) use document::below;
pub(crate) use driver::{LaunchOptions, Launcher, RunFolder, sandbox_is_off};
pub(crate) use error::BrowserError;
pub use error::LaunchError;
pub(crate) use kept::{Kept, Storage};
pub(crate) use meeting::Meeting;
pub(crate) use pool::{Coming, Pool};
pub(crate) use session::{Session, SessionOptions};
pub(crate) use shoot::{Picture, ShootError, ShotTimes};
