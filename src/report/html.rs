//! PURE. `index.html`: one self-contained page, rendered from a report. It opens from disk and loads nothing but the
//! pictures next to it. Every name, title and URL in the report is treated as hostile: the template escapes them, the
//! script inserts them as text only, and a strict policy blocks anything that still gets through.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minijinja::{Environment, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    ComparisonReport, Report, Run, ShotReport, Verdict, timeline::Timeline, words, worst_first,
};
use crate::compare::percent;

const TEMPLATE: &str = include_str!("templates/index.html");

const STYLE: &str = include_str!("templates/report.css");

/// One module, split into files by purpose, in the order of use.
const SCRIPT: &str = concat!(
    include_str!("templates/js/base.js"),
    include_str!("templates/js/shots.js"),
    include_str!("templates/js/list.js"),
    include_str!("templates/js/stage.js"),
    include_str!("templates/js/detail.js"),
    include_str!("templates/js/keys.js"),
    include_str!("templates/js/main.js"),
);

/// Renders `index.html`.
pub fn render(report: &Report) -> String {
    let mut environment = Environment::new();
    environment.set_syntax(tidy_syntax());
    environment
        .add_template("index.html", TEMPLATE)
        .expect("the template is compiled in and tested");
    let template = environment
        .get_template("index.html")
        .expect("it was added above");
    template
        .render(Serde(PageContext::of(report)))
        .expect("the template uses only what the page has")
}

/// Lines with only a block tag leave no empty line in the page.
fn tidy_syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the delimiters are the usual ones")
}

/// The values for the template.
#[derive(Serialize)]
struct PageContext<'a> {
    policy: String,
    style: &'static str,
    script: &'static str,
    data: String,
    headline: String,
    partial: Option<String>,
    part: Option<String>,
    reuse: Option<String>,
    warnings: Vec<String>,
    allowed: Vec<String>,
    run: &'a Run,
    started: String,
    duration: String,
    counts: Vec<Count>,
    timeline: Option<Timeline<'a>>,
    shots: Vec<PlainShot<'a>>,
}

impl<'a> PageContext<'a> {
    fn of(report: &'a Report) -> Self {
        Self {
            policy: policy(),
            style: STYLE,
            script: SCRIPT,
            data: script_safe_json(&ScriptData::of(report)),
            headline: words::headline(report),
            partial: words::partial(report),
            part: words::part(&report.run),
            reuse: words::reuse(report),
            warnings: report.notices(),
            allowed: report.allowed.iter().map(ToString::to_string).collect(),
            run: &report.run,
            started: minutes(&report.run.started),
            duration: words::duration(report.run.duration_ms),
            counts: counts(report),
            timeline: Timeline::of(report),
            shots: worst_first(&report.shots)
                .into_iter()
                .map(PlainShot::of)
                .collect(),
        }
    }
}

/// The page's content security policy: only the pictures may be loaded, and only our two blocks may run as script and
/// style.
fn policy() -> String {
    format!(
        "default-src 'none'; img-src 'self' data: blob:; style-src '{}'; script-src '{}'; \
         base-uri 'none'; form-action 'none'",
        source_hash(STYLE),
        source_hash(SCRIPT)
    )
}

/// A block's hash in the form that the policy uses.
fn source_hash(block: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(block)))
}

/// The data for the script: the report, and the texts for its ratios, so that there is one rule for both.
#[derive(Serialize)]
struct ScriptData<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// One for each shot, in the report's order; `None` if nothing was compared.
    percents: Vec<Option<Percents>>,
}

/// The ratios of a comparison as percentages.
#[derive(Serialize)]
struct Percents {
    mismatch: String,
    max_mismatch: Option<String>,
    at_least: Option<String>,
}

impl<'a> ScriptData<'a> {
    fn of(report: &'a Report) -> Self {
        let of_shot = |shot: &ShotReport| shot.comparison.as_ref().map(Percents::of);
        Self {
            report,
            percents: report.shots.iter().map(of_shot).collect(),
        }
    }
}

impl Percents {
    fn of(comparison: &ComparisonReport) -> Self {
        let at_least = comparison.at_least.and_then(|least| least.ratio);
        Self {
            mismatch: percent(comparison.mismatch_ratio),
            max_mismatch: comparison.max_mismatch.ratio.map(percent),
            at_least: at_least.map(percent),
        }
    }
}

/// JSON that cannot end its HTML element. JSON has these characters only inside of strings.
fn script_safe_json(data: &ScriptData<'_>) -> String {
    let json = serde_json::to_string(data).expect("a report holds nothing that JSON cannot");
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out
}

/// An RFC 3339 time without its seconds: `2026-11-21 02:49 UTC`.
fn minutes(time: &str) -> String {
    match (time.get(..10), time.get(11..16), time.ends_with('Z')) {
        (Some(day), Some(minute), true) => format!("{day} {minute} UTC"),
        _ => time.to_owned(),
    }
}

/// How many shots have a verdict.
#[derive(Serialize)]
struct Count {
    verdict: String,
    count: String,
}

fn counts(report: &Report) -> Vec<Count> {
    let count = |verdict: Verdict| words::thousands(report.summary.count(verdict) as u64);
    Verdict::WORST_FIRST
        .map(|verdict| Count {
            verdict: verdict.to_string(),
            count: count(verdict),
        })
        .into()
}

/// A shot in the page's list for browsers without scripts.
#[derive(Serialize)]
struct PlainShot<'a> {
    id: &'a str,
    title: String,
    viewport: &'a str,
    browser: &'a str,
    verdict: String,
    reason: &'a str,
    step: String,
    failures: Vec<String>,
    files: Vec<(&'static str, &'a str)>,
}

impl<'a> PlainShot<'a> {
    fn of(shot: &'a ShotReport) -> Self {
        Self {
            id: &shot.id,
            title: shot.title(),
            viewport: &shot.viewport,
            browser: &shot.browser,
            verdict: shot.verdict.to_string(),
            reason: &shot.reason,
            step: format!("{} at {}", shot.step.label, shot.step.location),
            failures: shot
                .failures
                .iter()
                .map(|failure| format!("{}: {}", failure.role, failure.message))
                .collect(),
            files: shot.files(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_cannot_end_early() {
        assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.contains("</style"));
    }

    #[test]
    fn source_hashes_are_those_of_the_standard() {
        // The example of the Content Security Policy specification.
        assert_eq!(
            source_hash("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }

    #[test]
    fn times_lose_their_seconds() {
        assert_eq!(minutes("2026-11-21T02:49:07Z"), "2026-11-21 02:49 UTC");
        assert_eq!(minutes("yesterday"), "yesterday");
    }
}
