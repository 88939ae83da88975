//! PURE. `junit.xml` in the dialect of Jenkins and GitLab: a suite for each flow at a viewport, a case for each shot. A
//! visual difference is a `<failure>`, a shot that could not be decided is an `<error>`.

use std::collections::HashMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::{FailureKind, FailureReport, PictureReport, Report, ShotReport, Verdict, words};
use crate::side::Role;

/// Renders `junit.xml`.
pub fn render(report: &Report) -> String {
    let mut document = quick_junit::Report::new(document_name(report));
    // The field's own type parses; naming it would need chrono as a dependency of ours.
    document.timestamp = report.run.started.parse().ok();
    document.set_time(Duration::from_millis(report.run.duration_ms));
    document.add_test_suites(suites(report));
    let xml = document
        .to_string()
        .expect("writing XML into a string cannot fail");
    // quick-junit drops control characters; these two are not allowed in XML either.
    xml.replace(['\u{fffe}', '\u{ffff}'], "")
}

/// A partial run is marked in the name, which every viewer of JUnit files shows.
fn document_name(report: &Report) -> String {
    match words::partial(report) {
        Some(partial) => format!("Twinshot ({partial})"),
        None => "Twinshot".to_owned(),
    }
}

/// The suites, in the plan order of their first shots.
fn suites(report: &Report) -> Vec<TestSuite> {
    let names = unique_names(report);
    let mut order = Vec::new();
    let mut cases: HashMap<String, Vec<TestCase>> = HashMap::new();
    for (shot, name) in report.shots.iter().zip(names) {
        let suite = format!("{} @{}", shot.flow, shot.viewport);
        if !cases.contains_key(&suite) {
            order.push(suite.clone());
        }
        cases
            .entry(suite)
            .or_default()
            .push(case(report, shot, name));
    }
    let shots = order
        .into_iter()
        .map(|name| suite(report, cases.remove(&name).unwrap_or_default(), name));
    as_a_whole(report).into_iter().chain(shots).collect()
}

/// Reasons why the whole run is undecided, or not clean, belong to no shot, but must not look green.
fn as_a_whole(report: &Report) -> Option<TestSuite> {
    let case = |name: String, kind: NonSuccessKind, about: &'static str, reason: &String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(about).set_message(reason.as_str());
        TestCase::new(name, status)
    };
    let undecided = report
        .run
        .undecided
        .iter()
        .zip(1..)
        .map(|(reason, number)| {
            let name = format!("The environments ({number})");
            case(name, NonSuccessKind::Error, "undecided", reason)
        });
    let suspicions = report.suspicions.iter().filter(|_| report.run.ci);
    let suspicions = suspicions.zip(1..).map(|(text, number)| {
        let name = format!("Suspicion {number}");
        case(name, NonSuccessKind::Failure, "suspicion", text)
    });
    let stopped = report.run.stopped_by.iter().map(|reason| {
        let name = "The run ended early".to_owned();
        case(name, NonSuccessKind::Error, "stopped", reason)
    });
    let cases: Vec<TestCase> = stopped.chain(undecided).chain(suspicions).collect();
    (!cases.is_empty()).then(|| suite(report, cases, "The run as a whole".to_owned()))
}

fn suite(report: &Report, cases: Vec<TestCase>, name: String) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.timestamp = report.run.started.parse().ok();
    suite.set_time(cases.iter().filter_map(|case| case.time).sum());
    suite.add_properties(run_properties(report));
    suite.add_test_cases(cases);
    suite
}

/// Properties of the whole run. JUnit allows properties only from the suite downwards.
fn run_properties(report: &Report) -> Vec<Property> {
    let run = &report.run;
    let mut properties = vec![
        Property::new("run", run.id.as_str()),
        Property::new("baseline", run.environments.baseline.name.as_str()),
        Property::new("candidate", run.environments.candidate.name.as_str()),
        Property::new("metric", words::json_word(&run.metric)),
        Property::new("twinshot_version", run.twinshot_version.as_str()),
    ];
    properties.extend(
        run.browser
            .as_deref()
            .map(|browser| Property::new("browser", browser)),
    );
    properties.extend(words::part(run).map(|part| Property::new("shard", part)));
    for (name, environment) in [
        ("baseline_release", &run.environments.baseline),
        ("candidate_release", &run.environments.candidate),
    ] {
        let release = environment.release.as_deref();
        properties.extend(release.map(|release| Property::new(name, release)));
    }
    properties.extend(words::partial(report).map(|partial| Property::new("partial", partial)));
    properties.extend(
        report
            .notices()
            .iter()
            .map(|warning| Property::new("warning", warning.as_str())),
    );
    properties
}

/// Unique names for shots: of several equal names, GitLab uses only the first.
fn unique_names(report: &Report) -> Vec<String> {
    let several_browsers = report.has_several_browsers();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut unique = |name: String| {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            name
        } else {
            format!("{name} ({count})")
        }
    };
    let name = |shot: &ShotReport| {
        let browser = if several_browsers {
            format!(" [{}]", shot.browser)
        } else {
            String::new()
        };
        format!("{} @{}{browser}", shot.title(), shot.viewport)
    };
    report.shots.iter().map(|shot| unique(name(shot))).collect()
}

