//! The sessions of one side of a run. They are started ahead of time and reused from flow to flow.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::{task::JoinHandle, time::timeout};

use super::{
    error::LaunchError,
    launch::Launcher,
    options::{PageClock, Screen, SessionOptions},
    session::{CLEAN_LIMIT, Session},
};
use crate::config::Isolation;

/// Sessions that are ready, or are being started or cleaned.
#[derive(Debug)]
pub(crate) struct Pool {
    launcher: Launcher,
    options: SessionOptions,
    isolation: Isolation,
    coming: Mutex<VecDeque<PooledSession>>,
}

/// A session that is being started or cleaned.
pub(crate) type PooledSession = JoinHandle<Result<Option<Session>, LaunchError>>;

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

    /// Starts a session in the background. A flow must take it later.
    pub(crate) fn start_one(&self, screen: Screen) {
        let (launcher, options) = (self.launcher.clone(), self.options.clone());
        let coming = async move { started(&launcher, options, &screen).await.map(Some) };
        self.coming().push_back(tokio::spawn(coming));
    }

    /// Takes the oldest session from the pool. The caller must wait for it.
    pub(crate) fn reserve(&self) -> Option<PooledSession> {
        self.coming().pop_front()
    }

    /// Waits for a reserved session and gives it this screen and clock. Returns `None` if the session cannot be used;
    /// the caller must then ask for another. The session must be given back or closed.
    pub(crate) async fn receive(
        &self,
        coming: PooledSession,
        screen: &Screen,
        clock: Option<PageClock>,
    ) -> Result<Option<Session>, LaunchError> {
        match outcome(coming).await? {
            Some(session) if !session.can_begin_at(screen) => {
                session.close().await;
                Ok(None)
            }
            Some(session) => begun(session, screen, clock).await.map(Some),
            None => Ok(None),
        }
    }

    /// Starts a new session with this screen and clock. It must be given back or closed.
    pub(crate) async fn start(
        &self,
        screen: &Screen,
        clock: Option<PageClock>,
    ) -> Result<Session, LaunchError> {
        let session = started(&self.launcher, self.options.clone(), screen).await?;
        begun(session, screen, clock).await
    }

    /// Takes a session back after a successful flow, for a later one. It is cleaned in the background. If that fails,
    /// or the session should not be reused, a new one replaces it. A remote driver may be full, so none is requested
    /// from it here: that has to wait for its turn.
    pub(crate) fn give_back(&self, session: Session) {
        let (launcher, options) = (self.launcher.clone(), self.options.clone());
        let isolation = self.isolation;
        let coming = async move {
            let screen = session.life.screen().clone();
            match cleaned_or_closed(&launcher, isolation, session).await {
                Some(clean) => Ok(Some(clean)),
                None if launcher.is_remote() => Ok(None),
                None => started(&launcher, options, &screen).await.map(Some),
            }
        };
        self.coming().push_back(tokio::spawn(coming));
    }

    /// Returns a clean session with this screen and clock: this one after cleaning, or a new one.
    pub(crate) async fn renew(
        &self,
        session: Session,
        screen: &Screen,
        clock: Option<PageClock>,
    ) -> Result<Session, LaunchError> {
        let clean = cleaned_or_closed(&self.launcher, self.isolation, session).await;
        let session = match clean {
            Some(clean) => clean,
            None => started(&self.launcher, self.options.clone(), screen).await?,
        };
        begun(session, screen, clock).await
    }

    /// Ends the sessions that no flow took.
    pub(crate) async fn close(&self) {
        loop {
            let Some(coming) = self.reserve() else { return };
            if let Ok(Some(session)) = outcome(coming).await {
                session.close().await;
            }
        }
    }

    fn coming(&self) -> MutexGuard<'_, VecDeque<PooledSession>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cleans the session if it can be reused; otherwise closes it.
async fn cleaned_or_closed(
    launcher: &Launcher,
    isolation: Isolation,
    session: Session,
) -> Option<Session> {
    let is_kept = isolation == Isolation::Reuse && session.is_worth_cleaning();
    let cleaned = match is_kept {
        true => cleaned(launcher, session).await,
        false => Err(session),
    };
    match cleaned {
        Ok(clean) => Some(clean),
        Err(spent) => {
            spent.close().await;
            None
        }
    }
}

/// Starts a session. The time is counted even if that fails.
async fn started(
    launcher: &Launcher,
    options: SessionOptions,
    screen: &Screen,
) -> Result<Session, LaunchError> {
    let began = Instant::now();
    let session = Session::start(launcher, options, screen.clone()).await;
    let mut times = launcher.times_mut();
    times.started += 1;
    times.start += began.elapsed();
    session
}

/// Applies the screen and the clock that the flow needs.
async fn begun(
    mut session: Session,
    screen: &Screen,
    clock: Option<PageClock>,
) -> Result<Session, LaunchError> {
    match session.begin_at(screen, clock).await {
        Ok(()) => Ok(session),
        Err(error) => {
            let error = session.not_started(&error);
            session.close().await;
            Err(error)
        }
    }
}

/// Cleans the session. If that fails, returns it as the error.
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

/// Passes a panic of the background task on to the caller.
async fn outcome(coming: PooledSession) -> Result<Option<Session>, LaunchError> {
    match coming.await {
        Ok(outcome) => outcome,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
