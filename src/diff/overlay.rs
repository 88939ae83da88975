//! The picture of a comparison: pictures and runs in, PNG bytes out. It decides nothing; it is handed
//! out only when something was found.
//!
//! There are three: the overlay, the mask and side by side. Source of the overlay's colours: Niffy 0.2.0,
//! `lib/diff.js`: matching pixels at a third of their opacity, mismatches a red that is brighter where the content
//! was bright.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter, StreamWriter};

use super::picture::{Pair, Pixel, Rgba};
use super::runs::{Finding, Run};
use super::{Rect, Size};

/// Drawn where pixels differ by anti-aliasing alone.
const ANTIALIASED: Rgba = [255, 255, 0, 255];
/// Drawn over masks: a pale blue, as opaque as matching pixels.
const MASKED: Rgba = [90, 120, 255, 85];
/// Compressed bytes in one chunk of the file.
const CHUNK_BYTES: usize = 64 << 10;

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
    writer: StreamWriter<'static, File>,
    row: Row,
}

impl Painter {
    /// Begins an overlay, 8-bit RGBA. Masks that reach beyond `shared`, what both pictures have, are clipped.
    pub(super) fn new(canvas: Size, shared: Size, masks: &[Rect]) -> Result<Self, EncodingError> {
        let row = Row::Overlay {
            pixels: vec![[0; 4]; canvas.width as usize],
            masks: clipped(masks, shared),
            is_plain: false,
        };
        Self::begin(canvas, row)
    }

    /// Begins a mask: two colours, one bit for each pixel.
    pub(super) fn mask(canvas: Size) -> Result<Self, EncodingError> {
        let bits = vec![0; canvas.width.div_ceil(8) as usize];
        Self::begin(canvas, Row::Mask { bits })
    }

    /// Begins baseline, overlay and candidate beside each other, 8-bit RGBA.
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
        let row = Row::SideBySide {
            pixels: vec![[0; 4]; width as usize],
            masks: clipped(masks, shared),
            width: canvas.width as usize,
        };
        let size = Size {
            width: width as u32,
            ..canvas
        };
        Self::begin(size, row)
    }

    fn begin(size: Size, row: Row) -> Result<Self, EncodingError> {
        let file = File::default();
        let mut encoder = Encoder::new(file.clone(), size.width, size.height);
        encoder.set_compression(Compression::Fastest);
        if let Row::Mask { .. } = row {
            encoder.set_color(ColorType::Indexed);
            encoder.set_depth(BitDepth::One);
            encoder.set_palette(&MASK_COLOURS[..]);
            encoder.set_trns(&MASK_OPACITIES[..]);
            // Nearly all bits are zeroes, which no filter makes shorter.
            encoder.set_filter(Filter::NoFilter);
        } else {
            encoder.set_color(ColorType::Rgba);
            encoder.set_depth(BitDepth::Eight);
        }
        let writer = encoder.write_header()?;
        Ok(Self {
            file,
            writer: writer.into_stream_writer_with_size(CHUNK_BYTES)?,
            row,
        })
    }

    /// Whether all pixels of baseline and candidate are needed, not only those where something was found.
    pub(super) fn shows(&self) -> [bool; 2] {
        match self.row {
            Row::Overlay { .. } => [true, false],
            Row::Mask { .. } => [false, false],
            Row::SideBySide { .. } => [true, true],
        }
    }

    /// Draws the next rows, with the runs that were found in them.
    pub(super) fn draw<P: Pixel>(
        &mut self,
        pair: &Pair,
        rows: Range<u32>,
        runs: &[Run],
    ) -> Result<(), EncodingError> {
        for y in rows {
            let bytes = self.row.draw::<P>(y, pair, Run::of_row(runs, y));
            self.writer.write_all(bytes)?;
        }
        Ok(())
    }

    /// The bytes of the PNG; every row must have been drawn.
    pub(super) fn finish(self) -> Result<Vec<u8>, EncodingError> {
        self.writer.finish()?;
        let mut bytes = self.file.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut bytes))
    }
}

/// One row of the picture; the others are encoded or not yet drawn.
enum Row {
    Overlay {
        pixels: Vec<Rgba>,
        masks: Vec<Rect>,
        /// Whether the row above was drawn, and shows the baseline and nothing else.
        is_plain: bool,
    },
    /// The first pixel is the highest bit.
    Mask { bits: Vec<u8> },
    /// Three panels as wide as the canvas, `width`, with gaps between them.
    SideBySide {
        pixels: Vec<Rgba>,
        masks: Vec<Rect>,
        width: usize,
    },
}

impl Row {
    /// Draws row `y` and gives its bytes as they are encoded.
    fn draw<P: Pixel>(&mut self, y: u32, pair: &Pair, runs: &[Run]) -> &[u8] {
        match self {
            Self::Overlay {
                pixels,
                masks,
                is_plain,
            } => {
                // Below text a page is mostly one row many times over: what was drawn last is still right.
                let is_repeated = *is_plain
                    && runs.is_empty()
                    && pair.baseline.row::<P>(y - 1) == pair.baseline.row::<P>(y);
                if !is_repeated {
                    draw_row(pixels, overlaid_rows::<P>(pair, y, runs), runs);
                    draw_masks(pixels, y, masks);
                }
                *is_plain = runs.is_empty() && masks.is_empty();
                pixels.as_flattened()
            }
            Self::Mask { bits } => {
                bits.fill(0);
                let is_counted = |run: &&Run| run.finding == Finding::Mismatched;
                for run in runs.iter().filter(is_counted) {
                    set_bits(bits, run.start as usize..run.end as usize);
                }
                bits
            }
            Self::SideBySide {
                pixels,
                masks,
                width,
            } => {
                let [baseline, candidate] = [pair.baseline.row::<P>(y), pair.candidate.row(y)];
                let panels = pixels.chunks_mut(*width + GAP as usize);
                let panels = panels.map(|panel| &mut panel[..*width]);
                for (index, panel) in panels.enumerate() {
                    match index {
                        0 => copy_row(panel, baseline),
                        1 => draw_row(panel, [baseline, candidate], runs),
                        _ => copy_row(panel, candidate),
                    }
                    draw_masks(panel, y, masks);
                }
                pixels.as_flattened()
            }
        }
    }
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

/// A file in memory with two owners: the encoder keeps its writer to itself.
#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
