//! Logins that flows share. The first flow that needs a login performs it, once on each side; all flows get the
//! resulting cookies and local storage. A flow that finds itself logged out logs in again and restarts, once.

use std::{sync::Arc, time::Instant};

use url::Url;

use super::{
    job::{JobRun, StepsEnd},
    logins::{LearnedSecrets, LoggedIn, LoginState, Logins},
    page_clock::page_clock,
    step::{act, expected_status, failure},
    stopped,
};
use crate::{
    browser::{BrowserError, PageClock, Screen, Session, StepError, Storage},
    capture::{FailureKind, StepFailure, pools::Sessions, runner::StopSignal},
    config::{Browser, NamedViewport},
    side::{Role, Side},
    spec::{Action, Login, Step},
    yaml::without_credentials,
};

/// What is needed to log a flow in on one side.
#[derive(Clone, Copy)]
struct SideLogin<'a> {
    role: Role,
    browser: Browser,
    login: &'a Login,
    logins: &'a Logins,
    learned: &'a LearnedSecrets,
    /// Where everybody logs in, whatever the flow's own viewport.
    viewport: &'a NamedViewport,
    /// The clock of every login, regardless of the flow's own.
    clock: Option<PageClock>,
    /// The login that is no longer valid.
    stale: Option<u32>,
}

impl SideLogin<'_> {
    /// The login that holds, and whether the session was used for it.
    async fn enter(
        self,
        session: &mut Option<Session>,
    ) -> Result<Option<(Arc<LoggedIn>, bool)>, StepFailure> {
        if session.is_none() {
            return Ok(None);
        }
        let slot = self.logins.slot(&self.login.name, self.browser);
        let mut known = slot.lock().await;
        match &*known {
            LoginState::Failed(failure) => return Err(failure.clone()),
            LoginState::LoggedIn(there) if self.stale.is_none_or(|stale| there.number > stale) => {
                return Ok(Some((Arc::clone(there), false)));
            }
            LoginState::LoggedIn(_) | LoginState::Nothing => {}
        }
        match self.log_in(session).await {
            Ok(there) => {
                let there = Arc::new(there);
                *known = LoginState::LoggedIn(Arc::clone(&there));
                Ok(Some((there, true)))
            }
            Err(failure) => {
                // A crashed browser says nothing about the next one.
                if failure.kind != FailureKind::Driver {
                    *known = LoginState::Failed(failure.clone());
                }
                Err(failure)
            }
        }
    }

    async fn log_in(self, session: &mut Option<Session>) -> Result<LoggedIn, StepFailure> {
        let mut storage = Storage::new();
        let outcome = self.do_steps(session, &mut storage).await;
        let live = session.as_ref().expect("only a live side logs in");
        let kept = live.store_login(storage).await;
        if let Ok(kept) = &kept {
            self.learned.learn(kept);
        }
        match (outcome, kept) {
            (Ok(page), Ok(kept)) => Ok(LoggedIn {
                number: self.stale.map_or(1, |stale| stale + 1),
                kept,
                page,
            }),
            (Ok(_), Err(error)) => Err(self.failed(self.trouble(live, error).await)),
            (Err(failure), _) => Err(self.failed(failure)),
        }
    }

    /// Performs the steps. Returns the login page.
    async fn do_steps(
        self,
        session: &mut Option<Session>,
        storage: &mut Storage,
    ) -> Result<Option<Url>, StepFailure> {
        let mut page = None;
        let live = session.as_mut().expect("only a live side logs in");
        if let Err(error) = live
            .begin_at(&Screen::from(self.viewport), self.clock)
            .await
        {
            return Err(self.trouble(live, error).await);
        }
        let steps = &self.login.steps;
        for (number, step) in steps.iter().enumerate() {
            let expected = steps.get(number + 1).and_then(expected_status);
            let failure = act(self.role, session, step, expected).await;
            let live = session.as_ref().expect("steps end no session");
            if let Some(mut failure) = failure {
                if failure.pictures.is_empty() && failure.kind != FailureKind::Driver {
                    failure
                        .pictures
                        .extend(live.snapshot().await.map(Arc::from));
                }
                return Err(failure);
            }
            if page.is_none() && matches!(step.action, Action::Goto { .. }) {
                page = live.page_info().await.ok().and_then(|page| bare(&page.url));
            }
            if let Err(error) = live.look_into_storage(storage).await {
                return Err(self.trouble(live, error).await);
            }
        }
        Ok(page)
    }

    async fn trouble(self, session: &Session, error: BrowserError) -> StepFailure {
        let step = self.login.steps.last().expect("a fragment has steps");
        let (kind, message) = match StepError::from(error) {
            StepError::Browser(error) => (FailureKind::Driver, error.to_string()),
            StepError::Step(message) | StepError::Navigation(message) => {
                (FailureKind::Step, message)
            }
            StepError::Expectation(unmet) => (FailureKind::Step, unmet.join("; ")),
        };
        failure(self.role, session, step, kind, message, Vec::new()).await
    }

    /// A failed expectation during a login is not a change of a page: the shots could not be decided.
    fn failed(self, failure: StepFailure) -> StepFailure {
        let kind = match failure.kind {
            FailureKind::Expectation => FailureKind::Step,
            kind => kind,
        };
        let name = &self.login.name;
        let failed = format!("the login of session `{name}` failed: ");
        let message = failure.message.between(&failed, "");
        StepFailure {
            kind,
            message,
            ..failure
        }
    }
}

