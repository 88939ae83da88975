//! Every example has a marker, and is read or run as the marker says.

use std::{io::Write as _, path::PathBuf};

use serde_json::Value;
use twinshot::{
    config::Config,
    spec::{KnownViewport, Source, Suite, SuiteSettings, Variables},
};

use super::{
    markdown::{
        Block, all_blocks, blocks, command_and_exit, only_block, pages, prose, read, root, words,
    },
    project::{Project, can_drive_a_browser, shown},
};

/// What an example may be. A block with any other marker, or with none, is an error.
const MARKERS: [&str; 9] = [
    "yaml spec",   // a whole spec file
    "yaml steps",  // steps of a flow
    "yaml config", // a whole configuration
    "yaml ci",     // a pipeline of some CI system
    "sh run",      // commands that need no browser; each is run
    "sh read",     // commands that are only read: subcommands, flags and make targets must exist
    "text output", // what the one browser example prints
    "text typo",   // what the wrong spec in tests/fixtures/docs gives
    "text layout", // folders that must exist
];

#[test]
fn every_example_has_a_marker() {
    for block in all_blocks() {
        assert!(
            MARKERS.contains(&block.marker.as_str()),
            "{}: no such marker: ```{}",
            block.place,
            block.marker
        );
    }
    for page in pages() {
        for (number, line) in prose(&read(&page)) {
            let is_code =
                line.starts_with("    ") || line.starts_with('\t') || line.contains("~~~");
            assert!(!is_code, "{page}:{number}: an example without a fence");
        }
    }
}

#[test]
fn specs_are_right() {
    let mut read = 0;
    for block in all_blocks() {
        let text = match block.marker.as_str() {
            "yaml spec" => block.text.clone(),
            "yaml steps" => format!("flow: Example\nsteps:\n{}", block.text),
            _ => continue,
        };
        let mut sources = vec![source(&block.place, &text)];
        if !text.starts_with("fragment:") {
            sources.extend(fragments_of(&block.page));
        }
        let parsed = Suite::parse(&sources, &variables(), &viewports());
        if let Err(problems) = parsed {
            panic!("{}:\n{problems}", block.place);
        }
        read += 1;
    }
    assert!(read > 20, "{read} specs only");
}

#[test]
fn configurations_are_right() {
    let mut read = 0;
    for block in all_blocks() {
        if block.marker == "yaml config" {
            let source = source(&block.place, &block.text);
            if let Err(problems) = Config::parse(&source, &variables()) {
                panic!("{}:\n{problems}", block.place);
            }
            read += 1;
        }
    }
    assert!(read > 5, "{read} configurations only");
}

#[test]
fn pipelines_are_yaml() {
    let mut read = 0;
    for block in all_blocks() {
        if block.marker == "yaml ci" {
            let parsed: Result<Value, _> = serde_yaml::from_str(&block.text);
            let value = parsed.unwrap_or_else(|error| panic!("{}: {error}", block.place));
            assert!(value.is_object(), "{}: not a map", block.place);
            read += 1;
        }
    }
    assert!(read > 0, "no pipeline is shown");
}

#[test]
fn commands_end_as_stated() {
    let project = Project::new();
    let mut run = 0;
    for block in all_blocks() {
        for line in block.text.lines().filter(|_| block.marker == "sh run") {
            let (command, wanted) = command_and_exit(line);
            let words = words(command);
            assert_eq!(words[0], "twinshot", "{}: {line}", block.place);
            let output = project.run(&words[1..]);
            assert_eq!(
                output.status.code(),
                Some(wanted),
                "{}: {line}\n{}",
                block.place,
                shown(&output)
            );
            run += 1;
        }
    }
    assert!(run > 10, "{run} commands only");
}

#[test]
fn the_diagnostic_is_the_one_shown() {
    let block = only_block("text typo");
    let project = Project::new();
    project.write("specs/typo.yaml", &read("tests/fixtures/docs/typo.yaml"));
    let output = project.run(&["validate"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), block.text);
}

