//! The picture of a comparison: pictures and runs in, PNG bytes out. It decides nothing; it is handed
//! out only when something was found.
//!
//! There are three: the overlay, the mask and side by side. Source of the overlay's colours: Niffy 0.2.0,
//! `lib/diff.js`: matching pixels at a third of their opacity, mismatches a red that is brighter where the content
//! was bright.
//!
//! Where an overlay shows a screenshot as it is, its filtered rows are the screenshot's, with the same opacity
//! everywhere: rows are passed on as they are stored in the file, without ever being restored.

mod deflate;
mod file;

use std::io;
use std::ops::Range;

use png::{BitDepth, ColorType, EncodingError};

use super::decode::Layout;
use super::picture::{Filtered, Pair, Pixel, Rgba};
use super::scan::{Finding, Run};
use super::unfilter::{AVERAGE, NONE, SUB, UP};
use super::{Rect, Size};
use file::File;

/// Drawn where pixels differ by anti-aliasing alone.
const ANTIALIASED: Rgba = [255, 255, 0, 255];
/// Drawn over masks: a pale blue, as opaque as matching pixels.
const MASKED: Rgba = [90, 120, 255, MATCHING_OPACITY];
/// A third of full opacity.
const MATCHING_OPACITY: u8 = 255 / 3;

/// Transparent columns between the three pictures of [`Style::SideBySide`](super::Style::SideBySide).
const GAP: u32 = 16;
/// A PNG cannot be wider.
const MAX_WIDTH: u64 = i32::MAX as u64;
/// The two colours of a [`Style::Mask`](super::Style::Mask), nothing and red, and their opacities.
const MASK_COLOURS: [u8; 6] = [255, 255, 255, 255, 0, 0];
const MASK_OPACITIES: [u8; 2] = [0, 255];

/// Draws the picture of a comparison row by row.
///
/// It begins with the first row although it may turn out that nothing differs: files that differ and show the
/// same pixels are rare, and decoding the first rows a second time would cost as much as drawing them.
pub(super) struct Painter {
    file: File,
    drawing: Drawing,
}

/// What is drawn.
enum Drawing {
    Overlay {
        row: Row,
        masks: Vec<Rect>,
        /// Whether the row above shows the baseline and nothing else.
        is_plain: bool,
    },
    /// The first pixel is the highest bit.
    Mask { bits: Vec<u8> },
    /// Three panels as wide as the canvas, `width`, with gaps between them.
    SideBySide {
        row: Row,
        masks: Vec<Rect>,
        width: usize,
    },
}

/// Which rows of a picture are drawn from their pixels, besides those where something may be found.
pub(super) enum DrawnRows {
    Nothing,
    Rows(Vec<Range<u32>>),
    Everything,
}

impl DrawnRows {
    /// Whether row `y` is among them.
    pub(super) fn has(&self, y: u32) -> bool {
        match self {
            Self::Nothing => false,
            Self::Rows(rows) => rows.iter().any(|rows| rows.contains(&y)),
            Self::Everything => true,
        }
    }
}

impl Painter {
    /// Begins an overlay, 8-bit RGBA. Masks that reach beyond `shared`, what both pictures have, are clipped.
    pub(super) fn new(canvas: Size, shared: Size, masks: &[Rect]) -> Self {
        let drawing = Drawing::Overlay {
            row: Row::new(canvas.width),
            masks: clipped(masks, shared),
            is_plain: false,
        };
        Self {
            file: File::new(canvas, ColorType::Rgba, BitDepth::Eight),
            drawing,
        }
    }

    /// Begins a mask: two colours, one bit for each pixel.
    pub(super) fn mask(canvas: Size) -> Self {
        let mut file = File::new(canvas, ColorType::Indexed, BitDepth::One);
        file.add_chunk(b"PLTE", &MASK_COLOURS);
        file.add_chunk(b"tRNS", &MASK_OPACITIES);
        let bits = vec![0; canvas.width.div_ceil(8) as usize];
        Self {
            file,
            drawing: Drawing::Mask { bits },
        }
    }