impl JobRun<'_> {
    /// Runs the steps, once more from the beginning where a login turns out to hold no longer. Returns
    /// whether they were cut short.
    pub(super) async fn run_logged_in(
        &mut self,
        sessions: &mut Sessions,
        stop: &mut StopSignal,
    ) -> bool {
        let Some(login) = self.job.flow.session.clone() else {
            return self.run_steps_until(sessions, stop).await == StepsEnd::CutShort;
        };
        let mut stale = Side::new(None, None);
        loop {
            let entered = tokio::select! {
                entered = self.enter(&login, sessions, stale) => entered,
                () = stopped(stop) => return true,
            };
            // Outside of the part that may be cancelled: a cancelled start would leave a session that nothing can end.
            self.renew(sessions, entered).await;
            if self.ledger.has_unreported() {
                return false;
            }
            let restored = async { self.restore(sessions).await };
            tokio::select! {
                () = restored => {}
                () = stopped(stop) => return true,
            }
            if self.ledger.has_unreported() {
                return false;
            }
            match self.run_steps_until(sessions, stop).await {
                StepsEnd::Whole => return false,
                StepsEnd::CutShort => return true,
                StepsEnd::LoggedOut(sides) => {
                    let number = |role| {
                        let there = self.logged_in.get(role).as_ref();
                        there.filter(|_| *sides.get(role)).map(|there| there.number)
                    };
                    stale = Side::new(number(Role::Baseline), number(Role::Candidate));
                    self.begin_again(sessions).await;
                }
            }
        }
    }

    async fn run_steps_until(
        &mut self,
        sessions: &mut Sessions,
        stop: &mut StopSignal,
    ) -> StepsEnd {
        tokio::select! {
            ended = self.run_steps(sessions) => ended,
            () = stopped(stop) => StepsEnd::CutShort,
        }
    }

    /// Logs in on each side without a valid login. Returns which sessions were used for that.
    async fn enter(
        &mut self,
        login: &Login,
        sessions: &mut Sessions,
        stale: Side<Option<u32>>,
    ) -> Side<bool> {
        let (context, browser) = (self.context, self.job.browser);
        let clock = page_clock(context.config.clock, &[&login.name, browser.name()]);
        let entry = |role, stale| SideLogin {
            role,
            browser,
            login,
            logins: context.logins.get(role),
            learned: &context.learned,
            viewport: &context.config.viewports[0],
            clock,
            stale,
        };
        let began = Instant::now();
        let (baseline, candidate) = tokio::join!(
            entry(Role::Baseline, stale.baseline).enter(&mut sessions.baseline),
            entry(Role::Candidate, stale.candidate).enter(&mut sessions.candidate),
        );
        self.clock.add_time(began.elapsed());
        let mut used = Side::new(false, false);
        for (role, outcome) in [(Role::Baseline, baseline), (Role::Candidate, candidate)] {
            match outcome {
                Ok(None) => {}
                Ok(Some((there, was_used))) => {
                    *self.logged_in.get_mut(role) = Some(there);
                    *used.get_mut(role) = was_used;
                }
                Err(failure) => self.ledger.note(failure),
            }
        }
        used
    }

    /// Replaces these sessions with clean ones.
    async fn renew(&mut self, sessions: &mut Sessions, which: Side<bool>) {
        let (pools, job, clock) = (&self.context.pools, self.job, self.page_clock);
        let renew = async |role, session: Option<Session>| match session {
            Some(session) if *which.get(role) => {
                pools.renew(job, clock, role, session).await.map(Some)
            }
            session => Ok(session),
        };
        let (baseline, candidate) = tokio::join!(
            renew(Role::Baseline, sessions.baseline.take()),
            renew(Role::Candidate, sessions.candidate.take()),
        );
        for (role, renewed) in [(Role::Baseline, baseline), (Role::Candidate, candidate)] {
            match renewed {
                Ok(session) => *sessions.get_mut(role) = session,
                Err(error) => {
                    let failure = self.not_started(role, &error);
                    self.ledger.note(failure);
                }
            }
        }
    }

    async fn restore(&mut self, sessions: &mut Sessions) {
        let restore = async |session: &mut Option<Session>, there: &Option<Arc<LoggedIn>>| match (
            session, there,
        ) {
            (Some(session), Some(there)) => session.restore(&there.kept).await,
            _ => Ok(()),
        };
        let (baseline, candidate) = tokio::join!(
            restore(&mut sessions.baseline, &self.logged_in.baseline),
            restore(&mut sessions.candidate, &self.logged_in.candidate),
        );
        for (role, outcome) in [(Role::Baseline, baseline), (Role::Candidate, candidate)] {
            if let Err(error) = outcome {
                let failure = StepFailure {
                    message: format!("the session cannot be restored: {error}").into(),
                    ..self.not_begun(role)
                };
                self.ledger.note(failure);
            }
        }
    }

    /// Drops failures that were not reported yet. Shots that were delivered are not taken again.
    async fn begin_again(&mut self, sessions: &mut Sessions) {
        self.attempt += 1;
        self.ledger.restart();
        self.has_gone = false;
        self.renew(sessions, Side::new(true, true)).await;
    }

    /// Whether a step showed that a login is no longer valid. The second time, that is the flow's failure.
    pub(super) async fn logged_out(
        &mut self,
        sessions: &mut Sessions,
        step: &Step,
        expected_status: Option<u16>,
        failures: &mut Vec<StepFailure>,
    ) -> Option<Side<bool>> {
        let login = self.job.flow.session.clone()?;
        if !matches!(step.action, Action::Goto { .. }) {
            return None;
        }
        let is_first = !std::mem::replace(&mut self.has_gone, true);
        let look = LogoutCheck {
            login: &login,
            step,
            expected_status,
            is_first,
        };
        let failed = |role| failures.iter().any(|failure| failure.role == role);
        let (baseline, candidate) = tokio::join!(
            look.sign(
                &mut sessions.baseline,
                &self.logged_in.baseline,
                failed(Role::Baseline)
            ),
            look.sign(
                &mut sessions.candidate,
                &self.logged_in.candidate,
                failed(Role::Candidate)
            ),
        );
        let signs = Side::new(baseline, candidate);
        let sides = signs.as_ref().map(Option::is_some);
        if !(sides.baseline || sides.candidate) {
            return None;
        }
        if self.attempt == 0 {
            return Some(sides);
        }
        for (role, sign) in [
            (Role::Baseline, signs.baseline),
            (Role::Candidate, signs.candidate),
        ] {
            if let (Some(sign), Some(session)) = (sign, sessions.get(role)) {
                let name = &login.name;
                let message =
                    format!("session `{name}` is not valid even after a new login: {sign}");
                let kind = FailureKind::Navigation;
                failures.retain(|failure| failure.role != role);
                failures.push(failure(role, session, step, kind, message, Vec::new()).await);
            }
        }
        None
    }
}

