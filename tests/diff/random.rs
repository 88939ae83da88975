//! Thousands of small random pairs, compared by the engine and by its plain twin.

use twinshot::diff::{
    Antialiasing, Diff, DiffWithOverlay, Metric, Options, Rect, compare, compare_with_overlay,
};

use crate::picture::{Picture, Rgba};
use crate::plain::{Class, Plain};

/// A generator that gives the same numbers in every run (xorshift, G. Marsaglia 2003).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % limit
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    pub(crate) fn level(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// A few colours, so that flat areas and ramps come about; some palettes have transparent ones.
    fn palette(&mut self) -> Vec<Rgba> {
        let alphas: &[u8] = match self.below(3) {
            0 => &[255, 255, 254, 128, 1, 0],
            _ => &[255],
        };
        let len = 2 + self.below(6);
        let mut colour = || [self.level(), self.level(), self.level(), self.pick(alphas)];
        (0..len).map(|_| colour()).collect()
    }

    /// Rectangles on a ground, all in colours of the palette.
    fn picture(&mut self, width: u32, height: u32, palette: &[Rgba]) -> Picture {
        let mut picture = Picture::filled(width, height, self.pick(palette));
        for _ in 0..self.below(8) {
            let [x, y] = [self.below(width), self.below(height)];
            let [w, h] = [1 + self.below(width - x), 1 + self.below(height - y)];
            picture.fill(x, y, w, h, self.pick(palette));
        }
        picture
    }

    /// The same picture with single pixels recoloured or nudged, sometimes of another size.
    fn changed(&mut self, picture: &Picture, palette: &[Rgba]) -> Picture {
        let mut changed = match self.below(4) {
            0 => {
                let [width, height] = [1 + self.below(20), 1 + self.below(20)];
                self.picture(width, height, palette)
            }
            _ => picture.clone(),
        };
        for _ in 0..self.below(40) {
            let [x, y] = [self.below(changed.width), self.below(changed.height)];
            let mut colour = changed.get(x, y).expect("inside");
            match self.below(3) {
                0 => colour = self.pick(palette),
                1 => colour = [self.level(), self.level(), self.level(), colour[3]],
                _ => colour = colour.map(|channel| channel.saturating_sub(self.below(60) as u8)),
            }
            changed.set(x, y, colour);
        }
        if self.below(4) == 0 {
            self.tint(&mut changed, palette);
        }
        changed
    }

    /// Gives all pixels of one colour another shade.
    fn tint(&mut self, picture: &mut Picture, palette: &[Rgba]) {
        let colour = self.pick(palette);
        let shade = colour.map(|channel| channel.saturating_sub(self.below(12) as u8));
        let pixels = picture.pixels.iter_mut();
        pixels
            .filter(|pixel| **pixel == colour)
            .for_each(|pixel| *pixel = shade);
    }

    /// A file with the picture, in any way that browsers and people store it: rows that are filtered alike are
    /// compared before they are restored.
    fn encode(&mut self, picture: &Picture) -> Vec<u8> {
        use png::{ColorType, Filter};
        let filter = self.pick(&[
            Filter::NoFilter,
            Filter::Sub,
            Filter::Up,
            Filter::Avg,
            Filter::Paeth,
            Filter::Adaptive,
        ]);
        let color = match picture.is_opaque() {
            true => self.pick(&[ColorType::Rgb, ColorType::Rgb, ColorType::Rgba]),
            false => ColorType::Rgba,
        };
        picture.to_png_as(color, filter)
    }

    /// Two files, most often stored in the same way.
    fn encode_both(&mut self, [baseline, candidate]: [&Picture; 2]) -> [Vec<u8>; 2] {
        let state = self.0;
        let baseline = self.encode(baseline);
        if self.below(3) > 0 {
            self.0 = state;
        }
        [baseline, self.encode(candidate)]
    }

    fn options(&mut self) -> Options {
        let mut masks = Vec::new();
        if self.below(3) == 0 {
            let [x, y, width, height] = [24, 24, 12, 12].map(|limit| self.below(limit));
            masks.push(Rect {
                x,
                y,
                width,
                height,
            });
        }
        Options {
            metric: self.pick(&[Metric::Exact, Metric::Yiq, Metric::Oklab]),
            threshold: self.pick(&[0.0, 0.02, 0.05, 0.1, 0.1, 0.3]),
            tint: self.below(2) == 0,
            antialiasing: self.pick(&[
                Antialiasing::Ignore,
                Antialiasing::Ignore,
                Antialiasing::Count,
            ]),
            masks,
            ..Options::default()
        }
    }
}

