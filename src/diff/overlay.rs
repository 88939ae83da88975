//! The picture of a comparison: pictures and runs in, PNG bytes out. It decides nothing; it is drawn only
//! when something was found.
//!
//! Source of the colours: Niffy 0.2.0, `lib/diff.js`: matching pixels at a third of their opacity, mismatches
//! a red that is brighter where the content was bright.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};
use rayon::prelude::*;

use super::picture::{Pair, Rgba};
use super::runs::{Finding, Run};
use super::{Rect, Size};

/// Drawn where pixels differ by anti-aliasing alone.
const ANTIALIASED: Rgba = [255, 255, 0, 255];
/// Drawn over masks: a pale blue, as opaque as matching pixels.
const MASKED: Rgba = [90, 120, 255, 85];

/// Draws and encodes the overlay of the union canvas as 8-bit RGBA.
pub(super) fn overlay(pair: &Pair, runs: &[Run], masks: &[Rect]) -> Result<Vec<u8>, EncodingError> {
    let canvas = pair.canvas();
    let shared = pair.shared_size();
    let masks: Vec<Rect> = masks.iter().filter_map(|mask| mask.clip(shared)).collect();
    let mut bytes = transparent(canvas)?;
    let rows = bytes.par_chunks_exact_mut(canvas.width as usize * 4);
    rows.enumerate().for_each(|(y, row)| {
        let row = row.as_chunks_mut().0;
        draw_row(row, y as u32, pair, runs, &masks);
    });
    encode(&bytes, canvas)
}

/// Allocates without aborting: the size comes from the files.
fn transparent(canvas: Size) -> Result<Vec<u8>, EncodingError> {
    let length = canvas.pixels().checked_mul(4);
    let length = length.and_then(|length| usize::try_from(length).ok());
    let length = length.ok_or(EncodingError::LimitsExceeded)?;
    let mut bytes = Vec::new();
    let reserved = bytes.try_reserve_exact(length);
    reserved.map_err(|_| EncodingError::LimitsExceeded)?;
    bytes.resize(length, 0);
    Ok(bytes)
}

fn draw_row(row: &mut [Rgba], y: u32, pair: &Pair, runs: &[Run], masks: &[Rect]) {
    let [baseline, candidate] = [pair.baseline.row(y), pair.candidate.row(y)];
    for (drawn, pixel) in row.iter_mut().zip(baseline) {
        *drawn = matching(*pixel);
    }
    for run in Run::of_row(runs, y) {
        let columns = run.start as usize..run.end as usize;
        for (x, drawn) in columns.clone().zip(&mut row[columns]) {
            *drawn = match run.finding {
                Finding::Mismatched => mismatched(baseline.get(x), candidate.get(x)),
                Finding::Antialiased => ANTIALIASED,
            };
        }
    }
    for mask in masks
        .iter()
        .filter(|mask| (mask.y..mask.y + mask.height).contains(&y))
    {
        row[mask.x as usize..(mask.x + mask.width) as usize].fill(MASKED);
    }
}

fn matching([red, green, blue, alpha]: Rgba) -> Rgba {
    [red, green, blue, alpha / 3]
}

/// A side without the pixel counts as black.
fn mismatched(baseline: Option<&Rgba>, candidate: Option<&Rgba>) -> Rgba {
    let level =
        |side: Option<&Rgba>, channel: usize| side.map_or(0, |pixel| u16::from(pixel[channel]));
    let tint = |channel| ((level(baseline, channel) + level(candidate, channel)) / 5) as u8;
    [255, tint(1), tint(2), 255]
}

fn encode(bytes: &[u8], size: Size) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, size.width, size.height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(file)
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
        let red = |a, b| mismatched(Some(&opaque(a)), Some(&opaque(b)));
        assert_eq!(red(255, 0), [255, 51, 51, 255]);
        assert_eq!(red(101, 102), [255, 40, 40, 255]);
        assert_eq!(red(255, 255), [255, 102, 102, 255]);
        assert_eq!(mismatched(None, Some(&opaque(255))), [255, 51, 51, 255]);
    }
}
