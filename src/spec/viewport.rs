//! Sizes of viewports, as they are written: `1400x1000`, `390x844@2`.

use std::str::FromStr;

use super::Viewport;

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
