//! PURE. `summary.md`: the summary for a pull request or a CI job. GitHub drops a whole summary above 1 MiB, so a long
//! table is cut and says so.

use super::{Report, ShotReport, Verdict, words, worst_first};
use crate::compare::percent;

/// Leaves room for other content of the job in the same summary.
const MAX_BYTES: usize = 900 * 1024;

/// More allowed suspicions are counted, not listed; `report.json` has them all.
const MAX_ALLOWED: usize = 50;

/// Longer texts are cut in a table cell, where whole stack traces do not help.
const MAX_CELL_CHARS: usize = 300;

/// Renders `summary.md`.
pub fn render(report: &Report) -> String {
    let mut out = format!("## Twinshot: {}\n\n", escape(&words::headline(report)));
    if let Some(partial) = words::partial(report) {
        out.push_str(&format!("> **{}**\n\n", escape(&partial)));
    }
    push_warnings(&mut out, &report.notices());
    push_allowed(&mut out, report);
    push_counts(&mut out, report);
    push_shots(&mut out, report);
    push_footer(&mut out, report);
    out
}

fn push_warnings(out: &mut String, warnings: &[String]) {
    const SHOWN: usize = 20;
    for warning in warnings.iter().take(SHOWN) {
        out.push_str(&format!("- ⚠ {}\n", escape(warning)));
    }
    if warnings.len() > SHOWN {
        out.push_str(&format!(
            "- … and {}\n",
            words::plural((warnings.len() - SHOWN) as u64, "more warning")
        ));
    }
    if !warnings.is_empty() {
        out.push('\n');
    }
}

fn push_allowed(out: &mut String, report: &Report) {
    if report.allowed.is_empty() {
        return;
    }
    let count = words::plural(report.allowed.len() as u64, "allowed suspicion");
    out.push_str(&format!("<details><summary>{count}</summary>\n\n"));
    for allowed in report.allowed.iter().take(MAX_ALLOWED) {
        out.push_str(&format!("- {}\n", escape(&allowed.to_string())));
    }
    out.push_str("\n</details>\n\n");
}

fn push_counts(out: &mut String, report: &Report) {
    let names = Verdict::WORST_FIRST.map(|verdict| verdict.to_string());
    let counts =
        Verdict::WORST_FIRST.map(|verdict| words::thousands(report.summary.count(verdict) as u64));
    out.push_str(&format!("| {} |\n", names.join(" | ")));
    out.push_str(&format!("|{}\n", "--:|".repeat(names.len())));
    out.push_str(&format!("| {} |\n\n", counts.join(" | ")));
}

fn push_shots(out: &mut String, report: &Report) {
    let shots = worst_first(&report.shots);
    if shots.is_empty() {
        return;
    }
    out.push_str("| verdict | shot | viewport | different | why |\n|:--|:--|:--|--:|:--|\n");
    for (listed, shot) in shots.iter().enumerate() {
        let row = row(shot);
        if out.len() + row.len() > MAX_BYTES {
            let left = words::plural((shots.len() - listed) as u64, "more shot");
            out.push_str(&format!(
                "\n… and {left}: see `index.html` of the report.\n"
            ));
            break;
        }
        out.push_str(&row);
    }
    out.push('\n');
}

fn row(shot: &ShotReport) -> String {
    let different = shot
        .comparison
        .as_ref()
        .map_or("–".to_owned(), |it| percent(it.mismatch_ratio));
    format!(
        "| {icon} {verdict} | {title} | {viewport}, {browser} | {different} | {reason} |\n",
        icon = icon(shot.verdict),
        verdict = shot.verdict,
        title = escape(&shot.title()),
        viewport = escape(&shot.viewport),
        browser = escape(&shot.browser),
        different = escape(&different),
        reason = escape(&shot.reason),
    )
}

fn push_footer(out: &mut String, report: &Report) {
    let run = &report.run;
    let browser = run.browser.as_deref().unwrap_or("no browser");
    let part = words::part(run).map(|part| format!("{part}, "));
    let reuse = words::reuse(report).map(|reuse| format!("{reuse}, "));
    let facts = format!(
        "{} (baseline) against {} (candidate), {browser}, {}, {}{}run {}, Twinshot {}",
        words::environment(&run.environments.baseline),
        words::environment(&run.environments.candidate),
        words::duration(run.duration_ms),
        part.unwrap_or_default(),
        reuse.unwrap_or_default(),
        run.id,
        run.twinshot_version
    );
    out.push_str(&format!("<sub>{}</sub>\n", escape(&facts)));
}

fn icon(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "✅",
        Verdict::Mismatch => "❌",
        Verdict::New => "🆕",
        Verdict::Approved => "☑️",
        Verdict::Failed => "⚠️",
    }
}

/// Text that may come from a page, on one line of a table cell and without any Markdown or HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars().take(MAX_CELL_CHARS) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => out.extend(['\\', c]),
            // `@desktop` would notify the user of that name, `#12` would link to an issue.
            '@' | '#' => out.extend([c, '\u{2060}']),
            c if c.is_control() || is_bidi_control(c) || c == '\u{2028}' || c == '\u{2029}' => {
                out.push(' ')
            }
            c => out.push(c),
        }
    }
    if text.chars().nth(MAX_CELL_CHARS).is_some() {
        out.push('…');
    }
    out
}

/// Characters that would reverse the rest of the line.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(escape("a|b\nc"), "a\\|b c");
        assert_eq!(escape("<img src=x>"), "&lt;img src=x&gt;");
        assert_eq!(escape("[x](javascript:y)"), "\\[x\\](javascript:y)");
        assert_eq!(escape("\u{202e}evil"), " evil");
    }

    #[test]
    fn nobody_is_mentioned() {
        assert!(!escape("@desktop #12").contains("@d"));
        assert!(!escape("@desktop #12").contains("#1"));
    }

    #[test]
    fn long_texts_are_cut() {
        let cut = escape(&"x".repeat(MAX_CELL_CHARS + 1));
        assert_eq!(cut.chars().count(), MAX_CELL_CHARS + 1);
        assert!(cut.ends_with('…'));
    }
}
