//! The plain twin of the pixel engine: slow, obvious, one pixel after the other, no tables, no threads,
//! written from the rules and not from the fast code.

use twinshot::diff::{Antialiasing, Metric, Options, Rect};

use crate::picture::{Picture, Rgba};

/// What becomes of one pixel of the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Matching,
    Mismatched,
    Antialiased,
    Masked,
}

/// The classes of the union canvas, row by row.
pub(crate) struct Plain {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) classes: Vec<Class>,
}

impl Plain {
    /// Compares as the rules say: what both have is compared as two crops, masks painted; what one has is
    /// mismatched; what none has matches.
    pub(crate) fn compare(baseline: &Picture, candidate: &Picture, options: &Options) -> Self {
        let crops = Crops::new(baseline, candidate, &options.masks);
        let width = baseline.width.max(candidate.width);
        let height = baseline.height.max(candidate.height);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let classify = |(x, y)| match (baseline.get(x, y), candidate.get(x, y)) {
            (Some(_), Some(_)) if is_masked(&options.masks, x, y) => Class::Masked,
            (Some(_), Some(_)) => crops.classify(x, y, options),
            (None, None) => Class::Matching,
            _ => Class::Mismatched,
        };
        Self {
            width,
            height,
            classes: places.map(classify).collect(),
        }
    }

    pub(crate) fn count(&self, class: Class) -> u64 {
        self.classes.iter().filter(|found| **found == class).count() as u64
    }

    /// The first of the windows with the most mismatched pixels, out of all positions: `x`, `y` and how many.
    pub(crate) fn densest_window(&self) -> (u32, u32, u64) {
        let mut densest = (0, 0, 0);
        for y in 0..=self.height.saturating_sub(32) {
            for x in 0..=self.width.saturating_sub(32) {
                let count = self.count_in_window(x, y);
                if count > densest.2 {
                    densest = (x, y, count);
                }
            }
        }
        densest
    }

    fn count_in_window(&self, x: u32, y: u32) -> u64 {
        let rows = y..self.height.min(y + 32);
        let places = rows.flat_map(|y| (x..self.width.min(x + 32)).map(move |x| (x, y)));
        let class = |(x, y)| self.classes[(y * self.width + x) as usize];
        places
            .filter(|place| class(*place) == Class::Mismatched)
            .count() as u64
    }

    /// Red where a pixel is counted, transparent elsewhere.
    pub(crate) fn mask(&self) -> Picture {
        let colour = |class: &Class| match class {
            Class::Mismatched => [255, 0, 0, 255],
            Class::Matching | Class::Antialiased | Class::Masked => [255, 255, 255, 0],
        };
        Picture {
            width: self.width,
            height: self.height,
            pixels: self.classes.iter().map(colour).collect(),
        }
    }

    /// Three pictures as large as the canvas, 16 columns apart.
    pub(crate) fn side_by_side(&self, baseline: &Picture, candidate: &Picture) -> Picture {
        let panels = [
            self.panel(baseline),
            self.overlay(baseline, candidate),
            self.panel(candidate),
        ];
        let mut drawn = Picture::filled(3 * self.width + 32, self.height, [0; 4]);
        for (left, panel) in [0, self.width + 16, 2 * self.width + 32].iter().zip(panels) {
            for y in 0..self.height {
                for x in 0..self.width {
                    drawn.set(left + x, y, panel.get(x, y).expect("inside"));
                }
            }
        }
        drawn
    }

    fn panel(&self, picture: &Picture) -> Picture {
        let mut drawn = Picture::filled(self.width, self.height, [0; 4]);
        for y in 0..self.height {
            for x in 0..self.width {
                let colour = match self.classes[(y * self.width + x) as usize] {
                    Class::Masked => [90, 120, 255, 85],
                    _ => picture.get(x, y).unwrap_or([0; 4]),
                };
                drawn.set(x, y, colour);
            }
        }
        drawn
    }

    /// The picture of the comparison.
    pub(crate) fn overlay(&self, baseline: &Picture, candidate: &Picture) -> Picture {
        let mut drawn = Picture::filled(self.width, self.height, [0; 4]);
        for y in 0..self.height {
            for x in 0..self.width {
                let a = baseline.get(x, y).unwrap_or([0; 4]);
                let b = candidate.get(x, y).unwrap_or([0; 4]);
                let colour = match self.classes[(y * self.width + x) as usize] {
                    Class::Matching => [a[0], a[1], a[2], a[3] / 3],
                    Class::Mismatched => niffy_red(a, b),
                    Class::Antialiased => [255, 255, 0, 255],
                    Class::Masked => [90, 120, 255, 85],
                };
                drawn.set(x, y, colour);
            }
        }
        drawn
    }
}

