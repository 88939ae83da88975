//! The picture of a comparison: pictures and runs in, PNG bytes out. It decides nothing; it is drawn only
//! when something was found.
//!
//! Source of the colours: Niffy 0.2.0, `lib/diff.js`: matching pixels at a third of their opacity, mismatches
//! a red that is brighter where the content was bright.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, StreamWriter};

use super::picture::{Pair, Pixel, Rgba};
use super::runs::{Finding, Run};
use super::{Rect, Size};

/// Drawn where pixels differ by anti-aliasing alone.
const ANTIALIASED: Rgba = [255, 255, 0, 255];
/// Drawn over masks: a pale blue, as opaque as matching pixels.
const MASKED: Rgba = [90, 120, 255, 85];
/// Compressed bytes in one chunk of the file.
const CHUNK_BYTES: usize = 64 << 10;

/// Draws the overlay of the union canvas row by row, as 8-bit RGBA.
///
/// It begins with the first row although it may turn out that nothing differs: files that differ and show the
/// same pixels are rare, and decoding the first rows a second time would cost as much as drawing them.
pub(super) struct Painter {
    file: File,
    writer: StreamWriter<'static, File>,
    masks: Vec<Rect>,
    row: Vec<Rgba>,
}

impl Painter {
    /// Begins a PNG. Masks that reach beyond `shared`, what both pictures have, are clipped.
    pub(super) fn new(canvas: Size, shared: Size, masks: &[Rect]) -> Result<Self, EncodingError> {
        let file = File::default();
        let mut encoder = Encoder::new(file.clone(), canvas.width, canvas.height);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fastest);
        let writer = encoder.write_header()?;
        Ok(Self {
            file,
            writer: writer.into_stream_writer_with_size(CHUNK_BYTES)?,
            masks: masks.iter().filter_map(|mask| mask.clip(shared)).collect(),
            row: vec![[0; 4]; canvas.width as usize],
        })
    }

    /// Draws the next rows, with the runs that were found in them.
    pub(super) fn draw<P: Pixel>(
        &mut self,
        pair: &Pair,
        rows: Range<u32>,
        runs: &[Run],
    ) -> Result<(), EncodingError> {
        for y in rows {
            draw_row::<P>(&mut self.row, y, pair, Run::of_row(runs, y));
            self.draw_masks(y);
            self.writer.write_all(self.row.as_flattened())?;
        }
        Ok(())
    }

    fn draw_masks(&mut self, y: u32) {
        let covers = |mask: &&Rect| (mask.y..mask.y + mask.height).contains(&y);
        for mask in self.masks.iter().filter(covers) {
            self.row[mask.x as usize..(mask.x + mask.width) as usize].fill(MASKED);
        }
    }

    /// The bytes of the PNG; every row must have been drawn.
    pub(super) fn finish(self) -> Result<Vec<u8>, EncodingError> {
        self.writer.finish()?;
        let mut bytes = self.file.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut bytes))
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

fn draw_row<P: Pixel>(row: &mut [Rgba], y: u32, pair: &Pair, runs: &[Run]) {
    let baseline = pair.baseline.row::<P>(y);
    let (both, beyond) = row.split_at_mut(baseline.len());
    for (drawn, pixel) in both.iter_mut().zip(baseline) {
        *drawn = matching(pixel.rgba());
    }
    beyond.fill([0; 4]);
    let colour = |row: &[P], x: usize| row.get(x).map(|pixel| pixel.rgba());
    for run in runs {
        // Asked for only here: where nothing was found, it is not restored.
        let candidate = pair.candidate.row::<P>(y);
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
    fn mismatches_are_niffys_red() {
        let opaque = |level| [level, level, level, 255];
        let red = |a, b| mismatched(Some(opaque(a)), Some(opaque(b)));
        assert_eq!(red(255, 0), [255, 51, 51, 255]);
        assert_eq!(red(101, 102), [255, 40, 40, 255]);
        assert_eq!(red(255, 255), [255, 102, 102, 255]);
        assert_eq!(mismatched(None, Some(opaque(255))), [255, 51, 51, 255]);
    }
}
