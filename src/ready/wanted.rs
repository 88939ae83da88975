//! PURE. What an environment must answer before a run begins, and whether an answer is that.

use http::{HeaderMap, StatusCode, header::LOCATION};
use serde_json::Value;

use crate::{
    config::{Rule, Wanted, WantedHeader},
    yaml::diagnostic::escape,
};

/// Longer values are cut where they are shown.
const MAX_SHOWN_CHARS: usize = 120;

/// What was answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Empty where nobody asked for it.
    pub(super) body: Vec<u8>,
}

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is what is wanted, and names this release.
    Ready(Option<String>),
    /// Another answer, in words that follow the environment's name.
    Other(String),
    /// No answer, or one that says that the server is in trouble; in words likewise.
    Trouble(String),
}

impl Wanted {
    /// Whether the body has to be read.
    pub(super) fn reads_body(&self) -> bool {
        self.json.is_some() || self.value.is_some() || self.text.is_some()
    }

    /// Judges an answer.
    pub(super) fn judge(&self, answer: &Answer) -> Seen {
        if let Some(words) = self.wrong_status(answer) {
            return match answer.status.is_server_error() {
                true => Seen::Trouble(words),
                false => Seen::Other(words),
            };
        }
        match self.release(answer) {
            Ok(release) => Seen::Ready(release),
            Err(words) => Seen::Other(words),
        }
    }

    fn wrong_status(&self, answer: &Answer) -> Option<String> {
        let status = answer.status;
        let is_wanted = match self.status {
            Some(wanted) => status.as_u16() == wanted,
            None => status.is_success(),
        };
        if is_wanted {
            return None;
        }
        let location = answer
            .headers
            .get(LOCATION)
            .filter(|_| status.is_redirection());
        Some(match location {
            Some(to) => format!(
                "it redirects to {} ({}), which is not followed",
                shown(&String::from_utf8_lossy(to.as_bytes())),
                status.as_u16()
            ),
            None => format!("it answers {status}").trim_end().to_owned(),
        })
    }

    /// The release that the answer names, or what is wrong with it.
    fn release(&self, answer: &Answer) -> Result<Option<String>, String> {
        let header = self.header.as_ref();
        let header = header
            .map(|header| header.release(&answer.headers))
            .transpose()?;
        let text = String::from_utf8_lossy(&answer.body);
        if let Some(wanted) = &self.text
            && !text.contains(wanted.as_str())
        {
            return Err(format!("its text does not contain {}", quoted(wanted)));
        }
        let value = match (&self.json, &self.value) {
            (Some(pointer), rule) => Some(json_release(&text, pointer, rule.as_ref())?),
            (None, Some(rule)) => {
                let text = text.trim();
                let found = rule.release(text);
                Some(found.ok_or_else(|| format!("it serves {}", quoted(text)))?)
            }
            (None, None) => None,
        };
        Ok(value.or(header).map(|release| shown(&release)))
    }

    /// What is wanted, in words that follow `waiting for staging to`.
    pub(super) fn describe(&self) -> String {
        let mut parts = Vec::new();
        match (&self.json, &self.value) {
            (Some(pointer), rule) => parts.push(described(subject(pointer), rule.as_ref())),
            (None, Some(Rule::Equals(text))) => parts.push(format!("the text {}", quoted(text))),
            (None, Some(Rule::Matches(regex))) => {
                parts.push(format!("a text that matches `{}`", shown(regex.as_str())));
            }
            (None, None) => {}
        }
        parts.extend(
            self.text
                .as_ref()
                .map(|text| format!("the text {}", quoted(text))),
        );
        let header = self.header.as_ref();
        parts.extend(header.map(|it| described(&format!("header {}", it.name), it.value.as_ref())));
        let status = self.status.map(|status| format!("status {status}"));
        parts.extend(status);
        match parts.is_empty() {
            true => "answer with success".to_owned(),
            false => format!("serve {}", parts.join(" and ")),
        }
    }
}

