//! JPEG and WebP: refused by name without the feature `formats`, compared with it.

#[cfg(not(feature = "formats"))]
mod without {
    use twinshot::diff::{Format, Input, Options, PictureError, compare, decode_header};

    use crate::picture::Picture;

    #[test]
    fn the_feature_is_named() {
        let good = Picture::filled(4, 4, [255; 4]).to_png();
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
        let webp = b"RIFF\x1a\0\0\0WEBPVP8L";
        for (bytes, name) in [(&jpeg[..], "JPEG"), (&webp[..], "WebP")] {
            let error = compare(&good, bytes, &Options::default()).unwrap_err();
            let expected = format!(
                "the candidate picture is a {name} file, which this build of Twinshot does not read: \
                 build it with the feature `formats`"
            );
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.input(), Some(Input::Candidate));
        }
        assert!(matches!(
            decode_header(jpeg),
            Err(PictureError::NotBuilt {
                format: Format::Jpeg
            })
        ));
    }
}

#[cfg(feature = "formats")]
mod with {
    use image::{ExtendedColorType, ImageEncoder};
    use twinshot::diff::{
        DiffError, Input, Options, PictureError, Size, compare, compare_with_overlay, decode_header,
    };

    use crate::picture::Picture;
    use crate::plain::{Class, Plain};

    /// Flat areas, a ramp and a box in `colour`.
    fn drawn(colour: [u8; 4]) -> Picture {
        let mut picture = Picture::filled(61, 47, [240, 240, 235, 255]);
        for x in 0..61 {
            picture.fill(x, 30, 1, 10, [x as u8 * 4, 100, 30, 255]);
        }
        picture.fill(20, 5, 17, 15, colour);
        picture
    }

    fn rgb(picture: &Picture) -> Vec<u8> {
        picture
            .pixels
            .iter()
            .flat_map(|pixel| pixel[..3].to_vec())
            .collect()
    }

    fn jpeg(picture: &Picture) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
        let [width, height] = [picture.width, picture.height];
        let written = encoder.write_image(&rgb(picture), width, height, ExtendedColorType::Rgb8);
        written.expect("writing to memory");
        bytes
    }

    fn webp(picture: &Picture) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut bytes);
        let [width, height] = [picture.width, picture.height];
        let samples = picture.pixels.as_flattened();
        let written = encoder.write_image(samples, width, height, ExtendedColorType::Rgba8);
        written.expect("writing to memory");
        bytes
    }

    /// What the `image` crate reads.
    fn decoded(bytes: &[u8]) -> Picture {
        let picture = image::load_from_memory(bytes)
            .expect("a picture")
            .to_rgba8();
        Picture {
            width: picture.width(),
            height: picture.height(),
            pixels: picture.pixels().map(|pixel| pixel.0).collect(),
        }
    }

    #[test]
    fn every_pair_of_formats_equals_the_plain_twin() {
        let encoders: [fn(&Picture) -> Vec<u8>; 3] = [jpeg, webp, |picture| picture.to_png()];
        let see_through = [200, 0, 0, 128];
        for encode_baseline in encoders {
            for encode_candidate in encoders {
                let baseline = encode_baseline(&drawn([200, 0, 0, 255]));
                let candidate = encode_candidate(&drawn(see_through));
                let options = Options::default();
                let found = compare_with_overlay(&baseline, &candidate, &options);
                let found = found.expect("two valid pictures");
                let [a, b] = [decoded(&baseline), decoded(&candidate)];
                let plain = Plain::compare(&a, &b, &options);
                assert_eq!(found.diff.mismatched_pixels, plain.count(Class::Mismatched));
                assert_eq!(
                    found.diff.antialiased_pixels,
                    plain.count(Class::Antialiased)
                );
                if let Some(overlay) = found.overlay {
                    assert_eq!(Picture::from_png(&overlay), plain.overlay(&a, &b));
                }
            }
        }
    }

    #[test]
    fn a_lossless_picture_equals_its_png() {
        let picture = drawn([1, 2, 3, 77]);
        let options = Options {
            metric: twinshot::diff::Metric::Exact,
            ..Options::default()
        };
        let diff = compare(&webp(&picture), &picture.to_png(), &options);
        assert_eq!(diff.expect("two valid pictures").mismatched_pixels, 0);
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error() {
        let good = drawn([9, 9, 9, 255]);
        for whole in [jpeg(&good), webp(&good)] {
            assert_eq!(
                decode_header(&whole).expect("a header"),
                Size::from([61, 47])
            );
            for length in 0..whole.len() {
                let error = compare(&whole, &whole[..length], &Options::default());
                let error = error.expect_err("cut off");
                assert_eq!(error.input(), Some(Input::Candidate), "{length}: {error}");
            }
        }
    }

    #[test]
    fn flipped_bits_never_panic() {
        let good = drawn([9, 9, 9, 255]);
        for whole in [jpeg(&good), webp(&good)] {
            for position in (0..whole.len() * 8).step_by(7) {
                let mut flipped = whole.clone();
                flipped[position / 8] ^= 1 << (position % 8);
                let options = Options {
                    max_pixels: 1 << 20,
                    ..Options::default()
                };
                let _ = compare(&whole, &flipped, &options);
            }
        }
    }

    #[test]
    fn the_limit_is_read_from_the_header() {
        let mut huge = jpeg(&drawn([9, 9, 9, 255]));
        let header = huge.windows(2).position(|pair| pair == [0xff, 0xc0]);
        let header = header.expect("a frame header");
        huge[header + 5..header + 9].copy_from_slice(&[0xC3, 0x50, 0xC3, 0x50]);
        let options = Options {
            max_pixels: 200_000_000,
            ..Options::default()
        };
        let error = compare(&huge, &huge, &options).unwrap_err();
        assert!(
            matches!(
                error,
                DiffError::Baseline(PictureError::TooManyPixels { .. })
            ),
            "{error}"
        );
        huge[header + 5..header + 9].fill(0);
        assert!(compare(&huge, &huge, &options).is_err());
    }
}