#[test]
fn the_first_spec_gives_what_is_shown() {
    let block = only_block("text output");
    let spec = first_spec();
    assert!(spec.text.lines().count() <= 20, "{}: too long", spec.place);
    if !can_drive_a_browser() {
        // Not `eprintln!`: the test harness would swallow it.
        writeln!(std::io::stderr(), "SKIPPED, no browser: {}", spec.place).expect("stderr");
        return;
    }
    let project = Project::new();
    project.write("specs/first.yaml", &spec.text);
    let command = read("README.md");
    let command = command
        .lines()
        .find(|line| line.starts_with("twinshot test '"))
        .expect("README.md runs its first spec");
    let (command, wanted) = command_and_exit(command);
    let output = project.run(&words(command)[1..]);
    assert_eq!(output.status.code(), Some(wanted), "{}", shown(&output));
    let found = String::from_utf8_lossy(&output.stdout);
    assert_eq!(without_numbers(&found), without_numbers(&block.text));
}

#[test]
fn the_layout_is_there() {
    let mut read = 0;
    for block in all_blocks() {
        for line in block.text.lines().filter(|_| block.marker == "text layout") {
            for path in line.split("  ").next().unwrap_or_default().split(", ") {
                assert!(root().join(path).exists(), "{}: {path}", block.place);
                read += 1;
            }
        }
    }
    assert!(read > 10, "{read} paths only");
}

/// Numbers, run ids and folders depend on the machine. Everything else is as shown.
fn without_numbers(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.starts_with("report: reports/") {
            return "report".to_owned();
        }
        let line = match (line.find("open "), line.find("/twinshot-")) {
            (Some(open), Some(folder)) => {
                let rest = &line[folder + "/twinshot-".len()..];
                let rest = rest.splitn(3, '/').nth(2).unwrap_or_default();
                format!("{}open {rest}", &line[..open])
            }
            _ => line.to_owned(),
        };
        let mut parts = line.split(|c: char| c.is_ascii_digit()).collect::<Vec<_>>();
        parts.dedup_by(|next, before| next.is_empty() && before.is_empty());
        parts.retain(|part| !part.is_empty());
        parts.join("0")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn first_spec() -> Block {
    let mut blocks = blocks("README.md").into_iter();
    blocks
        .find(|block| block.marker == "yaml spec")
        .expect("README.md shows a spec")
}

/// The fragments that a page shows, or else those of this repository's own specs.
fn fragments_of(page: &str) -> Vec<Source> {
    let blocks = blocks(page).into_iter();
    let fragments = blocks.filter(|block| block.text.starts_with("fragment:"));
    let shown: Vec<Source> = fragments
        .map(|block| source(&block.place, &block.text))
        .collect();
    if !shown.is_empty() {
        return shown;
    }
    let own = "specs/fragments/login.yaml";
    vec![source(own, &read(own))]
}

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        folder: PathBuf::from("specs"),
        text: text.to_owned(),
    }
}

pub(crate) fn variables() -> Variables {
    let names = [
        "APP_PASSWORD",
        "STAGING_PASSWORD",
        "SESSION_TOKEN",
        "CUSTOMER_PIN",
        "GRID_PASSWORD",
    ];
    Variables::new(names.map(|name| (name.to_owned(), "x".to_owned())), &[])
}

fn viewports() -> SuiteSettings {
    let viewport = |name: &str, size: &str| KnownViewport {
        name: name.to_owned(),
        viewport: size.parse().expect("a size"),
        is_device: false,
    };
    SuiteSettings {
        viewports: vec![
            viewport("desktop", "1400x1000"),
            viewport("phone", "390x844@2"),
        ],
        ..SuiteSettings::default()
    }
}

/// The configuration that a text gives, for comparing.
pub(crate) fn parsed_config(text: &str) -> String {
    let parsed = Config::parse(&source("twinshot.yaml", text), &variables());
    let parsed = parsed.unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    format!("{:?}", parsed.config)
}
