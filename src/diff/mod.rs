//! PURE. Pixels only: compares two encoded pictures and returns counts, regions and a drawing. This module knows
//! nothing about specs, files or browsers, and gives no verdict: the limits of a shot are checked elsewhere.
//!
//! [`compare`] reads as: sizes from the headers → open both → band by band: decode, paint masks, find runs of
//! mismatched pixels, join them to regions, draw. The result does not depend on the number of threads, nor on
//! the height of a band.
//!
//! Two PNGs held in memory:
//!
//! ```
//! use twinshot::diff::{Metric, Options, Rect, compare};
//!
//! /// A gray picture of 8 × 4 pixels with one pixel of another level.
//! fn picture(level: u8) -> Result<Vec<u8>, png::EncodingError> {
//!     let mut samples = [200; 8 * 4];
//!     samples[2 * 8 + 5] = level;
//!     let mut file = Vec::new();
//!     let mut writer = png::Encoder::new(&mut file, 8, 4).write_header()?;
//!     writer.write_image_data(&samples)?;
//!     writer.finish()?;
//!     Ok(file)
//! }
//!
//! let [baseline, candidate] = [picture(200)?, picture(20)?];
//! let diff = compare(&baseline, &candidate, &Options::default())?;
//! assert_eq!(diff.mismatched_pixels, 1);
//! assert_eq!(diff.mismatch_ratio(), 1.0 / 32.0);
//! assert_eq!((diff.regions[0].x, diff.regions[0].y), (5, 2));
//!
//! let masked = Options {
//!     metric: Metric::Exact,
//!     masks: vec![Rect { x: 4, y: 2, width: 3, height: 1 }],
//!     ..Options::default()
//! };
//! assert_eq!(compare(&baseline, &candidate, &masked)?.mismatched_pixels, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`compare_with_overlay`] also draws; what it draws is [`Options::style`]:
//!
//! ```
//! use twinshot::diff::{Options, Style, compare_with_overlay};
//!
//! # fn picture(level: u8) -> Result<Vec<u8>, png::EncodingError> {
//! #     let mut file = Vec::new();
//! #     let mut writer = png::Encoder::new(&mut file, 8, 4).write_header()?;
//! #     writer.write_image_data(&[level; 8 * 4])?;
//! #     writer.finish()?;
//! #     Ok(file)
//! # }
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # std::fs::write(folder.join("before.png"), picture(200)?)?;
//! # std::fs::write(folder.join("after.png"), picture(20)?)?;
//! let baseline = std::fs::read(folder.join("before.png"))?;
//! let candidate = std::fs::read(folder.join("after.png"))?;
//! let options = Options { style: Style::SideBySide, ..Options::default() };
//! let found = compare_with_overlay(&baseline, &candidate, &options)?;
//! println!("{} of {} pixels differ", found.diff.mismatched_pixels, found.diff.total_pixels);
//! if let Some(png) = found.overlay {
//!     std::fs::write(folder.join("diff.png"), png)?;
//! }
//! # assert_eq!(found.diff.mismatched_pixels, 32);
//! # assert!(folder.join("diff.png").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A picture that cannot be read is a [`DiffError`] that names its side, never a difference.

mod antialias;
mod band;
mod decode;
mod densest;
mod error;
mod foreign;
mod memory;
mod metric;
mod oklab;
mod overlay;
mod picture;
mod prefilter;
mod regions;
mod scan;
mod stream;
mod tally;
mod tint;
mod unfilter;
mod unread;
mod yiq;

use std::fmt;

use serde::{Deserialize, Serialize};

use decode::{Layout, Rows};
use overlay::Painter;
use tally::Tally;

pub use decode::{check_whole, decode_header, is_picture};
pub use error::{DiffError, Input, PictureError};
pub use foreign::Format;
pub use unread::Format as UnreadFormat;

