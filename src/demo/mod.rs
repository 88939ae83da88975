//! EFFECT. The embedded demo site: *Harbor*, a small data-pipeline product in two releases that
//! differ in exactly three planted places (see [`Release`]).
//!
//! Everything is compiled in, nothing shown depends on a clock, on chance or on an earlier request,
//! so two visits of one release give the same pixels. It keeps no data and is no example of how to
//! write a login.

mod assets;
mod content;
mod pages;
mod release;
mod server;
mod session;
mod site;

pub use crate::config::Release;
pub use pages::router;
pub use server::{DemoServer, serve};
