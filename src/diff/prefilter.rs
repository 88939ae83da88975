//! Compares neighbouring pixels all at once in single precision, several with each vector instruction. Pixels too near
//! to the limit for that are left to the exact arithmetic.

use std::ops::Range;

use super::picture::Pixel;
use super::yiq::{IN_PHASE, LUMA, QUADRATURE, WEIGHTS};

/// How many pixels are compared at once.
pub(super) const STRETCH: usize = 16;
/// Far larger than the error of a squared YIQ distance in single precision, but still true of few pixels.
const MARGIN: f32 = 0.5;

/// Neighbouring pixels of one row.
pub(super) type Stretch<P> = [P; STRETCH];

/// The result for a stretch: a bit for each pixel, the lowest for the first. Pixels without a bit match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Prefiltered {
    /// Certainly further apart than the limit.
    pub(super) apart: u16,
    /// Must be compared one by one.
    pub(super) unsure: u16,
}

impl Prefiltered {
    /// Marks every unequal pixel as unsure.
    pub(super) fn by_equality<P: Pixel>(stretch: [&Stretch<P>; 2]) -> Self {
        Self {
            apart: 0,
            unsure: differing(stretch),
        }
    }

    /// Compares the squared YIQ distances of opaque colours; pixels with other colours are unsure.
    #[inline]
    pub(super) fn by_yiq<P: Pixel>(stretch: [&Stretch<P>; 2], max_delta: f64) -> Self {
        if !stretch.iter().all(|pixels| are_opaque(pixels)) {
            return Self::by_equality(stretch);
        }
        let deltas = yiq_deltas(stretch);
        let limit = max_delta as f32;
        let [mut apart, mut near] = [0, 0];
        for (x, delta) in deltas.into_iter().enumerate() {
            apart |= u16::from(delta > limit + MARGIN) << x;
            near |= u16::from(delta < limit - MARGIN) << x;
        }
        let mut unsure = !(apart | near);
        if unsure != 0 {
            unsure &= differing(stretch);
        }
        Self { apart, unsure }
    }
}

/// The unequal pixels.
pub(super) fn differing<P: Pixel>([baseline, candidate]: [&Stretch<P>; 2]) -> u16 {
    let mut bits = 0;
    for x in 0..STRETCH {
        bits |= u16::from(baseline[x] != candidate[x]) << x;
    }
    bits
}

fn are_opaque<P: Pixel>(pixels: &Stretch<P>) -> bool {
    let alphas = pixels.iter().map(|pixel| pixel.rgba()[3]);
    alphas.fold(255, |all, alpha| all & alpha) == 255
}

/// The numbers of the set bits, from the lowest.
pub(super) fn ones(mut bits: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        lowest
    })
}

/// Set bits next to each other, from the lowest.
pub(super) fn runs_of_ones(bits: u16) -> impl Iterator<Item = Range<usize>> {
    let mut bits = u32::from(bits);
    std::iter::from_fn(move || {
        let start = (bits != 0).then(|| bits.trailing_zeros())?;
        let end = start + (bits >> start).trailing_ones();
        bits &= u32::MAX << end;
        Some(start as usize..end as usize)
    })
}

/// As the exact squared distances, within `MARGIN`. Loops over arrays are written out here: closures that fill them
/// were measured not to be inlined, three times the time.
#[inline]
fn yiq_deltas<P: Pixel>([baseline, candidate]: [&Stretch<P>; 2]) -> [f32; STRETCH] {
    let mut differences = [[0.0; STRETCH]; 3];
    for x in 0..STRETCH {
        let [baseline, candidate] = [baseline[x].rgba(), candidate[x].rgba()];
        for channel in 0..3 {
            let difference = i32::from(baseline[channel]) - i32::from(candidate[channel]);
            differences[channel][x] = difference as f32;
        }
    }
    let [red, green, blue] = &differences;
    let mut deltas = [0.0; STRETCH];
    for (row, weight) in [LUMA, IN_PHASE, QUADRATURE].into_iter().zip(WEIGHTS) {
        let [of_red, of_green, of_blue] = [row[0] as f32, row[1] as f32, row[2] as f32];
        let weight = weight as f32;
        for x in 0..STRETCH {
            let sum = red[x] * of_red + green[x] * of_green + blue[x] * of_blue;
            deltas[x] += weight * sum * sum;
        }
    }
    deltas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::metric::yiq_delta;

    /// Each difference of two colours on a grid of levels, of each sign.
    #[test]
    fn single_precision_is_far_less_wrong_than_the_margin() {
        let levels = || (0..=255).step_by(15);
        for [red, green] in levels().flat_map(|red| levels().map(move |green| [red, green])) {
            for base in [[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]] {
                let candidate: Stretch<[u8; 3]> =
                    std::array::from_fn(|x| [red, green, (x * 17) as u8]);
                let deltas = yiq_deltas([&[base; STRETCH], &candidate]);
                for (x, delta) in deltas.into_iter().enumerate() {
                    let exact = yiq_delta(base.rgba(), candidate[x].rgba(), 0);
                    let error = (f64::from(delta) - exact).abs();
                    assert!(
                        error < f64::from(MARGIN) / 10.0,
                        "{base:?} {:?}",
                        candidate[x]
                    );
                }
            }
        }
    }

    #[test]
    fn only_what_is_near_the_limit_is_asked_for() {
        let [black, white] = [[0; 3], [255; 3]];
        let mut candidate = [black; STRETCH];
        candidate[1] = [1; 3];
        candidate[3] = white;
        candidate[15] = white;
        let stretch = [&[black; STRETCH], &candidate];
        let of_one = yiq_delta(black.rgba(), candidate[1].rgba(), 0);
        let sifted = |apart, unsure| Prefiltered { apart, unsure };
        let whites = 1 << 3 | 1 << 15;
        assert_eq!(Prefiltered::by_yiq(stretch, 352.0), sifted(whites, 0));
        assert_eq!(Prefiltered::by_yiq(stretch, of_one), sifted(whites, 1 << 1));
        assert_eq!(
            Prefiltered::by_yiq(stretch, 0.0),
            sifted(whites | 1 << 1, 0)
        );
        assert_eq!(Prefiltered::by_yiq(stretch, f64::INFINITY), sifted(0, 0));
        assert_eq!(
            Prefiltered::by_equality(stretch),
            sifted(0, whites | 1 << 1)
        );
    }

    #[test]
    fn one_clear_pixel_asks_for_all_that_differ() {
        let opaque = [[0, 0, 0, 255]; STRETCH];
        let mut candidate = opaque;
        candidate[2] = [255; 4];
        candidate[7] = [0, 0, 0, 254];
        let unsure = 1 << 2 | 1 << 7;
        let sifted = Prefiltered::by_yiq([&opaque, &candidate], 352.0);
        assert_eq!(sifted, Prefiltered { apart: 0, unsure });
    }

    #[test]
    fn bits_are_read_from_the_lowest() {
        let read = |bits| runs_of_ones(bits).collect::<Vec<_>>();
        assert_eq!(ones(0b1000_0000_0000_0110).collect::<Vec<_>>(), [1, 2, 15]);
        assert_eq!(read(0b1000_0000_0000_0110), [1..3, 15..16]);
        assert_eq!(read(u16::MAX), vec![0..16; 1]);
        assert!(read(0).is_empty());
    }
}