/// Where to look for a sign that the login is invalid.
#[derive(Clone, Copy)]
struct LogoutCheck<'a> {
    login: &'a Login,
    step: &'a Step,
    expected_status: Option<u16>,
    is_first: bool,
}

impl LogoutCheck<'_> {
    /// The sign in words.
    async fn sign(
        self,
        session: &mut Option<Session>,
        logged_in: &Option<Arc<LoggedIn>>,
        has_failed: bool,
    ) -> Option<String> {
        let session = session.as_mut()?;
        match &self.login.check {
            // If a page could not be shown, only its URL is checked.
            Some(check) if !has_failed => {
                if !self.is_first {
                    return None;
                }
                match session.act(check, None).await {
                    Err(StepError::Step(message)) => Some(message),
                    _ => None,
                }
            }
            _ => self.sign_of_page(session, logged_in.as_ref()?).await,
        }
    }

    async fn sign_of_page(self, session: &Session, logged_in: &LoggedIn) -> Option<String> {
        let Action::Goto { url, status, .. } = &self.step.action else {
            return None;
        };
        let page = session.page_info().await.ok()?;
        if page.status == Some(401) && status.or(self.expected_status) != Some(401) {
            return Some(format!("{url} was answered with HTTP status 401"));
        }
        let login_page = logged_in.page.as_ref()?;
        let asked = session
            .asked_url(url.value())
            .and_then(|url| bare(url.as_str()));
        let is_sent_there = bare(&page.url).as_ref() == Some(login_page);
        let is_meant = asked.as_ref() == Some(login_page);
        (is_sent_there && !is_meant).then(|| {
            let shown = session.relative_url(login_page.as_str());
            format!("{url} led to the login page {shown}")
        })
    }
}

/// The URL of a page without query and fragment.
fn bare(url: &str) -> Option<Url> {
    let mut url = without_credentials(&Url::parse(url).ok()?);
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}
