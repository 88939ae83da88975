//! Encoded PNG bytes in, a size or rows of straight 8-bit pixels out. Trusts nothing: the size is taken
//! from the header and checked against the limit before anything is allocated. Colour profiles and gamma
//! are not applied: the stored samples are what is compared.

use std::io::{Cursor, ErrorKind};

use png::{
    BitDepth, ColorType, Decoder, DecodingError, FrameControl, Limits, Reader, Transformations,
};

use super::Size;
use super::error::PictureError;
use super::foreign::Format;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Where the header chunk keeps width and height, as two big-endian words.
const SIZE_OFFSET: usize = 16;
/// Where it keeps bit depth and colour type, a byte each.
const DEPTH_OFFSET: usize = 24;
/// Memory that the decoder may use beside the pixels, for rows and metadata.
const DECODER_OVERHEAD: usize = 64 << 20;

/// Reads the size of a picture from its header, without decoding pixels.
///
/// # Errors
/// When the bytes are no picture of a format that was built in, end within the header, or have a damaged or zero-sized one.
pub fn decode_header(bytes: &[u8]) -> Result<Size, PictureError> {
    if let Some(format) = Format::of(bytes) {
        return format.size(bytes);
    }
    if !bytes.starts_with(SIGNATURE) {
        return Err(PictureError::NotPng { bytes: bytes.len() });
    }
    refuse_zero_sized(bytes)?;
    let mut decoder = Decoder::new(Cursor::new(bytes));
    let info = decoder
        .read_header_info()
        .map_err(|error| explain(error, bytes))?;
    Ok(Size {
        width: info.width,
        height: info.height,
    })
}

/// The decoder has no own error for an empty picture, so the header is looked at before it.
fn refuse_zero_sized(bytes: &[u8]) -> Result<(), PictureError> {
    let Some([width, height]) = bytes.get(SIZE_OFFSET..).and_then(first_words) else {
        return Err(PictureError::Truncated { bytes: bytes.len() });
    };
    if width == 0 || height == 0 {
        let size = Size { width, height };
        return Err(PictureError::ZeroSized { size });
    }
    Ok(())
}

fn first_words(bytes: &[u8]) -> Option<[u32; 2]> {
    let (width, rest) = bytes.split_first_chunk()?;
    let height = rest.first_chunk()?;
    Some([u32::from_be_bytes(*width), u32::from_be_bytes(*height)])
}

/// Reads the size and refuses a picture of more than `max_pixels`.
pub(super) fn checked_size(bytes: &[u8], max_pixels: u64) -> Result<Size, PictureError> {
    let size = decode_header(bytes)?;
    if size.pixels() > max_pixels {
        return Err(PictureError::TooManyPixels { size, max_pixels });
    }
    Ok(size)
}

/// How pixels are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Three samples, as they are stored: only for plain 8-bit RGB.
    Rgb,
    /// Four samples: palettes looked up, gray spread, `tRNS` or full opacity as alpha.
    Rgba,
}

impl Layout {
    /// The narrowest layout that a header allows; a `tRNS` chunk may still call for alpha.
    pub(super) fn of_header(bytes: &[u8]) -> Self {
        match bytes.get(DEPTH_OFFSET..) {
            Some([8, colour, ..]) if *colour == ColorType::Rgb as u8 => Self::Rgb,
            _ => Self::Rgba,
        }
    }

    /// Bytes of one pixel.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// The rows of a PNG of any colour type, depth and interlacing, decoded from the top as they are asked for.
///
/// 16-bit samples become 8-bit ones by rounding to the nearest, `(v + 128) / 257`, as the `image` crate
/// does. Of an animation it is the default image.
pub(super) struct Rows<'a> {
    bytes: &'a [u8],
    reader: Reader<Cursor<&'a [u8]>>,
    size: Size,
    layout: Layout,
    /// How many rows were handed out.
    next: u32,
    /// One row before it is normalised.
    raw: Vec<u8>,
    /// The whole picture, when its rows do not come from top to bottom.
    whole: Option<Vec<u8>>,
}

