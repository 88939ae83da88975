//! Converts a PNG of any kind to rows of the wanted layout, using the `png` crate. The rows are restored: their filter
//! is [`NONE`].

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, FrameControl, Limits, Reader, Transformations};

use super::{Layout, explain};
use crate::diff::Size;
use crate::diff::error::PictureError;
use crate::diff::memory::zeroes;
use crate::diff::unfilter::NONE;

/// Memory that the decoder may use in addition to the pixels, for rows and metadata.
const DECODER_OVERHEAD: usize = 64 << 20;

/// The rows of a PNG, decoded and converted on demand.
///
/// Except for [`Layout::Deep`], 16-bit samples are rounded to the nearest 8-bit ones, `(v + 128) / 257`, as the `image`
/// crate does. For an animation, this is the default image.
pub(super) struct Converted<'a> {
    bytes: &'a [u8],
    reader: Reader<Cursor<&'a [u8]>>,
    size: Size,
    layout: Layout,
    /// How many rows were returned.
    next: u32,
    /// One row before it is normalised.
    raw: Vec<u8>,
    /// The whole picture, if its rows are not stored from top to bottom.
    whole: Option<Vec<u8>>,
}

impl<'a> Converted<'a> {
    /// Reads up to the first pixel of a PNG whose header says `size`.
    pub(super) fn open(bytes: &'a [u8], size: Size, layout: Layout) -> Result<Self, PictureError> {
        let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits(size)?);
        decoder.set_transformations(match layout {
            Layout::Rgb => Transformations::IDENTITY,
            Layout::Rgba | Layout::Deep => Transformations::EXPAND | Transformations::ALPHA,
        });
        decoder.ignore_checksums(false);
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        let reader = decoder.read_info().map_err(|error| explain(error, bytes))?;
        Ok(Self {
            bytes,
            reader,
            size,
            layout,
            next: 0,
            raw: Vec::new(),
            whole: None,
        })
    }

    /// Whether pixels of the layout `Rgb` would lose transparency.
    pub(super) fn has_transparent_colour(&self) -> bool {
        self.reader.info().trns.is_some()
    }

    /// Whether its rows are stored in the wanted layout, from top to bottom.
    pub(super) fn is_stored_in_layout(&self) -> bool {
        let info = self.reader.info();
        let colour = match self.layout {
            Layout::Rgb => ColorType::Rgb,
            Layout::Rgba => ColorType::Rgba,
            Layout::Deep => return false,
        };
        info.color_type == colour
            && info.bit_depth == BitDepth::Eight
            && !info.interlaced
            && info.animation_control.is_none()
            && info.frame_control.is_none()
    }

    /// Like [`Rows::fill`](super::Rows::fill).
    pub(super) fn fill(&mut self, rows: &mut [u8]) -> Result<(), PictureError> {
        if self.next == 0 && !self.comes_row_by_row() {
            self.whole = Some(self.decode_whole()?);
        }
        let left = (self.size.height - self.next) as usize;
        let stride = self.layout.stride(self.size);
        for row in rows.chunks_exact_mut(stride).take(left) {
            row[0] = NONE;
            self.read(&mut row[1..])?;
            self.next += 1;
        }
        if left > 0 && self.next == self.size.height {
            self.finish()?;
        }
        Ok(())
    }

    /// Interlaced rows are stored in seven passes, and the first frame of a damaged animation may be smaller than the
    /// picture.
    fn comes_row_by_row(&self) -> bool {
        let info = self.reader.info();
        let frame = info.frame_control.as_ref();
        let is_full =
            |frame: &FrameControl| frame.width == info.width && frame.height == info.height;
        !info.interlaced && frame.is_none_or(is_full)
    }

    fn decode_whole(&mut self) -> Result<Vec<u8>, PictureError> {
        let size = self.size;
        let length = self.reader.output_buffer_size();
        let mut whole = zeroes(length.ok_or(PictureError::OutOfMemory { size })?, size)?;
        let frame = self.reader.next_frame(&mut whole);
        frame.map_err(|error| explain(error, self.bytes))?;
        Ok(whole)
    }

    fn read(&mut self, row: &mut [u8]) -> Result<(), PictureError> {
        let explain = |error| explain(error, self.bytes);
        let (color, depth) = self.reader.output_color_type();
        let raw_length = self.size.width as usize * color.samples() * (depth as usize / 8);
        if let Some(whole) = &self.whole {
            let raw = &whole[self.next as usize * raw_length..][..raw_length];
            self.layout.normalise(raw, color, depth, row);
        } else if depth == BitDepth::Eight && color.samples() == self.layout.samples() {
            self.reader.read_row(row).map_err(explain)?;
        } else {
            self.raw.resize(raw_length, 0);
            self.reader.read_row(&mut self.raw).map_err(explain)?;
            self.layout.normalise(&self.raw, color, depth, row);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), PictureError> {
        // The call after the last row reads past the pixels. Surplus pixels are ignored.
        if self.whole.is_none() {
            self.reader
                .next_row()
                .map_err(|error| explain(error, self.bytes))?;
        }
        self.reader
            .finish()
            .map_err(|error| explain(error, self.bytes))
    }
}

