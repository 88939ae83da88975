//! How much of a picture may mismatch and how much must: the values, their notation, and contradictions between them.

use std::{fmt, str::FromStr};

use super::{
    AtLeast, MaxMismatch, Threshold,
    raw::{AtLeastYaml, LimitYaml},
};
use crate::{
    diff::WINDOW,
    yaml::{
        Diagnostic,
        read::{Place, TextOr},
        reader::Reader,
        tree::NodeId,
    },
};

/// A limit of this many pixels or more could never fail.
const WINDOW_PIXELS: u64 = WINDOW as u64 * WINDOW as u64;

/// A part of a picture: `12` is pixels, `0.2%` a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Pixels.
    Pixels(u64),
    /// Mismatched pixels per pixel of the union canvas, 0 to 1.
    Ratio(f64),
}

/// A text that is neither pixels nor a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither pixels nor a percentage")]
pub struct AmountError;

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if let Some(ratio) = parse_percent(text) {
            return Ok(Self::Ratio(ratio));
        }
        let pixels = text.trim().parse().map_err(|_| AmountError)?;
        Ok(Self::Pixels(pixels))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(1) => f.write_str("1 pixel"),
            Self::Pixels(pixels) => write!(f, "{pixels} pixels"),
            // Rounded to digits that people write: 0.29 has no exact binary fraction.
            Self::Ratio(ratio) => write!(f, "{}%", (ratio * 1e8).round() / 1e6),
        }
    }
}

/// `0.2%` is 0.002.
fn parse_percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim();
    let percent: f64 = number.parse().ok()?;
    let digits = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    (digits && (0.0..=100.0).contains(&percent)).then_some(percent / 100.0)
}

/// Reads the most mismatched pixels of a window: less than it has.
pub fn window_limit(pixels: u64) -> Option<u64> {
    (pixels < WINDOW_PIXELS).then_some(pixels)
}

impl From<Amount> for MaxMismatch {
    fn from(amount: Amount) -> Self {
        let AtLeast { pixels, ratio } = amount.into();
        Self {
            pixels,
            ratio,
            window: None,
        }
    }
}

impl From<Amount> for AtLeast {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Pixels(pixels) => Self {
                pixels: Some(pixels),
                ratio: None,
            },
            Amount::Ratio(ratio) => Self {
                pixels: None,
                ratio: Some(ratio),
            },
        }
    }
}

impl AtLeast {
    /// Whether no difference is expected; an `at_least` of 0 says so as well.
    pub fn is_nothing(&self) -> bool {
        self.pixels.unwrap_or(0) == 0 && self.ratio.unwrap_or(0.0) == 0.0
    }

    /// What is expected and the smaller amount that is allowed, where no picture of any size can satisfy both.
    pub fn beyond(&self, max: &MaxMismatch) -> Option<[Amount; 2]> {
        let (pixels, ratio) = (self.pixels.unwrap_or(0), self.ratio.unwrap_or(0.0));
        match (max.pixels, max.ratio) {
            (Some(allowed), _) if pixels > allowed => {
                return Some([Amount::Pixels(pixels), Amount::Pixels(allowed)]);
            }
            (_, Some(allowed)) if ratio > allowed => {
                return Some([Amount::Ratio(ratio), Amount::Ratio(allowed)]);
            }
            _ => {}
        }
        let allows_none = max.pixels == Some(0) || max.ratio == Some(0.0) || max.window == Some(0);
        let expected = match pixels {
            0 => Amount::Ratio(ratio),
            _ => Amount::Pixels(pixels),
        };
        (allows_none && !self.is_nothing()).then_some([expected, Amount::Pixels(0)])
    }
}