impl<'a> Rows<'a> {
    /// Reads up to the first pixel of a PNG whose header says `size`. `Layout::Rgb` only for what
    /// [`Layout::of_header`] says can be had so.
    pub(super) fn open(bytes: &'a [u8], size: Size, layout: Layout) -> Result<Self, PictureError> {
        let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits(size)?);
        decoder.set_transformations(match layout {
            Layout::Rgb => Transformations::IDENTITY,
            Layout::Rgba => Transformations::EXPAND | Transformations::ALPHA,
        });
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

    pub(super) fn size(&self) -> Size {
        self.size
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// Bytes of one row as it is handed out.
    pub(super) fn row_length(&self) -> usize {
        self.size.width as usize * self.layout.samples()
    }

    /// Decodes the next rows into `samples`, as many as it holds or as are left. With the last row, what
    /// follows it in the file is checked too.
    ///
    /// # Errors
    /// When the file is damaged, cut off, or needs more memory than there is.
    pub(super) fn fill(&mut self, samples: &mut [u8]) -> Result<(), PictureError> {
        if self.next == 0 && !self.comes_row_by_row() {
            self.whole = Some(self.decode_whole()?);
        }
        let left = (self.size.height - self.next) as usize;
        for row in samples.chunks_exact_mut(self.row_length()).take(left) {
            self.read(row)?;
            self.next += 1;
        }
        if left > 0 && self.next == self.size.height {
            self.finish()?;
        }
        Ok(())
    }

    /// Interlaced rows come in seven passes, and the first frame of a damaged animation may be smaller than the
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
            normalise(
                &whole[self.next as usize * raw_length..][..raw_length],
                color,
                depth,
                row,
            );
        } else if depth == BitDepth::Eight && color.samples() == self.layout.samples() {
            self.reader.read_row(row).map_err(explain)?;
        } else {
            self.raw.resize(raw_length, 0);
            self.reader.read_row(&mut self.raw).map_err(explain)?;
            normalise(&self.raw, color, depth, row);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), PictureError> {
        // The call behind the last row checks that the compressed data end there.
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

/// Allocates without aborting: the length comes from the file.
pub(super) fn zeroes(length: usize, size: Size) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(length)
        .map_err(|_| PictureError::OutOfMemory { size })?;
    bytes.resize(length, 0);
    Ok(bytes)
}

/// Brings a decoded row into the layout of `row`. The decoder was told to expand palettes and to add alpha, so
/// only four layouts can arrive beside plain RGB.
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

/// The nearest 8-bit level of a big-endian 16-bit sample.
fn to_8_bit(word: [u8; 2]) -> u8 {
    ((u32::from(u16::from_be_bytes(word)) + 128) / 257) as u8
}

fn explain(error: DecodingError, bytes: &[u8]) -> PictureError {
    match error {
        DecodingError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            PictureError::Truncated { bytes: bytes.len() }
        }
        other => PictureError::Corrupt(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature and the start of a header chunk; everything after the size is missing.
    fn header(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend(b"\0\0\0\x0dIHDR");
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    #[test]
    fn other_files_are_not_png() {
        let error = decode_header(b"GIF89a").unwrap_err();
        assert!(matches!(error, PictureError::NotPng { bytes: 6 }));
        assert!(matches!(
            decode_header(b""),
            Err(PictureError::NotPng { .. })
        ));
    }

    #[test]
    fn a_header_without_pixels_is_named() {
        let error = decode_header(&header(0, 7)).unwrap_err();
        assert_eq!(error.to_string(), "has no pixels: its header says 0x7");
    }

    #[test]
    fn a_header_that_ends_early_is_truncated() {
        let error = decode_header(&header(3, 7)).unwrap_err();
        assert!(matches!(error, PictureError::Truncated { bytes: 24 }));
        let error = decode_header(&header(3, 7)[..19]).unwrap_err();
        assert!(matches!(error, PictureError::Truncated { bytes: 19 }));
    }

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
