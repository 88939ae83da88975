//! Which limits two pictures break, also in words.

use std::fmt;

use super::{count, percent};
use crate::{
    diff::{DensestWindow, Diff, WINDOW},
    spec::{AtLeast, Limits, MaxMismatch},
};

/// The relative rounding error that a product of a ratio and a whole number may have: 0.29 % of 10 000 pixels is 29.
const ROUNDING: f64 = 1e-12;

/// A limit that two pictures break.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BrokenLimit {
    /// Too many pixels mismatch.
    TooMany {
        /// How many.
        mismatched: u64,
        /// How many are allowed.
        allowed: u64,
        /// The limit as a ratio, 0 to 1, if it is one.
        ratio: Option<f64>,
    },
    /// Too many mismatched pixels are close together.
    TooDense {
        /// Where, and how many.
        densest: DensestWindow,
        /// How many are allowed in any window.
        allowed: u64,
    },
    /// A difference was expected, and there is less.
    TooFew {
        /// How many pixels mismatch.
        mismatched: u64,
        /// How many were expected.
        expected: u64,
        /// The expected ratio, 0 to 1, if it is one.
        ratio: Option<f64>,
    },
}

impl fmt::Display for BrokenLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooMany {
                mismatched,
                allowed,
                ratio,
            } => write!(
                f,
                "{mismatched} of at most {} mismatch",
                pixels(allowed, ratio)
            ),
            Self::TooDense { densest, allowed } => write!(
                f,
                "{} of at most {} mismatch in the {WINDOW}×{WINDOW} window at {},{}",
                densest.mismatched_pixels,
                pixel_count(allowed),
                densest.x,
                densest.y
            ),
            Self::TooFew {
                mismatched,
                expected,
                ratio,
            } => write!(
                f,
                "a difference was expected: {mismatched} of at least {} mismatch",
                pixels(expected, ratio)
            ),
        }
    }
}

/// `12 pixels`, `1400 pixels (0.1 %)`.
fn pixels(number: u64, ratio: Option<f64>) -> String {
    let ratio = ratio.map(|ratio| format!(" ({})", percent(ratio)));
    format!("{}{}", pixel_count(number), ratio.unwrap_or_default())
}

fn pixel_count(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "pixel")
}

/// The rule behind every verdict: equal sizes, and all limits hold.
pub fn is_match(diff: &Diff, limits: &Limits) -> bool {
    diff.baseline_size == diff.candidate_size && broken(diff, limits).next().is_none()
}

/// The limits that are set and broken. The default, that nothing may mismatch, is not listed.
pub fn broken_limits(diff: &Diff, limits: &Limits) -> Vec<BrokenLimit> {
    let MaxMismatch { pixels, ratio, .. } = limits.max_mismatch;
    let nothing_may = pixels.unwrap_or(0) == 0 && ratio.unwrap_or(0.0) == 0.0;
    let goes_without_saying =
        |broken: &BrokenLimit| nothing_may && matches!(broken, BrokenLimit::TooMany { .. });
    broken(diff, limits)
        .filter(|broken| !goes_without_saying(broken))
        .collect()
}

fn broken(diff: &Diff, limits: &Limits) -> impl Iterator<Item = BrokenLimit> {
    [
        too_many(diff, limits),
        too_dense(diff, limits.max_mismatch.window),
        too_few(diff, limits.at_least),
    ]
    .into_iter()
    .flatten()
}

fn too_many(diff: &Diff, limits: &Limits) -> Option<BrokenLimit> {
    let (allowed, ratio) = allowed_pixels(limits, diff.total_pixels);
    (diff.mismatched_pixels > allowed).then_some(BrokenLimit::TooMany {
        mismatched: diff.mismatched_pixels,
        allowed,
        ratio,
    })
}

fn too_dense(diff: &Diff, allowed: Option<u64>) -> Option<BrokenLimit> {
    let (densest, allowed) = diff.densest_window.zip(allowed)?;
    let is_broken = densest.mismatched_pixels > allowed;
    is_broken.then_some(BrokenLimit::TooDense { densest, allowed })
}