/// A row of 16-bit RGBA takes eight bytes for each pixel; the decoder keeps a few of them.
fn limits(size: Size) -> Result<Limits, PictureError> {
    (size.width as usize)
        .checked_mul(32)
        .and_then(|rows| rows.checked_add(DECODER_OVERHEAD))
        .map(|bytes| Limits { bytes })
        .ok_or(PictureError::OutOfMemory { size })
}

impl Layout {
    /// Converts a decoded row to this layout. The decoder expands palettes and adds alpha, so only four kinds of row
    /// besides plain RGB are possible.
    fn normalise(self, raw: &[u8], color: ColorType, depth: BitDepth, row: &mut [u8]) {
        match self {
            Self::Rgb | Self::Rgba => normalise(raw, color, depth, row),
            Self::Deep => normalise_deep(raw, color, depth, row),
        }
    }
}

fn normalise(raw: &[u8], color: ColorType, depth: BitDepth, row: &mut [u8]) {
    let spread = |[gray, alpha]: [u8; 2]| [gray, gray, gray, alpha];
    match (color, depth) {
        (ColorType::GrayscaleAlpha, BitDepth::Sixteen) => {
            let pixels = raw.as_chunks::<4>().0.iter();
            for (pixel, [gray, low, alpha, end]) in row.as_chunks_mut().0.iter_mut().zip(pixels) {
                *pixel = spread([to_8_bit([*gray, *low]), to_8_bit([*alpha, *end])]);
            }
        }
        (ColorType::GrayscaleAlpha, _) => {
            for (pixel, raw) in row.as_chunks_mut().0.iter_mut().zip(raw.as_chunks().0) {
                *pixel = spread(*raw);
            }
        }
        (_, BitDepth::Sixteen) => {
            for (sample, word) in row.iter_mut().zip(raw.as_chunks().0) {
                *sample = to_8_bit(*word);
            }
        }
        _ => row.copy_from_slice(raw),
    }
}

fn normalise_deep(raw: &[u8], color: ColorType, depth: BitDepth, row: &mut [u8]) {
    let words = row.as_chunks_mut::<2>().0;
    match depth {
        BitDepth::Sixteen => spread_deep(words, color, raw.as_chunks().0.iter().copied()),
        _ => spread_deep(words, color, raw.iter().map(|sample| [*sample; 2])),
    }
}

/// Writes gray three times.
fn spread_deep(words: &mut [[u8; 2]], color: ColorType, samples: impl Iterator<Item = [u8; 2]>) {
    if color != ColorType::GrayscaleAlpha {
        words
            .iter_mut()
            .zip(samples)
            .for_each(|(word, sample)| *word = sample);
        return;
    }
    let mut samples = samples;
    for pixel in words.as_chunks_mut::<4>().0 {
        if let (Some(gray), Some(alpha)) = (samples.next(), samples.next()) {
            *pixel = [gray, gray, gray, alpha];
        }
    }
}

/// The nearest 8-bit level of a big-endian 16-bit sample.
pub(in crate::diff) fn to_8_bit(word: [u8; 2]) -> u8 {
    ((u32::from(u16::from_be_bytes(word)) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_rounded_to_the_nearest_eight() {
        let words = [
            0u16,
            127,
            128,
            129,
            0x7fff,
            0x8000,
            65_406,
            65_407,
            u16::MAX,
        ];
        let found = words.map(|word| to_8_bit(word.to_be_bytes()));
        let nearest = words.map(|word| (f64::from(word) / 257.0).round() as u8);
        assert_eq!(found, nearest);
    }

    #[test]
    fn every_kind_of_row_keeps_all_its_bits_in_the_deep_layout() {
        use ColorType::{GrayscaleAlpha, Rgba};
        let gray = [[1, 2], [1, 2], [1, 2], [9, 8]].concat();
        for (raw, color, depth, expected) in [
            (
                &[1, 2, 9, 8][..],
                GrayscaleAlpha,
                BitDepth::Sixteen,
                &gray[..],
            ),
            (
                &[1, 2, 3, 4, 5, 6, 7, 8],
                Rgba,
                BitDepth::Sixteen,
                &[1, 2, 3, 4, 5, 6, 7, 8],
            ),
            (
                &[7, 255],
                GrayscaleAlpha,
                BitDepth::Eight,
                &[7, 7, 7, 7, 7, 7, 255, 255],
            ),
            (
                &[1, 2, 3, 4],
                Rgba,
                BitDepth::Eight,
                &[1, 1, 2, 2, 3, 3, 4, 4],
            ),
        ] {
            let mut row = [0; 8];
            Layout::Deep.normalise(raw, color, depth, &mut row);
            assert_eq!(row, expected, "{color:?} {depth:?}");
        }
    }

    #[test]
    fn gray_becomes_three_equal_channels() {
        let mut row = [0; 4];
        normalise(
            &[7, 9],
            ColorType::GrayscaleAlpha,
            BitDepth::Eight,
            &mut row,
        );
        assert_eq!(row, [7, 7, 7, 9]);
        let words = [0xff, 0xff, 0x01, 0x01];
        normalise(
            &words,
            ColorType::GrayscaleAlpha,
            BitDepth::Sixteen,
            &mut row,
        );
        assert_eq!(row, [255, 255, 255, 1]);
    }
}
