//! Two colours at one place in, "mismatched or not" out. The three metrics share the blending of
//! semi-transparent pixels. Anti-aliasing is not decided here.

use super::oklab::Oklab;
use super::picture::{Pixel, Rgba};
use super::prefilter::{Prefiltered, Stretch};
use super::yiq::{IN_PHASE, LUMA, QUADRATURE, WEIGHTS};
use super::{Metric, Options};

/// Squared distance of the two YIQ colours that are furthest apart.
const YIQ_MAX_DELTA: f64 = 35215.0;
const WHITE: [f64; 3] = [255.0; 3];

/// Compares pixels with one metric and threshold.
pub(super) enum PixelComparer {
    /// Any differing channel.
    Exact,
    /// Squared YIQ distance above a limit.
    Yiq { max_delta: f64 },
    /// HyAB distance in OKLab above the threshold. Boxed: it owns lookup tables.
    Oklab(Box<Oklab>),
}

impl PixelComparer {
    pub(super) fn new(options: &Options) -> Self {
        // `max` also turns NaN into 0: a senseless threshold must be strict, never a pass.
        let threshold = options.threshold.max(0.0);
        match options.metric {
            Metric::Exact => Self::Exact,
            Metric::Yiq => Self::Yiq {
                max_delta: YIQ_MAX_DELTA * threshold * threshold,
            },
            Metric::Oklab => Self::Oklab(Box::new(Oklab::new(threshold))),
        }
    }

    /// What can be said of neighbouring pixels all at once.
    #[inline]
    pub(super) fn prefilter<P: Pixel>(&self, stretch: [&Stretch<P>; 2]) -> Prefiltered {
        match self {
            Self::Yiq { max_delta } => Prefiltered::by_yiq(stretch, *max_delta),
            Self::Exact | Self::Oklab(_) => Prefiltered::by_equality(stretch),
        }
    }

    /// Whether two colours, which are not the same four bytes, are further apart than the threshold.
    /// `index` counts pixels row by row; it chooses the square of the backdrop.
    pub(super) fn mismatches(&self, baseline: Rgba, candidate: Rgba, index: usize) -> bool {
        match self {
            Self::Exact => true,
            Self::Yiq { max_delta } => yiq_delta(baseline, candidate, index) > *max_delta,
            Self::Oklab(oklab) => {
                if let [[r, g, b, 255], [red, green, blue, 255]] = [baseline, candidate] {
                    return oklab.levels_mismatch([r, g, b], [red, green, blue]);
                }
                let backdrop = checkerboard(index);
                oklab.mismatches(blend(baseline, backdrop), blend(candidate, backdrop))
            }
        }
    }

    /// Whether the metric forgives anti-aliasing; `exact` forgives nothing.
    pub(super) fn forgives_antialiasing(&self) -> bool {
        !matches!(self, Self::Exact)
    }

    /// How much brighter `centre` is than its neighbour `near`, in luma levels; 0 means equal.
    ///
    /// Source: `brightnessDelta` of pixelmatch: 7.2.0 blends on the checkerboard at the centre; the main
    /// branch of 2026-07-07 blends on white, and lets alpha decide where the blended lumas are equal.
    pub(super) fn brightness_delta(&self, centre: Rgba, near: Rgba, index: usize) -> f64 {
        match self {
            Self::Exact | Self::Yiq { .. } => {
                luma(blended_difference(centre, near, checkerboard(index)))
            }
            Self::Oklab(_) => {
                let delta = luma(blended_difference(centre, near, WHITE));
                let alpha_delta = f64::from(centre[3]) - f64::from(near[3]);
                if delta == 0.0 {
                    alpha_delta / 2.0
                } else {
                    delta
                }
            }
        }
    }
}

/// Squared distance in YIQ, weighted for perception.
///
/// Source: Y. Kotsarenko and F. Ramos, "Measuring perceived color difference using YIQ NTSC transmission
/// color space in mobile applications", with the constants of pixelmatch 7.2.0.
pub(super) fn yiq_delta(baseline: Rgba, candidate: Rgba, index: usize) -> f64 {
    let difference = blended_difference(baseline, candidate, checkerboard(index));
    let [y, i, q] = [LUMA, IN_PHASE, QUADRATURE].map(|row| dot(difference, row));
    let [of_y, of_i, of_q] = WEIGHTS;
    of_y * y * y + of_i * i * i + of_q * q * q
}

fn luma(colour: [f64; 3]) -> f64 {
    dot(colour, LUMA)
}

#[inline]
fn dot(colour: [f64; 3], row: [f64; 3]) -> f64 {
    colour[0] * row[0] + colour[1] * row[1] + colour[2] * row[2]
}

