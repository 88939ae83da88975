//! Looks at the chunks of a PNG file without decoding its pixels: whether it is whole.

use super::SIGNATURE;
use crate::diff::error::PictureError;

/// The length and the kind of a chunk before its data, and the checksum after it.
const FRAME: usize = 12;
/// Critical chunks have an upper-case first letter. Damage elsewhere does not change a pixel.
const ANCILLARY: u8 = 0x20;

/// Checks that a PNG file is whole: every critical chunk has its checksum, and the last one is there. Other formats, which
/// have no checksums, pass.
///
/// # Errors
/// When it is truncated or damaged.
pub fn check_whole(bytes: &[u8]) -> Result<(), PictureError> {
    let Some(mut rest) = bytes.strip_prefix(SIGNATURE) else {
        return Ok(());
    };
    let truncated = PictureError::Truncated { bytes: bytes.len() };
    loop {
        let Some(chunk) = first_chunk(rest) else {
            return Err(truncated);
        };
        let (framed, checksum) = chunk.split_at(chunk.len() - 4);
        let (kind, _) = framed[4..].split_at(4);
        let is_intact = crc32fast::hash(&framed[4..]).to_be_bytes() == checksum;
        if kind[0] & ANCILLARY == 0 && !is_intact {
            return Err(PictureError::Broken("the checksum of a chunk is wrong"));
        }
        if kind == b"IEND" {
            return Ok(());
        }
        rest = &rest[chunk.len()..];
    }
}

/// With its frame.
fn first_chunk(bytes: &[u8]) -> Option<&[u8]> {
    let (length, _) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    bytes.get(..length.checked_add(FRAME)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of one white pixel, with a comment before the end.
    fn png() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
        encoder
            .add_text_chunk("Comment".into(), "white".into())
            .unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[255]).unwrap();
        drop(writer);
        bytes
    }

    #[test]
    fn a_whole_file_passes_also_with_something_after_its_end() {
        assert!(check_whole(&png()).is_ok());
        assert!(check_whole(&[&png()[..], b"more"].concat()).is_ok());
        assert!(check_whole(b"GIF89a").is_ok());
    }

    #[test]
    fn every_cut_and_every_damage_that_matters_is_found() {
        let png = png();
        let text: &[u8] = b"Comment\0white";
        let comment = png.windows(text.len()).position(|it| it == text).unwrap();
        let comment = comment - 4..comment + text.len() + 4;
        for place in SIGNATURE.len()..png.len() {
            assert!(check_whole(&png[..place]).is_err(), "cut at {place}");
            let mut damaged = png.clone();
            damaged[place] ^= 0x10;
            let is_ok = check_whole(&damaged).is_ok();
            assert_eq!(is_ok, comment.contains(&place), "damaged at {place}");
        }
    }
}
