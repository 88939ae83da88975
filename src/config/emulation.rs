//! The settings of an environment and of a viewport for the browser. Those of the viewport take precedence.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Diagnostic, diagnostic::is_unprintable, read::Place, reader::Reader};

/// Settings for the browser; what is absent is left as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emulation {
    /// The user agent.
    pub user_agent: Option<String>,
    /// Its language, for example `de-CH`.
    pub locale: Option<String>,
    /// Its time zone, for example `Europe/Zurich`.
    pub timezone: Option<String>,
    /// Which colours it prefers.
    pub color_scheme: Option<ColorScheme>,
    /// Whether it asks pages for less motion.
    pub reduced_motion: Option<bool>,
}

impl Emulation {
    /// Takes the other's settings where this one has none.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self {
            user_agent: self.user_agent.clone().or_else(|| other.user_agent.clone()),
            locale: self.locale.clone().or_else(|| other.locale.clone()),
            timezone: self.timezone.clone().or_else(|| other.timezone.clone()),
            color_scheme: self.color_scheme.or(other.color_scheme),
            reduced_motion: self.reduced_motion.or(other.reduced_motion),
        }
    }
}

/// Settings of a viewport beside its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// Lays pages out as on a phone: their `<meta name=viewport>` counts.
    pub mobile: bool,
    /// Has a touch screen.
    pub touch: bool,
    /// Settings that take precedence over the environment's.
    pub emulation: Emulation,
}

impl Device {
    /// Whether there are no settings.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// The same as it stands in `twinshot.yaml`.
pub(super) struct EmulationYaml<'y> {
    pub(super) user_agent: Option<&'y Place<String>>,
    pub(super) locale: Option<&'y Place<String>>,
    pub(super) timezone: Option<&'y Place<String>>,
    pub(super) color_scheme: Option<ColorScheme>,
    pub(super) reduced_motion: Option<bool>,
}

/// Which colours a browser prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColorScheme {
    /// Dark text on a light page.
    Light,
    /// Light text on a dark page.
    Dark,
}

/// Checks the form only. The browser knows which languages and zones exist.
pub(super) fn emulation(
    reader: Reader<'_>,
    yaml: &EmulationYaml<'_>,
) -> Result<Emulation, Diagnostic> {
    let is_locale = |text: &str| named(text, |c| c.is_ascii_alphanumeric() || c == '-');
    let is_zone = |text: &str| named(text, |c| c.is_ascii_alphanumeric() || "/_+-".contains(c));
    let is_line = |text: &str| !text.chars().any(is_unprintable);
    let checked = |place: Option<&Place<String>>, is_good: &dyn Fn(&str) -> bool, help: &str| {
        place
            .map(|place| text(reader, place, is_good, help))
            .transpose()
    };
    Ok(Emulation {
        user_agent: checked(yaml.user_agent, &is_line, "write one printable line")?,
        locale: checked(yaml.locale, &is_locale, "write for example `de-CH`")?,
        timezone: checked(
            yaml.timezone,
            &is_zone,
            "write for example `Europe/Zurich` or `UTC`",
        )?,
        color_scheme: yaml.color_scheme,
        reduced_motion: yaml.reduced_motion,
    })
}

/// Names of languages and zones begin with a letter.
fn named(text: &str, is_part: impl Fn(char) -> bool) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_part)
}

fn text(
    reader: Reader<'_>,
    place: &Place<String>,
    is_good: &dyn Fn(&str) -> bool,
    help: &str,
) -> Result<String, Diagnostic> {
    let text = reader.some_text(place)?;
    let value = text.value().trim();
    if is_good(value) {
        return Ok(value.to_owned());
    }
    let key = reader.tree.key(place.id);
    let error = reader.error(place.id, format!("`{text}` cannot be a `{key}`"));
    Err(error.help(help))
}