impl WantedHeader {
    fn release(&self, headers: &HeaderMap) -> Result<String, String> {
        let name = &self.name;
        let Some(value) = headers.get(name) else {
            return Err(format!("its answer has no header {name}"));
        };
        let value = String::from_utf8_lossy(value.as_bytes());
        let found = match &self.value {
            None => Some(value.clone().into_owned()),
            Some(rule) => rule.release(&value),
        };
        found.ok_or_else(|| format!("it serves header {name} {}", shown(&value)))
    }
}

impl Rule {
    /// The release in a value that is as it must be.
    fn release(&self, value: &str) -> Option<String> {
        match self {
            Self::Equals(wanted) => (value == wanted.trim()).then(|| value.to_owned()),
            Self::Matches(regex) => {
                let groups = regex.captures(value)?;
                let found = groups.get(1).or(groups.get(0))?;
                Some(found.as_str().to_owned())
            }
        }
    }
}

fn json_release(text: &str, pointer: &str, rule: Option<&Rule>) -> Result<String, String> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| format!("its answer is no JSON: {error}"))?;
    let value = match document.pointer(pointer) {
        None | Some(Value::Null) => return Err(format!("its JSON has nothing at `{pointer}`")),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let found = match rule {
        None => Some(value.clone()),
        Some(rule) => rule.release(value.trim()),
    };
    found.ok_or_else(|| format!("it serves {} {}", subject(pointer), shown(&value)))
}

fn described(subject: &str, rule: Option<&Rule>) -> String {
    match rule {
        None => format!("a {subject}"),
        Some(Rule::Equals(value)) => format!("{subject} {}", shown(value)),
        Some(Rule::Matches(regex)) => {
            format!("a {subject} that matches `{}`", shown(regex.as_str()))
        }
    }
}

/// What a pointer's value is called: the last name in it.
fn subject(pointer: &str) -> &str {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    if is_number { "value" } else { name }
}

fn quoted(text: &str) -> String {
    format!("“{}”", shown(text))
}

