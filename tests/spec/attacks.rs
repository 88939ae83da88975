//! Files that are hostile or broken: the parser says so, quickly, and never panics.

use std::fmt::Write as _;

use proptest::prelude::*;
use twinshot::spec::{Diagnostics, Suite};

use super::support::{error, parse, parse_config, settings, source, variables};

const SPEC: &str = include_str!("../fixtures/spec/ok/all-actions.yaml");
const CONFIG: &str = include_str!("../fixtures/spec/config-ok/full.yaml");

#[test]
fn bombs_are_refused() {
    let bombs = [
        format!("flow: {}", "[".repeat(100_000)),
        format!("flow: {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("flow: {}", "{a: ".repeat(50_000)),
        "- ".repeat(50_000),
        laughs(),
        format!(
            "a: &a \"{}\"\nb: [{}]",
            "x".repeat(100_000),
            "*a,".repeat(20_000)
        ),
        format!("flow: a\nsteps:\n{}", "  - back\n".repeat(60_000)),
        format!("{}flow: a\n", "# \n".repeat(400_000)),
        (0..200).fold(String::new(), |mut text, number| {
            writeln!(text, "a{number}: &a{number} 1").expect("a string takes all");
            text
        }),
    ];
    for bomb in bombs {
        assert!(error(&bomb).contains("error: "), "{bomb:.40}");
        assert!(parse_config(&bomb).is_err(), "{bomb:.40}");
    }
}

/// Billion laughs.
fn laughs() -> String {
    let mut text = String::from("a0: &a0 [lol, lol]\n");
    for level in 1..30 {
        let below = level - 1;
        writeln!(
            text,
            "a{level}: &a{level} [*a{below}, *a{below}, *a{below}]"
        )
        .expect("a string takes all");
    }
    text
}

#[test]
fn fragments_do_not_multiply_without_end() {
    let mut sources = vec![source("flow.yaml", "flow: a\nsteps: [{ use: f0 }]\n")];
    for level in 0..20 {
        let inner = format!("{{ use: f{} }}", level + 1);
        let text = format!("fragment: f{level}\nsteps: [{inner}, {inner}, {inner}]\n");
        sources.push(source(&format!("f{level}.yaml"), &text));
    }
    sources.push(source("f20.yaml", "fragment: f20\nsteps: [back]\n"));
    let problems = suite_error(&sources);
    assert!(
        problems.contains("more than 10000 steps"),
        "{problems:.300}"
    );
}

#[test]
fn fragments_do_not_nest_without_end() {
    let mut sources = vec![source("flow.yaml", "flow: a\nsteps: [{ use: f0 }]\n")];
    for level in 0..5000 {
        let text = format!(
            "fragment: f{level}\nparams: [p]\nsteps: [{{ use: f{}, with: {{ p: 1 }} }}]\n",
            level + 1
        );
        sources.push(source(&format!("f{level}.yaml"), &text));
    }
    sources[0].text = "flow: a\nsteps: [{ use: f0, with: { p: 1 } }]\n".into();
    let problems = suite_error(&sources);
    assert!(
        problems.contains("more than 32 levels deep"),
        "{problems:.300}"
    );
}

fn suite_error(sources: &[twinshot::spec::Source]) -> String {
    let suite = Suite::parse(sources, &variables(), &settings());
    suite.map(|_| ()).expect_err("this is refused").to_string()
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let text = "\u{feff}flow: A\r\nsteps:\r\n  - goto: /x\r\n    shot: start\r\n";
    let suite = parse(text).expect("a right spec");
    assert_eq!(suite.flows[0].steps[0].label, "goto /x");
    assert_eq!(suite.flows[0].location.column, 7);
    let wrong = error("\u{feff}flwo: A\r\nsteps: []\r\n");
    assert_eq!(
        wrong,
        "error: unknown key `flwo`\n --> a.yaml:1:1\n  |\n1 | flwo: A\n  | ^^^^\n  |\n  = help: did you mean `flow`?"
            .replace("\n ", "\n  ")
            .replace("\n1", "\n 1")
    );
}

#[test]
fn what_is_shown_is_safe_for_a_terminal() {
    for text in [
        "flow: \u{0}\n",
        "flow: a\u{1b}[31m\n",
        "flow: \"a\\u001b[31m\"\nsteps: [back]\n",
        "flow: a\nsteps:\n  - \"cl\\u001bik\": x\n",
        "flow: a\nsteps:\n  - \"\u{202e}kcilc\": x\n",
        "flow: a\nsteps:\n  - click: \"[\u{202e}\"\n",
        "flow: a\nsteps:\n  - use: \"\\u0007\"\n",
    ] {
        let shown = error(text);
        let hostile = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!shown.contains(hostile), "{shown:?}");
    }
}

#[test]
fn long_lines_are_cut_around_the_caret() {
    let padding = "x".repeat(5000);
    let shown = error(&format!(
        "flow: a\nsteps:\n  - {{ back: , shot: \"{padding}\", clik: b, mask: \"{padding}\" }}\n"
    ));
    assert!(
        shown.lines().all(|line| line.chars().count() < 140),
        "{shown}"
    );
    assert!(shown.contains("clik") && shown.contains("^^^^"), "{shown}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let text =
        "flow: a\nsteps:\n  - clik: x\n  - hover: \"\"\n  - wait: 5\n  - back\n  - tpye: {}\n";
    let problems: Diagnostics = parse(text).map(|_| ()).expect_err("four are wrong");
    assert_eq!(problems.len(), 4);
    let lines: Vec<u32> = problems
        .iter()
        .filter_map(|problem| Some(problem.location()?.line))
        .collect();
    assert_eq!(lines, [3, 4, 5, 7]);
}

/// The text with a part replaced.
fn mutate(text: &str, at: usize, len: usize, with: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = at % chars.len();
    let end = (at + len).min(chars.len());
    let head = chars[..at].iter().collect::<String>();
    let tail = chars[end..].iter().collect::<String>();
    head + with + &tail
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = parse(&text).map_err(|problems| problems.to_string());
        let _ = parse_config(&text).map_err(|problems| problems.to_string());
    }

    #[test]
    fn no_yaml_makes_it_panic(text in "[a-c\\[\\]{}:,\"' \n\t&*!|>#$%@0-9-]{0,80}") {
        let _ = parse(&format!("flow: a\nsteps:\n  - {text}")).map_err(|problems| problems.to_string());
    }

    #[test]
    fn no_mutation_makes_it_panic(
        at in any::<usize>(),
        len in 0_usize..12,
        with in "[a-z\\[\\]{}:,\"' \n\t&*!|>#${}%0-9-]{0,6}|\\PC{0,3}",
    ) {
        let _ = parse(&mutate(SPEC, at, len, &with)).map_err(|problems| problems.to_string());
        let _ = parse_config(&mutate(CONFIG, at, len, &with)).map_err(|problems| problems.to_string());
    }
}
