//! Does one step on one side. An error of a step or a picture comes back as a failure: data, not an error.

use std::sync::Arc;

use crate::{
    browser::{Session, ShootError, StepError},
    capture::{FailureKind, StepFailure},
    side::Role,
    spec::Step,
    yaml::Untrusted,
};

/// The status that an `expect` step expects of the document before it.
pub(super) fn expected_status(step: &Step) -> Option<u16> {
    step.action.expected_status()
}

/// Performs the step on one side. A failure is returned as data.
pub(super) async fn act(
    role: Role,
    session: &mut Option<Session>,
    step: &Step,
    expected_status: Option<u16>,
) -> Option<StepFailure> {
    let session = session.as_mut()?;
    let trouble = session.act(step, expected_status).await.err()?;
    let (kind, message) = match trouble {
        StepError::Step(message) => (FailureKind::Step, message),
        StepError::Navigation(message) => (FailureKind::Navigation, message),
        StepError::Expectation(unmet) => (FailureKind::Expectation, unmet.join("; ")),
        StepError::Browser(error) => (FailureKind::Driver, error.to_string()),
    };
    Some(failure(role, session, step, kind, message, Vec::new()).await)
}

pub(super) async fn shoot_failure(
    role: Role,
    session: &Session,
    step: &Step,
    error: ShootError,
) -> StepFailure {
    let (kind, message, frames) = match error {
        ShootError::Unstable { reason, frames } => (FailureKind::Unstable, reason, frames),
        ShootError::Navigation(message) => (FailureKind::Navigation, message, Vec::new()),
        ShootError::Impossible(reason) => (FailureKind::Step, reason, Vec::new()),
        ShootError::Browser(error) => match StepError::from(error) {
            StepError::Browser(error) => (FailureKind::Driver, error.to_string(), Vec::new()),
            StepError::Step(message) | StepError::Navigation(message) => {
                (FailureKind::Step, message, Vec::new())
            }
            StepError::Expectation(unmet) => {
                (FailureKind::Expectation, unmet.join("; "), Vec::new())
            }
        },
    };
    failure(role, session, step, kind, message, frames).await
}

/// Adds the page's URL, and a picture of it unless there are frames already.
pub(super) async fn failure(
    role: Role,
    session: &Session,
    step: &Step,
    kind: FailureKind,
    message: String,
    mut pictures: Vec<Arc<[u8]>>,
) -> StepFailure {
    let mut url = None;
    if kind != FailureKind::Driver {
        url = session
            .page_info()
            .await
            .ok()
            .map(|page| session.relative_url(&page.url))
            .filter(|url| url.starts_with('/') || url.starts_with("http"));
        if pictures.is_empty() && kind != FailureKind::Expectation {
            pictures.extend(session.snapshot().await.map(Arc::from));
        }
    }
    StepFailure {
        role,
        kind,
        message: message.into(),
        label: step.label.clone(),
        location: step.location.clone(),
        url: url.map(Untrusted::from),
        pictures,
    }
}
