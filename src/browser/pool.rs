//! The sessions of one side of a run: started before anybody asks for them, and handed from flow to flow.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{task::JoinHandle, time::timeout};

use super::{
    clean::CLEAN_LIMIT,
    driver::Launcher,
    error::LaunchError,
    session::{Session, SessionOptions},
};
use crate::{config::Isolation, spec::Viewport};

/// Sessions that are ready or about to be.
#[derive(Debug)]
pub(crate) struct Pool {
    launcher: Launcher,
    options: SessionOptions,
    isolation: Isolation,
    coming: Mutex<VecDeque<Coming>>,
}

/// What the sessions of a run cost apart from what is done in them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SessionTimes {
    /// How many were started.
    pub(crate) started: u32,
    /// What that took, one after the other.
    pub(crate) start: Duration,
    /// How often one was cleaned for another flow.
    pub(crate) cleaned: u32,
    /// What that took, one after the other.
    pub(crate) clean: Duration,
}

type Coming = JoinHandle<Result<Session, LaunchError>>;

impl Pool {
    /// An empty pool.
    pub(crate) fn new(launcher: Launcher, options: SessionOptions, isolation: Isolation) -> Self {
        Self {
            launcher,
            options,
            isolation,
            coming: Mutex::default(),
        }
    }

    /// Begins to start a session that somebody is going to take.
    pub(crate) fn start_one(&self, viewport: Viewport) {
        let (launcher, options) = (self.launcher.clone(), self.options.clone());
        let coming = async move { started(&launcher, options, viewport).await };
        self.coming().push_back(tokio::spawn(coming));
    }

    /// A session as good as new, at this viewport. It must be given back or closed.
    pub(crate) async fn take(&self, viewport: Viewport) -> Result<Session, LaunchError> {
        let coming = self.coming().pop_front();
        let Some(coming) = coming else {
            return started(&self.launcher, self.options.clone(), viewport).await;
        };
        at_viewport(outcome(coming).await?, viewport).await
    }

    /// Takes a session back from a flow that went well, for one that is still to come. It is cleaned
    /// in the background; when that does not go well, or another one is better, a new one takes its place.
    pub(crate) fn give_back(&self, session: Session) {
        let (launcher, options) = (self.launcher.clone(), self.options.clone());
        let renewed = renewed(launcher, options, self.isolation, session);
        self.coming().push_back(tokio::spawn(renewed));
    }

    /// The session, or another one in its place, as good as new and at this viewport.
    pub(crate) async fn renew(
        &self,
        session: Session,
        viewport: Viewport,
    ) -> Result<Session, LaunchError> {
        let (launcher, options) = (self.launcher.clone(), self.options.clone());
        let session = renewed(launcher, options, self.isolation, session).await?;
        at_viewport(session, viewport).await
    }

    /// Ends the sessions that nobody took.
    pub(crate) async fn close(&self) {
        loop {
            let coming = self.coming().pop_front();
            let Some(coming) = coming else { return };
            if let Ok(session) = outcome(coming).await {
                session.close().await;
            }
        }
    }

    fn coming(&self) -> MutexGuard<'_, VecDeque<Coming>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session that is cleaned, or a new one where that does not go well or is not wanted.
async fn renewed(
    launcher: Launcher,
    options: SessionOptions,
    isolation: Isolation,
    session: Session,
) -> Result<Session, LaunchError> {
    let viewport = session.viewport;
    let is_kept = isolation == Isolation::Reuse && session.is_worth_cleaning();
    let cleaned = if is_kept {
        cleaned(&launcher, session).await
    } else {
        Err(session)
    };
    match cleaned {
        Ok(clean) => Ok(clean),
        Err(spent) => {
            spent.close().await;
            started(&launcher, options, viewport).await
        }
    }
}

async fn at_viewport(mut session: Session, viewport: Viewport) -> Result<Session, LaunchError> {
    match session.begin_at(viewport).await {
        Ok(()) => Ok(session),
        Err(error) => {
            let error = session.not_started(&error);
            session.close().await;
            Err(error)
        }
    }
}

/// A new session; what it took is noted, also when there is none in the end.
async fn started(
    launcher: &Launcher,
    options: SessionOptions,
    viewport: Viewport,
) -> Result<Session, LaunchError> {
    let began = Instant::now();
    let session = Session::start(launcher, options, viewport).await;
    let mut times = launcher.times_mut();
    times.started += 1;
    times.start += began.elapsed();
    session
}

/// The session is given back as the error when it could not be cleaned.
async fn cleaned(launcher: &Launcher, mut session: Session) -> Result<Session, Session> {
    let began = Instant::now();
    let cleaned = timeout(CLEAN_LIMIT, session.clean()).await;
    {
        let mut times = launcher.times_mut();
        times.cleaned += 1;
        times.clean += began.elapsed();
    }
    match cleaned {
        Ok(Ok(())) => Ok(session),
        Ok(Err(_)) => Err(session),
        Err(_) => {
            session.give_up();
            Err(session)
        }
    }
}

/// A panic in the background is a panic of whoever waits for it.
async fn outcome(coming: Coming) -> Result<Session, LaunchError> {
    match coming.await {
        Ok(outcome) => outcome,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
