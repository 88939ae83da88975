//! Visible changes of flat areas, which count whatever the threshold, and the harmless differences next to them.

use twinshot::diff::{Diff, Metric, Options, Rect, compare};

use crate::picture::{Picture, Rgba};

const WHITE: Rgba = [255; 4];
/// The first steps of a usual palette of greys.
const GREYS: [Rgba; 4] = [
    WHITE,
    [249, 250, 251, 255],
    [243, 244, 246, 255],
    [229, 231, 235, 255],
];

fn found(baseline: &Picture, candidate: &Picture, metric: Metric, tint: bool) -> Diff {
    let options = Options {
        metric,
        tint,
        ..Options::default()
    };
    let [baseline, candidate] = [baseline, candidate].map(Picture::to_png);
    compare(&baseline, &candidate, &options).expect("two valid pictures")
}

/// A panel of 20 × 10 pixels on white.
fn panel(colour: Rgba) -> Picture {
    let mut picture = Picture::filled(40, 30, WHITE);
    picture.fill(10, 10, 20, 10, colour);
    picture
}

#[test]
fn each_step_of_a_palette_counts_inside_the_panel() {
    for metric in [Metric::Yiq, Metric::Oklab] {
        for pair in GREYS.windows(2) {
            let [before, after] = [panel(pair[0]), panel(pair[1])];
            let without = found(&before, &after, metric, false);
            assert_eq!(without.mismatched_pixels, 0, "{metric:?} {pair:?}");
            let with = found(&before, &after, metric, true);
            // The panel's own edge is no area: its neighbours have another colour.
            assert_eq!(with.mismatched_pixels, 18 * 8, "{metric:?} {pair:?}");
            assert_eq!(with.regions.len(), 1);
            let region = with.regions[0];
            assert_eq!(
                (region.x, region.y, region.width, region.height),
                (11, 11, 18, 8)
            );
        }
    }
}

#[test]
fn a_whole_page_counts_up_to_its_border() {
    let [white, grey] = [GREYS[0], GREYS[1]].map(|colour| Picture::filled(33, 9, colour));
    let diff = found(&white, &grey, Metric::Oklab, true);
    assert_eq!(diff.mismatched_pixels, 33 * 9);
}

#[test]
fn the_rounding_of_a_colour_does_not_count() {
    for colour in [[255, 255, 255], [128, 128, 128], [30, 41, 59], [0, 0, 0]] {
        let [red, green, blue] = colour;
        let other = colour.map(|level: u8| if level > 128 { level - 2 } else { level + 2 });
        let [one, other] = [[red, green, blue], other].map(|[r, g, b]| panel([r, g, b, 255]));
        let diff = found(&one, &other, Metric::Oklab, true);
        assert_eq!(diff.mismatched_pixels, 0, "{colour:?}");
    }
}

#[test]
fn edges_are_left_to_the_threshold() {
    // A line of one and of two pixels, and a smoothed column beside an area.
    for width in [1, 2] {
        let line = |colour| {
            let mut picture = Picture::filled(40, 30, WHITE);
            picture.fill(5, 5, 30, width, colour);
            picture
        };
        let diff = found(&line(GREYS[2]), &line(GREYS[3]), Metric::Oklab, true);
        assert_eq!(diff.mismatched_pixels, 0, "{width}");
    }
    let smoothed = |level| {
        let mut picture = panel([0, 0, 0, 255]);
        picture.fill(9, 10, 1, 10, [level, level, level, 255]);
        picture
    };
    let diff = found(&smoothed(200), &smoothed(190), Metric::Oklab, true);
    assert_eq!(diff.mismatched_pixels, 0);
}

#[test]
fn an_area_that_is_flat_in_one_picture_only_does_not_count() {
    let flat = panel(GREYS[1]);
    let mut dotted = panel(GREYS[2]);
    for (x, y) in [(12, 12), (15, 12), (18, 12), (21, 12), (24, 12), (27, 12)] {
        for row in [y, y + 3, y + 6] {
            dotted.set(x, row, GREYS[1]);
        }
    }
    let diff = found(&flat, &dotted, Metric::Oklab, true);
    // Only blocks without a dot are left.
    assert!(diff.mismatched_pixels < 20, "{}", diff.mismatched_pixels);
}

#[test]
fn masks_hide_a_tint() {
    let options = Options {
        tint: true,
        masks: vec![Rect {
            x: 10,
            y: 10,
            width: 20,
            height: 10,
        }],
        ..Options::default()
    };
    let [before, after] = [panel(GREYS[0]), panel(GREYS[3])].map(|picture| picture.to_png());
    let diff = compare(&before, &after, &options).expect("two valid pictures");
    assert_eq!(diff.mismatched_pixels, 0);
}
