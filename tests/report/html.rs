//! `index.html`, as text. What it does in a browser is tested with a browser.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use twinshot::{
    compare::percent,
    report::{Report, html},
};

use super::support::{empty, interrupted, large, sample};

/// What stands between the first `start` and the next `end`.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page.find(start).unwrap_or_else(|| panic!("no {start}")) + start.len();
    let length = page[from..].find(end).unwrap_or_else(|| panic!("no {end}"));
    &page[from..from + length]
}

fn script(page: &str) -> &str {
    between(page, "<script type=\"module\">", "</script>")
}

fn style(page: &str) -> &str {
    between(page, "<style>", "</style>")
}

fn data(page: &str) -> &str {
    between(
        page,
        "<script id=\"report-data\" type=\"application/json\">",
        "</script>",
    )
}

/// The page without its script, style and data: what was written for people.
fn markup(page: &str) -> String {
    page.replace(script(page), "")
        .replace(style(page), "")
        .replace(data(page), "")
}

/// The tags of a page in order, without attributes; what is left open or closed twice is the error.
fn check_nesting(markup: &str) -> Result<(), String> {
    const VOID: [&str; 5] = ["meta", "link", "input", "img", "br"];
    let mut open = Vec::new();
    for tag in markup
        .split('<')
        .skip(1)
        .filter(|tag| !tag.starts_with('!'))
    {
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        if tag.starts_with('/') {
            let last = open.pop();
            if last.as_ref() != Some(&name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
        } else if !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(format!("left open: {open:?}"))
    }
}

#[test]
fn elements_are_nested_well() {
    for report in [sample(), empty(), interrupted()] {
        check_nesting(&markup(&html::render(&report))).unwrap();
    }
}

#[test]
fn the_policy_names_exactly_the_blocks() {
    let page = html::render(&sample());
    let policy = between(
        &page,
        "http-equiv=\"Content-Security-Policy\" content=\"",
        "\"",
    )
    .replace("&#x27;", "'");
    let hash = |block: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(block)));
    // The template escapes `/` and `+` or not as it likes; a browser reads them the same.
    let policy = policy
        .replace("&#x2f;", "/")
        .replace("&#43;", "+")
        .replace("&#x2b;", "+");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; img-src 'self' data: blob:; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
            hash(style(&page)),
            hash(script(&page))
        )
    );
}

#[test]
fn nothing_runs_or_styles_from_an_attribute() {
    let markup = markup(&html::render(&sample()));
    for tag in markup
        .split('<')
        .skip(1)
        .filter_map(|tag| tag.split('>').next())
    {
        let mut attributes = tag.split_whitespace().skip(1);
        assert!(
            !attributes
                .any(|it| it.starts_with("on") && it.contains('=') || it.starts_with("style=")),
            "{tag}"
        );
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = html::render(&sample());
    for forbidden in [
        "src=\"http",
        "href=\"http",
        "href=\"javascript",
        "href=\"//",
        "@import",
        "url(",
    ] {
        assert!(
            !markup(&page).contains(forbidden) && !style(&page).contains(forbidden),
            "{forbidden}"
        );
    }
    for forbidden in [
        "fetch(",
        "XMLHttpRequest",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "eval(",
        "import(",
    ] {
        assert!(!script(&page).contains(forbidden), "{forbidden}");
    }
}

#[test]
fn hostile_names_are_text() {
    let page = html::render(&sample());
    assert!(!page.contains("<img src=x"));
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(markup(&page).contains("&lt;img src=x onerror="));
}

#[test]
fn the_data_is_the_report_and_cannot_leave_its_element() {
    let page = html::render(&sample());
    let data = data(&page);
    assert!(!data.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
    let read: Report = serde_json::from_str(data).unwrap();
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        serde_json::to_string(&sample()).unwrap()
    );
}

#[test]
fn the_page_writes_percentages_as_the_other_formats_do() {
    let report = sample();
    let page = html::render(&report);
    let data: serde_json::Value = serde_json::from_str(data(&page)).unwrap();
    for (shot, words) in report
        .shots
        .iter()
        .zip(data["percents"].as_array().unwrap())
    {
        let compared = shot.comparison.as_ref();
        let expected = compared.map(|it| percent(it.mismatch_ratio));
        assert_eq!(words["mismatch"].as_str(), expected.as_deref());
        let allowed = compared.and_then(|it| it.max_mismatch.ratio).map(percent);
        assert_eq!(words["max_mismatch"].as_str(), allowed.as_deref());
    }
    assert!(!script(&page).contains("ratio * 100"));
}

#[test]
fn without_scripts_it_still_tells_what_failed() {
    let markup = markup(&html::render(&sample()));
    assert!(markup.contains("<h1>3 of 10 shots differ, 4 could not be decided, 1 is new</h1>"));
    assert!(markup.contains("<li>4 failed</li>"));
    assert!(markup.contains("move source dialog") && markup.contains("invoice list"));
    assert!(
        !markup.contains("Settings › saved"),
        "what needs no look is not listed"
    );
    for (file, name) in [
        ("shots/00000000000000d1.png", "overlay"),
        ("shots/00000000000000f1.png", "page at failure"),
    ] {
        let file = file.replace('/', "&#x2f;");
        let link = format!("<a href=\"{file}\">{name}</a>");
        assert!(
            markup.contains(&link) || markup.contains(&link.replace("&#x2f;", "/")),
            "{link}"
        );
    }
}

#[test]
fn a_partial_run_says_so_loudly() {
    let page = html::render(&interrupted());
    assert!(page.contains("<p class=\"banner\" role=\"alert\">partial: 10 of 40 shots decided; the run was interrupted</p>"));
    assert!(!html::render(&sample()).contains("class=\"banner\""));
}

#[test]
fn an_empty_run_has_a_page() {
    assert!(html::render(&empty()).contains("<h1>No shot was decided</h1>"));
}

#[test]
fn three_thousand_shots_are_drawn_quickly() {
    let report = large(3_000);
    let start = Instant::now();
    let page = html::render(&report);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    assert!(page.len() < 12 << 20, "{} bytes", page.len());
}

#[test]
fn equal_reports_give_equal_pages() {
    assert_eq!(html::render(&sample()), html::render(&sample()));
}

#[test]
fn the_page_says_where_the_time_went() {
    let markup = markup(&html::render(&sample()));
    for words in [
        "Where the time went",
        "<rect class=\"part-settle\"",
        "<title>settle ",
        "4 browsers started in 1.6 s, cleaned 6 times in 412 ms; the whole run took 1 min 12 s",
    ] {
        assert!(markup.contains(words), "{words}");
    }
    let widths = markup.split("width=\"").skip(1).filter_map(|rest| {
        let (percent, _) = rest.split_once("%\"")?;
        percent.parse::<f64>().ok()
    });
    let widths: Vec<f64> = widths.collect();
    // The run's parts fill the room; so do those of the slowest shot, which comes first.
    for bar in [&widths[..5], &widths[5..10]] {
        let sum: f64 = bar.iter().sum();
        assert!((99.9..100.1).contains(&sum), "{bar:?}");
    }
    assert!(!html::render(&empty()).contains("class=\"timings\""));
}

#[test]
fn only_the_slowest_of_many_shots_have_a_bar() {
    let markup = markup(&html::render(&large(60)));
    assert_eq!(markup.matches("class=\"timing-name\"").count(), 50);
    assert!(markup.contains("… and 10 faster shots"));
}
