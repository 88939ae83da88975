//! Files that are broken on purpose, or that promise too much: an error that says why, never a panic.

use twinshot::diff::{
    DiffError, Input, Metric, Options, PictureError, Size, compare, compare_with_overlay,
    decode_header,
};

use crate::picture::{self, Picture};
use crate::plain::{Class, Plain};

fn sample() -> Vec<u8> {
    let mut picture = Picture::filled(9, 7, [200, 100, 50, 255]);
    picture.fill(2, 2, 3, 3, [1, 2, 3, 128]);
    picture.to_png()
}

/// A PNG file of one header chunk, which says it is of this size.
fn header_only(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = png::Encoder::new(&mut bytes, width, height);
    // Dropped at once: the header is complete, the pixels are missing.
    drop(encoder.write_header().expect("a header"));
    bytes
}

fn limited(max_pixels: u64) -> Options {
    Options {
        max_pixels,
        ..Options::default()
    }
}

#[test]
fn a_file_cut_off_anywhere_is_an_error_with_its_side() {
    let whole = sample();
    let other = Picture::filled(9, 7, [0; 4]).to_png();
    for length in 0..whole.len() {
        let cut = &whole[..length];
        let error = compare(cut, &other, &Options::default()).unwrap_err();
        assert_eq!(error.input(), Some(Input::Baseline), "{length}: {error}");
        let error = compare(&other, cut, &Options::default()).unwrap_err();
        assert_eq!(error.input(), Some(Input::Candidate), "{length}: {error}");
        let is_named = matches!(
            error,
            DiffError::Candidate(PictureError::Truncated { .. } | PictureError::NotPng { .. })
        );
        assert!(is_named, "{length}: {error}");
    }
}

/// The sample and small files of each way to store rows.
fn files() -> Vec<Vec<u8>> {
    use png::{ColorType, Filter};
    let mut picture = Picture::filled(9, 7, [200, 100, 50, 255]);
    picture.fill(2, 2, 3, 3, [1, 2, 3, 255]);
    let palette = picture::fixtures().join("should-match/palette-and-rgb/baseline.png");
    vec![
        sample(),
        picture::read(&palette),
        picture.to_png_as(ColorType::Rgb, Filter::Paeth),
        picture.to_png_as(ColorType::Rgb, Filter::Up),
        picture.to_png_as(ColorType::Rgba, Filter::Avg),
        picture.to_png_as(ColorType::Rgba, Filter::NoFilter),
    ]
}

/// What is taken for a picture at all is compared as the `image` crate reads it.
fn check_flipped(whole: &[u8], flipped: &[u8], position: usize) {
    let _ = decode_header(flipped);
    let exact = Options {
        metric: Metric::Exact,
        ..limited(1 << 20)
    };
    if let Ok(found) = compare_with_overlay(whole, flipped, &exact) {
        let picture = Picture::from_png(whole);
        let read = Picture::from_intact_png(flipped);
        let read = read.unwrap_or_else(|| panic!("bit {position}: a damaged file was accepted"));
        let mismatched = Plain::compare(&picture, &read, &exact).count(Class::Mismatched);
        assert_eq!(found.diff.mismatched_pixels, mismatched, "bit {position}");
    }
}

#[test]
fn flipped_bits_are_errors_or_change_no_pixel() {
    for whole in files() {
        let picture = Picture::from_png(&whole);
        for position in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[position / 8] ^= 1 << (position % 8);
            check_flipped(&whole, &flipped, position);
            if compare(&whole, &flipped, &Options::default()).is_ok() {
                assert_eq!(Picture::from_png(&flipped), picture, "bit {position}");
            }
        }
    }
}

/// Flipped bits behind correct checksums reach the code after the checksum.
#[test]
fn flipped_bits_with_correct_checksums_are_read_as_others_read_them() {
    for whole in files() {
        for position in 8 * 8..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[position / 8] ^= 1 << (position % 8);
            mend_checksums(&mut flipped);
            check_flipped(&whole, &flipped, position);
        }
    }
}

