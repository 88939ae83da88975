//! The committed pairs under `fixtures/diff`. A case is a folder: `baseline.png`, `candidate.png`, a
//! `README.md`, under `should-differ` also `expected.json`, and where wanted `overlay.<metric>.png`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twinshot::diff::{DiffWithOverlay, Metric, Options, Region, compare, compare_with_overlay};

use crate::picture::{self, Picture};
use crate::plain::{self, Class, Plain};

const METRICS: [Metric; 3] = [Metric::Exact, Metric::Yiq, Metric::Oklab];

/// The numbers of one metric in `expected.json`.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    mismatched_pixels: u64,
    antialiased_pixels: u64,
    total_pixels: u64,
    regions: Vec<Region>,
}

/// A folder with a pair.
struct Case {
    folder: PathBuf,
    baseline: Vec<u8>,
    candidate: Vec<u8>,
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let readme = String::from_utf8(picture::read(&folder.join("README.md"))).expect("UTF-8");
        assert!(
            !readme.trim().is_empty(),
            "{}: empty README.md",
            folder.display()
        );
        Self {
            baseline: picture::read(&folder.join("baseline.png")),
            candidate: picture::read(&folder.join("candidate.png")),
            folder,
        }
    }

    fn compare(&self, metric: Metric) -> DiffWithOverlay {
        let options = Options {
            metric,
            ..Options::default()
        };
        compare_with_overlay(&self.baseline, &self.candidate, &options)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name()))
    }

    fn name(&self) -> String {
        self.folder.display().to_string()
    }

    fn pictures(&self) -> [Picture; 2] {
        [&self.baseline, &self.candidate].map(|file| Picture::from_png(file))
    }
}

fn cases(kind: &str) -> Vec<Case> {
    let folder = picture::fixtures().join(kind);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 5, "{}: too few cases", folder.display());
    folders.into_iter().map(Case::read).collect()
}

fn all_cases() -> Vec<Case> {
    let mut cases = cases("should-match");
    cases.extend(self::cases("should-differ"));
    cases
}

fn metric_name(metric: Metric) -> String {
    let name = serde_json::to_value(metric).expect("a name");
    name.as_str().expect("a name").to_owned()
}

#[test]
fn what_should_match_matches() {
    for case in cases("should-match") {
        for metric in [Metric::Yiq, Metric::Oklab] {
            let options = Options {
                metric,
                tint: true,
                ..Options::default()
            };
            let tinted = compare(&case.baseline, &case.candidate, &options);
            let tinted = tinted.expect("two valid pictures").mismatched_pixels;
            assert_eq!(tinted, 0, "{} {metric:?}", case.name());
            let diff = case.compare(metric).diff;
            assert_eq!(diff.mismatched_pixels, 0, "{} {metric:?}", case.name());
            assert!(diff.regions.is_empty(), "{} {metric:?}", case.name());
            assert_eq!(diff.mismatch_ratio(), 0.0, "{} {metric:?}", case.name());
        }
    }
}

#[test]
fn what_should_differ_differs_as_expected() {
    for case in cases("should-differ") {
        let expected = picture::read(&case.folder.join("expected.json"));
        let mut expected: BTreeMap<String, Expected> = serde_json::from_slice(&expected)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name()));
        for metric in METRICS {
            let diff = case.compare(metric).diff;
            let found = Expected {
                mismatched_pixels: diff.mismatched_pixels,
                antialiased_pixels: diff.antialiased_pixels,
                total_pixels: diff.total_pixels,
                regions: diff.regions,
            };
            assert!(found.mismatched_pixels > 0, "{} {metric:?}", case.name());
            let wanted = expected.remove(&metric_name(metric));
            assert_eq!(Some(found), wanted, "{} {metric:?}", case.name());
        }
        assert!(
            expected.is_empty(),
            "{}: unknown metric in expected.json",
            case.name()
        );
    }
}

#[test]
fn fixtures_equal_the_plain_twin() {
    for case in all_cases() {
        let [baseline, candidate] = case.pictures();
        for metric in METRICS {
            let options = Options {
                metric,
                ..Options::default()
            };
            let found = case.compare(metric);
            let plain = Plain::compare(&baseline, &candidate, &options);
            assert_eq!(
                found.diff.mismatched_pixels,
                plain.count(Class::Mismatched),
                "{}",
                case.name()
            );
            assert_eq!(
                found.diff.antialiased_pixels,
                plain.count(Class::Antialiased),
                "{}",
                case.name()
            );
            if let Some(overlay) = found.overlay {
                let drawn = plain.overlay(&baseline, &candidate);
                assert_eq!(
                    Picture::from_png(&overlay),
                    drawn,
                    "{} {metric:?}",
                    case.name()
                );
            }
        }
    }
}

#[test]
fn the_exact_overlay_is_niffys_picture() {
    let mut drawn = 0;
    for case in all_cases() {
        let [baseline, candidate] = case.pictures();
        let same_size = baseline.width == candidate.width && baseline.height == candidate.height;
        if let (true, Some(overlay)) = (same_size, case.compare(Metric::Exact).overlay) {
            let niffy = plain::niffy(&baseline, &candidate);
            assert_eq!(Picture::from_png(&overlay), niffy, "{}", case.name());
            drawn += 1;
        }
    }
    assert!(drawn >= 5, "too few pairs of equal size differ: {drawn}");
}

#[test]
fn golden_overlays_are_drawn_again() {
    let mut compared = 0;
    for case in all_cases() {
        for metric in METRICS {
            let golden = case
                .folder
                .join(format!("overlay.{}.png", metric_name(metric)));
            if golden.exists() {
                assert_overlay_equals(&case, metric, &golden);
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no golden overlay was found");
}

fn assert_overlay_equals(case: &Case, metric: Metric, golden: &Path) {
    let overlay = case.compare(metric).overlay.expect("something was found");
    let golden = Picture::from_png(&picture::read(golden));
    assert_eq!(
        Picture::from_png(&overlay),
        golden,
        "{} {metric:?}",
        case.name()
    );
}

#[test]
fn roles_can_be_swapped_without_changing_the_counts() {
    for case in all_cases() {
        for metric in METRICS {
            let there = case.compare(metric).diff;
            let swapped = Case {
                folder: case.folder.clone(),
                baseline: case.candidate.clone(),
                candidate: case.baseline.clone(),
            };
            let back = swapped.compare(metric).diff;
            assert_eq!(there.regions, back.regions, "{} {metric:?}", case.name());
            assert_eq!(
                there.antialiased_pixels,
                back.antialiased_pixels,
                "{}",
                case.name()
            );
            assert_eq!(there.baseline_size, back.candidate_size, "{}", case.name());
        }
    }
}
