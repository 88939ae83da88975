//! Willem van Schaik's PngSuite: every colour type, depth, filter and interlacing, and broken files.

use std::path::{Path, PathBuf};

use twinshot::diff::{Antialiasing, Metric, Options, compare};

use crate::picture::{self, Picture};

/// The files whose name begins with `x` are broken.
struct Suite {
    valid: Vec<PathBuf>,
    broken: Vec<PathBuf>,
}

fn suite() -> Suite {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pngsuite");
    let files = std::fs::read_dir(folder).expect("a readable folder");
    let files = files.map(|entry| entry.expect("a readable entry").path());
    let is_png = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "png");
    let is_broken = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.as_encoded_bytes()[0] == b'x')
    };
    let (broken, valid) = files.filter(is_png).partition(is_broken);
    Suite { valid, broken }
}

fn exact() -> Options {
    Options {
        metric: Metric::Exact,
        ..Options::default()
    }
}

/// Every pixel counts, at 8 bits.
fn strict() -> Options {
    Options {
        metric: Metric::Yiq,
        threshold: 0.0,
        antialiasing: Antialiasing::Count,
        ..Options::default()
    }
}

/// The file as the `image` crate reads it, with 16 bits a sample.
fn deep(bytes: &[u8]) -> Vec<u8> {
    let picture = image::load_from_memory_with_format(bytes, image::ImageFormat::Png);
    let picture = picture.expect("a valid PNG").into_rgba16();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let written = picture.write_to(&mut bytes, image::ImageFormat::Png);
    written.expect("writing to memory");
    bytes.into_inner()
}

/// Both decoders round 16-bit samples to the nearest 8-bit level, so there is no exception.
#[test]
fn valid_files_are_read_as_the_image_crate_reads_them() {
    let Suite { valid, .. } = suite();
    assert!(valid.len() > 150, "only {} valid files", valid.len());
    for path in valid {
        let bytes = picture::read(&path);
        let encoded_again = Picture::from_png(&bytes).to_png();
        for (other, options) in [(encoded_again, strict()), (deep(&bytes), exact())] {
            let diff = compare(&bytes, &other, &options)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(diff.mismatched_pixels, 0, "{}", path.display());
        }
    }
}

#[test]
fn broken_files_are_errors() {
    let Suite { broken, .. } = suite();
    assert!(broken.len() > 10, "only {} broken files", broken.len());
    let other = Picture::filled(32, 32, [255; 4]).to_png();
    for path in broken {
        let bytes = picture::read(&path);
        let found = compare(&other, &bytes, &exact());
        assert!(found.is_err(), "{}", path.display());
    }
}
