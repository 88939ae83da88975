//! JPEG and WebP, unless Twinshot is built without the feature `formats`: reads the size from the header, and converts the
//! whole picture to a PNG without compression, so that all pictures are compared in the same way. Neither format has
//! checksums: a truncated file is an error, but damage within the pixels may not be noticed.

use std::borrow::Cow;
use std::fmt;

use super::Size;
use super::error::PictureError;

/// A format that is not PNG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, ISO/IEC 10918.
    Jpeg,
    /// WebP, RFC 9649.
    WebP,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
        })
    }
}

impl Format {
    /// Known by the first bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            _ => None,
        }
    }

    /// The size in the header.
    pub(super) fn size(self, bytes: &[u8]) -> Result<Size, PictureError> {
        let [width, height] = codec::size(self, bytes)?;
        let size = Size { width, height };
        if size.pixels() == 0 {
            return Err(PictureError::ZeroSized { size });
        }
        Ok(size)
    }
}

/// The picture as a PNG: itself, or decoded and stored without compression. Its header must have been checked
/// with [`Format::size`].
pub(super) fn as_png(bytes: &[u8]) -> Result<Cow<'_, [u8]>, PictureError> {
    match Format::of(bytes) {
        Some(format) => codec::decode(format, bytes).map(Cow::Owned),
        None => Ok(Cow::Borrowed(bytes)),
    }
}

#[cfg(not(feature = "formats"))]
mod codec {
    use super::{Format, PictureError};

    pub(super) fn size(format: Format, _: &[u8]) -> Result<[u32; 2], PictureError> {
        Err(PictureError::NotBuilt { format })
    }

    pub(super) fn decode(format: Format, _: &[u8]) -> Result<Vec<u8>, PictureError> {
        Err(PictureError::NotBuilt { format })
    }
}

#[cfg(feature = "formats")]
mod codec {
    use std::io::{Cursor, ErrorKind};

    use image::{ColorType, ImageDecoder, ImageError, ImageReader, Limits};

    use super::super::memory::zeroes;
    use super::{Format, PictureError, Size};

    /// Memory that a decoder may use in addition to the pixels.
    const OVERHEAD: u64 = 64 << 20;
    /// Memory that a decoder may use for each pixel while it works: its samples and their coefficients.
    const WORK_BYTES: u64 = 16;

    pub(super) fn size(format: Format, bytes: &[u8]) -> Result<[u32; 2], PictureError> {
        let size = reader(format, bytes).into_dimensions();
        let (width, height) = size.map_err(|error| explain(format, error, bytes))?;
        Ok([width, height])
    }

    pub(super) fn decode(format: Format, bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
        if !is_complete(format, bytes) {
            return Err(PictureError::Truncated { bytes: bytes.len() });
        }
        let explained = |error| explain(format, error, bytes);
        let mut decoder = reader(format, bytes).into_decoder().map_err(explained)?;
        let (width, height) = decoder.dimensions();
        let size = Size { width, height };
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(OVERHEAD + size.pixels().saturating_mul(WORK_BYTES));
        decoder.set_limits(limits).map_err(explained)?;
        let color = png_color(format, decoder.color_type())?;
        let length = usize::try_from(decoder.total_bytes());
        let length = length.map_err(|_| PictureError::OutOfMemory { size })?;
        let mut samples = zeroes(length, size)?;
        decoder.read_image(&mut samples).map_err(explained)?;
        store(size, color, &samples).map_err(|error| PictureError::Damaged {
            format,
            reason: error.to_string(),
        })
    }

    fn reader(format: Format, bytes: &[u8]) -> ImageReader<Cursor<&[u8]>> {
        let format = match format {
            Format::Jpeg => image::ImageFormat::Jpeg,
            Format::WebP => image::ImageFormat::WebP,
        };
        ImageReader::with_format(Cursor::new(bytes), format)
    }

    /// Whether the end of the file is there. The JPEG decoder fills the missing part of a truncated file with gray,
    /// which would look like a difference.
    fn is_complete(format: Format, bytes: &[u8]) -> bool {
        match format {
            Format::Jpeg => {
                let padding = bytes.iter().rev().take_while(|byte| **byte == 0).count();
                bytes[..bytes.len() - padding].ends_with(&[0xff, 0xd9])
            }
            Format::WebP => {
                let length = bytes.get(4..8).and_then(|word| word.first_chunk());
                length.is_some_and(|word| {
                    bytes.len() as u64 >= 8 + u64::from(u32::from_le_bytes(*word))
                })
            }
        }
    }

    /// The samples stay as they were decoded.
    fn png_color(format: Format, color: ColorType) -> Result<png::ColorType, PictureError> {
        match color {
            ColorType::L8 => Ok(png::ColorType::Grayscale),
            ColorType::La8 => Ok(png::ColorType::GrayscaleAlpha),
            ColorType::Rgb8 => Ok(png::ColorType::Rgb),
            ColorType::Rgba8 => Ok(png::ColorType::Rgba),
            other => Err(PictureError::Damaged {
                format,
                reason: format!("its samples are {other:?}, not of 8 bits"),
            }),
        }
    }

    fn store(
        size: Size,
        color: png::ColorType,
        samples: &[u8],
    ) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, size.width, size.height);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::NoCompression);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(samples)?;
        writer.finish()?;
        Ok(file)
    }

    fn explain(format: Format, error: ImageError, bytes: &[u8]) -> PictureError {
        match error {
            ImageError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
                PictureError::Truncated { bytes: bytes.len() }
            }
            other => PictureError::Damaged {
                format,
                reason: other.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        assert_eq!(Format::of(b"\xff\xd8\xff\xe0"), Some(Format::Jpeg));
        assert_eq!(Format::of(b"RIFF\0\0\0\0WEBPVP8 "), Some(Format::WebP));
        for other in [
            &b""[..],
            b"\xff\xd8",
            b"RIFF\0\0\0\0WAVE",
            b"\x89PNG\r\n\x1a\n",
        ] {
            assert_eq!(Format::of(other), None);
        }
    }
}