/// How far apart two colours are.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Any differing channel is a mismatch, also in the lowest bit of 16; the threshold is not used. The other metrics
    /// round 16-bit samples to 8 bits.
    Exact,
    /// pixelmatch 7.2.0's rule: YIQ delta above `35215 · threshold²`.
    Yiq,
    /// HyAB distance in toe-corrected OKLab, black to white = 1 (pixelmatch's main branch of July 2026).
    #[default]
    Oklab,
}

/// How a pixel is treated that differs only by anti-aliasing.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Antialiasing {
    /// Drawn yellow and not counted as mismatched.
    #[default]
    Ignore,
    /// Counted as mismatched like any other.
    Count,
}

/// How [`compare_with_overlay`] draws the result.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// The union canvas, 8-bit RGBA: matching pixels of the baseline at a third of their opacity, mismatched
    /// ones red, anti-aliased ones yellow, masks pale blue.
    #[default]
    Overlay,
    /// The union canvas with one bit for each pixel: red exactly where a pixel is counted as mismatched,
    /// transparent everywhere else, also where pixels are anti-aliased or masked.
    Mask,
    /// Baseline, overlay and candidate from left to right, 8-bit RGBA: three areas as large as the union
    /// canvas with 16 transparent columns between them. What a picture lacks is transparent; masks are pale
    /// blue on all three.
    SideBySide,
}

/// A box in whole device pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Width and height in device pixels; `[width, height]` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[u32; 2]", into = "[u32; 2]")]
pub struct Size {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Rect {
    /// The part that lies inside a picture of `size`, if any.
    fn clip(&self, size: Size) -> Option<Self> {
        let right = self.x.saturating_add(self.width).min(size.width);
        let bottom = self.y.saturating_add(self.height).min(size.height);
        (self.x < right && self.y < bottom).then(|| Self {
            width: right - self.x,
            height: bottom - self.y,
            ..*self
        })
    }
}

impl Size {
    /// Width times height.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The smallest size that contains both.
    fn union(self, other: Self) -> Self {
        Self {
            width: self.width.max(other.width),
            height: self.height.max(other.height),
        }
    }

    /// The largest size that both contain.
    fn intersection(self, other: Self) -> Self {
        Self {
            width: self.width.min(other.width),
            height: self.height.min(other.height),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl From<[u32; 2]> for Size {
    fn from([width, height]: [u32; 2]) -> Self {
        Self { width, height }
    }
}

impl From<Size> for [u32; 2] {
    fn from(size: Size) -> Self {
        [size.width, size.height]
    }
}

/// A box around a group of mismatched pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How many pixels of the box mismatch.
    pub mismatched_pixels: u64,
}

/// The side of the square for [`DensestWindow`], in pixels.
pub const WINDOW: u32 = 32;

/// Where most mismatched pixels are close together: of all squares of [`WINDOW`] × [`WINDOW`] pixels in the union
/// canvas, at any position, the one with the most. Of several equal ones it is the first from top to bottom, then from
/// left to right. A smaller canvas is one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DensestWindow {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// How many of its pixels mismatch.
    pub mismatched_pixels: u64,
}

/// How two pictures are compared.
#[derive(Debug, Clone)]
pub struct Options {
    /// The colour distance.
    pub metric: Metric,
    /// Distance, 0 to 1, above which one pixel is mismatched.
    pub threshold: f64,
    /// Whether anti-aliased pixels count; [`Metric::Exact`] counts them always.
    pub antialiasing: Antialiasing,
    /// Whether a pixel inside an area that is flat in both pictures (its 3 × 3 block has one colour in each) also counts
    /// when its colour changed by less than the threshold, but visibly.
    pub tint: bool,
    /// Areas that are painted over on both sides before comparing. What lies outside the pictures is ignored;
    /// pixels that only one picture has are mismatched under a mask too.
    pub masks: Vec<Rect>,
    /// Whether to look for the densest window. This costs time for rows that mismatch.
    pub densest_window: bool,
    /// Pictures with more pixels than this are refused from their header, as is a pair whose union canvas
    /// has more.
    pub max_pixels: u64,
    /// How [`compare_with_overlay`] draws. It does not affect the numbers.
    pub style: Style,
}

impl Default for Options {
    /// OKLab at 0.1, anti-aliasing ignored, no masks, at most 2²⁸ pixels (1 GiB decoded), drawn as an overlay.
    fn default() -> Self {
        Self {
            metric: Metric::default(),
            threshold: 0.1,
            antialiasing: Antialiasing::default(),
            tint: false,
            masks: Vec::new(),
            densest_window: false,
            max_pixels: 1 << 28,
            style: Style::default(),
        }
    }
}

/// How two pictures differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Size of the baseline.
    pub baseline_size: Size,
    /// Size of the candidate.
    pub candidate_size: Size,
    /// Pixels that are further apart than the threshold, and pixels that only one picture has.
    pub mismatched_pixels: u64,
    /// Pixels that differ by anti-aliasing alone; not among the mismatched ones.
    pub antialiased_pixels: u64,
    /// Pixels of the union canvas, the smallest one that holds both pictures.
    pub total_pixels: u64,
    /// The mismatched pixels, grouped; from top to bottom, then from left to right.
    pub regions: Vec<Region>,
    /// Where they are densest, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub densest_window: Option<DensestWindow>,
}

impl Diff {
    fn identical(size: Size, options: &Options) -> Self {
        Self {
            baseline_size: size,
            candidate_size: size,
            mismatched_pixels: 0,
            antialiased_pixels: 0,
            total_pixels: size.pixels(),
            regions: Vec::new(),
            densest_window: options.densest_window.then(DensestWindow::default),
        }
    }