/// The expected difference, if there is less.
pub(super) fn too_few(diff: &Diff, at_least: AtLeast) -> Option<BrokenLimit> {
    let (expected, ratio) = expected_pixels(at_least, diff.total_pixels);
    (diff.mismatched_pixels < expected).then_some(BrokenLimit::TooFew {
        mismatched: diff.mismatched_pixels,
        expected,
        ratio,
    })
}

/// The most pixels of the whole picture that may mismatch, and the ratio that this comes from: the smaller of two
/// limits. If there is none, the window or the expected difference is the only limit. If there is none of these either,
/// nothing may mismatch.
fn allowed_pixels(limits: &Limits, total: u64) -> (u64, Option<f64>) {
    let MaxMismatch {
        pixels,
        ratio,
        window,
    } = limits.max_mismatch;
    let by_ratio = ratio.map(|ratio| {
        let part = ratio * total as f64 * (1.0 + ROUNDING);
        (part.floor() as u64, Some(ratio))
    });
    let by_pixels = pixels.map(|pixels| (pixels, None));
    let smaller = by_pixels
        .into_iter()
        .chain(by_ratio)
        .min_by_key(|(pixels, _)| *pixels);
    let is_bounded_otherwise = window.is_some() || !limits.at_least.is_nothing();
    let without = if is_bounded_otherwise { total } else { 0 };
    smaller.unwrap_or((without, None))
}

/// The fewest pixels that must mismatch, and the ratio that this comes from: the larger of the two.
fn expected_pixels(at_least: AtLeast, total: u64) -> (u64, Option<f64>) {
    let by_ratio = at_least.ratio.map(|ratio| {
        let part = ratio * total as f64 * (1.0 - ROUNDING);
        (part.ceil() as u64, Some(ratio))
    });
    let by_pixels = at_least.pixels.map(|pixels| (pixels, None));
    let larger = by_ratio
        .into_iter()
        .chain(by_pixels)
        .max_by_key(|(pixels, _)| *pixels);
    larger.unwrap_or((0, None))
}

