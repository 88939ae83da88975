//! Picture formats that Twinshot does not read, known by their first bytes. A file of such a format is an error that
//! names the format: it must not be taken for a file that is no picture at all.

use std::fmt;

use image::ImageFormat;

/// A format that Twinshot does not read, such as GIF or TIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Format(&'static str);

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Signatures that the `image` crate does not know.
const MORE_SIGNATURES: [(&[u8], &str); 3] = [
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"8BPS\0\x01", "Photoshop"),
];
/// Brands of pictures and sequences of pictures in the ISO base media file format, of which films are the usual kind.
const BRANDS: [(&[u8], &str); 7] = [
    (b"avif", "AVIF"),
    (b"avis", "AVIF"),
    (b"heic", "HEIF"),
    (b"heix", "HEIF"),
    (b"hevc", "HEIF"),
    (b"mif1", "HEIF"),
    (b"msf1", "HEIF"),
];
/// The sizes that the second header of a BMP file can have.
const BMP_HEADERS: [u32; 7] = [12, 40, 52, 56, 64, 108, 124];

impl Format {
    /// Known by the first bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let more = MORE_SIGNATURES.iter();
        let found = more.filter(|(signature, _)| bytes.starts_with(signature));
        let found = found.map(|(_, name)| *name).next();
        found
            .or_else(|| of_brand(bytes))
            .or_else(|| of_image_crate(bytes))
            .map(Self)
    }
}

fn of_brand(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(4..12)?.strip_prefix(b"ftyp")?;
    let found = BRANDS.iter().find(|(known, _)| *known == brand);
    found.map(|(_, name)| *name)
}

/// Only formats whose signature is long enough that other files do not begin with it by chance. A text can begin with
/// the `BM` of a BMP, so more of its header is read; Netpbm's `P1` is not enough to know a picture by.
fn of_image_crate(bytes: &[u8]) -> Option<&'static str> {
    match image::guess_format(bytes).ok()? {
        ImageFormat::Gif => Some("GIF"),
        ImageFormat::Tiff => Some("TIFF"),
        ImageFormat::Bmp if is_bmp(bytes) => Some("BMP"),
        ImageFormat::Ico if is_icon(bytes) => Some("ICO"),
        ImageFormat::Dds => Some("DDS"),
        ImageFormat::Hdr => Some("Radiance HDR"),
        ImageFormat::OpenExr => Some("OpenEXR"),
        ImageFormat::Farbfeld => Some("farbfeld"),
        ImageFormat::Qoi => Some("QOI"),
        _ => None,
    }
}

/// Whether the reserved words are empty and the size of the second header is one that there is.
fn is_bmp(bytes: &[u8]) -> bool {
    let header = bytes.get(14..18).and_then(|word| word.first_chunk());
    let header = header.map(|word| u32::from_le_bytes(*word));
    bytes.get(6..10) == Some(&[0; 4]) && header.is_some_and(|size| BMP_HEADERS.contains(&size))
}

/// Whether there is a picture in it, and the reserved byte of its entry is empty.
fn is_icon(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 1, 0, low, high, _, _, _, 0, ..] if [*low, *high] != [0; 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bmp(header: u8) -> Vec<u8> {
        let mut bytes = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0".to_vec();
        bytes.extend([header, 0, 0, 0]);
        bytes
    }

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        for (bytes, name) in [
            (&b"GIF87a"[..], "GIF"),
            (b"GIF89a\x01\0", "GIF"),
            (b"II*\0\x08\0\0\0", "TIFF"),
            (b"MM\0*\0\0\0\x08", "TIFF"),
            (&bmp(40), "BMP"),
            (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
            (b"\0\0\0\x1cftypavis\0\0\0\0", "AVIF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIF"),
            (b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0", "ICO"),
            (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
            (b"qoif\0\0\0\x01", "QOI"),
        ] {
            let found = Format::of(bytes).map(|format| format.to_string());
            assert_eq!(found.as_deref(), Some(name), "{bytes:x?}");
        }
    }

    #[test]
    fn other_files_are_no_pictures() {
        for bytes in [
            &b""[..],
            b"P6 is the bug with the highest priority",
            b"BM, as said above, and more words",
            &bmp(41),
            b"\0\0\x01\0",
            b"\0\0\0\x1cftypisom\0\0\x02\0isomiso2mp41",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"%PDF-1.7",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"<!doctype html>",
            b"\0\0\0\0",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"RIFF\0\0\0\0WEBPVP8 ",
        ] {
            assert_eq!(Format::of(bytes), None, "{bytes:x?}");
        }
    }
}