    /// Mismatched pixels divided by those of the union canvas, 0 to 1, not rounded.
    pub fn mismatch_ratio(&self) -> f64 {
        self.mismatched_pixels as f64 / self.total_pixels as f64
    }
}

/// How two pictures differ, with a picture of the differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffWithOverlay {
    /// The numbers.
    pub diff: Diff,
    /// PNG bytes; `None` if no pixel is mismatched or anti-aliased.
    pub overlay: Option<Vec<u8>>,
}

/// Compares two PNG files, of any colour type, depth and interlacing; also JPEG and WebP files, unless the cargo feature
/// `formats` is off.
///
/// Equal files are equal pictures: their pixels are not decoded, but a PNG's chunks are read up to its end, and their
/// checksums are checked. Other formats have no checksums and are decoded.
///
/// # Errors
/// When one is no intact picture, or more than `options.max_pixels` are needed.
pub fn compare(baseline: &[u8], candidate: &[u8], options: &Options) -> Result<Diff, DiffError> {
    Sizes::read(baseline, candidate, options.max_pixels)?
        .compare(baseline, candidate, options, false)
        .map(|compared| compared.diff)
}

/// Compares like [`compare`] and draws what it found as [`Options::style`] says.
///
/// # Errors
/// As [`compare`]; also when what is drawn side by side is wider than a PNG can be.
pub fn compare_with_overlay(
    baseline: &[u8],
    candidate: &[u8],
    options: &Options,
) -> Result<DiffWithOverlay, DiffError> {
    Sizes::read(baseline, candidate, options.max_pixels)?
        .compare(baseline, candidate, options, true)
}

/// The sizes in the two headers, checked against the limit.
struct Sizes {
    baseline: Size,
    candidate: Size,
}

impl Sizes {
    fn read(baseline: &[u8], candidate: &[u8], max_pixels: u64) -> Result<Self, DiffError> {
        let baseline = decode::checked_size(baseline, max_pixels).map_err(DiffError::Baseline)?;
        let candidate =
            decode::checked_size(candidate, max_pixels).map_err(DiffError::Candidate)?;
        // A very wide and a very tall picture are each allowed, while their canvas is enormous.
        if baseline.union(candidate).pixels() > max_pixels {
            return Err(DiffError::TooLargeTogether {
                baseline,
                candidate,
                max_pixels,
            });
        }
        Ok(Self {
            baseline,
            candidate,
        })
    }