/// One short line of what a server said.
fn shown(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = escape(&line.join(" "));
    match line.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("x-release", "build 7 of main".parse().expect("a value"));
        headers.insert(LOCATION, "/login".parse().expect("a value"));
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    fn equals(text: &str) -> Option<Rule> {
        Some(Rule::Equals(text.to_owned()))
    }

    fn matches(pattern: &str) -> Option<Rule> {
        Some(Rule::Matches(Regex::new(pattern).expect("a pattern")))
    }

    fn release() -> Wanted {
        Wanted {
            json: Some("/app/release".to_owned()),
            value: equals("1.4.2"),
            ..Wanted::default()
        }
    }

    fn ready(release: &str) -> Seen {
        Seen::Ready(Some(release.to_owned()))
    }

    fn other(words: &str) -> Seen {
        Seen::Other(words.to_owned())
    }

    #[test]
    fn a_status_is_judged_first() {
        let any = Wanted::default();
        assert_eq!(any.judge(&answer(204, "")), Seen::Ready(None));
        let words = "it redirects to /login (302), which is not followed";
        assert_eq!(any.judge(&answer(302, "")), other(words));
        assert_eq!(
            any.judge(&answer(404, "")),
            other("it answers 404 Not Found")
        );
        let words = "it answers 500 Internal Server Error";
        assert_eq!(any.judge(&answer(500, "")), Seen::Trouble(words.to_owned()));
        let maintenance = Wanted {
            status: Some(503),
            ..Wanted::default()
        };
        assert_eq!(maintenance.judge(&answer(503, "")), Seen::Ready(None));
        assert_eq!(
            maintenance.judge(&answer(200, "")),
            other("it answers 200 OK")
        );
    }

    #[test]
    fn json_is_read_at_its_pointer() {
        let judge = |body: &str| release().judge(&answer(200, body));
        assert_eq!(judge(r#"{"app":{"release":"1.4.2"}}"#), ready("1.4.2"));
        let words = "it serves release 1.4.1";
        assert_eq!(judge(r#"{"app":{"release":"1.4.1"}}"#), other(words));
        assert_eq!(
            judge(r#"{"app":{"release":14}}"#),
            other("it serves release 14")
        );
        for body in ["{}", r#"{"app":{"release":null}}"#, "[]", "null"] {
            assert_eq!(judge(body), other("its JSON has nothing at `/app/release`"));
        }
        for body in ["", "<html>", r#"{"app":"#, "\u{0}"] {
            let Seen::Other(words) = judge(body) else {
                panic!("{body} was taken")
            };
            assert!(words.starts_with("its answer is no JSON: "), "{words}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(judge(&deep), Seen::Other(_)));
    }

    #[test]
    fn numbers_and_whole_objects_have_a_text() {
        let mut wanted = release();
        wanted.value = equals("7");
        let body = r#"{"app":{"release":7}}"#;
        assert_eq!(wanted.judge(&answer(200, body)), ready("7"));
        wanted.value = None;
        let body = r#"{"app":{"release":{"a":1}}}"#;
        assert_eq!(wanted.judge(&answer(200, body)), ready(r#"{"a":1}"#));
    }

    #[test]
    fn texts_are_compared_without_the_space_around_them() {
        let mut wanted = Wanted {
            value: equals("1.4.2"),
            ..Wanted::default()
        };
        assert_eq!(wanted.judge(&answer(200, " 1.4.2\n")), ready("1.4.2"));
        let words = "it serves “1.4.20”";
        assert_eq!(wanted.judge(&answer(200, "1.4.20")), other(words));
        wanted.value = matches(r"release (\S+)");
        assert_eq!(wanted.judge(&answer(200, "ok release 9\n")), ready("9"));
        wanted.value = None;
        wanted.text = Some("All systems".to_owned());
        let words = "its text does not contain “All systems”";
        assert_eq!(wanted.judge(&answer(200, "down")), other(words));
        assert_eq!(
            wanted.judge(&answer(200, "All systems go")),
            Seen::Ready(None)
        );
    }

    #[test]
    fn headers_name_the_release_too() {
        let wanted = |value| Wanted {
            header: Some(WantedHeader {
                name: "X-Release".to_owned(),
                value,
            }),
            ..Wanted::default()
        };
        let judge = |rule| wanted(rule).judge(&answer(200, ""));
        assert_eq!(judge(None), ready("build 7 of main"));
        assert_eq!(judge(matches(r"build (\d+)")), ready("7"));
        let words = "it serves header X-Release build 7 of main";
        assert_eq!(judge(equals("build 8")), other(words));
        let bare = Answer {
            headers: HeaderMap::new(),
            ..answer(200, "")
        };
        let words = "its answer has no header X-Release";
        assert_eq!(wanted(None).judge(&bare), other(words));
    }

    #[test]
    fn long_answers_are_cut() {
        let mut wanted = release();
        wanted.json = None;
        let Seen::Other(words) = wanted.judge(&answer(200, &"ß\n".repeat(5000))) else {
            panic!("it was taken")
        };
        assert!(
            words.chars().count() < 150 && words.ends_with("…”"),
            "{words}"
        );
    }

    #[test]
    fn what_is_wanted_reads_as_a_sentence() {
        assert_eq!(release().describe(), "serve release 1.4.2");
        assert_eq!(Wanted::default().describe(), "answer with success");
        let all = Wanted {
            status: Some(203),
            header: Some(WantedHeader {
                name: "X-Up".to_owned(),
                value: None,
            }),
            json: Some("/0".to_owned()),
            value: matches("^v2"),
            text: Some("a\nb".to_owned()),
        };
        assert_eq!(
            all.describe(),
            "serve a value that matches `^v2` and the text “a b” and a header X-Up and status 203"
        );
    }
}
