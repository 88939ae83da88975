//! The OKLab metric: two blended colours in, "further apart than the threshold or not" out. It follows
//! pixelmatch's main branch of 2026-07-07 to the last bit, so its tables and their interpolation are
//! part of the metric, not only an optimisation.

const TO_LMS: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
/// Steps of the cube root table between 0 and 1.
const CUBE_ROOT_STEPS: usize = 4096;

/// Tables and threshold; made once for each comparison.
pub(super) struct Oklab {
    threshold: f64,
    linear: Vec<f64>,
    cube_roots: Vec<f64>,
}

/// A colour with cube-rooted cone responses and toe-corrected lightness.
struct Colour {
    lightness: f64,
    lms: [f64; 3],
}

impl Oklab {
    pub(super) fn new(threshold: f64) -> Self {
        // Each table has one entry more than its range, so that its upper end can be interpolated too.
        let linear = (0..=256).map(|level| to_linear(f64::from(level.min(255)) / 255.0));
        let step = |index| index as f64 / CUBE_ROOT_STEPS as f64;
        let cube_roots = (0..=CUBE_ROOT_STEPS + 1).map(|index| f64::cbrt(step(index)));
        Self {
            threshold,
            linear: linear.collect(),
            cube_roots: cube_roots.collect(),
        }
    }

    /// Whether two sRGB colours, channels 0 to 255 with fractions, are further apart than the threshold.
    pub(super) fn mismatches(&self, baseline: [f64; 3], candidate: [f64; 3]) -> bool {
        let linear = |channel: f64| interpolate(&self.linear, channel);
        let linear = |srgb: [f64; 3]| [linear(srgb[0]), linear(srgb[1]), linear(srgb[2])];
        self.are_apart(linear(baseline), linear(candidate))
    }

    /// The same for whole levels, which are in the table as they are.
    pub(super) fn levels_mismatch(&self, baseline: [u8; 3], candidate: [u8; 3]) -> bool {
        let linear = |level: u8| self.linear[usize::from(level)];
        let linear = |srgb: [u8; 3]| [linear(srgb[0]), linear(srgb[1]), linear(srgb[2])];
        self.are_apart(linear(baseline), linear(candidate))
    }

    /// The distance is HyAB, `|ΔL| + √(Δa² + Δb²)` (Abasi and others 2019), black to white = 1. The root is
    /// avoided as pixelmatch does, so that both round alike: where lightness alone uses the threshold up,
    /// the pixel mismatches.
    fn are_apart(&self, baseline: [f64; 3], candidate: [f64; 3]) -> bool {
        let baseline = self.colour(baseline);
        let candidate = self.colour(candidate);
        let rest = self.threshold - (baseline.lightness - candidate.lightness).abs();
        rest <= 0.0 || chroma_distance_squared(baseline.lms, candidate.lms) > rest * rest
    }

    /// Source: B. Ottosson, "A perceptual color space for image processing", 2020: linear RGB → LMS → cube root.
    fn colour(&self, [red, green, blue]: [f64; 3]) -> Colour {
        let root = |row: [f64; 3]| {
            let response = row[0] * red + row[1] * green + row[2] * blue;
            interpolate(&self.cube_roots, response * CUBE_ROOT_STEPS as f64)
        };
        // Arrays are written out here: `map` with a closure was measured not to be inlined, a quarter of the time.
        let lms = [root(TO_LMS[0]), root(TO_LMS[1]), root(TO_LMS[2])];
        let [l, m, s] = lms;
        let lightness = toe(0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s);
        Colour { lightness, lms }
    }
}

/// The sRGB transfer function (IEC 61966-2-1), 0 to 1.
fn to_linear(channel: f64) -> f64 {
    if channel <= 0.040_45 {
        channel / 12.92
    } else {
        ((channel + 0.055) / 1.055).powf(2.4)
    }
}

/// The table's value between two entries, on a straight line.
fn interpolate(table: &[f64], at: f64) -> f64 {
    let index = at as usize;
    let [low, high] = [table[index], table[index + 1]];
    low + (high - low) * (at - index as f64)
}

/// Lightness with the toe that Ottosson's Okhsv and Okhsl use, so that near-black is not over-expanded.
fn toe(lightness: f64) -> f64 {
    const K1: f64 = 0.206;
    const K2: f64 = 0.03;
    const K3: f64 = (1.0 + K1) / (1.0 + K2);
    let x = K3 * lightness - K1;
    0.5 * (x + (x * x + 4.0 * K2 * K3 * lightness).sqrt())
}

/// `Δa² + Δb²`, from the difference of the cone responses: the map to a and b is linear.
fn chroma_distance_squared(baseline: [f64; 3], candidate: [f64; 3]) -> f64 {
    let delta = |cone: usize| baseline[cone] - candidate[cone];
    let [l, m, s] = [delta(0), delta(1), delta(2)];
    let a = 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s;
    let b = 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s;
    a * a + b * b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mismatches(baseline: [u8; 3], candidate: [u8; 3]) -> bool {
        let oklab = Oklab::new(0.1);
        let mismatches = oklab.levels_mismatch(baseline, candidate);
        let same = oklab.mismatches(baseline.map(f64::from), candidate.map(f64::from));
        assert_eq!(mismatches, same, "{baseline:?} {candidate:?}");
        mismatches
    }

    #[test]
    fn near_black_levels_are_not_over_expanded() {
        assert!(!mismatches([0; 3], [13; 3]));
        assert!(mismatches([0; 3], [23; 3]));
    }

    #[test]
    fn the_colour_pairs_of_pixelmatch_issue_127_are_told_apart() {
        assert!(mismatches([41, 56, 157], [41, 56, 0]));
        assert!(mismatches([39, 44, 92], [39, 44, 14]));
        assert!(!mismatches([0, 254, 252], [94, 254, 252]));
        assert!(!mismatches([0, 254, 252], [47, 254, 252]));
    }

    #[test]
    fn the_ends_of_the_range_are_inside_the_tables() {
        let oklab = Oklab::new(1.0);
        let white = oklab.colour([1.0; 3]);
        assert!((white.lightness - 1.0).abs() < 1e-6);
        assert_eq!(oklab.colour([0.0; 3]).lightness, 0.0);
    }
}
