//! EFFECT, ASYNC. Drives real browsers through W3C WebDriver: the only module that names fantoccini.
//!
//! Its layers; each uses only those below it:
//!
//! - [`pool`]: sessions started ahead of time, and cleaned between flows.
//! - [`shoot`] takes pictures; [`act`] does steps. Neither knows the other.
//! - [`session`]: one browser with one page in front.
//! - [`engines`]: what differs between browsers.
//! - [`launch`]: programs, drivers and displays. [`wire`]: the protocols. [`page`]: our scripts inside pages.
//! - [`error`], [`options`], [`picture`], [`document`], [`address`], [`target`] and [`random`]: the ground floor.
//!
//! Every call to a driver has a deadline of ours. A session that misses one is discarded with its processes.

mod act;
mod address;
mod document;
mod engines;
mod error;
mod launch;
mod options;
mod page;
mod picture;
mod pool;
mod random;
mod session;
mod shoot;
mod target;
mod wire;

pub(crate) use act::StepError;
pub(crate) use address::below;
pub(crate) use engines::{check_programs, drawing_switches, launcher, sandbox_is_off};
pub(crate) use error::BrowserError;
pub use error::LaunchError;
pub use launch::guard;
pub(crate) use launch::{Launcher, RunFolder};
pub(crate) use options::{LaunchOptions, PageClock, Screen, SessionOptions};
pub(crate) use picture::Picture;
pub(crate) use pool::{Pool, PooledSession};
pub(crate) use session::{Session, Storage, StoredLogin};
pub(crate) use shoot::{FrameExchange, ShootError, ShotTimes};
