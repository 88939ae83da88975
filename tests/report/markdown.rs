//! `summary.md`.

use twinshot::report::{Verdict, markdown};

use super::support::{empty, interrupted, large, sample};

/// The rows of the table of shots.
fn rows(text: &str) -> Vec<&str> {
    let table = text
        .split("| verdict |")
        .nth(1)
        .expect("there is a table of shots");
    table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect()
}

#[test]
fn what_needs_a_look_comes_first_worst_first() {
    let text = markdown::render(&sample());
    let rows = rows(&text);
    let expected = sample()
        .shots
        .iter()
        .filter(|shot| shot.verdict.needs_a_look())
        .count();
    assert_eq!(rows.len(), expected);
    let verdict = |row: &&str| row.split_whitespace().nth(2).unwrap().to_owned();
    let verdicts: Vec<_> = rows.iter().map(verdict).collect();
    assert_eq!(
        verdicts,
        [
            "mismatch", "mismatch", "mismatch", "failed", "failed", "failed", "failed", "new"
        ]
    );
    assert!(
        rows[1].contains("Settings › move source dialog") && rows[1].contains("1.47 %"),
        "{}",
        rows[1]
    );
}

#[test]
fn counts_stand_above() {
    let text = markdown::render(&sample());
    assert!(
        text.starts_with("## Twinshot: 3 of 10 shots differ, 4 could not be decided, 1 is new\n"),
        "{text}"
    );
    assert!(text.contains("| mismatch | failed | new | approved | match |\n|--:|--:|--:|--:|--:|\n| 3 | 4 | 1 | 1 | 1 |\n"));
    assert_eq!(Verdict::WORST_FIRST.len(), 5);
}

#[test]
fn hostile_names_stay_in_their_cell() {
    let text = markdown::render(&sample());
    assert!(
        !text.contains("<img") && !text.contains("<script") && !text.contains("@everyone"),
        "{text}"
    );
    assert!(!text.lines().any(|line| line.starts_with("::")), "{text}");
    for row in rows(&text) {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 6, "{row}");
    }
}

#[test]
fn it_fits_into_a_job_summary() {
    let text = markdown::render(&large(30_000));
    assert!(text.len() < 1024 * 1024, "{} bytes", text.len());
    assert!(text.contains("more shots: see `index.html`"));
}

#[test]
fn partial_and_empty_runs_say_so() {
    assert!(
        markdown::render(&interrupted())
            .contains("> **partial: 10 of 40 shots decided; the run was interrupted**")
    );
    assert!(markdown::render(&empty()).starts_with("## Twinshot: No shot was decided\n"));
}
