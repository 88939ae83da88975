//! Twinshot: one flow, two environments, every changed pixel.
//!
//! It runs a flow in a real browser on two environments at the same time, takes a screenshot of each step on
//! both, and compares the pixels:
//!
//! ```text
//! &str ─Suite::parse→ Suite ─Plan::new→ Plan ─capture→ CapturePair ─compare→ Comparison ─run→ Report ─render→ String
//! ```
//!
//! Each stage takes the type of the stage before and keeps no reference back. Trouble on a page is data in the
//! report. `Err` means that nothing could be run at all.
//!
//! - Pure, without input or output: [`diff`] (pixels), [`yaml`] (what all YAML files need: diagnostics, variables,
//!   secrets), [`spec`] and [`config`] (YAML to checked types),
//!   [`plan`] (jobs and ids), [`compare`] (verdicts), [`report`] (one file for each format).
//! - With effects: [`files`] (how files of others are opened), `browser` (the only module that names fantoccini),
//!   [`capture`]'s runner, [`store`] (files),
//!   [`merge`] (the reports of several machines), [`project`] (where a project's files are), [`demo`] (the
//!   embedded site).
//! - [`workers`] decides how many flows run at once on this machine.
//! - [`run`] joins them. It is the one place where async meets rayon.
//!
//! Imports point downwards only: from [`run`] to [`report`], [`compare`], [`capture`], `browser`, [`plan`],
//! [`config`], [`spec`], [`yaml`] and [`diff`]. `tests/layers.rs` checks it.
//!
//! [`diff`] also works alone: it compares pictures in memory, and its page has examples.

mod browser;
pub mod capture;
pub mod compare;
pub mod config;
mod connect;
pub mod demo;
pub mod diff;
mod digest;
pub mod files;
pub mod merge;
pub mod plan;
pub mod project;
mod ready;
pub mod report;
pub mod run;
pub mod side;
pub mod spec;
pub mod store;
pub mod waits;
pub mod workers;
pub mod yaml;