/// Niffy's picture of two equally large pictures: a third of the opacity where all four channels are
/// equal, red where they are not. It is written again here, without classes, to stand on its own.
pub(crate) fn niffy(baseline: &Picture, candidate: &Picture) -> Picture {
    let pairs = baseline.pixels.iter().zip(&candidate.pixels);
    let pixels = pairs.map(|(a, b)| match a == b {
        true => [a[0], a[1], a[2], (f64::from(a[3]) / 3.0) as u8],
        false => niffy_red(*a, *b),
    });
    Picture {
        pixels: pixels.collect(),
        ..*baseline
    }
}

fn niffy_red(a: Rgba, b: Rgba) -> Rgba {
    let tint = |channel: usize| ((f64::from(a[channel]) + f64::from(b[channel])) / 5.0) as u8;
    [255, tint(1), tint(2), 255]
}

fn is_masked(masks: &[Rect], x: u32, y: u32) -> bool {
    let covers = |start: u32, length: u32, at: u32| {
        (u64::from(start)..u64::from(start) + u64::from(length)).contains(&u64::from(at))
    };
    masks
        .iter()
        .any(|mask| covers(mask.x, mask.width, x) && covers(mask.y, mask.height, y))
}

/// The area that both pictures have, with masks painted white.
struct Crops {
    baseline: Picture,
    candidate: Picture,
}

impl Crops {
    fn new(baseline: &Picture, candidate: &Picture, masks: &[Rect]) -> Self {
        let width = baseline.width.min(candidate.width);
        let height = baseline.height.min(candidate.height);
        let crop = |picture: &Picture| {
            let mut crop = picture.cropped(width, height);
            for y in 0..height {
                for x in 0..width {
                    if is_masked(masks, x, y) {
                        crop.set(x, y, [255; 4]);
                    }
                }
            }
            crop
        };
        Self {
            baseline: crop(baseline),
            candidate: crop(candidate),
        }
    }

    fn classify(&self, x: u32, y: u32, options: &Options) -> Class {
        let a = self.baseline.get(x, y).expect("shared");
        let b = self.candidate.get(x, y).expect("shared");
        let byte = f64::from((y * self.baseline.width + x) * 4);
        let mismatched = a != b
            && match options.metric {
                Metric::Exact => true,
                Metric::Yiq => yiq(a, b, byte) > 35215.0 * options.threshold * options.threshold,
                Metric::Oklab => oklab_mismatches(a, b, byte, options.threshold),
            };
        if !mismatched {
            let rounded = [0, 1, 2, 3].iter().all(|c| a[*c].abs_diff(b[*c]) <= 2);
            let is_tinted = options.tint
                && !rounded
                && oklab_mismatches(a, b, byte, 0.01)
                && is_flat(&self.baseline, x, y)
                && is_flat(&self.candidate, x, y);
            return match a != b && is_tinted {
                true => Class::Mismatched,
                false => Class::Matching,
            };
        }
        let forgiving =
            options.metric != Metric::Exact && options.antialiasing == Antialiasing::Ignore;
        let [a, b] = [&self.baseline, &self.candidate];
        let smooth = |this, that| antialiased(this, that, x, y, options.metric);
        match forgiving && (smooth(a, b) || smooth(b, a)) {
            true => Class::Antialiased,
            false => Class::Mismatched,
        }
    }
}

/// The checkerboard's colour at a byte offset: 48 or 207, as the whole part of the offset divided by 1,
/// by the golden ratio and by its square is even or odd.
fn backdrop(byte: f64) -> [f64; 3] {
    [1.0, 1.618033988749895, 2.618033988749895]
        .map(|divisor: f64| 48.0 + 159.0 * ((byte / divisor).floor() % 2.0))
}

/// The difference of two colours that lie on the same backdrop.
fn difference(a: Rgba, b: Rgba, behind: [f64; 3]) -> [f64; 3] {
    let [a, b] = [a.map(f64::from), b.map(f64::from)];
    if a[3] == 255.0 && b[3] == 255.0 {
        return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    }
    [0, 1, 2].map(|c| (a[c] * a[3] - b[c] * b[3] - behind[c] * (a[3] - b[3])) / 255.0)
}

fn luma([r, g, b]: [f64; 3]) -> f64 {
    r * 0.29889531 + g * 0.58662247 + b * 0.11448223
}

fn yiq(a: Rgba, b: Rgba, byte: f64) -> f64 {
    let d = difference(a, b, backdrop(byte));
    let y = luma(d);
    let i = d[0] * 0.59597799 - d[1] * 0.27417610 - d[2] * 0.32180189;
    let q = d[0] * 0.21147017 - d[1] * 0.52261711 + d[2] * 0.31114694;
    0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q
}

