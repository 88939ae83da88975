//! PNGs with 16 bits a sample: `exact` sees the lowest of them in every kind of picture, the other metrics round.

use png::{BitDepth, ColorType};
use twinshot::diff::{
    Antialiasing, Diff, Metric, Options, Rect, Size, Style, compare, compare_with_overlay,
};

use crate::picture::Picture;

/// Also larger than one band of rows.
const SIZES: [[u32; 2]; 2] = [[5, 4], [300, 400]];
const KINDS: [ColorType; 4] = [
    ColorType::Grayscale,
    ColorType::GrayscaleAlpha,
    ColorType::Rgb,
    ColorType::Rgba,
];

fn exact() -> Options {
    Options {
        metric: Metric::Exact,
        ..Options::default()
    }
}

fn encode([width, height]: [u32; 2], color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.set_filter(png::Filter::Adaptive);
    let mut writer = encoder.write_header().expect("memory");
    writer.write_image_data(data).expect("memory");
    drop(writer);
    file
}

/// A level for each sample, 16 bits that are the same 8 twice.
fn levels([width, height]: [u32; 2], color: ColorType) -> Vec<u8> {
    let count = (width * height) as usize * color.samples();
    (0..count).map(|at| (at * 7 % 256) as u8).collect()
}

fn deep(size: [u32; 2], color: ColorType, changed: &[usize]) -> Vec<u8> {
    let levels = levels(size, color);
    let mut words: Vec<u8> = levels.iter().flat_map(|level| [*level; 2]).collect();
    for sample in changed {
        words[sample * 2 + 1] ^= 1;
    }
    encode(size, color, BitDepth::Sixteen, &words)
}

fn shallow(size: [u32; 2], color: ColorType) -> Vec<u8> {
    encode(size, color, BitDepth::Eight, &levels(size, color))
}

fn found(baseline: &[u8], candidate: &[u8], options: &Options) -> Diff {
    compare(baseline, candidate, options).expect("two valid pictures")
}

#[test]
fn the_lowest_bit_of_any_sample_is_a_mismatch() {
    for size in SIZES {
        let pixels = (size[0] * size[1]) as usize;
        for color in KINDS {
            let baseline = deep(size, color, &[]);
            for pixel in [0, size[0] as usize + 2, pixels - 1] {
                for sample in 0..color.samples() {
                    let changed = deep(size, color, &[pixel * color.samples() + sample]);
                    let diff = found(&baseline, &changed, &exact());
                    assert_eq!(diff.mismatched_pixels, 1, "{color:?} {pixel} {sample}");
                    let place = [diff.regions[0].x, diff.regions[0].y];
                    assert_eq!(place, [pixel as u32 % size[0], pixel as u32 / size[0]]);
                }
            }
        }
    }
}

#[test]
fn equal_samples_match_whatever_the_file() {
    for size in SIZES {
        for color in KINDS {
            let plain = deep(size, color, &[]);
            assert_eq!(found(&plain, &plain, &exact()).mismatched_pixels, 0);
            // The same levels with 8 bits, in either order.
            let shallow = shallow(size, color);
            assert_eq!(found(&plain, &shallow, &exact()).mismatched_pixels, 0);
            assert_eq!(found(&shallow, &plain, &exact()).mismatched_pixels, 0);
        }
    }
}

#[test]
fn between_8_and_16_bits_nothing_is_rounded_away() {
    let size = SIZES[0];
    for color in KINDS {
        let diff = found(&shallow(size, color), &deep(size, color, &[0]), &exact());
        assert_eq!(diff.mismatched_pixels, 1, "{color:?}");
    }
}

#[test]
fn the_other_metrics_round() {
    let size = SIZES[1];
    let [baseline, candidate] = [&[][..], &[6]].map(|changed| deep(size, ColorType::Rgb, changed));
    for metric in [Metric::Oklab, Metric::Yiq] {
        let options = Options {
            metric,
            threshold: 0.0,
            antialiasing: Antialiasing::Count,
            ..Options::default()
        };
        assert_eq!(found(&baseline, &candidate, &options).mismatched_pixels, 0);
    }
}

#[test]
fn masks_sizes_and_drawings_are_as_with_8_bits() {
    let size = SIZES[1];
    let color = ColorType::Rgba;
    let baseline = deep(size, color, &[]);
    let changed = (0..40)
        .map(|pixel| (pixel * 301 + 20) * 4)
        .collect::<Vec<_>>();
    let candidate = deep(size, color, &changed);
    let mask = Rect {
        x: 0,
        y: 0,
        width: 300,
        height: 30,
    };
    let options = Options {
        masks: vec![mask],
        ..exact()
    };
    assert_eq!(found(&baseline, &candidate, &options).mismatched_pixels, 10);
    for style in [Style::Overlay, Style::Mask, Style::SideBySide] {
        let options = Options { style, ..exact() };
        let overlay = compare_with_overlay(&baseline, &candidate, &options);
        let overlay = overlay
            .expect("two valid pictures")
            .overlay
            .expect("a picture");
        let drawn = Picture::from_png(&overlay);
        let red = |pixel: &&[u8; 4]| pixel[0] == 255 && pixel[3] == 255;
        if style == Style::Mask {
            assert_eq!(drawn.pixels.iter().filter(red).count(), 40);
        }
        assert_eq!(drawn.height, 400);
    }
    let taller = deep([300, 401], color, &[]);
    let diff = found(&baseline, &taller, &exact());
    assert_eq!(diff.mismatched_pixels, 300);
    assert_eq!(diff.candidate_size, Size::from([300, 401]));
}

#[test]
fn a_deep_file_cut_off_anywhere_is_an_error() {
    let whole = deep(SIZES[0], ColorType::Rgba, &[]);
    let other = deep(SIZES[0], ColorType::Rgba, &[3]);
    for length in 0..whole.len() {
        let found = compare(&other, &whole[..length], &exact());
        assert!(found.is_err(), "{length}");
    }
}