impl Reader<'_> {
    pub(crate) fn threshold(
        &self,
        place: Option<&Place<Threshold>>,
    ) -> Result<Option<Threshold>, Diagnostic> {
        let Some(place) = place else { return Ok(None) };
        match place.value {
            Threshold::Distance(distance) if !(0.0..=1.0).contains(&distance) => {
                let message = "a threshold is a colour distance from 0 to 1, or `auto`";
                Err(self
                    .error(place.id, message)
                    .help("how much of a picture may mismatch is `max_mismatch`"))
            }
            threshold => Ok(Some(threshold)),
        }
    }

    pub(crate) fn max_mismatch(
        &self,
        place: Option<&Place<TextOr<LimitYaml>>>,
    ) -> Result<Option<MaxMismatch>, Diagnostic> {
        let Some(place) = place else { return Ok(None) };
        let limit = match &place.value {
            TextOr::Text(text) => self.amount(place.id, text)?.into(),
            TextOr::Map(limit) => MaxMismatch {
                pixels: limit.pixels.as_ref().map(|pixels| pixels.value),
                ratio: self.maybe_ratio(limit.ratio.as_ref())?,
                window: self.window(limit.window.as_ref())?,
            },
        };
        match limit == MaxMismatch::default() {
            true => Err(self.key_error(
                place.id,
                "`max_mismatch` needs `pixels`, `ratio` or `window`",
            )),
            false => Ok(Some(limit)),
        }
    }

    pub(super) fn at_least(
        &self,
        place: Option<&Place<TextOr<AtLeastYaml>>>,
    ) -> Result<Option<AtLeast>, Diagnostic> {
        let Some(place) = place else { return Ok(None) };
        let expected = match &place.value {
            TextOr::Text(text) => self.amount(place.id, text)?.into(),
            TextOr::Map(expected) => AtLeast {
                pixels: expected.pixels.as_ref().map(|pixels| pixels.value),
                ratio: self.maybe_ratio(expected.ratio.as_ref())?,
            },
        };
        match expected == AtLeast::default() {
            true => Err(self.key_error(place.id, "`at_least` needs `pixels` or `ratio`")),
            false => Ok(Some(expected)),
        }
    }

    /// Refuses limits that no picture can satisfy, at the key that causes this.
    pub(super) fn check_limits(
        &self,
        id: NodeId,
        expected: AtLeast,
        max: MaxMismatch,
    ) -> Result<(), Diagnostic> {
        match expected.beyond(&max) {
            None => Ok(()),
            Some([expected, allowed]) => Err(self
                .key_error(
                    id,
                    format!("`at_least` is {expected}, but `max_mismatch` allows {allowed}"),
                )
                .help(
                    "give this place a larger `max_mismatch` of its own, or a smaller `at_least`",
                )),
        }
    }

    fn amount(&self, id: NodeId, source: &str) -> Result<Amount, Diagnostic> {
        let text = self.text_at(id, source)?;
        text.value().parse().map_err(|_| {
            let error = self.error(id, format!("`{text}` is neither pixels nor a percentage"));
            match text.value().trim().parse::<f64>() {
                Ok(number) if number > 0.0 => error.help(format!(
                    "a bare fraction could mean a ratio or a percentage; write \"{text}%\", or whole pixels"
                )),
                _ => error.help(
                    "write 12 for pixels, \"0.2%\" for a ratio, or { pixels: 50, ratio: \"0.1%\" }",
                ),
            }
        })
    }

    fn maybe_ratio(&self, place: Option<&Place<String>>) -> Result<Option<f64>, Diagnostic> {
        place.map(|place| self.ratio(place)).transpose()
    }

    fn ratio(&self, place: &Place<String>) -> Result<f64, Diagnostic> {
        let text = self.text(place)?;
        parse_percent(text.value()).ok_or_else(|| {
            self.error(
                place.id,
                format!("`{text}` is not a percentage from 0% to 100%"),
            )
            .help("write for example \"0.1%\"")
        })
    }

    fn window(&self, place: Option<&Place<u64>>) -> Result<Option<u64>, Diagnostic> {
        let Some(place) = place else { return Ok(None) };
        match window_limit(place.value) {
            Some(pixels) => Ok(Some(pixels)),
            None => Err(self
                .error(
                    place.id,
                    format!(
                        "a window of {WINDOW}×{WINDOW} has no more than {WINDOW_PIXELS} pixels"
                    ),
                )
                .help(format!(
                    "write the most that may mismatch in any such window, up to {}",
                    WINDOW_PIXELS - 1
                ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_least(amount: Amount) -> AtLeast {
        amount.into()
    }

    fn max(pixels: Option<u64>, ratio: Option<f64>, window: Option<u64>) -> MaxMismatch {
        MaxMismatch {
            pixels,
            ratio,
            window,
        }
    }

    #[test]
    fn amounts_are_pixels_or_percentages() {
        assert_eq!("12".parse(), Ok(Amount::Pixels(12)));
        assert_eq!(" 0.2% ".parse(), Ok(Amount::Ratio(0.002)));
        assert_eq!("100 %".parse(), Ok(Amount::Ratio(1.0)));
        for text in [
            "", "%", "-1", "-1%", "0.2", "1.5", "101%", "NaN%", "inf%", "1e1%", "few",
        ] {
            assert_eq!(text.parse::<Amount>(), Err(AmountError), "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_as_they_are_written() {
        for text in ["0%", "0.29%", "0.0001%", "33.3%", "100%"] {
            let amount: Amount = text.parse().expect("a percentage");
            assert_eq!(amount.to_string(), text);
        }
        assert_eq!(Amount::Pixels(1).to_string(), "1 pixel");
        assert_eq!(Amount::Pixels(12).to_string(), "12 pixels");
    }

    #[test]
    fn what_is_expected_must_be_allowed() {
        let [pixels, half] = [at_least(Amount::Pixels(100)), at_least(Amount::Ratio(0.5))];
        assert_eq!(
            pixels.beyond(&max(Some(99), None, None)),
            Some([Amount::Pixels(100), Amount::Pixels(99)])
        );
        assert_eq!(
            half.beyond(&max(Some(5), Some(0.4), None)),
            Some([Amount::Ratio(0.5), Amount::Ratio(0.4)])
        );
        for none in [
            max(Some(0), None, None),
            max(None, Some(0.0), None),
            max(None, None, Some(0)),
        ] {
            assert!(pixels.beyond(&none).is_some() && half.beyond(&none).is_some());
            assert_eq!(at_least(Amount::Pixels(0)).beyond(&none), None);
        }
        assert_eq!(pixels.beyond(&max(Some(100), None, Some(40))), None);
        assert_eq!(half.beyond(&max(None, Some(0.5), None)), None);
        // Whether both can hold depends on the picture.
        assert_eq!(pixels.beyond(&max(None, Some(0.001), None)), None);
        assert_eq!(half.beyond(&max(Some(1), None, None)), None);
        assert_eq!(pixels.beyond(&MaxMismatch::default()), None);
    }
}
