//! What is known of the logins of a run, and the secrets that they brought.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use url::Url;

use crate::{browser::StoredLogin, capture::StepFailure, config::Browser, spec::Secrets};

/// The results of the logins on one side, by name and browser.
#[derive(Debug, Default)]
pub(crate) struct Logins(Mutex<HashMap<(String, Browser), SharedLogin>>);

/// One login in one browser. Whoever logs in keeps the others waiting.
pub(super) type SharedLogin = Arc<tokio::sync::Mutex<LoginState>>;

/// The state of one login.
#[derive(Debug, Default)]
pub(super) enum LoginState {
    #[default]
    Nothing,
    LoggedIn(Arc<LoggedIn>),
    Failed(StepFailure),
}

/// A successful login.
#[derive(Debug)]
pub(super) struct LoggedIn {
    /// The number of this login among those of its session on this side.
    pub(super) number: u32,
    /// What it left in the browser.
    pub(super) kept: StoredLogin,
    /// The URL on which its first `goto` ended, without query and fragment.
    pub(super) page: Option<Url>,
}

/// Secret values that a run learns while it runs.
#[derive(Debug, Default)]
pub(crate) struct LearnedSecrets(Mutex<Secrets>);

impl LearnedSecrets {
    /// What is known so far.
    pub(crate) fn known(&self) -> Secrets {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.clone()
    }

    pub(super) fn learn(&self, kept: &StoredLogin) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.merge(&Secrets::new(kept.secrets()));
    }
}

impl Logins {
    /// The login of this name in this browser.
    pub(super) fn slot(&self, name: &str, browser: Browser) -> SharedLogin {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry((name.to_owned(), browser)).or_default())
    }
}
