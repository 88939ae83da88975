//! Decodes PNG bytes to a size or to rows of pixels, some of them still filtered. It trusts nothing: the size is
//! read from the header and checked against the limit before any allocation. Colour profiles and gamma are not applied:
//! the stored samples are compared.

mod chunks;
mod convert;
mod inflate;

use std::io::{Cursor, ErrorKind};

use png::{ColorType, Decoder, DecodingError};

use super::Size;
use super::error::PictureError;
use super::foreign::{self, Format};
use super::unread;
pub use chunks::check_whole;
use convert::Converted;
pub(super) use convert::to_8_bit;
use inflate::{Chunks, Inflated};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The position of width and height in the header chunk, as two big-endian words.
const SIZE_OFFSET: usize = 16;
/// The longest side that PNG allows.
const MAX_SIDE: u32 = i32::MAX as u32;
/// How many times shorter zlib makes bytes at the most.
const MOST_COMPRESSED: u64 = 1032;
/// The position of bit depth and colour type, one byte each.
const DEPTH_OFFSET: usize = 24;

/// Reads the size of a picture from its header, without decoding pixels.
///
/// # Errors
/// When the bytes are no picture of a format that was built in, end within the header, or have a damaged or zero-sized one.
pub fn decode_header(bytes: &[u8]) -> Result<Size, PictureError> {
    if let Some(format) = Format::of(bytes) {
        return format.size(bytes);
    }
    if !bytes.starts_with(SIGNATURE) {
        return Err(match unread::Format::of(bytes) {
            Some(format) => PictureError::NotRead { format },
            None => PictureError::NotPng { bytes: bytes.len() },
        });
    }
    refuse_impossible_size(bytes)?;
    let mut decoder = Decoder::new(Cursor::new(bytes));
    let info = decoder
        .read_header_info()
        .map_err(|error| explain(error, bytes))?;
    Ok(Size {
        width: info.width,
        height: info.height,
    })
}

/// Whether a file that begins so is a picture, of a format that Twinshot reads or of one that it does not read.
/// The first 64 bytes are enough.
///
/// ```
/// use twinshot::diff::is_picture;
///
/// assert!(is_picture(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
/// assert!(is_picture(b"GIF89a"));
/// assert!(!is_picture(b"BMW, prices of 2026"));
/// ```
pub fn is_picture(head: &[u8]) -> bool {
    head.starts_with(SIGNATURE) || Format::of(head).is_some() || unread::Format::of(head).is_some()
}

