//! Small values of a spec and of the configuration: texts, durations, sizes, selectors.

use std::{str::FromStr, time::Duration};

use super::{
    Diagnostic, Target, Text, Viewport,
    interpolate::{FillError, Scope},
    read::{Place, Texts},
    selector,
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
                Diagnostic::new(format!("variable `{name}` is not set"), spot).help(help)
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

    pub(crate) fn threshold(&self, place: Option<&Place<f64>>) -> Result<Option<f64>, Diagnostic> {
        let Some(place) = place else { return Ok(None) };
        match (0.0..=1.0).contains(&place.value) {
            true => Ok(Some(place.value)),
            false => {
                let message = "a threshold is a colour distance from 0 to 1";
                Err(self
                    .error(place.id, message)
                    .help("how much of a picture may mismatch is `max_mismatch`"))
            }
        }
    }

    /// One element: a selector or a list of alternatives.
    pub(crate) fn target(&self, place: &Place<Texts>) -> Result<Target, Diagnostic> {
        match &place.value {
            Texts::One(source) => self.single(place.id, source),
            Texts::Many(sources) => self.chain(place.id, sources),
        }
    }

    pub(crate) fn maybe_target(
        &self,
        place: Option<&Place<Texts>>,
    ) -> Result<Option<Target>, Diagnostic> {
        place.map(|place| self.target(place)).transpose()
    }

    pub(crate) fn single(&self, id: NodeId, source: &str) -> Result<Target, Diagnostic> {
        let text = self.text_at(id, source)?;
        let selector = selector::parse(&text.value).map_err(|bad| {
            let shown = source.trim();
            let message = match shown.is_empty() {
                true => bad.message,
                false => format!("`{shown}` is no selector: {}", bad.message),
            };
            self.error(id, message).maybe_help(bad.help.map(Into::into))
        })?;
        Ok(Target {
            alternatives: vec![selector],
            source: source.split_whitespace().collect::<Vec<_>>().join(" "),
        })
    }

    pub(crate) fn chain(
        &self,
        id: NodeId,
        sources: &[Place<String>],
    ) -> Result<Target, Diagnostic> {
        if sources.is_empty() {
            return Err(self.error(id, "the list of selectors is empty"));
        }
        if let ([only], true) = (sources, self.tree.starts_with(id, &['['])) {
            let help = format!(
                "quote an attribute selector: \"[{}]\"; leave the brackets off otherwise",
                only.value
            );
            return Err(self.error(id, "a list with one alternative").help(help));
        }
        let mut targets = Vec::new();
        for source in sources {
            targets.push(self.single(source.id, &source.value)?);
        }
        let written: Vec<&str> = targets
            .iter()
            .map(|target| target.source.as_str())
            .collect();
        Ok(Target {
            source: written.join(" | "),
            alternatives: targets
                .into_iter()
                .flat_map(|target| target.alternatives)
                .collect(),
        })
    }

    /// Elements to paint over: each text of a list is one of its own.
    pub(crate) fn masks(&self, place: Option<&Place<Texts>>) -> Result<Vec<Target>, Diagnostic> {
        match place.map(|place| (place.id, &place.value)) {
            None => Ok(Vec::new()),
            Some((id, Texts::One(source))) => Ok(vec![self.single(id, source)?]),
            Some((_, Texts::Many(sources))) => {
                let masks = sources.iter();
                masks
                    .map(|source| self.single(source.id, &source.value))
                    .collect()
            }
        }
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
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
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

/// Why a text is no viewport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewportError {
    /// Not of the form `1400x1000` or `390x844@2`.
    #[error("expected a size such as `1400x1000` or `390x844@2`")]
    Form,
    /// Too small or too large to photograph.
    #[error("width and height must be 1 to 16384, the scale above 0 and at most 8")]
    Range,
}

impl FromStr for Viewport {
    type Err = ViewportError;

    fn from_str(text: &str) -> Result<Self, ViewportError> {
        let (size, scale) = match text.trim().split_once('@') {
            Some((size, scale)) => (size, number(scale)?),
            None => (text.trim(), 1.0),
        };
        let (width, height) = size.split_once('x').ok_or(ViewportError::Form)?;
        let (width, height) = (pixels(width)?, pixels(height)?);
        match scale > 0.0 && scale <= 8.0 {
            true => Ok(Self {
                width,
                height,
                scale,
            }),
            false => Err(ViewportError::Range),
        }
    }
}

fn pixels(text: &str) -> Result<u32, ViewportError> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
        return Err(ViewportError::Form);
    }
    let pixels = text.parse().map_err(|_| ViewportError::Range)?;
    match (1..=16384).contains(&pixels) {
        true => Ok(pixels),
        false => Err(ViewportError::Range),
    }
}

fn number(text: &str) -> Result<f64, ViewportError> {
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number = text.parse().map_err(|_| ViewportError::Form)?;
    digits.then_some(number).ok_or(ViewportError::Form)
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

    #[test]
    fn viewports_round_trip() {
        for text in ["1400x1000", "390x844@2", "10x10@1.5"] {
            assert_eq!(
                text.parse::<Viewport>().map(|size| size.to_string()),
                Ok(text.into())
            );
        }
        for text in [
            "",
            "x",
            "10",
            "10x",
            "10x10@",
            "10x10@x",
            "-1x5",
            "+1x5",
            "1.5x2",
            "10x10@inf",
        ] {
            assert_eq!(text.parse::<Viewport>(), Err(ViewportError::Form), "{text}");
        }
        for text in ["0x5", "5x99999999999", "5x5@0", "5x5@9"] {
            assert_eq!(
                text.parse::<Viewport>(),
                Err(ViewportError::Range),
                "{text}"
            );
        }
    }
}