fn oklab_mismatches(a: Rgba, b: Rgba, byte: f64, threshold: f64) -> bool {
    let [lms_a, lms_b] = [a, b].map(|colour| cone_roots(colour, backdrop(byte)));
    let d = [0, 1, 2].map(|cone| lms_a[cone] - lms_b[cone]);
    let lightness = (toned_lightness(lms_a) - toned_lightness(lms_b)).abs();
    let a = 1.9779984951 * d[0] - 2.4285922050 * d[1] + 0.4505937099 * d[2];
    let b = 0.0259040371 * d[0] + 0.7827717662 * d[1] - 0.8086757660 * d[2];
    let rest = threshold - lightness;
    let within = rest > 0.0 && a * a + b * b <= rest * rest;
    !within
}

/// The cube roots of the cone responses to a colour on a backdrop.
fn cone_roots(colour: Rgba, behind: [f64; 3]) -> [f64; 3] {
    let colour = colour.map(f64::from);
    let [r, g, b] = [0, 1, 2].map(|c| {
        let blended = (colour[c] * colour[3] + behind[c] * (255.0 - colour[3])) / 255.0;
        let linear = |level: f64| match level.min(255.0) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            bright => ((bright + 0.055) / 1.055).powf(2.4),
        };
        between_whole_numbers(linear, blended)
    });
    [
        0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
        0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
        0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
    ]
    .map(|response| between_whole_numbers(|step| (step / 4096.0).cbrt(), response * 4096.0))
}

/// The metric knows a curve only at whole numbers, and straight lines between them.
fn between_whole_numbers(curve: impl Fn(f64) -> f64, at: f64) -> f64 {
    let low = at.floor();
    curve(low) + (curve(low + 1.0) - curve(low)) * (at - low)
}

fn toned_lightness([l, m, s]: [f64; 3]) -> f64 {
    let lightness = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    let k3 = (1.0 + 0.206) / (1.0 + 0.03);
    let x = k3 * lightness - 0.206;
    0.5 * (x + (x * x + 4.0 * 0.03 * k3 * lightness).sqrt())
}

/// Whether a pixel of `this` is between a darker and a brighter neighbour, with at most two equal ones,
/// and the darkest or the brightest has three neighbours of its own colour in both pictures.
fn antialiased(this: &Picture, that: &Picture, x: u32, y: u32, metric: Metric) -> bool {
    let centre = this.get(x, y).expect("inside");
    let byte = f64::from((y * this.width + x) * 4);
    let mut equal = u32::from(on_border(this, x, y));
    let mut lowest = (0.0, (x, y));
    let mut highest = (0.0, (x, y));
    for (nx, ny) in around(this, x, y) {
        let delta = brightness(centre, this.get(nx, ny).expect("inside"), byte, metric);
        if delta == 0.0 {
            equal += 1;
        }
        if delta < lowest.0 {
            lowest = (delta, (nx, ny));
        }
        if delta > highest.0 {
            highest = (delta, (nx, ny));
        }
    }
    let flat = |(x, y)| siblings(this, x, y) >= 3 && siblings(that, x, y) >= 3;
    equal <= 2 && lowest.0 < 0.0 && highest.0 > 0.0 && (flat(lowest.1) || flat(highest.1))
}

/// pixelmatch 7.2.0 looks at brightness on the checkerboard, its main branch on white, where a difference
/// of alpha alone counts too.
fn brightness(a: Rgba, b: Rgba, byte: f64, metric: Metric) -> f64 {
    if metric == Metric::Yiq {
        return luma(difference(a, b, backdrop(byte)));
    }
    let delta = luma(difference(a, b, [255.0; 3]));
    let alpha = f64::from(a[3]) - f64::from(b[3]);
    if delta == 0.0 && alpha != 0.0 {
        alpha / 2.0
    } else {
        delta
    }
}

/// Neighbours of a pixel's own colour; being at the border counts as one.
fn siblings(picture: &Picture, x: u32, y: u32) -> usize {
    let same =
        around(picture, x, y).filter(|near| picture.get(near.0, near.1) == picture.get(x, y));
    usize::from(on_border(picture, x, y)) + same.count()
}

/// Whether the 3 × 3 block around a pixel, as far as it is in the picture, has one colour.
fn is_flat(picture: &Picture, x: u32, y: u32) -> bool {
    around(picture, x, y).all(|(nx, ny)| picture.get(nx, ny) == picture.get(x, y))
}

fn on_border(picture: &Picture, x: u32, y: u32) -> bool {
    x == 0 || y == 0 || x == picture.width - 1 || y == picture.height - 1
}

/// The neighbours, column by column.
fn around(picture: &Picture, x: u32, y: u32) -> impl Iterator<Item = (u32, u32)> {
    let offsets = [
        (-1, -1),
        (-1, 0),
        (-1, 1),
        (0, -1),
        (0, 1),
        (1, -1),
        (1, 0),
        (1, 1),
    ];
    let places = offsets
        .into_iter()
        .filter_map(move |(dx, dy)| Some((x.checked_add_signed(dx)?, y.checked_add_signed(dy)?)));
    let [width, height] = [picture.width, picture.height];
    places.filter(move |near| near.0 < width && near.1 < height)
}
