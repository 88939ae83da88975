//! `junit.xml`.

use std::collections::HashSet;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use twinshot::report::junit;

use super::support::{empty, interrupted, large, sample};

fn parsed(report: &twinshot::report::Report) -> Report {
    Report::deserialize_from_str(&junit::render(report)).expect("the XML is well-formed")
}

fn cases(report: &Report) -> Vec<&TestCase> {
    report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases)
        .collect()
}

/// The case of one shot, by the id among its properties.
fn case<'a>(report: &'a Report, id: &str) -> &'a TestCase {
    let is_it = |case: &&TestCase| {
        case.properties
            .iter()
            .any(|it| it.name.as_str() == "id" && it.value.as_str() == id)
    };
    cases(report)
        .into_iter()
        .find(is_it)
        .expect("the shot is there")
}

/// `failure mismatch`, `error step`, or `success`.
fn outcome(case: &TestCase) -> String {
    match &case.status {
        TestCaseStatus::NonSuccess { kind, ty, .. } => {
            let kind = if *kind == NonSuccessKind::Failure {
                "failure"
            } else {
                "error"
            };
            format!("{kind} {}", ty.as_ref().map_or("", |ty| ty.as_str()))
        }
        TestCaseStatus::Success { .. } => "success".to_owned(),
        TestCaseStatus::Skipped { .. } => "skipped".to_owned(),
    }
}

#[test]
fn a_difference_fails_and_the_undecided_is_an_error() {
    let report = parsed(&sample());
    for (id, expected) in [
        ("Settings/overview@desktop", "success"),
        ("Settings/saved@desktop", "success"),
        ("Settings/move-source-dialog@desktop", "failure mismatch"),
        ("Billing/invoice-list@desktop", "failure new"),
        ("Checkout/total@desktop", "failure expectation"),
        ("Checkout/pay@desktop", "error step"),
        ("Checkout/receipt@desktop", "error not-reached"),
        ("hostile/two@desktop", "error unstable"),
    ] {
        assert_eq!(outcome(case(&report, id)), expected, "{id}");
    }
    assert_eq!((report.tests, report.failures, report.errors), (10, 5, 3));
}

#[test]
fn a_suite_is_a_flow_at_a_viewport() {
    let names: Vec<_> = parsed(&sample())
        .test_suites
        .iter()
        .map(|suite| suite.name.as_str().to_owned())
        .collect();
    assert_eq!(
        names[..3],
        ["Settings @desktop", "Settings @phone", "Billing @desktop"]
    );
}

#[test]
fn names_are_unique() {
    for report in [sample(), large(100)] {
        let report = parsed(&report);
        let names: HashSet<_> = cases(&report)
            .iter()
            .map(|case| case.name.as_str())
            .collect();
        assert_eq!(names.len(), cases(&report).len());
    }
}

#[test]
fn several_browsers_are_told_apart() {
    let mut report = sample();
    report.shots[1] = report.shots[0].clone();
    report.shots[1].browser = "firefox".to_owned();
    let report = parsed(&report);
    assert_eq!(
        cases(&report)[0].name.as_str(),
        "Settings › overview @desktop [chrome]"
    );
    assert_eq!(
        cases(&report)[1].name.as_str(),
        "Settings › overview @desktop [firefox]"
    );
}

#[test]
fn pictures_are_attached_and_pages_attach_nothing() {
    let report = parsed(&sample());
    let out = case(&report, "Settings/move-source-dialog@desktop")
        .system_out
        .as_ref()
        .unwrap()
        .as_str();
    assert!(
        out.contains("[[ATTACHMENT|shots/00000000000000d1.png]]\n"),
        "{out}"
    );
    let xml = junit::render(&sample());
    let outputs = xml
        .split("<system-out>")
        .skip(1)
        .map(|rest| rest.split("</system-out>").next().unwrap());
    for line in outputs
        .flat_map(str::lines)
        .filter(|line| line.contains("ATTACHMENT|"))
    {
        assert!(line.starts_with("[[ATTACHMENT|shots/"), "{line}");
    }
}

#[test]
fn numbers_are_properties() {
    let report = parsed(&sample());
    let properties = &case(&report, "Settings/overview@phone").properties;
    let value = |name: &str| {
        properties
            .iter()
            .find(|it| it.name.as_str() == name)
            .map(|it| it.value.as_str().to_owned())
    };
    assert_eq!(value("mismatched_pixels").as_deref(), Some("1317"));
    assert_eq!(
        value("max_mismatch").as_deref(),
        Some("2\u{a0}000 pixels or 0.1 %, the smaller")
    );
    assert_eq!(value("baseline_url").as_deref(), Some("/settings"));
}

#[test]
fn only_characters_of_xml_remain() {
    let xml = junit::render(&sample());
    let is_legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|c| !is_legal(*c)), None);
    assert!(!xml.contains("<img") && !xml.contains("<script"));
}

#[test]
fn a_partial_run_says_so() {
    assert!(
        junit::render(&interrupted())
            .contains("partial: 10 of 40 shots decided; the run was interrupted")
    );
    assert!(!junit::render(&sample()).contains("partial"));
}

#[test]
fn an_empty_run_is_a_valid_document() {
    assert_eq!(parsed(&empty()).tests, 0);
}

#[test]
fn what_does_not_fail_the_run_fails_no_case() {
    let mut report = sample();
    report.run.ci = false;
    let xml = parsed(&report);
    assert_eq!(
        outcome(case(&xml, "Billing/invoice-list@desktop")),
        "skipped"
    );
}

#[test]
fn a_suspicion_fails_under_ci_only() {
    let mut report = sample();
    report.suspicions = vec!["Settings › saved: the mask `.clock` matches nothing".to_owned()];
    let has_case = |report: &twinshot::report::Report| {
        let xml = junit::render(report);
        xml.contains("name=\"The run as a whole\"") && xml.contains("type=\"suspicion\"")
    };
    assert!(has_case(&report));
    report.run.ci = false;
    assert!(!has_case(&report));
}
