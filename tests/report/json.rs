//! `report.json`.

use twinshot::report::{Report, RunTimes, Summary, json};

use super::support::{SAMPLE, empty, large, sample};

#[test]
fn what_is_written_is_read_back() {
    assert_eq!(
        json::render(&sample()),
        SAMPLE,
        "see tests/fixtures/report/README.md"
    );
    for report in [empty(), large(50)] {
        let text = json::render(&report);
        assert_eq!(json::render(&json::parse(&text).unwrap()), text);
        assert!(text.ends_with("}\n"));
    }
}

#[test]
fn ratios_are_read_back_to_the_last_digit() {
    let mut report = sample();
    let ratios = |report: &Report| -> Vec<f64> {
        let shots = report.shots.iter();
        let comparisons = shots.filter_map(|shot| shot.comparison.as_ref());
        comparisons.map(|it| it.mismatch_ratio).collect()
    };
    let mut numerators = 21_388..;
    for shot in &mut report.shots {
        if let (Some(comparison), Some(pixels)) = (&mut shot.comparison, numerators.next()) {
            comparison.mismatch_ratio = f64::from(pixels) / 1_400_000.0;
        }
    }
    let again = json::parse(&json::render(&report)).unwrap();
    assert_eq!(ratios(&again), ratios(&report));
}

#[test]
fn a_picture_outside_the_folder_is_refused() {
    for path in [
        "../../etc/passwd",
        "/etc/passwd",
        "https://evil.example/x.png",
    ] {
        let text = SAMPLE.replace("shots/00000000000000d1.png", path);
        let message = json::parse(&text).unwrap_err().to_string();
        assert!(
            message.contains("outside its folder") && message.contains(path),
            "{message}"
        );
    }
}

#[test]
fn another_schema_is_refused() {
    let text = SAMPLE.replace("\"schema_version\": 1", "\"schema_version\": 2");
    assert!(
        json::parse(&text)
            .unwrap_err()
            .to_string()
            .contains("schema version 2")
    );
}

#[test]
fn the_summary_counts_verdicts() {
    let report = sample();
    assert_eq!(Summary::of(&report.shots), report.summary);
    assert_eq!(Summary::of(&[]), Summary::default());
}

#[test]
fn a_report_from_before_the_breakdown_is_read() {
    let mut old: serde_json::Value = serde_json::from_str(SAMPLE).unwrap();
    old["run"].as_object_mut().unwrap().remove("times");
    for shot in old["shots"].as_array_mut().unwrap() {
        let times = shot["times"].as_object_mut().unwrap();
        times.remove("navigate_ms");
        times.remove("sides");
    }
    let report = json::parse(&old.to_string()).unwrap();
    assert_eq!(report.run.times, RunTimes::default());
    assert_eq!(report.shots[0].times.settle_ms, 74);
}

#[test]
fn the_totals_are_the_sums_of_the_shots() {
    let report = sample();
    let sessions = report.run.times.sessions;
    assert_eq!(RunTimes::of(&report.shots, sessions), report.run.times);
    assert!(report.run.times.settle_ms > 0);
}