/// The decoder has no error of its own for an empty picture, or for sides that PNG does not allow, so the header is
/// checked first.
fn refuse_impossible_size(bytes: &[u8]) -> Result<(), PictureError> {
    let Some([width, height]) = bytes.get(SIZE_OFFSET..).and_then(first_words) else {
        return Err(PictureError::Truncated { bytes: bytes.len() });
    };
    if width == 0 || height == 0 {
        let size = Size { width, height };
        return Err(PictureError::ZeroSized { size });
    }
    if width.max(height) > MAX_SIDE {
        return Err(PictureError::Broken("its size is more than PNG allows"));
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

/// Checks a picture whose pixels are not needed: that a PNG goes on to its end with chunks whose checksums are right, and
/// with as many compressed bytes as its pixels take at the least. This is much faster than decoding it. A picture of another
/// format is decoded.
///
/// # Errors
/// When the picture is damaged or truncated.
pub(super) fn check_complete(bytes: &[u8], size: Size) -> Result<(), PictureError> {
    if Format::of(bytes).is_some() {
        return foreign::as_png(bytes).map(drop);
    }
    Converted::open(bytes, size, Layout::Rgba)?;
    Chunks::of_file(bytes).check(least_compressed(bytes, size))
}

/// The fewest bytes that the pixels can take: zlib makes them at most 1032 times shorter.
fn least_compressed(bytes: &[u8], size: Size) -> u64 {
    let (depth, samples) = match bytes.get(DEPTH_OFFSET..) {
        Some([depth, 2, ..]) => (*depth, 3),
        Some([depth, 4, ..]) => (*depth, 2),
        Some([depth, 6, ..]) => (*depth, 4),
        Some([depth, ..]) => (*depth, 1),
        Some([]) | None => (1, 1),
    };
    size.pixels()
        .saturating_mul(u64::from(depth) * samples)
        .div_euclid(8 * MOST_COMPRESSED)
}

/// The layout of decoded pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Three samples, as stored: only for plain 8-bit RGB.
    Rgb,
    /// Four samples: palettes are looked up, gray is expanded, and alpha is `tRNS` or full opacity.
    Rgba,
    /// The same with 16 bits a sample, big-endian. 8-bit samples are repeated in both bytes, as PNG recommends.
    Deep,
}

impl Layout {
    /// The narrowest layout that the header allows. A `tRNS` chunk may still require alpha.
    pub(super) fn of_header(bytes: &[u8]) -> Self {
        match bytes.get(DEPTH_OFFSET..) {
            Some([8, colour, ..]) if *colour == ColorType::Rgb as u8 => Self::Rgb,
            _ => Self::Rgba,
        }
    }

    /// Whether the header says that samples have 16 bits.
    pub(super) fn is_deep(bytes: &[u8]) -> bool {
        bytes.get(DEPTH_OFFSET) == Some(&16)
    }

    /// Bytes of one pixel.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
            Self::Deep => 8,
        }
    }

    /// Bytes of one row of a picture of `size`: a filter byte and the samples.
    pub(super) fn stride(self, size: Size) -> usize {
        1 + size.width as usize * self.samples()
    }
}

/// The rows of a PNG of any colour type, depth and interlacing, read on demand from the top. A row is a filter byte and
/// its samples.
///
/// Rows that are stored in the wanted layout stay filtered: rows that are equal on both sides need not be restored.
pub(super) struct Rows<'a> {
    size: Size,
    layout: Layout,
    has_transparent_colour: bool,
    source: Source<'a>,
}

enum Source<'a> {
    /// The pixels are stored in the wanted layout.
    Inflated(Box<Inflated<'a>>),
    /// Any other picture.
    Converted(Box<Converted<'a>>),
}

impl<'a> Rows<'a> {
    /// Reads up to the first pixel of a PNG whose header says `size`. `Layout::Rgb` is allowed only if
    /// [`Layout::of_header`] returns it.
    pub(super) fn open(bytes: &'a [u8], size: Size, layout: Layout) -> Result<Self, PictureError> {
        let converted = Converted::open(bytes, size, layout)?;
        let has_transparent_colour = converted.has_transparent_colour();
        let source = if converted.is_stored_in_layout() {
            Source::Inflated(Box::new(Inflated::open(bytes, size, layout)))
        } else {
            Source::Converted(Box::new(converted))
        };
        Ok(Self {
            size,
            layout,
            has_transparent_colour,
            source,
        })
    }

    /// Whether pixels of the layout `Rgb` would lose transparency.
    pub(super) fn has_transparent_colour(&self) -> bool {
        self.has_transparent_colour
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// Bytes of one row: its filter and its samples.
    pub(super) fn stride(&self) -> usize {
        self.layout.stride(self.size)
    }

    /// Reads the next rows into `rows`: as many as fit or as are left. After the last row, the rest of the file is
    /// checked too.
    ///
    /// # Errors
    /// When the file is damaged, cut off, or needs more memory than there is.
    pub(super) fn fill(&mut self, rows: &mut [u8]) -> Result<(), PictureError> {
        match &mut self.source {
            Source::Inflated(inflated) => inflated.fill(rows),
            Source::Converted(converted) => converted.fill(rows),
        }
    }
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
        let error = decode_header(b"hello!").unwrap_err();
        assert!(matches!(error, PictureError::NotPng { bytes: 6 }));
        let error = decode_header(b"GIF89a").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot be read: its format is GIF; convert it to PNG"
        );
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
}
