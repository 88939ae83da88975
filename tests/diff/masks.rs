//! Masks: what they hide, and what they must not hide.

use twinshot::diff::{Diff, Metric, Options, Rect, compare};

use crate::picture::Picture;

const WHITE: [u8; 4] = [255; 4];
const RED: [u8; 4] = [220, 30, 30, 255];

fn masked(baseline: &Picture, candidate: &Picture, metric: Metric, masks: &[Rect]) -> Diff {
    let options = Options {
        metric,
        masks: masks.to_vec(),
        ..Options::default()
    };
    compare(&baseline.to_png(), &candidate.to_png(), &options).expect("two valid pictures")
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

#[test]
fn a_mask_hides_what_it_covers_and_nothing_else() {
    let baseline = Picture::filled(40, 30, WHITE);
    let mut candidate = baseline.clone();
    candidate.fill(10, 10, 12, 8, RED);
    for metric in [Metric::Exact, Metric::Yiq, Metric::Oklab] {
        let whole = masked(&baseline, &candidate, metric, &[rect(10, 10, 12, 8)]);
        assert_eq!(
            whole.mismatched_pixels + whole.antialiased_pixels,
            0,
            "{metric:?}"
        );
        let half = masked(&baseline, &candidate, metric, &[rect(0, 0, 16, 30)]);
        assert_eq!(
            half.mismatched_pixels + half.antialiased_pixels,
            6 * 8,
            "{metric:?}"
        );
        let beside = masked(&baseline, &candidate, metric, &[rect(0, 0, 10, 30)]);
        assert_eq!(beside.regions.len(), 1, "{metric:?}");
        assert_eq!(beside.total_pixels, 40 * 30, "{metric:?}");
    }
}

#[test]
fn what_lies_under_a_mask_does_not_reach_its_neighbours() {
    let mut baseline = Picture::filled(40, 30, WHITE);
    let mut candidate = baseline.clone();
    candidate.fill(4, 4, 20, 20, RED);
    let mask = [rect(8, 8, 30, 7)];
    for metric in [Metric::Exact, Metric::Yiq, Metric::Oklab] {
        let before = masked(&baseline, &candidate, metric, &mask);
        baseline.fill(8, 8, 30, 7, [0, 90, 0, 77]);
        candidate.fill(9, 9, 10, 4, [1, 2, 3, 255]);
        assert_eq!(
            masked(&baseline, &candidate, metric, &mask),
            before,
            "{metric:?}"
        );
    }
}

#[test]
fn masks_beyond_the_pictures_are_clipped() {
    let baseline = Picture::filled(8, 8, WHITE);
    let candidate = Picture::filled(8, 8, RED);
    let masks = [
        rect(4, 0, u32::MAX, u32::MAX),
        rect(u32::MAX, u32::MAX, u32::MAX, u32::MAX),
        rect(8, 8, 4, 4),
        rect(2, 2, 0, 5),
    ];
    let diff = masked(&baseline, &candidate, Metric::Exact, &masks);
    assert_eq!(diff.mismatched_pixels, 4 * 8);
}

#[test]
fn a_mask_cannot_hide_that_the_page_has_grown() {
    let baseline = Picture::filled(8, 8, WHITE);
    let candidate = Picture::filled(8, 12, WHITE);
    for metric in [Metric::Exact, Metric::Yiq, Metric::Oklab] {
        for [first, second] in [[&baseline, &candidate], [&candidate, &baseline]] {
            let diff = masked(first, second, metric, &[rect(0, 0, 100, 100)]);
            assert_eq!(diff.mismatched_pixels, 8 * 4, "{metric:?}");
            assert_eq!(diff.total_pixels, 8 * 12, "{metric:?}");
        }
    }
}
