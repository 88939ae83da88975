//! Steps that wait for a condition or check an expectation.

use std::time::Instant;

use serde_json::json;

use super::StepError;
use crate::{
    browser::{
        session::Session,
        target::{POLL, alternatives},
        wire::COMMAND_LIMIT,
    },
    spec::{Condition, Expectation, Target, Text, Wait},
};

impl Session {
    pub(super) async fn wait(&self, wait: &Wait, deadline: Instant) -> Result<(), StepError> {
        match wait {
            Wait::Duration(time) => {
                tokio::time::sleep(*time).await;
                Ok(())
            }
            Wait::Until(conditions) => {
                let began = Instant::now();
                for condition in conditions {
                    self.wait_until(condition, began, deadline).await?;
                }
                Ok(())
            }
        }
    }

    async fn wait_until(
        &self,
        condition: &Condition,
        began: Instant,
        deadline: Instant,
    ) -> Result<(), StepError> {
        while !self.holds(condition).await? {
            if Instant::now() >= deadline {
                let hint = match condition {
                    Condition::Visible(target) => self.nearest_texts(target).await,
                    _ => String::new(),
                };
                return Err(StepError::Step(format!(
                    "timed out after {:.1} s waiting for {}{hint}",
                    began.elapsed().as_secs_f32(),
                    describe(condition)
                )));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    async fn holds(&self, condition: &Condition) -> Result<bool, StepError> {
        let presence = |target| async move {
            let found = self.find_now(target).await;
            found
                .map_err(|error| error.about_selector(target))
                .map(|found| found.map(|(_, seen)| seen))
        };
        match condition {
            Condition::Visible(target) => Ok(presence(target).await? == Some(true)),
            Condition::Hidden(target) => Ok(presence(target).await? != Some(true)),
            Condition::Gone(target) => Ok(presence(target).await?.is_none()),
            Condition::Text(text) => {
                let found = self.script("return pageText();", Vec::new()).await?;
                Ok(found
                    .as_str()
                    .is_some_and(|found| found.contains(&collapse(text.value()))))
            }
            Condition::Url(url) => {
                let found = self.page_info().await?.url;
                Ok(url_is(&found, url.value()))
            }
            Condition::Js(script) => {
                let script = format!("return Boolean(await ({}\n));", script.value());
                let script = format!("return (async () => {{ {script} }})();");
                let answer = self.in_own_world(COMMAND_LIMIT, &script, &[]).await?;
                if answer.is_null() {
                    self.wire().check_dialog().await?;
                }
                Ok(answer == json!(true))
            }
        }
    }

    /// Checks the expectations until all hold or the deadline has passed, then reports those that do not hold.
    pub(super) async fn expect(
        &self,
        expectations: &[Expectation],
        deadline: Instant,
    ) -> Result<(), StepError> {
        loop {
            let mut unmet = Vec::new();
            for expectation in expectations {
                let message = self.unmet(expectation).await?;
                unmet.extend(message.map(|message| (expectation, message)));
            }
            if unmet.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let mut messages = Vec::new();
                for (expectation, message) in unmet {
                    messages.push(message + &self.hint(expectation).await);
                }
                return Err(StepError::Expectation(messages));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Names what may have been meant by an element that is not found.
    async fn hint(&self, expectation: &Expectation) -> String {
        match expectation {
            Expectation::Exists(target)
            | Expectation::Visible(target)
            | Expectation::Count { of: target, .. }
            | Expectation::Text {
                of: Some(target), ..
            } => self.nearest_texts(target).await,
            _ => String::new(),
        }
    }

    /// Says what was expected and what was found, if they differ.
    async fn unmet(&self, expectation: &Expectation) -> Result<Option<String>, StepError> {
        let page_is = |what: &str, wanted: &Text, found: &str, holds: bool| {
            (!holds).then(|| format!("expected {what} `{wanted}`, found `{found}`"))
        };
        match expectation {
            Expectation::Exists(target) => Ok((self.count(target).await? == 0)
                .then(|| format!("expected `{target}` to exist, found nothing"))),
            Expectation::Visible(target) => self.unmet_visible(target).await,
            Expectation::Count { of, equals } => {
                let found = self.count(of).await?;
                Ok((found != u64::from(*equals))
                    .then(|| format!("expected {equals} of `{of}`, found {found}")))
            }
            Expectation::Text { of, contains } => self.unmet_text(of.as_ref(), contains).await,
            Expectation::Title(wanted) => {
                let found = self.page_info().await?.title;
                Ok(page_is(
                    "the title",
                    wanted,
                    &found,
                    found == wanted.value(),
                ))
            }
            Expectation::Url(wanted) => {
                let found = self.page_info().await?.url;
                let relative = self.relative_url(&found);
                let holds = [&found, &relative]
                    .iter()
                    .any(|url| glob_matches(wanted.value(), url));
                Ok(page_is("the URL", wanted, &relative, holds))
            }
            Expectation::Path(wanted) => {
                let found = path_of(&self.page_info().await?.url);
                Ok(page_is(
                    "the path",
                    wanted,
                    &found,
                    glob_matches(wanted.value(), &found),
                ))
            }
            Expectation::Status(wanted) => {
                let found = self.page_info().await?.status;
                Ok((found != Some(*wanted)).then(|| {
                    let found = found.map_or("none".to_owned(), |status| status.to_string());
                    format!("expected HTTP status {wanted}, found {found}")
                }))
            }
        }
    }

    async fn unmet_visible(&self, target: &Target) -> Result<Option<String>, StepError> {
        let found = self
            .find_now(target)
            .await
            .map_err(|error| error.about_selector(target))?;
        Ok(match found {
            Some((_, true)) => None,
            Some((_, false)) => Some(format!(
                "expected `{target}` to be visible, found it hidden"
            )),
            None => Some(format!("expected `{target}` to be visible, found nothing")),
        })
    }

    async fn unmet_text(
        &self,
        of: Option<&Target>,
        contains: &Text,
    ) -> Result<Option<String>, StepError> {
        let found = match of {
            None => self.script("return pageText();", Vec::new()).await?,
            Some(target) => {
                let body = "const found = findOne(arguments[0]); return found && collapse(found.innerText);";
                let found = self.script(body, vec![alternatives(target)]).await;
                found.map_err(|error| error.about_selector(target))?
            }
        };
        let Some(found) = found.as_str() else {
            let target = of.map(ToString::to_string).unwrap_or_default();
            return Ok(Some(format!(
                "expected `{target}` to contain `{contains}`, found no such element"
            )));
        };
        let holds = found.contains(&collapse(contains.value()));
        Ok((!holds).then(|| format!("expected the text `{contains}`, found `{}`", found)))
    }

    async fn count(&self, target: &Target) -> Result<u64, StepError> {
        let body = "return findAll(arguments[0]).length;";
        let answer = self.script(body, vec![alternatives(target)]).await;
        let answer = answer.map_err(|error| error.about_selector(target))?;
        Ok(answer.as_u64().unwrap_or_default())
    }
}

fn describe(condition: &Condition) -> String {
    match condition {
        Condition::Visible(target) => format!("`{target}` to be visible"),
        Condition::Hidden(target) => format!("`{target}` to be hidden"),
        Condition::Gone(target) => format!("`{target}` to be gone"),
        Condition::Text(text) => format!("the text `{text}`"),
        Condition::Url(url) => format!("the URL `{url}`"),
        Condition::Js(script) => format!("`{script}` to be true"),
    }
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn path_of(url: &str) -> String {
    url::Url::parse(url)
        .map(|url| url.path().to_owned())
        .unwrap_or_default()
}

/// Whether the URL contains the text or, if the text has a `*`, matches it as a whole.
fn url_is(found: &str, wanted: &str) -> bool {
    if wanted.contains('*') {
        glob_matches(wanted, found)
    } else {
        found.contains(wanted)
    }
}

/// `*` matches any text, including none.
fn glob_matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_as_a_whole() {
        for (pattern, text, expected) in [
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a*", "/ab", true),
            ("*b", "/ab", true),
            ("/a*c*e", "/abcde", true),
            ("/a*c*e", "/abcd", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(glob_matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