fn case(report: &Report, shot: &ShotReport, name: String) -> TestCase {
    let mut case = TestCase::new(name, status(report, shot));
    case.set_classname(shot.flow.as_str());
    case.set_time(Duration::from_millis(shot.times.total_ms()));
    case.add_properties(properties(shot));
    case.set_system_out(system_out(shot));
    case
}

fn status(report: &Report, shot: &ShotReport) -> TestCaseStatus {
    let (kind, name) = match (shot.verdict, report.fails(shot)) {
        (Verdict::New, false) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(shot.reason.as_str());
            return status;
        }
        (_, false) => return TestCaseStatus::success(),
        (Verdict::Failed, true) => failure_kind(&shot.failures),
        (verdict, true) => (NonSuccessKind::Failure, verdict.to_string()),
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name);
    status.set_message(shot.reason.as_str());
    status.set_description(description(shot));
    status
}

/// A failed expectation is the candidate's failure. Everything else could not be decided.
fn failure_kind(failures: &[FailureReport]) -> (NonSuccessKind, String) {
    let undecided = failures
        .iter()
        .find(|failure| failure.kind != FailureKind::Expectation);
    match (undecided, failures.first()) {
        (Some(failure), _) => (NonSuccessKind::Error, failure.kind.to_string()),
        (None, Some(failure)) => (NonSuccessKind::Failure, failure.kind.to_string()),
        (None, None) => (NonSuccessKind::Error, Verdict::Failed.to_string()),
    }
}

/// The reason and its details: everything that people read on one screen.
fn description(shot: &ShotReport) -> String {
    let mut lines = vec![
        shot.reason.clone(),
        format!("at {} ({})", shot.step.location, shot.step.label),
    ];
    lines.extend(shot.failures.iter().map(|failure| {
        let url = failure
            .url
            .as_deref()
            .map(|url| format!(" on {url}"))
            .unwrap_or_default();
        format!(
            "{}, step {:?}{url}: {}",
            failure.role, failure.step.label, failure.message
        )
    }));
    without_markers(&lines.join("\n"))
}

/// The numbers, which viewers of JUnit files can chart.
fn properties(shot: &ShotReport) -> Vec<Property> {
    let mut pairs = vec![
        ("id", shot.id.clone()),
        ("verdict", shot.verdict.to_string()),
        ("browser", shot.browser.clone()),
        ("viewport", shot.viewport_size.clone()),
    ];
    if let Some(comparison) = &shot.comparison {
        pairs.extend([
            (
                "mismatched_pixels",
                comparison.mismatched_pixels.to_string(),
            ),
            ("mismatch_ratio", comparison.mismatch_ratio.to_string()),
            ("total_pixels", comparison.total_pixels.to_string()),
            ("regions", comparison.regions.len().to_string()),
            ("threshold", comparison.threshold.to_string()),
            ("max_mismatch", words::allowed(comparison)),
        ]);
        let expected = comparison.at_least.map(|expected| expected.to_string());
        pairs.extend(expected.map(|expected| ("at_least", expected)));
        let densest = comparison.densest_window;
        pairs.extend(densest.map(|it| ("densest_window", it.mismatched_pixels.to_string())));
    }
    for (role, name) in [
        (Role::Baseline, "baseline_url"),
        (Role::Candidate, "candidate_url"),
    ] {
        pairs.extend(page_url(shot.pictures.get(role)).map(|url| (name, url.to_owned())));
    }
    pairs
        .into_iter()
        .map(|(name, value)| Property::new(name, value))
        .collect()
}

fn page_url(picture: &Option<PictureReport>) -> Option<&str> {
    Some(picture.as_ref()?.page.as_ref()?.url.as_str())
}

/// Warnings, and the pictures in the marker that Jenkins and GitLab show as attachments.
fn system_out(shot: &ShotReport) -> String {
    let warnings = shot
        .warnings
        .iter()
        .map(|warning| format!("warning: {}", without_markers(warning)));
    let pictures = shot
        .files()
        .into_iter()
        .map(|(_, file)| format!("[[ATTACHMENT|{file}]]"));
    warnings.chain(pictures).collect::<Vec<_>>().join("\n")
}

/// A page must not attach files of the build machine by having our marker in its title.
fn without_markers(text: &str) -> String {
    // Cleaned first: a control character inside of the marker would hide it here and be dropped later.
    XmlString::new(text)
        .as_str()
        .replace(['\u{fffe}', '\u{ffff}'], "")
        .replace("ATTACHMENT|", "ATTACHMENT |")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_cannot_attach_files() {
        for text in [
            "[[[ATTACHMENT|/etc/passwd]]",
            "[[ATTACH\0MENT|x]]",
            "[[ATTACHMENT\u{1b}[0m|x]]",
            "[[ATTACHMENT\u{ffff}|x]]",
        ] {
            assert!(!without_markers(text).contains("ATTACHMENT|"), "{text:?}");
        }
    }

    #[test]
    fn a_shot_without_any_stated_failure_is_still_undecided() {
        assert_eq!(
            failure_kind(&[]),
            (NonSuccessKind::Error, "failed".to_owned())
        );
    }
}
