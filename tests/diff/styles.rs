//! The three pictures of a comparison, pixel by pixel against their plain twins.

use twinshot::diff::{Options, Style, compare_with_overlay};

use crate::picture::Picture;
use crate::plain::Plain;
use crate::random::{Case, case};

const STYLES: [Style; 3] = [Style::Overlay, Style::Mask, Style::SideBySide];

fn drawn(case: &Case, style: Style) -> Option<Vec<u8>> {
    let options = Options {
        style,
        ..case.options.clone()
    };
    let [baseline, candidate] = [case.baseline.to_png(), case.candidate.to_png()];
    let compared = compare_with_overlay(&baseline, &candidate, &options);
    compared.expect("two valid pictures").overlay
}

fn plainly_drawn(case: &Case, style: Style) -> Picture {
    let plain = Plain::compare(&case.baseline, &case.candidate, &case.options);
    match style {
        Style::Overlay => plain.overlay(&case.baseline, &case.candidate),
        Style::Mask => plain.mask(),
        Style::SideBySide => plain.side_by_side(&case.baseline, &case.candidate),
    }
}

#[test]
fn every_style_equals_its_plain_twin() {
    let [mut same_size, mut other_size, mut masked] = [0; 3];
    for seed in 0..1500 {
        let case = case(seed);
        for style in STYLES {
            let Some(bytes) = drawn(&case, style) else {
                continue;
            };
            let expected = plainly_drawn(&case, style);
            assert_eq!(Picture::from_png(&bytes), expected, "seed {seed} {style:?}");
            let sizes = [&case.baseline, &case.candidate].map(|side| [side.width, side.height]);
            *if sizes[0] == sizes[1] {
                &mut same_size
            } else {
                &mut other_size
            } += 1;
            masked += usize::from(!case.options.masks.is_empty());
        }
    }
    let counts = [same_size, other_size, masked];
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

/// A pair of some thousand rows, more than are in memory at a time, without and with threads.
#[test]
fn tall_pictures_are_drawn_to_their_end() {
    let mut tall = case(5);
    tall.options = Options::default();
    for [width, height] in [[33, 9000], [301, 3000]] {
        tall.baseline = Picture::filled(width, height, [250, 240, 230, 255]);
        tall.candidate = Picture::filled(width + 7, height - 40, [250, 240, 230, 255]);
        for y in (3..height - 60).step_by(97) {
            tall.candidate.fill(y % 20, y, 9, 4, [0, 0, 0, 255]);
        }
        for style in STYLES {
            let bytes = drawn(&tall, style).expect("they differ");
            assert!(
                Picture::from_png(&bytes) == plainly_drawn(&tall, style),
                "{style:?}"
            );
        }
    }
}

#[test]
fn a_mask_is_one_bit_for_each_pixel() {
    let mut pair = case(5);
    pair.options = Options::default();
    pair.baseline = Picture::filled(1400, 1000, [255; 4]);
    pair.candidate = pair.baseline.clone();
    pair.candidate.fill(100, 100, 300, 20, [255, 0, 0, 255]);
    let mask = drawn(&pair, Style::Mask).expect("they differ");
    let reader = png::Decoder::new(std::io::Cursor::new(&mask)).read_info();
    let reader = reader.expect("a PNG");
    let info = reader.info();
    let kind = (info.color_type, info.bit_depth);
    assert_eq!(kind, (png::ColorType::Indexed, png::BitDepth::One));
    assert_eq!(info.trns.as_deref(), Some(&[0, 255][..]));
    // A tenth of what the bits take without compression.
    assert!(mask.len() < 1400 * 1000 / 8 / 10, "{}", mask.len());
}

#[test]
fn nothing_is_drawn_of_equal_pictures() {
    let mut pair = case(5);
    pair.candidate = pair.baseline.clone();
    for style in STYLES {
        assert_eq!(drawn(&pair, style), None, "{style:?}");
    }
}
