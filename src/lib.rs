//! Twinshot: one flow, two environments, every changed pixel.
//!
//! A flow is run in a real browser against two environments at the same time, photographed step by
//! step, and the pixels are compared:
//!
//! ```text
//! &str ─Suite::parse→ Suite ─Plan::new→ Plan ─capture→ CapturePair ─compare→ Comparison ─run→ Report ─render→ String
//! ```
//!
//! Each stage takes the previous one's type and keeps no reference back. Trouble on a page is data in
//! the report; `Err` means that nothing could be run at all.
//!
//! - Pure, no input or output: [`diff`] (pixels), [`yaml`] (what all YAML files need: diagnostics, variables, secrets),
//!   [`spec`] and [`config`] (YAML to checked types),
//!   [`plan`] (jobs and ids), [`compare`] (verdicts), [`report`] (one file per format).
//! - At the edge: `browser` (the only module that names fantoccini), [`capture`]'s runner, [`store`]
//!   (files), [`merge`] (the reports of several machines), [`project`] (where the files of a project are), [`demo`] (the embedded site).
//! - [`workers`] says how many flows run at once, by what the machine has.
//! - [`run`] joins them: the one place where async meets rayon.
//!
//! [`diff`] stands on its own: it compares pictures that are held in memory, and its page has examples.

mod browser;
pub mod capture;
pub mod compare;
pub mod config;
mod connect;
pub mod demo;
pub mod diff;
pub mod merge;
pub mod plan;
pub mod project;
mod ready;
pub mod report;
pub mod run;
pub mod side;
pub mod spec;
pub mod store;
pub mod workers;
pub mod yaml;