/// Two pictures, their files, and how to compare them.
pub(crate) struct Case {
    pub(crate) baseline: Picture,
    pub(crate) candidate: Picture,
    pub(crate) files: [Vec<u8>; 2],
    pub(crate) options: Options,
}

pub(crate) fn case(seed: u64) -> Case {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (seed + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
    let palette = random.palette();
    let [width, height] = [1 + random.below(20), 1 + random.below(20)];
    let baseline = random.picture(width, height, &palette);
    let candidate = random.changed(&baseline, &palette);
    Case {
        options: random.options(),
        files: random.encode_both([&baseline, &candidate]),
        baseline,
        candidate,
    }
}

fn found(case: &Case) -> DiffWithOverlay {
    let [baseline, candidate] = &case.files;
    compare_with_overlay(baseline, candidate, &case.options).expect("two valid pictures")
}

#[test]
fn random_pairs_equal_the_plain_twin() {
    let [mut antialiased, mut tinted] = [0, 0];
    for seed in 0..10_000 {
        let case = case(seed);
        let DiffWithOverlay { diff, overlay } = found(&case);
        let plain = Plain::compare(&case.baseline, &case.candidate, &case.options);
        let context = format!("seed {seed}, {:?}", case.options);
        assert_eq!(
            diff.mismatched_pixels,
            plain.count(Class::Mismatched),
            "{context}"
        );
        assert_eq!(
            diff.antialiased_pixels,
            plain.count(Class::Antialiased),
            "{context}"
        );
        assert_eq!(diff.total_pixels, plain.classes.len() as u64, "{context}");
        match overlay {
            Some(bytes) => {
                let drawn = plain.overlay(&case.baseline, &case.candidate);
                assert_eq!(Picture::from_png(&bytes), drawn, "{context}");
            }
            None => assert_eq!(
                diff.mismatched_pixels + diff.antialiased_pixels,
                0,
                "{context}"
            ),
        }
        check_regions(&diff, &plain, &context);
        antialiased += diff.antialiased_pixels;
        if case.options.tint {
            let options = Options {
                tint: false,
                ..case.options
            };
            let [baseline, candidate] = &case.files;
            let without = compare(baseline, candidate, &options).expect("two valid pictures");
            tinted += diff.mismatched_pixels - without.mismatched_pixels;
        }
    }
    assert!(tinted > 1000, "the pairs hardly show tints: {tinted}");
    assert!(
        antialiased > 1000,
        "the pairs hardly show anti-aliasing: {antialiased}"
    );
}

/// Counts add up, and each edge of a box touches a mismatched pixel.
fn check_regions(diff: &Diff, plain: &Plain, context: &str) {
    let counted: u64 = diff
        .regions
        .iter()
        .map(|region| region.mismatched_pixels)
        .sum();
    assert_eq!(counted, diff.mismatched_pixels, "{context}");
    let is_mismatched = |x, y| plain.classes[(y * plain.width + x) as usize] == Class::Mismatched;
    for region in &diff.regions {
        let [right, bottom] = [region.x + region.width, region.y + region.height];
        let column = |x| (region.y..bottom).any(|y| is_mismatched(x, y));
        let row = |y| (region.x..right).any(|x| is_mismatched(x, y));
        let tight = column(region.x) && column(right - 1) && row(region.y) && row(bottom - 1);
        assert!(tight, "{context}: {region:?}");
    }
}

#[test]
fn the_overlay_does_not_change_the_numbers() {
    for seed in 0..200 {
        let case = case(seed);
        let [baseline, candidate] = &case.files;
        let diff = compare(baseline, candidate, &case.options).expect("two valid pictures");
        assert_eq!(diff, found(&case).diff, "seed {seed}");
    }
}

/// Small pictures, and one pair of many bands that outside of a pool is shared out to threads.
#[test]
fn any_number_of_threads_finds_the_same() {
    let pools = [1, 2, 4].map(|threads| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        builder.build().expect("a small pool")
    });
    let mut random = Random(11);
    let palette = random.palette();
    let large = random.picture(900, 1500, &palette);
    let changed = random.changed(&large, &palette);
    let large = Case {
        options: Options::default(),
        files: [&large, &changed].map(|picture| picture.to_png()),
        baseline: large,
        candidate: changed,
    };
    for (seed, case) in (0..300).map(case).chain([large]).enumerate() {
        let outside = found(&case);
        for pool in &pools {
            let inside = pool.install(|| found(&case));
            assert!(inside == outside, "seed {seed}, {pool:?}");
        }
    }
}
