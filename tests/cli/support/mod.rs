//! What every story needs: a project, a run that can be asked about, pictures, and a driver to talk to.

mod canvas;
mod driver;
mod environment;
mod http;
mod processes;
mod project;
mod ran;
mod recorded;
#[cfg(feature = "remote-tls")]
mod tls;

pub(crate) use canvas::Canvas;
pub(crate) use driver::{Answer, FakeDriver, STAGING};
pub(crate) use environment::{Asked, FakeEnvironment, Said};
pub(crate) use processes::{Process, processes_naming, wait_until_none_names};
pub(crate) use project::{Project, Running};
pub(crate) use ran::Ran;
#[cfg(feature = "remote-tls")]
pub(crate) use tls::TlsFront;
