//! What is settled before a picture is taken, and the clock of the page.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Diagnostic, read::Place, reader::Reader};

/// Which parts of settling a page are done; what is absent is left to the flow, then to the suite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// Finishes animations and transitions, stops videos and marquees, holds the page's drawing loops.
    pub animations: Option<bool>,
    /// Waits for fonts.
    pub fonts: Option<bool>,
    /// Waits for images, lazy ones of the page too, and decodes them.
    pub images: Option<bool>,
    /// Waits for the requests of scripts, for code that arrives late and for what they change in the page.
    pub requests: Option<bool>,
    /// Takes pictures until two in a row are equal.
    pub frames: Option<bool>,
}

impl Settle {
    /// These choices; where one is absent, the one of `around`.
    #[must_use]
    pub fn or(self, around: Self) -> Self {
        Self {
            animations: self.animations.or(around.animations),
            fonts: self.fonts.or(around.fonts),
            images: self.images.or(around.images),
            requests: self.requests.or(around.requests),
            frames: self.frames.or(around.frames),
        }
    }

    /// Whether nothing is switched off.
    #[must_use]
    pub fn are_all_on(self) -> bool {
        let parts = [
            self.animations,
            self.fonts,
            self.images,
            self.requests,
            self.frames,
        ];
        !parts.contains(&Some(false))
    }
}

/// The clock of pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Clock {
    /// The real time.
    Off,
    /// In every page the moment at which the flow began, from where it goes on.
    #[default]
    Fixed,
    /// In every page this moment in milliseconds since 1970, from where it goes on.
    At(u64),
}

impl Reader<'_> {
    pub(crate) fn clock(&self, place: Option<&Place<String>>) -> Result<Option<Clock>, Diagnostic> {
        let Some(place) = place else { return Ok(None) };
        let text = self.some_text(place)?;
        let clock = match text.value() {
            "off" => Some(Clock::Off),
            "fixed" => Some(Clock::Fixed),
            value => moment(value).map(Clock::At),
        };
        clock.map(Some).ok_or_else(|| {
            let error = self.error(place.id, format!("`{text}` is no clock"));
            error.help("write `off`, `fixed`, or a moment such as `2026-03-01T12:00:00Z`")
        })
    }
}

/// Milliseconds from 1970 to a time such as `2026-03-01T12:00:00Z`. `None` for earlier times and other forms.
fn moment(text: &str) -> Option<u64> {
    const FORM: &[u8] = b"0000-00-00T00:00:00Z";
    let fits = |(found, form): (u8, &u8)| match form {
        b'0' => found.is_ascii_digit(),
        other => found == *other,
    };
    if text.len() != FORM.len() || !text.bytes().zip(FORM).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let days_of = |month: u64| match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let is_time = hour < 24 && minute < 60 && second < 60;
    if year < 1970 || !(1..=12).contains(&month) || !(1..=days_of(month)).contains(&day) || !is_time
    {
        return None;
    }
    let years: u64 = (1970..year)
        .map(|year| 365 + u64::from(is_leap(year)))
        .sum();
    let months: u64 = (1..month).map(days_of).sum();
    let days = years + months + day - 1;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_counted_from_1970() {
        assert_eq!(moment("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(moment("2000-03-01T00:00:01Z"), Some(951_868_801_000));
        assert_eq!(moment("2026-11-21T14:30:00Z"), Some(1_795_271_400_000));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01",
            "1969-12-31T00:00:00Z",
            "",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn the_nearer_choice_counts() {
        let shot = Settle {
            fonts: Some(false),
            ..Settle::default()
        };
        let flow = Settle {
            fonts: Some(true),
            images: Some(false),
            ..Settle::default()
        };
        let both = shot.or(flow);
        assert_eq!(
            (both.fonts, both.images, both.frames),
            (Some(false), Some(false), None)
        );
    }
}