/// The backdrop colour under pixel `index`, channels 48 or 207, so that two pixels which look alike on
/// one backdrop do not pass as equal.
///
/// Source: pixelmatch 7. It counts bytes, four to a pixel, so that its red, which follows the last bit,
/// never leaves 48; green and blue follow the position divided by the golden ratio and by its square.
fn checkerboard(index: usize) -> [f64; 3] {
    let position = index as f64 * 4.0;
    let square = |period: f64| {
        if ((position / period) as u64).is_multiple_of(2) {
            48.0
        } else {
            207.0
        }
    };
    [
        48.0,
        square(1.618_033_988_749_895),
        square(2.618_033_988_749_895),
    ]
}

/// The colour as it appears on `backdrop`, channels 0 to 255 with fractions.
fn blend([red, green, blue, alpha]: Rgba, backdrop: [f64; 3]) -> [f64; 3] {
    if alpha == 255 {
        return [f64::from(red), f64::from(green), f64::from(blue)];
    }
    let alpha = f64::from(alpha);
    let over =
        |channel: u8, behind: f64| (f64::from(channel) * alpha + behind * (255.0 - alpha)) / 255.0;
    [
        over(red, backdrop[0]),
        over(green, backdrop[1]),
        over(blue, backdrop[2]),
    ]
}

/// First colour minus second, both as they appear on `backdrop`. Subtracts before it divides: blending
/// each one first would round differently from pixelmatch.
fn blended_difference(first: Rgba, second: Rgba, backdrop: [f64; 3]) -> [f64; 3] {
    let level = |pixel: Rgba, channel: usize| f64::from(pixel[channel]);
    // Arrays are written out here: `map` with a closure was measured not to be inlined, a quarter of the time.
    if first[3] == 255 && second[3] == 255 {
        let difference = |channel| level(first, channel) - level(second, channel);
        return [difference(0), difference(1), difference(2)];
    }
    let alpha_delta = level(first, 3) - level(second, 3);
    let difference = |channel: usize| {
        let premultiplied = |pixel| level(pixel, channel) * level(pixel, 3);
        (premultiplied(first) - premultiplied(second) - backdrop[channel] * alpha_delta) / 255.0
    };
    [difference(0), difference(1), difference(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Rgba = [0, 0, 0, 255];
    const WHITE: Rgba = [255; 4];

    fn comparer(metric: Metric, threshold: f64) -> PixelComparer {
        PixelComparer::new(&Options {
            metric,
            threshold,
            ..Options::default()
        })
    }

    #[test]
    fn black_and_white_are_about_one_apart() {
        for metric in [Metric::Yiq, Metric::Oklab] {
            assert!(
                comparer(metric, 0.95).mismatches(BLACK, WHITE, 0),
                "{metric:?}"
            );
            assert!(
                !comparer(metric, 1.001).mismatches(BLACK, WHITE, 0),
                "{metric:?}"
            );
        }
    }

    #[test]
    fn senseless_thresholds_are_strict() {
        for metric in [Metric::Yiq, Metric::Oklab] {
            for threshold in [f64::NAN, -1.0, f64::NEG_INFINITY] {
                let comparer = comparer(metric, threshold);
                assert!(
                    comparer.mismatches(BLACK, [1, 0, 0, 255], 0),
                    "{metric:?} {threshold}"
                );
            }
        }
    }

    #[test]
    fn fully_transparent_colours_differ_only_exactly() {
        let [clear_black, clear_red] = [[0; 4], [255, 0, 0, 0]];
        assert!(comparer(Metric::Exact, 0.1).mismatches(clear_black, clear_red, 5));
        assert!(!comparer(Metric::Yiq, 0.0).mismatches(clear_black, clear_red, 5));
        assert!(!comparer(Metric::Oklab, 0.1).mismatches(clear_black, clear_red, 5));
    }

    #[test]
    fn what_looks_alike_on_white_differs_on_the_checkerboard() {
        let half_black = [0, 0, 0, 128];
        let gray = [127, 127, 127, 255];
        assert!(comparer(Metric::Oklab, 0.1).mismatches(half_black, gray, 0));
        assert!(comparer(Metric::Yiq, 0.1).mismatches(half_black, gray, 0));
    }

    #[test]
    fn the_checkerboard_changes_with_the_place() {
        let squares: Vec<_> = (0..8).map(checkerboard).collect();
        assert_eq!(squares[0], [48.0; 3]);
        assert!(squares.iter().any(|square| square[1] == 207.0));
        assert!(squares.iter().any(|square| square[2] == 207.0));
    }

    #[test]
    fn alpha_breaks_a_tie_of_brightness_only_for_oklab() {
        let [opaque, clear] = [WHITE, [255, 255, 255, 0]];
        assert_eq!(
            comparer(Metric::Oklab, 0.1).brightness_delta(opaque, clear, 0),
            127.5
        );
        assert!(comparer(Metric::Yiq, 0.1).brightness_delta(opaque, clear, 0) > 200.0);
        assert_eq!(
            comparer(Metric::Yiq, 0.1).brightness_delta(clear, [9, 9, 9, 0], 0),
            0.0
        );
    }
}