/// The limits that allowed the difference of a match, for example `within max_mismatch 50 pixels and 0.1 %, as
/// expected`.
pub(super) fn kept(limits: &Limits) -> String {
    let MaxMismatch {
        pixels,
        ratio,
        window,
    } = limits.max_mismatch;
    let limits_set = [
        pixels.map(pixel_count),
        ratio.map(percent),
        window.map(|window| format!("{} in any {WINDOW}×{WINDOW} window", pixel_count(window))),
    ];
    let limits_set: Vec<String> = limits_set.into_iter().flatten().collect();
    let within = match limits_set.is_empty() {
        true => String::new(),
        false => format!(", within max_mismatch {}", limits_set.join(" and ")),
    };
    let expected = match limits.at_least.is_nothing() {
        true => "",
        false => ", as expected",
    };
    format!("{within}{expected}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Size;
    use crate::spec::Amount;

    fn max(pixels: Option<u64>, ratio: Option<f64>, window: Option<u64>) -> MaxMismatch {
        MaxMismatch {
            pixels,
            ratio,
            window,
        }
    }

    fn limits(max_mismatch: MaxMismatch, at_least: &str) -> Limits {
        let at_least: Amount = at_least.parse().expect("an amount");
        Limits {
            max_mismatch,
            at_least: at_least.into(),
        }
    }

    fn allowed(pixels: Option<u64>, ratio: Option<f64>, total: u64) -> u64 {
        allowed_pixels(&limits(max(pixels, ratio, None), "0"), total).0
    }

    /// 100 × 100 pixels.
    fn diff(mismatched_pixels: u64, in_window: u64) -> Diff {
        let size = Size::from([100, 100]);
        Diff {
            baseline_size: size,
            candidate_size: size,
            mismatched_pixels,
            antialiased_pixels: 0,
            total_pixels: size.pixels(),
            regions: Vec::new(),
            densest_window: Some(DensestWindow {
                x: 12,
                y: 60,
                mismatched_pixels: in_window,
            }),
        }
    }

    fn words(diff: &Diff, limits: &Limits) -> Vec<String> {
        let broken = broken_limits(diff, limits).into_iter();
        broken.map(|broken| broken.to_string()).collect()
    }

    #[test]
    fn the_smaller_limit_wins_and_none_means_nothing() {
        assert_eq!(allowed(None, None, 1000), 0);
        assert_eq!(allowed(Some(5), None, 1000), 5);
        assert_eq!(allowed(None, Some(0.01), 1000), 10);
        assert_eq!(allowed(Some(5), Some(0.01), 1000), 5);
        assert_eq!(allowed(Some(50), Some(0.01), 1000), 10);
        assert_eq!(allowed(None, Some(0.0009), 1000), 0);
    }

    #[test]
    fn a_ratio_of_whole_pixels_is_those_pixels() {
        for pixels in 0..=10_000 {
            // As a percentage in a spec is read.
            let percent: f64 = format!("{}.{:02}", pixels / 100, pixels % 100)
                .parse()
                .expect("a number");
            let ratio = percent / 100.0;
            assert_eq!(allowed(None, Some(ratio), 10_000), pixels, "{percent}%");
            let expected = expected_pixels(Amount::Ratio(ratio).into(), 10_000);
            assert_eq!(expected.0, pixels, "{percent}%");
        }
        assert_eq!(expected_pixels(Amount::Ratio(1e-9).into(), 10).0, 1);
    }

    #[test]
    fn a_window_alone_leaves_the_whole_open() {
        let window = limits(max(None, None, Some(40)), "0");
        assert!(is_match(&diff(5000, 40), &window));
        assert_eq!(
            words(&diff(62, 62), &window),
            ["62 of at most 40 pixels mismatch in the 32×32 window at 12,60"]
        );
        let one = limits(max(None, None, Some(1)), "0");
        assert_eq!(
            words(&diff(2, 2), &one),
            ["2 of at most 1 pixel mismatch in the 32×32 window at 12,60"]
        );
    }

    #[test]
    fn every_limit_must_hold() {
        let all = limits(max(Some(50), Some(0.001), Some(4)), "3");
        assert!(is_match(&diff(10, 4), &all));
        assert_eq!(
            words(&diff(11, 5), &all),
            [
                "11 of at most 10 pixels (0.1 %) mismatch",
                "5 of at most 4 pixels mismatch in the 32×32 window at 12,60"
            ]
        );
        assert_eq!(
            words(&diff(2, 1), &all),
            ["a difference was expected: 2 of at least 3 pixels mismatch"]
        );
    }

    #[test]
    fn an_expected_difference_alone_has_no_upper_bound() {
        let expected = limits(MaxMismatch::default(), "0.5%");
        assert!(is_match(&diff(50, 50), &expected) && is_match(&diff(10_000, 1024), &expected));
        assert_eq!(
            words(&diff(49, 49), &expected),
            ["a difference was expected: 49 of at least 50 pixels (0.5 %) mismatch"]
        );
        let nothing = limits(MaxMismatch::default(), "0");
        assert!(is_match(&diff(0, 0), &nothing) && !is_match(&diff(1, 1), &nothing));
    }

    #[test]
    fn that_nothing_may_mismatch_goes_without_saying() {
        for pixels in [None, Some(0)] {
            let none = limits(max(pixels, None, None), "0");
            assert!(!is_match(&diff(7, 7), &none));
            assert!(words(&diff(7, 7), &none).is_empty());
        }
    }

    #[test]
    fn a_change_of_size_is_never_a_match() {
        let taller = Diff {
            candidate_size: Size::from([100, 101]),
            ..diff(100, 32)
        };
        let expected = limits(MaxMismatch::default(), "1");
        assert!(!is_match(&taller, &expected) && words(&taller, &expected).is_empty());
    }
}