    /// Begins baseline, overlay and candidate beside each other, 8-bit RGBA.
    ///
    /// # Errors
    /// When they are too wide for a PNG.
    pub(super) fn side_by_side(
        canvas: Size,
        shared: Size,
        masks: &[Rect],
    ) -> Result<Self, EncodingError> {
        let width = 3 * u64::from(canvas.width) + 2 * u64::from(GAP);
        if width > MAX_WIDTH {
            let why = format!("side by side it is {width} pixels wide, a PNG at most {MAX_WIDTH}");
            return Err(io::Error::other(why).into());
        }
        let size = Size {
            width: width as u32,
            ..canvas
        };
        let drawing = Drawing::SideBySide {
            row: Row::new(size.width),
            masks: clipped(masks, shared),
            width: canvas.width as usize,
        };
        Ok(Self {
            file: File::new(size, ColorType::Rgba, BitDepth::Eight),
            drawing,
        })
    }

    /// Which rows of baseline and candidate must be restored to be drawn, when their pixels have this layout, besides
    /// those where something may be found and the two above and below them.
    pub(super) fn shows(&self, layout: Layout) -> [DrawnRows; 2] {
        match &self.drawing {
            Drawing::Overlay { masks, .. } if layout == Layout::Rgb => {
                // Below the first row, and below masks, opacities are those of the row above.
                let masked = masks.iter().map(|mask| mask.y..mask.y + mask.height + 1);
                let rows = std::iter::once(0..1).chain(masked).collect();
                [DrawnRows::Rows(rows), DrawnRows::Nothing]
            }
            Drawing::Overlay { .. } => [DrawnRows::Everything, DrawnRows::Nothing],
            Drawing::Mask { .. } => [DrawnRows::Nothing, DrawnRows::Nothing],
            Drawing::SideBySide { .. } => [DrawnRows::Everything, DrawnRows::Everything],
        }
    }

    /// Draws the next rows, with the runs that were found in them.
    pub(super) fn draw<P: Pixel>(&mut self, pair: &Pair, rows: Range<u32>, runs: &[Run]) {
        for y in rows {
            self.drawing
                .draw::<P>(&mut self.file, y, pair, Run::of_row(runs, y));
        }
    }

    /// The bytes of the PNG; every row must have been drawn.
    pub(super) fn finish(self) -> Vec<u8> {
        self.file.finish()
    }
}

impl Drawing {
    /// Draws row `y` into the file.
    fn draw<P: Pixel>(&mut self, file: &mut File, y: u32, pair: &Pair, runs: &[Run]) {
        match self {
            Self::Overlay {
                row,
                masks,
                is_plain,
            } => {
                if let Some(filtered) = pair.baseline.filtered_row(y) {
                    pass_on(file, filtered);
                    row.is_above_known = false;
                    *is_plain = false;
                    return;
                }
                // Below text a page is mostly one row many times over: what was drawn last is still right.
                let is_repeated = *is_plain
                    && runs.is_empty()
                    && pair.baseline.row::<P>(y - 1) == pair.baseline.row::<P>(y);
                if is_repeated {
                    row.repeat(file);
                    return;
                }
                draw_row(&mut row.pixels, overlaid_rows::<P>(pair, y, runs), runs);
                draw_masks(&mut row.pixels, y, masks);
                row.write(file);
                *is_plain = runs.is_empty() && masks.is_empty();
            }
            Self::Mask { bits } => {
                bits.fill(0);
                let is_counted = |run: &&Run| run.finding == Finding::Mismatched;
                for run in runs.iter().filter(is_counted) {
                    set_bits(bits, run.start as usize..run.end as usize);
                }
                // Nearly all bits are zeroes, which no filter makes shorter.
                file.begin_row(NONE);
                file.add::<1>(bits.as_chunks().0);
            }
            Self::SideBySide { row, masks, width } => {
                let [baseline, candidate] = [pair.baseline.row::<P>(y), pair.candidate.row(y)];
                let panels = row.pixels.chunks_mut(*width + GAP as usize);
                let panels = panels.map(|panel| &mut panel[..*width]);
                for (index, panel) in panels.enumerate() {
                    match index {
                        0 => copy_row(panel, baseline),
                        1 => draw_row(panel, [baseline, candidate], runs),
                        _ => copy_row(panel, candidate),
                    }
                    draw_masks(panel, y, masks);
                }
                row.write(file);
            }
        }
    }
}

