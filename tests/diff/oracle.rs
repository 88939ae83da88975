//! pixelmatch's own test pairs, with the counts that it asserts or that its released package prints.

use std::path::Path;

use twinshot::diff::{Antialiasing, Diff, Metric, Options, compare, compare_with_overlay};

use crate::picture::{self, Picture};
use crate::plain::{Class, Plain};

const PAIRS: [[&str; 2]; 8] = [
    ["1a", "1b"],
    ["2a", "2b"],
    ["3a", "3b"],
    ["4a", "4b"],
    ["5a", "5b"],
    ["6a", "6b"],
    ["7a", "7b"],
    ["8a", "5b"],
];

/// A column of the table: the count of each pair, where it is known.
struct Column {
    metric: Metric,
    threshold: f64,
    antialiasing: Antialiasing,
    counts: [Option<u64>; 8],
}

impl Column {
    fn options(&self) -> Options {
        Options {
            metric: self.metric,
            threshold: self.threshold,
            antialiasing: self.antialiasing,
            ..Options::default()
        }
    }
}

fn table() -> [Column; 5] {
    let column = |metric, threshold, antialiasing, counts| Column {
        metric,
        threshold,
        antialiasing,
        counts,
    };
    use Antialiasing::{Count, Ignore};
    use Metric::{Oklab, Yiq};
    let all = |counts: [u64; 8]| counts.map(Some);
    let some = [Some(120), None, None, None, None, None, Some(2440), None];
    let fine = [154, 12821, 220, 36563, 0, 51].map(Some);
    let [a, b, c, d, e, f] = fine;
    [
        column(
            Yiq,
            0.05,
            Ignore,
            all([143, 12437, 212, 36049, 6, 51, 3016, 32896]),
        ),
        column(
            Yiq,
            0.1,
            Ignore,
            all([106, 9730, 178, 6889, 6, 51, 2448, 32896]),
        ),
        column(
            Yiq,
            0.1,
            Count,
            all([167, 10010, 344, 10002, 208, 4900, 2737, 32896]),
        ),
        column(Oklab, 0.05, Ignore, [a, b, c, d, e, f, None, Some(32896)]),
        column(Oklab, 0.1, Ignore, some),
    ]
}

/// The two files of a pair.
fn read_pair(folder: &Path, names: [&str; 2]) -> [Vec<u8>; 2] {
    names.map(|name| picture::read(&folder.join(format!("{name}.png"))))
}

fn diff_of([baseline, candidate]: &[Vec<u8>; 2], options: &Options) -> Diff {
    compare(baseline, candidate, options).expect("two valid pictures")
}

#[test]
fn counts_equal_pixelmatchs() {
    let Some(folder) = picture::oracle("pixelmatch") else {
        return;
    };
    for (index, names) in PAIRS.into_iter().enumerate() {
        let files = read_pair(&folder, names);
        for column in table() {
            let diff = diff_of(&files, &column.options());
            let Some(expected) = column.counts[index] else {
                continue;
            };
            assert_eq!(
                diff.mismatched_pixels,
                expected,
                "{names:?} {:?}",
                column.options()
            );
        }
    }
}

#[test]
fn the_plain_twin_and_the_engine_agree_on_pixelmatchs_pairs() {
    let Some(folder) = picture::oracle("pixelmatch") else {
        return;
    };
    for names in PAIRS {
        let files = read_pair(&folder, names);
        let [baseline, candidate] = files.each_ref().map(|file| Picture::from_png(file));
        for metric in [Metric::Exact, Metric::Yiq, Metric::Oklab] {
            let options = Options {
                metric,
                ..Options::default()
            };
            let found =
                compare_with_overlay(&files[0], &files[1], &options).expect("two valid pictures");
            let plain = Plain::compare(&baseline, &candidate, &options);
            assert_eq!(
                found.diff.mismatched_pixels,
                plain.count(Class::Mismatched),
                "{names:?}"
            );
            assert_eq!(
                found.diff.antialiased_pixels,
                plain.count(Class::Antialiased),
                "{names:?}"
            );
            let drawn = found.overlay.map(|overlay| Picture::from_png(&overlay));
            let equal = drawn == Some(plain.overlay(&baseline, &candidate));
            assert!(equal, "the overlays of {names:?} differ under {metric:?}");
        }
    }
}

#[test]
fn a_picture_equals_itself() {
    let Some(folder) = picture::oracle("pixelmatch") else {
        return;
    };
    for names in PAIRS {
        let [file, _] = read_pair(&folder, names);
        let encoded_again = Picture::from_png(&file).to_png();
        for metric in [Metric::Exact, Metric::Yiq, Metric::Oklab] {
            let options = Options {
                metric,
                threshold: 0.0,
                ..Options::default()
            };
            let diff = diff_of(&[file.clone(), encoded_again.clone()], &options);
            assert_eq!(
                diff.mismatched_pixels + diff.antialiased_pixels,
                0,
                "{names:?}"
            );
        }
    }
}
