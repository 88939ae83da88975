//! Small values of a file, with variables filled in: texts, durations, JSON. What only specs have, such as selectors,
//! `spec` adds to the same `Reader`.

use std::time::Duration;

use super::{
    Diagnostic, Text,
    interpolate::{FillError, Scope},
    read::{Place, Texts},
    tree::{NodeId, Tree, Value},
};

/// No wait is longer than a day.
const MAX_SECONDS: f64 = 86_400.0;

/// Reads the values of one file where `${NAME}` has one meaning.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) scope: &'a Scope<'a>,
}

impl Reader<'_> {
    pub(crate) fn error(&self, id: NodeId, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message, self.tree.spot(id))
    }

    pub(crate) fn key_error(&self, id: NodeId, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message, self.tree.key_spot(id))
    }

    pub(crate) fn text(&self, place: &Place<String>) -> Result<Text, Diagnostic> {
        self.text_at(place.id, &place.value)
    }

    pub(crate) fn maybe_text(
        &self,
        place: Option<&Place<String>>,
    ) -> Result<Option<Text>, Diagnostic> {
        place.map(|place| self.text(place)).transpose()
    }

    pub(crate) fn text_at(&self, id: NodeId, source: &str) -> Result<Text, Diagnostic> {
        let value = self.scope.fill(source);
        let value = value.map_err(|error| self.fill_error(id, error))?;
        Ok(Text {
            source: source.to_owned(),
            value,
        })
    }

    /// Like `text`, for what must not be empty.
    pub(crate) fn some_text(&self, place: &Place<String>) -> Result<Text, Diagnostic> {
        let text = self.text(place)?;
        match text.value.trim().is_empty() {
            true => Err(self.empty(place.id, &text)),
            false => Ok(text),
        }
    }

    fn empty(&self, id: NodeId, text: &Text) -> Diagnostic {
        let key = self.tree.key(id);
        let subject = if key.is_empty() {
            "the text".into()
        } else {
            format!("`{key}`")
        };
        match text.source.trim().is_empty() {
            true => self.error(id, format!("{subject} is empty")),
            false => self.error(
                id,
                format!("{subject} is empty once its variables are filled in"),
            ),
        }
    }

    fn fill_error(&self, id: NodeId, error: FillError) -> Diagnostic {
        match error {
            FillError::Unset(name) => {
                let written = format!("${{{name}}}");
                let spot = self.tree.spot_within(id, &written);
                let help = format!(
                    "export {name} before the run, or write `$${{{name}}}` for a literal `{written}`"
                );
                let message = format!("variable `{name}` is not set");
                Diagnostic::new(message, spot).help(help).unset(name)
            }
            FillError::Malformed(written) => {
                let spot = self.tree.spot_within(id, &written);
                Diagnostic::new("`${` is not followed by a name and `}`", spot).help(
                    "a name is made of letters, digits and `_`; write `$${` for a literal `${`",
                )
            }
        }
    }

    pub(crate) fn duration(&self, place: &Place<String>) -> Result<Duration, Diagnostic> {
        let text = self.text(place)?;
        parse_duration(&text.value).ok_or_else(|| self.no_duration(place.id, &text))
    }

    pub(crate) fn no_duration(&self, id: NodeId, text: &Text) -> Diagnostic {
        let message = format!("`{text}` is not a duration");
        let error = self.error(id, message);
        match text.value.trim().parse::<f64>() {
            Ok(_) => error.help(format!("give it a unit: `{text}ms` or `{text}s`")),
            Err(_) => error.help("write for example `500ms`, `2s` or `1m`, up to a day"),
        }
    }

    /// A time that something may take at most.
    pub(crate) fn timeout(&self, place: &Place<String>) -> Result<Duration, Diagnostic> {
        let duration = self.duration(place)?;
        match duration.is_zero() {
            true => Err(self.error(place.id, "a timeout must be longer than nothing")),
            false => Ok(duration),
        }
    }

    pub(crate) fn maybe_timeout(
        &self,
        place: Option<&Place<String>>,
    ) -> Result<Option<Duration>, Diagnostic> {
        place.map(|place| self.timeout(place)).transpose()
    }

    pub(crate) fn texts(&self, place: &Place<Texts>) -> Result<Vec<Text>, Diagnostic> {
        match &place.value {
            Texts::One(source) => Ok(vec![self.text_at(place.id, source)?]),
            Texts::Many(sources) if sources.is_empty() => {
                let key = self.tree.key(place.id);
                Err(self.key_error(place.id, format!("`{key}` is empty")))
            }
            Texts::Many(sources) => sources.iter().map(|source| self.text(source)).collect(),
        }
    }

    /// Strings inside JSON values hold variables too.
    pub(crate) fn json(
        &self,
        id: NodeId,
        value: &serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostic> {
        use serde_json::Value as Json;
        Ok(match value {
            Json::String(source) => Json::String(self.text_at(id, source)?.value),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.json(id, item));
                Json::Array(items.collect::<Result<_, _>>()?)
            }
            Json::Object(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| Ok((name.clone(), self.json(id, value)?)));
                Json::Object(fields.collect::<Result<_, Diagnostic>>()?)
            }
            other => other.clone(),
        })
    }

    pub(crate) fn is_bool(&self, id: NodeId) -> Option<bool> {
        match self.tree.node(id).value {
            Value::Bool(value, _) => Some(value),
            _ => None,
        }
    }
}

/// `500ms`, `1.5s`, `2m`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return None,
    };
    let seconds = number.parse::<f64>().ok()? * seconds;
    (seconds <= MAX_SECONDS).then(|| Duration::from_micros((seconds * 1e6).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        for text in ["", "5", "s", "-1s", "1h", "1 s", "1e3s", "..s", "2000m"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