/// The row that is drawn, and the one above it.
struct Row {
    pixels: Vec<Rgba>,
    above: Vec<Rgba>,
    /// Whether `above` is the row above: zeroes above the first one.
    is_above_known: bool,
}

impl Row {
    fn new(width: u32) -> Self {
        let row = vec![[0; 4]; width as usize];
        Self {
            pixels: row.clone(),
            above: row,
            is_above_known: true,
        }
    }

    /// Adds the row, which becomes the one above.
    fn write(&mut self, file: &mut File) {
        // The old row above becomes what the filter leaves of the new row, and then room for the next one.
        let residues = self.above.as_flattened_mut();
        let samples = self.pixels.as_flattened();
        if self.is_above_known {
            file.begin_row(UP);
            for (residue, sample) in residues.iter_mut().zip(samples) {
                *residue = sample.wrapping_sub(*residue);
            }
        } else {
            file.begin_row(SUB);
            let left = [0; 4].iter().chain(samples);
            for ((residue, sample), left) in residues.iter_mut().zip(samples).zip(left) {
                *residue = sample.wrapping_sub(*left);
            }
        }
        file.add(&self.above);
        std::mem::swap(&mut self.pixels, &mut self.above);
        self.is_above_known = true;
    }

    /// Adds the row above once more.
    fn repeat(&self, file: &mut File) {
        file.begin_row(UP);
        file.add_zeroes(self.above.len());
    }
}

/// Adds a row that shows the baseline as it is, below another such row.
fn pass_on(file: &mut File, row: Filtered<'_>) {
    let Some((first, others)) = row.pixels.split_first() else {
        return;
    };
    // What the filter leaves of an opacity that has no equal one on its left.
    let opacity = match row.filter {
        SUB => MATCHING_OPACITY,
        AVERAGE => MATCHING_OPACITY.div_ceil(2),
        _ => 0,
    };
    let [red, green, blue] = *first;
    file.begin_row(row.filter);
    file.add(&[[red, green, blue, opacity]]);
    file.add(others);
}

fn clipped(masks: &[Rect], shared: Size) -> Vec<Rect> {
    masks.iter().filter_map(|mask| mask.clip(shared)).collect()
}

/// Row `y` of each picture; empty below it, and for the candidate where nothing was found.
fn overlaid_rows<'a, P: Pixel>(pair: &'a Pair, y: u32, runs: &[Run]) -> [&'a [P]; 2] {
    let candidate = match runs {
        [] => &[],
        _ => pair.candidate.row(y),
    };
    [pair.baseline.row(y), candidate]
}

fn draw_masks(row: &mut [Rgba], y: u32, masks: &[Rect]) {
    let covers = |mask: &&Rect| (mask.y..mask.y + mask.height).contains(&y);
    for mask in masks.iter().filter(covers) {
        row[mask.x as usize..(mask.x + mask.width) as usize].fill(MASKED);
    }
}

/// The picture itself; transparent where it ends before the canvas.
fn copy_row<P: Pixel>(row: &mut [Rgba], picture: &[P]) {
    let (inside, beyond) = row.split_at_mut(picture.len());
    for (drawn, pixel) in inside.iter_mut().zip(picture) {
        *drawn = pixel.rgba();
    }
    beyond.fill([0; 4]);
}

