//! The densest window: where it is found, what counts, and that it is looked for only when asked.

use twinshot::diff::{DensestWindow, Options, Rect, compare, compare_with_overlay};

use crate::picture::Picture;
use crate::plain::{Class, Plain};

const WHITE: [u8; 4] = [255; 4];
const RED: [u8; 4] = [220, 30, 30, 255];

fn asked() -> Options {
    Options {
        densest_window: true,
        ..Options::default()
    }
}

fn densest(baseline: &Picture, candidate: &Picture, options: &Options) -> DensestWindow {
    let [baseline, candidate] = [baseline.to_png(), candidate.to_png()];
    let diff = compare(&baseline, &candidate, options).expect("two valid pictures");
    let drawn = compare_with_overlay(&baseline, &candidate, options).expect("two valid pictures");
    assert_eq!(diff, drawn.diff);
    diff.densest_window.expect("it was asked for")
}

fn window(x: u32, y: u32, mismatched_pixels: u64) -> DensestWindow {
    DensestWindow {
        x,
        y,
        mismatched_pixels,
    }
}

/// Red dots and a red box, the same for a seed in every run.
fn spoil(picture: &mut Picture, seed: u32) {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut below = |limit: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) % limit
    };
    for _ in 0..60 {
        picture.set(below(picture.width), below(picture.height), RED);
    }
    let [x, y] = [below(picture.width), below(picture.height)];
    let width = 1 + below((picture.width - x).min(12));
    let height = 1 + below((picture.height - y).min(12));
    picture.fill(x, y, width, height, RED);
}

#[test]
fn random_pairs_equal_the_plain_twin() {
    let sizes = [[70, 90], [40, 33], [31, 80], [100, 20], [32, 32]];
    for seed in 0..50 {
        let [width, height] = sizes[seed as usize % sizes.len()];
        let baseline = Picture::filled(width, height, WHITE);
        let [wider, taller] = [[0, 0], [3, 0], [0, 5], [40, 40]][seed as usize % 4];
        let mut candidate = Picture::filled(width + wider, height + taller, WHITE);
        spoil(&mut candidate, seed);
        let mask = Rect {
            x: 10,
            y: 4,
            width: 15,
            height: 20,
        };
        let options = Options {
            masks: if seed % 3 == 0 { vec![mask] } else { vec![] },
            ..asked()
        };
        let plain = Plain::compare(&baseline, &candidate, &options);
        assert!(plain.count(Class::Mismatched) > 0);
        let (x, y, count) = plain.densest_window();
        let found = densest(&baseline, &candidate, &options);
        assert_eq!(found, window(x, y, count), "seed {seed}");
    }
}

#[test]
fn a_missing_icon_stands_out_of_scattered_noise() {
    let mut baseline = Picture::filled(300, 20_000, WHITE);
    let mut candidate = baseline.clone();
    for y in (0..20_000).step_by(20) {
        candidate.set(y * 7 % 300, y, RED);
    }
    let noise = densest(&baseline, &candidate, &asked());
    assert!(noise.mismatched_pixels <= 2, "{noise:?}");
    baseline.fill(200, 12_345, 9, 9, RED);
    let icon = densest(&baseline, &candidate, &asked());
    assert!(icon.mismatched_pixels >= 80, "{icon:?}");
    let [right, bottom] = [icon.x + 32, icon.y + 32];
    assert!(icon.x <= 200 && right >= 209 && icon.y <= 12_345 && bottom >= 12_354);
}

#[test]
fn equal_files_have_nothing_in_any_window() {
    let picture = Picture::filled(50, 50, WHITE);
    assert_eq!(densest(&picture, &picture, &asked()), window(0, 0, 0));
}

#[test]
fn it_is_looked_for_only_when_asked() {
    let baseline = Picture::filled(50, 50, WHITE).to_png();
    let candidate = Picture::filled(50, 50, RED).to_png();
    for other in [&baseline, &candidate] {
        let diff = compare(&baseline, other, &Options::default()).expect("two valid pictures");
        assert_eq!(diff.densest_window, None);
    }
}
