//! Keeps secrets from pages and frames that they are not for. What is in front is looked at in the same moment as a secret
//! is sent, after all waiting.

use fantoccini::{elements::Element, error::ErrorStatus};
use serde_json::Value;
use url::Url;

use crate::{
    browser::{
        address::{is_below, is_on_own_host},
        error::BrowserError,
        session::Session,
        wire::COMMAND_LIMIT,
    },
    yaml::{host_and_port, without_credentials},
};

/// A document without a URL of its own is one of the origin that made it. A page can replace `origin`, but not
/// `location`, which is asked first.
const DOCUMENTS: &str = "return [/^https?:/.test(location.href) ? location.href : origin, ...(location.ancestorOrigins || [])];";

impl Session {
    /// Whether the text holds a secret.
    pub(super) fn holds_secret(&self, text: &str) -> bool {
        self.options.secrets.are_in(text)
    }

    /// Whether a text in these values, however deep, holds a secret.
    pub(super) fn hold_secret(&self, values: &[Value]) -> bool {
        values.iter().any(|value| match value {
            Value::String(text) => self.holds_secret(text),
            Value::Array(list) => self.hold_secret(list),
            Value::Object(map) => map
                .values()
                .any(|value| self.hold_secret(std::slice::from_ref(value))),
            _ => false,
        })
    }

    /// Fails unless the page in front, the flow's frame and what is around it belong to the environment.
    pub(super) async fn check_recipient(&self) -> Result<(), BrowserError> {
        let script = self.wire().execute(COMMAND_LIMIT, DOCUMENTS, Vec::new());
        let found = script.await?;
        let found = found.as_array().into_iter().flatten();
        let mut documents: Vec<String> =
            found.filter_map(Value::as_str).map(str::to_owned).collect();
        if self.flow.is_in_frame() {
            documents.push(self.page_info().await?.url);
        }
        if documents.is_empty() {
            documents.push(String::new());
        }
        documents
            .iter()
            .try_for_each(|url| self.check_may_know(url))
    }

    /// The same while a dialog is open, when no script runs: the browser itself says which page that is.
    pub(super) async fn check_asking_page(&self) -> Result<(), BrowserError> {
        let window = self.wire().window().await?;
        match self.wire().url_of(&window).await {
            Some(url) => self.check_may_know(&url),
            None => Err(refused(
                "this step sends a secret, and this browser does not say which page asks for it while its dialog is open"
                    .to_owned(),
            )),
        }
    }

    /// Fails unless the URL belongs to the environment.
    pub(super) fn check_may_know(&self, url: &str) -> Result<(), BrowserError> {
        let Ok(parsed) = Url::parse(url) else {
            return Err(refused(format!(
                "this step sends a secret, and what is in front has no host (`{url}`)"
            )));
        };
        let base = &self.options.base;
        let is_other = |other: &Url| is_below(&parsed, other) && !is_below(&parsed, base);
        let is_other = self.options.other.as_ref().is_some_and(is_other);
        if !is_other && is_on_own_host(&parsed, base, &self.options.hosts) {
            return Ok(());
        }
        let host = host_and_port(&parsed);
        let shown = without_credentials(&parsed);
        let advice = match is_other {
            true => "that is the other environment".to_owned(),
            false => {
                format!("if it may know the secret, list `{host}` under the environment's `hosts`")
            }
        };
        Err(refused(format!(
            "this step sends a secret, and {shown} is not on {}; {advice}",
            host_and_port(base)
        )))
    }

    /// Types a secret. Each key is sent by itself, to the element that was looked at: if the page leaves in the middle,
    /// the rest of the secret stays here.
    pub(super) async fn type_secret(
        &self,
        element: &Element,
        keys: &str,
    ) -> Result<(), BrowserError> {
        self.check_recipient().await?;
        for (number, key) in keys.chars().enumerate() {
            let mut buffer = [0; 4];
            let sent = element.send_keys(key.encode_utf8(&mut buffer));
            match self.wire().call("send keys", COMMAND_LIMIT, sent).await {
                Err(error) if number > 0 && error.is(ErrorStatus::StaleElementReference) => {
                    return Err(refused(
                        "the page replaced the field while the secret was typed".to_owned(),
                    ));
                }
                done => done?,
            }
        }
        Ok(())
    }
}

fn refused(message: String) -> BrowserError {
    BrowserError::Refused {
        status: ErrorStatus::UnknownError,
        message,
    }
}