/// Sets the bits of some columns, whole bytes at once.
fn set_bits(bits: &mut [u8], columns: Range<usize>) {
    let Range { start, end } = columns;
    // The columns of the first byte from `start` on, and of the last one before `end`.
    let [head, tail] = [0xff_u8 >> (start % 8), !(0xff_u8 >> (end % 8))];
    let [first, last] = [start / 8, end / 8];
    if first == last {
        bits[first] |= head & tail;
        return;
    }
    bits[first] |= head;
    bits[first + 1..last].fill(0xff);
    // An end at the edge of a byte has no columns in the next, which may not be there.
    if tail != 0 {
        bits[last] |= tail;
    }
}

fn draw_row<P: Pixel>(row: &mut [Rgba], [baseline, candidate]: [&[P]; 2], runs: &[Run]) {
    let (both, beyond) = row.split_at_mut(baseline.len());
    for (drawn, pixel) in both.iter_mut().zip(baseline) {
        *drawn = matching(pixel.rgba());
    }
    beyond.fill([0; 4]);
    let colour = |row: &[P], x: usize| row.get(x).map(|pixel| pixel.rgba());
    for run in runs {
        let columns = run.start as usize..run.end as usize;
        for (x, drawn) in columns.clone().zip(&mut row[columns]) {
            *drawn = match run.finding {
                Finding::Mismatched => mismatched(colour(baseline, x), colour(candidate, x)),
                Finding::Antialiased => ANTIALIASED,
            };
        }
    }
}

fn matching([red, green, blue, alpha]: Rgba) -> Rgba {
    [red, green, blue, alpha / 3]
}

/// A side without the pixel counts as black.
fn mismatched(baseline: Option<Rgba>, candidate: Option<Rgba>) -> Rgba {
    let level =
        |side: Option<Rgba>, channel: usize| side.map_or(0, |pixel| u16::from(pixel[channel]));
    let tint = |channel| ((level(baseline, channel) + level(candidate, channel)) / 5) as u8;
    [255, tint(1), tint(2), 255]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching_pixels_keep_a_third_of_their_opacity() {
        assert_eq!(matching([1, 2, 3, 255]), [1, 2, 3, 85]);
        assert_eq!(matching([1, 2, 3, 2]), [1, 2, 3, 0]);
    }

    #[test]
    fn bits_are_set_column_by_column() {
        for start in 0..26 {
            for end in start + 1..=26 {
                let mut bits = [0; 4];
                set_bits(&mut bits, start..end);
                let is_set = |x: &usize| bits[x / 8] & (0x80 >> (x % 8)) != 0;
                let found: Vec<usize> = (0..32).filter(is_set).collect();
                assert_eq!(found, (start..end).collect::<Vec<_>>());
            }
        }
        let mut exact = [0; 2];
        set_bits(&mut exact, 3..16);
        assert_eq!(exact, [0x1f, 0xff]);
    }

    #[test]
    fn a_canvas_too_wide_for_three_is_refused() {
        let canvas = Size::from([1 << 30, 1]);
        let Err(error) = Painter::side_by_side(canvas, canvas, &[]) else {
            panic!("a PNG of three times 2³⁰ columns");
        };
        assert!(
            error.to_string().contains("3221225504 pixels wide"),
            "{error}"
        );
    }

    #[test]
    fn mismatches_are_niffys_red() {
        let opaque = |level| [level, level, level, 255];
        let red = |a, b| mismatched(Some(opaque(a)), Some(opaque(b)));
        assert_eq!(red(255, 0), [255, 51, 51, 255]);
        assert_eq!(red(101, 102), [255, 40, 40, 255]);
        assert_eq!(red(255, 255), [255, 102, 102, 255]);
        assert_eq!(mismatched(None, Some(opaque(255))), [255, 51, 51, 255]);
    }
}
