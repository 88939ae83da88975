//! Encoded PNG bytes in, a size or straight 8-bit RGBA pixels out. Trusts nothing: the size is taken
//! from the header and checked against the limit before anything is allocated. Colour profiles and gamma
//! are not applied: the stored samples are what is compared.

use std::io::{Cursor, ErrorKind};

use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};

use super::Size;
use super::error::PictureError;
use super::picture::Picture;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Where the header chunk keeps width and height, as two big-endian words.
const SIZE_OFFSET: usize = 16;
/// Memory that the decoder may use beside the pixels, for rows and metadata.
const DECODER_OVERHEAD: usize = 64 << 20;

/// Reads the size of a PNG from its header, without decoding pixels.
///
/// # Errors
/// When the bytes are no PNG, end within the header, or have a damaged or zero-sized one.
pub fn decode_header(bytes: &[u8]) -> Result<Size, PictureError> {
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

/// Decodes a PNG of any colour type, depth and interlacing, whose header says `size`.
///
/// 16-bit samples become 8-bit ones by rounding to the nearest, `(v + 128) / 257`, as the `image` crate
/// does. Of an animation it is the default image.
pub(super) fn decode(bytes: &[u8], size: Size) -> Result<Picture, PictureError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits(size)?);
    decoder.set_transformations(Transformations::EXPAND | Transformations::ALPHA);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let explain = |error| explain(error, bytes);

    let mut reader = decoder.read_info().map_err(explain)?;
    let length = reader
        .output_buffer_size()
        .ok_or(PictureError::OutOfMemory { size })?;
    let mut samples = zeroes(length, size)?;
    let frame = reader.next_frame(&mut samples).map_err(explain)?;
    reader.finish().map_err(explain)?;
    Ok(Picture::new(
        size,
        to_rgba8(samples, frame.color_type, frame.bit_depth),
    ))
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
fn zeroes(length: usize, size: Size) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(length)
        .map_err(|_| PictureError::OutOfMemory { size })?;
    bytes.resize(length, 0);
    Ok(bytes)
}

/// The decoder was told to expand palettes and to add alpha, so only four layouts can arrive.
fn to_rgba8(samples: Vec<u8>, color: ColorType, depth: BitDepth) -> Vec<u8> {
    let samples = match depth {
        BitDepth::Sixteen => to_8_bit(&samples),
        _ => samples,
    };
    match color {
        ColorType::GrayscaleAlpha => gray_to_rgb(&samples),
        _ => samples,
    }
}

fn to_8_bit(samples: &[u8]) -> Vec<u8> {
    let rounded = |word: &[u8; 2]| (u32::from(u16::from_be_bytes(*word)) + 128) / 257;
    let words = samples.as_chunks().0.iter();
    words.map(|word| rounded(word) as u8).collect()
}

fn gray_to_rgb(samples: &[u8]) -> Vec<u8> {
    let pixels = samples.as_chunks().0.iter();
    pixels
        .flat_map(|[gray, alpha]| [*gray, *gray, *gray, *alpha])
        .collect()
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
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let nearest = words.map(|word| (f64::from(word) / 257.0).round() as u8);
        assert_eq!(to_8_bit(&bytes), nearest);
    }

    #[test]
    fn gray_becomes_three_equal_channels() {
        assert_eq!(gray_to_rgb(&[7, 9]), [7, 7, 7, 9]);
    }
}