    fn compare(
        &self,
        baseline: &[u8],
        candidate: &[u8],
        options: &Options,
        wants_overlay: bool,
    ) -> Result<DiffWithOverlay, DiffError> {
        // The most common case: both captures of a page have the same bytes.
        if baseline == candidate {
            let checked = decode::check_complete(baseline, self.baseline);
            checked.map_err(DiffError::Baseline)?;
            return Ok(DiffWithOverlay {
                diff: Diff::identical(self.baseline, options),
                overlay: None,
            });
        }
        let baseline = foreign::as_png(baseline).map_err(DiffError::Baseline)?;
        let candidate = foreign::as_png(candidate).map_err(DiffError::Candidate)?;
        let rows = self.open(&baseline, &candidate, options.metric)?;
        let painter = wants_overlay.then(|| self.painter(options)).transpose()?;
        let mut tally = Tally::new(self.canvas().width, painter);
        if options.densest_window {
            tally.look_for_densest_window(self.canvas().width);
        }
        stream::compare(rows, options, &mut tally)?;
        let sizes = [self.baseline, self.candidate];
        Ok(tally.finish(sizes))
    }

    fn canvas(&self) -> Size {
        self.baseline.union(self.candidate)
    }

    fn painter(&self, options: &Options) -> Result<Painter, DiffError> {
        let shared = self.baseline.intersection(self.candidate);
        let (canvas, masks) = (self.canvas(), &options.masks);
        match options.style {
            Style::Overlay => Ok(Painter::new(canvas, shared, masks)),
            Style::Mask => Ok(Painter::mask(canvas)),
            Style::SideBySide => {
                Painter::side_by_side(canvas, shared, masks).map_err(DiffError::Overlay)
            }
        }
    }

    /// Opens both in the narrowest layout that suits both and the metric.
    fn open<'a>(
        &self,
        baseline: &'a [u8],
        candidate: &'a [u8],
        metric: Metric,
    ) -> Result<[Rows<'a>; 2], DiffError> {
        let open = |layout| {
            let baseline = Rows::open(baseline, self.baseline, layout);
            let candidate = Rows::open(candidate, self.candidate, layout);
            let rows = [
                baseline.map_err(DiffError::Baseline)?,
                candidate.map_err(DiffError::Candidate)?,
            ];
            Ok(rows)
        };
        if metric == Metric::Exact
            && [baseline, candidate]
                .iter()
                .any(|file| Layout::is_deep(file))
        {
            return open(Layout::Deep);
        }
        if [baseline, candidate].map(Layout::of_header) == [Layout::Rgb; 2] {
            let rows = open(Layout::Rgb)?;
            if !rows.iter().any(Rows::has_transparent_colour) {
                return Ok(rows);
            }
        }
        open(Layout::Rgba)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn rectangles_are_clipped_without_overflow() {
        let size = Size::from([10, 8]);
        assert_eq!(rect(2, 3, 4, 4).clip(size), Some(rect(2, 3, 4, 4)));
        assert_eq!(
            rect(9, 7, u32::MAX, u32::MAX).clip(size),
            Some(rect(9, 7, 1, 1))
        );
        assert_eq!(rect(10, 0, 5, 5).clip(size), None);
        assert_eq!(rect(0, 0, 0, 5).clip(size), None);
    }

    #[test]
    fn sizes_are_pairs_in_json() {
        let diff = Diff::identical(Size::from([3, 2]), &Options::default());
        let json = serde_json::to_value(&diff).expect("plain data");
        assert_eq!(json["baseline_size"], serde_json::json!([3, 2]));
        assert_eq!(json["total_pixels"], 6);
        assert_eq!(json.get("densest_window"), None);
    }
}
