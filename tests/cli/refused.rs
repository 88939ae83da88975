//! Command lines, configurations and specs that are refused before anything runs: the folders under
//! `fixtures/cli/refused`, and what cannot be kept in a fixture.

use std::{fs, path::Path};

use super::support::Project;

const GOOD_SPEC: &str = "flow: Home\nsteps:\n  - goto: /\n";

/// What `expected.txt` says.
struct Expected {
    arguments: Vec<String>,
    exit: i32,
    lines: Vec<String>,
}

impl Expected {
    fn read(folder: &Path) -> Self {
        let file = folder.join("expected.txt");
        let text = fs::read_to_string(&file).expect("each case has its expected.txt");
        let mut lines = text.lines();
        let mut head = |prefix| {
            let line = lines.next().and_then(|line| line.strip_prefix(prefix));
            line.unwrap_or_else(|| panic!("{}: no `{prefix}…`", file.display()))
        };
        let arguments = head("$ ").split_whitespace().map(str::to_owned).collect();
        let exit = head("exit ").parse().expect("an exit code");
        Self {
            arguments,
            exit,
            lines: lines.map(str::to_owned).collect(),
        }
    }

    fn check(&self, case: &str) {
        let project = Project::from(&format!("refused/{case}"));
        let ran = project.run(self.arguments.iter().map(String::as_str));
        ran.exit(self.exit);
        let mut rest = ran.stderr();
        for line in &self.lines {
            let (_, after) = rest
                .split_once(line.as_str())
                .unwrap_or_else(|| panic!("{case}: expected {line:?}\n{}", ran.shown()));
            rest = after;
        }
        assert!(ran.stdout().is_empty(), "{case}\n{}", ran.shown());
        assert!(!project.path("reports").exists(), "{case} left a report");
    }
}

#[test]
fn every_case_is_refused_as_its_folder_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli/refused");
    let entries = fs::read_dir(folder).expect("the fixtures are there");
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    cases.sort();
    for case in cases {
        let name = case.file_name().expect("a folder has a name");
        Expected::read(&case).check(&name.to_string_lossy());
    }
}

#[test]
fn a_hundred_thousand_brackets_are_refused_at_their_place() {
    let brackets = format!("flow: Home\nsteps: {}\n", "[".repeat(100_000));
    let ran = Project::two_sides()
        .spec("deep.yaml", &brackets)
        .run(["validate"]);
    ran.exit(2)
        .stderr_has("error: ")
        .stderr_has("specs/deep.yaml:2:");
    assert!(ran.stderr().len() < 10_000, "an endless message");
}

#[test]
fn a_spec_that_is_not_text_is_named() {
    let project = Project::two_sides().file("specs/latin.yaml", b"flow: Caf\xE9\n");
    let ran = project.run(["validate"]);
    ran.exit(2).stderr_has("specs/latin.yaml is not UTF-8 text");
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let ran = Project::two_sides().run(["list", "--config", "other.yaml"]);
    ran.exit(2).stderr_has("cannot read other.yaml");
}

#[test]
fn a_configuration_is_found_upwards() {
    let project = Project::two_sides();
    let mut command = project.command(["list"]);
    let output = command.current_dir(project.path("specs")).output();
    let output = output.expect("the binary starts");
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Shop › home @small"));
}

#[test]
fn every_mistake_of_a_spec_is_told_at_once() {
    let spec = "flow: Home\nsteps:\n  - goto: /${UNSET}\n  - wait: soonish ms\n  - frame: 5\n";
    let ran = Project::two_sides().spec("home.yaml", spec).run(["test"]);
    ran.exit(2).stderr_has("variable `UNSET` is not set");
}

#[test]
fn a_number_that_makes_no_sense_is_refused() {
    for arguments in [
        ["--workers", "0"],
        ["--max-failures", "0"],
        ["--max-failures", "few"],
        ["--webdriver", "not a url"],
        ["--format", "yaml"],
    ] {
        let project = Project::two_sides().spec("home.yaml", GOOD_SPEC);
        let ran = project.run(["test", arguments[0], arguments[1]]);
        ran.exit(2).stderr_has(arguments[0]);
    }
}