/// Writes the right checksum after each chunk, as far as the chunks can be followed.
fn mend_checksums(file: &mut [u8]) {
    let mut start = 8;
    while let Some(length) = file.get(start..start + 4) {
        let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
        let Some(checked) = file.get(start + 4..start + 8 + length) else {
            return;
        };
        let checksum = crc32(checked).to_be_bytes();
        let Some(stored) = file.get_mut(start + 8 + length..start + 12 + length) else {
            return;
        };
        stored.copy_from_slice(&checksum);
        start += 12 + length;
    }
}

/// The checksum of the PNG specification, annex D, one bit at a time.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => crc >> 1 ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    })
}

#[test]
fn arbitrary_bytes_never_panic() {
    let mut state = 7_u32;
    for length in 0..600 {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.extend((0..length).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }));
        assert!(decode_header(&bytes).is_err());
        assert!(compare(&bytes, &bytes, &Options::default()).is_err());
        assert!(compare(&bytes[8..], &bytes[8..], &Options::default()).is_err());
    }
}

#[test]
fn a_header_is_enough_for_the_size() {
    let bytes = header_only(1400, 1000);
    let size = decode_header(&bytes).expect("a header");
    assert_eq!(
        size,
        Size {
            width: 1400,
            height: 1000
        }
    );
}

#[test]
fn a_header_with_a_wrong_checksum_is_damaged() {
    let mut bytes = sample();
    bytes[29] ^= 1;
    assert!(matches!(
        decode_header(&bytes),
        Err(PictureError::Corrupt(_))
    ));
    let error = compare(&bytes, &bytes, &Options::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the baseline picture is a damaged PNG"),
        "{error}"
    );
}

#[test]
fn other_files_are_named() {
    let error = compare(&sample(), b"<html>", &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the candidate picture is not a PNG file (6 bytes without the PNG signature)"
    );
}

#[test]
fn a_picture_without_pixels_is_named() {
    let mut bytes = sample();
    bytes[16..20].fill(0);
    let error = compare(&bytes, &bytes, &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the baseline picture has no pixels: its header says 0x7"
    );
}

#[test]
fn a_huge_picture_is_refused_from_its_header() {
    let huge = header_only(0x7fff_ffff, 0x7fff_ffff);
    for [baseline, candidate] in [[&huge, &sample()], [&huge, &huge]] {
        let error = compare(baseline, candidate, &Options::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the baseline picture is too large: 2147483647x2147483647 is more than 268435456 pixels"
        );
    }
}

#[test]
fn without_a_limit_a_huge_picture_is_still_an_error() {
    let huge = header_only(0x7fff_ffff, 0x7fff_ffff);
    let error = compare(&sample(), &huge, &limited(u64::MAX)).unwrap_err();
    assert_eq!(error.input(), Some(Input::Candidate), "{error}");
}

#[test]
fn the_limit_is_inclusive() {
    let picture = Picture::filled(10, 10, [255; 4]).to_png();
    assert!(compare(&picture, &picture, &limited(100)).is_ok());
    assert!(compare(&picture, &picture, &limited(99)).is_err());
}

#[test]
fn wide_and_tall_together_are_refused_though_each_is_small() {
    let wide = Picture::filled(5000, 1, [255; 4]).to_png();
    let tall = Picture::filled(1, 5000, [255; 4]).to_png();
    let error = compare(&wide, &tall, &limited(1_000_000)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the canvas that holds baseline (5000x1) and candidate (1x5000) is more than 1000000 pixels"
    );
    assert_eq!(error.input(), None);
}

#[test]
fn equal_files_are_whole_pictures_or_an_error() {
    for whole in files() {
        let found = compare_with_overlay(&whole, &whole, &Options::default()).expect("a picture");
        assert_eq!((found.diff.mismatched_pixels, found.overlay), (0, None));
        for length in 0..whole.len() {
            let cut = &whole[..length];
            let error = compare(cut, cut, &Options::default()).expect_err("it is cut off");
            assert_eq!(error.input(), Some(Input::Baseline), "{length}: {error}");
        }
    }
    let bytes = header_only(300, 200);
    compare(&bytes, &bytes, &Options::default()).expect_err("it has no pixels");
}
