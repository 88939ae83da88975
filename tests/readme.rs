//! What README.md, CONTRIBUTING.md and docs/specs.md show is true: every example has a marker and is read
//! or run, every flag, code, action and key is one that there is, and every link leads somewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use twinshot::{
    config::{Config, config_schema},
    spec::{KnownViewport, Source, Suite, SuiteSettings, Variables, spec_schema},
};

/// The pages that are checked.
const PAGES: [&str; 4] = [
    "README.md",
    "docs/specs.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

/// What an example may be. A block with any other marker, or with none, is an error.
const MARKERS: [&str; 9] = [
    "yaml spec",   // a whole spec file
    "yaml steps",  // steps of a flow
    "yaml config", // a whole configuration
    "yaml ci",     // a pipeline of some CI system
    "sh run",      // commands that need no browser; each is run
    "sh read",     // commands that are only read: subcommands, flags and make targets must exist
    "text output", // what the one browser example prints
    "text typo",   // what the wrong spec below gives
    "text layout", // folders that must exist
];

/// The spec that README's diagnostic is about.
const TYPO: &str = "flow: Typo\nsteps:\n  - goto: /settings\n  - clik: \"#save\"\n";

// Examples.

#[test]
fn every_example_has_a_marker() {
    for block in all_blocks() {
        assert!(
            MARKERS.contains(&block.info.as_str()),
            "{}: no such marker: ```{}",
            block.place,
            block.info
        );
    }
    for page in PAGES {
        for (number, line) in prose(&read(page)) {
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
        let text = match block.info.as_str() {
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
        if block.info == "yaml config" {
            let source = source(&block.place, &block.text);
            if let Err(problems) = Config::parse(&source, &variables()) {
                panic!("{}:\n{problems}", block.place);
            }
            read += 1;
        }
    }
    assert!(read > 0, "no configuration is shown");
}

#[test]
fn pipelines_are_yaml() {
    for block in all_blocks() {
        if block.info == "yaml ci" {
            let parsed: Result<Value, _> = serde_yaml::from_str(&block.text);
            let value = parsed.unwrap_or_else(|error| panic!("{}: {error}", block.place));
            assert!(value.is_object(), "{}: not a map", block.place);
        }
    }
}

#[test]
fn commands_end_as_stated() {
    let project = Project::new();
    for block in all_blocks() {
        for line in block.text.lines().filter(|_| block.info == "sh run") {
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
        }
    }
}

#[test]
fn the_diagnostic_is_the_one_shown() {
    let block = only_block("text typo");
    let project = Project::new();
    project.write("specs/typo.yaml", TYPO);
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
        // Not `eprintln!`: the test harness would keep it to itself.
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
    for block in all_blocks() {
        for line in block.text.lines().filter(|_| block.info == "text layout") {
            for path in line.split("  ").next().unwrap_or_default().split(", ") {
                assert!(root().join(path).exists(), "{}: {path}", block.place);
            }
        }
    }
}

// Names.

#[test]
fn flags_and_subcommands_exist() {
    let help = Help::read();
    for (place, command) in all_commands() {
        match words(&command).as_slice() {
            [program, subcommand, rest @ ..] if program == "twinshot" => {
                help.check(&place, subcommand, rest);
            }
            [flag, ..] if flag.starts_with("--") => help.check_anywhere(&place, flag),
            _ => {}
        }
    }
}

#[test]
fn make_targets_exist() {
    let makefile = read("Makefile");
    for (place, command) in all_commands() {
        if let Some(target) = command.strip_prefix("make ") {
            let target = target.split(' ').next().unwrap_or_default();
            assert!(
                makefile.contains(&format!("\n{target}:")),
                "{place}: there is no target {target}"
            );
        }
    }
}

#[test]
fn exit_codes_are_those_of_help() {
    let help = Help::read();
    let (_, table) = help
        .general
        .split_once("Exit codes:\n")
        .expect("--help lists the exit codes");
    let stated: Vec<(String, String)> = table
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(code, meaning)| (code.to_owned(), meaning.trim().to_owned()))
        .collect();
    let shown: Vec<(String, String)> = rows(&section(&read("README.md"), "## Exit codes"))
        .into_iter()
        .map(|row| (row[0].replace('`', ""), row[1].clone()))
        .collect();
    assert_eq!(shown, stated);
}

#[test]
fn every_action_is_in_the_table() {
    let schema = spec_schema();
    let page = read("docs/specs.md");
    let options = first_names(&section(&page, "## A step"));
    let actions: BTreeSet<String> = keys(&schema, "Step")
        .difference(&options)
        .cloned()
        .collect();
    let shown = first_names(&section(&read("README.md"), "## Actions"));
    assert_eq!(shown, actions, "the table of README.md");
    let headings = page.lines().filter(|line| line.starts_with("### "));
    let described: BTreeSet<String> = headings.flat_map(quoted).collect();
    assert_eq!(described, actions, "the headings of docs/specs.md");
}

#[test]
fn every_key_of_a_spec_is_described() {
    let (schema, page) = (spec_schema(), read("docs/specs.md"));
    for (heading, kind) in [
        ("## A flow", "Flow"),
        ("## A fragment", "Fragment"),
        ("## A shot", "Shot"),
        ("## A limit", "MaxMismatch"),
        ("## An expected difference", "AtLeast"),
    ] {
        let shown = first_names(&section(&page, heading));
        assert_eq!(shown, keys(&schema, kind), "{heading}");
    }
    for heading in page.lines().filter(|line| line.starts_with("### ")) {
        check_action(&schema, heading, &section(&page, heading));
    }
}

/// The keys of all actions under a heading, and an example of each.
fn check_action(schema: &Value, heading: &str, text: &str) {
    let mut wanted = BTreeSet::new();
    for action in quoted(heading) {
        let property = &schema["$defs"]["Step"]["properties"][&action];
        collect_keys(schema, property, &mut wanted);
        assert!(
            text.contains(&format!("\n- {action}")),
            "{heading}: no example of {action}"
        );
    }
    assert_eq!(first_names(text), wanted, "{heading}");
}

#[test]
fn every_key_of_the_configuration_is_described() {
    let schema = config_schema();
    let text = section(&read("README.md"), "## Configuration");
    let wanted = names_of(&schema["properties"]);
    assert_eq!(first_names(&text), wanted);
    for key in names_of(&schema["$defs"]["Environment"]["properties"]) {
        assert!(
            text.contains(&format!("`{key}`")),
            "{key} of an environment"
        );
    }
}

#[test]
fn every_key_of_ready_is_described() {
    let schema = config_schema();
    let text = section(&read("README.md"), "## Waiting for a release");
    assert_eq!(first_names(&text), keys(&schema, "Ready"));
    for key in keys(&schema, "ReadyHeader") {
        assert!(text.contains(&format!("`{key}`")), "{key} of a header");
    }
}

#[test]
fn defaults_are_those_of_the_table() {
    let environments =
        "environments: { production: { url: demo:production }, staging: { url: demo:staging } }\n";
    let mut stated = environments.to_owned();
    for row in rows(&section(&read("README.md"), "## Configuration")) {
        let (key, default) = (&quoted(&row[0])[0], quoted(&row[1]));
        match (key.as_str(), default.first()) {
            // Nothing and no limit come to the same, but are not written the same.
            ("max_mismatch", Some(default)) => assert_eq!(default, "0"),
            ("viewports", Some(default)) => stated.push_str(&format!("{key}: {{ {default} }}\n")),
            (_, Some(default)) => stated.push_str(&format!("{key}: {default}\n")),
            (_, None) => {}
        }
    }
    let parse = |text: &str| {
        let parsed = Config::parse(&source("twinshot.yaml", text), &variables());
        let parsed = parsed.unwrap_or_else(|problems| panic!("{text}\n{problems}"));
        format!("{:?}", parsed.config)
    };
    assert_eq!(parse(&stated), parse(environments));
}

#[test]
fn keys_of_the_report_exist() {
    let script = read("src/report/templates/js/keys.js");
    let names = [("←", "ArrowLeft"), ("→", "ArrowRight"), ("Space", " ")];
    for key in first_names(&section(&read("README.md"), "## Reading a report")) {
        if "✓✗+≈!".contains(&key) && key != "+" {
            continue;
        }
        let known = names.iter().find(|(shown, _)| *shown == key);
        let key = known.map_or(key.as_str(), |(_, name)| name);
        assert!(script.contains(&format!("\"{key}\"")), "no key {key}");
    }
}

#[test]
fn links_lead_somewhere() {
    for page in PAGES {
        let text = read(page);
        let folder = root().join(page);
        let folder = folder.parent().expect("a page is in a folder");
        for target in links(&text).filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = folder.join(file);
            assert!(path.exists(), "{page}: {target}");
            if !anchor.is_empty() {
                let there = if file.is_empty() {
                    text.clone()
                } else {
                    fs::read_to_string(path).expect("a page")
                };
                assert!(anchors(&there).contains(anchor), "{page}: {target}");
            }
        }
    }
}

// A project as a reader has it.

/// A copy of the configuration and the specs, with two pictures.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        project.write("twinshot.yaml", &read("twinshot.yaml"));
        copy_folder(&root().join("specs"), &project.folder.path().join("specs"));
        let pair = root().join("tests/fixtures/diff/should-differ/changed-word");
        for (from, to) in [
            ("baseline.png", "before.png"),
            ("candidate.png", "after.png"),
        ] {
            let to = project.folder.path().join(to);
            fs::copy(pair.join(from), to).expect("the fixture is there");
        }
        project
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("the project can be written");
    }

    fn run(&self, arguments: &[impl AsRef<str>]) -> Output {
        let mut command = twinshot();
        command.current_dir(&self.folder);
        command.env("TMPDIR", self.folder.path());
        command.args(arguments.iter().map(AsRef::as_ref));
        command.output().expect("the program starts")
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the specs are there") {
        let entry = entry.expect("a readable entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the spec can be copied");
        }
    }
}

/// The program without what the environment of this test says to it, but for the browser's place.
fn twinshot() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinshot"));
    command.env_remove("CI");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TWINSHOT_") && !name.starts_with("TWINSHOT_CHROME") {
            command.env_remove(name);
        }
    }
    command
}

fn can_drive_a_browser() -> bool {
    let named = std::env::var_os("TWINSHOT_CHROMEDRIVER").is_some_and(|value| !value.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |folder: PathBuf| folder.join("chromedriver").is_file();
    named
        || std::env::split_paths(&path).any(is_there)
        || is_there(PathBuf::from("/usr/lib/chromium"))
}

fn shown(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Numbers, run ids and folders depend on the machine; everything else is as shown.
fn without_numbers(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.starts_with("report: reports/") {
            return "report".to_owned();
        }
        let line = match (line.find("open "), line.find("/twinshot-")) {
            (Some(open), Some(folder)) => {
                let rest = &line[folder + "/twinshot-".len()..];
                let rest = rest.split_once('/').map_or("", |(_, rest)| rest);
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

// Help.

/// What `--help` says, in general and of each subcommand.
struct Help {
    general: String,
    flags: BTreeMap<String, BTreeSet<String>>,
}

impl Help {
    fn read() -> Self {
        let general = help_of(&["--help"]);
        let (_, list) = general
            .split_once("Commands:\n")
            .expect("a list of commands");
        let names = list
            .lines()
            .map_while(|line| line.split_whitespace().next());
        let flags = names
            .filter(|name| *name != "help")
            .map(|name| (name.to_owned(), flags_in(&help_of(&[name, "--help"]))))
            .collect();
        Self { general, flags }
    }

    fn check(&self, place: &str, subcommand: &str, arguments: &[String]) {
        let known = self.flags.get(subcommand);
        let known = known.unwrap_or_else(|| panic!("{place}: there is no `{subcommand}`"));
        for flag in arguments.iter().filter(|word| word.starts_with("--")) {
            assert!(
                known.contains(flag),
                "{place}: `{subcommand}` has no {flag}"
            );
        }
    }

    fn check_anywhere(&self, place: &str, flag: &str) {
        let is_known = flag == "--help" || self.flags.values().any(|flags| flags.contains(flag));
        assert!(is_known, "{place}: there is no {flag}");
    }
}

fn help_of(arguments: &[&str]) -> String {
    let output = twinshot().args(arguments).output();
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {}", shown(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn flags_in(help: &str) -> BTreeSet<String> {
    let words = help.split(|c: char| c.is_whitespace() || ",[]<>|`".contains(c));
    words
        .filter(|word| word.starts_with("--"))
        .map(str::to_owned)
        .collect()
}

// Schemas.

fn names_of(properties: &Value) -> BTreeSet<String> {
    let map = properties.as_object().expect("a map of properties");
    map.keys().cloned().collect()
}

fn keys(schema: &Value, kind: &str) -> BTreeSet<String> {
    names_of(&schema["$defs"][kind]["properties"])
}

/// The keys of every map that may stand below this part of a schema.
fn collect_keys(schema: &Value, part: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str) {
                let kind = name.trim_start_matches("#/$defs/");
                found.extend(keys(schema, kind));
                let properties = &schema["$defs"][kind]["properties"];
                collect_keys(schema, properties, found);
            }
            map.values()
                .for_each(|value| collect_keys(schema, value, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_keys(schema, item, found)),
        _ => {}
    }
}

// Markdown.

/// A fenced example.
struct Block {
    page: String,
    /// `page:line`.
    place: String,
    /// What stands behind the opening fence.
    info: String,
    text: String,
}

fn all_blocks() -> Vec<Block> {
    let blocks: Vec<Block> = PAGES.into_iter().flat_map(blocks).collect();
    assert!(blocks.len() > 20, "{} examples only", blocks.len());
    blocks
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (index, line) in read(page).lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), is_open) {
            (Some(info), false) => {
                blocks.push(Block {
                    page: page.to_owned(),
                    place: format!("{page}:{}", index + 1),
                    info: info.to_owned(),
                    text: String::new(),
                });
                is_open = true;
            }
            (Some(_), true) => is_open = false,
            (None, true) => {
                let block = blocks.last_mut().expect("one is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!is_open, "{page}: an example does not end");
    blocks
}

fn only_block(info: &str) -> Block {
    let mut found: Vec<Block> = all_blocks();
    found.retain(|block| block.info == info);
    assert_eq!(found.len(), 1, "examples with the marker {info}");
    found.remove(0)
}

fn first_spec() -> Block {
    let mut blocks = blocks("README.md").into_iter();
    blocks
        .find(|block| block.info == "yaml spec")
        .expect("README.md shows a spec")
}

fn fragments_of(page: &str) -> Vec<Source> {
    let blocks = blocks(page).into_iter();
    let fragments = blocks.filter(|block| block.text.starts_with("fragment:"));
    fragments
        .map(|block| source(&block.place, &block.text))
        .collect()
}

/// The lines outside of fenced examples, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut is_open = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_open = !is_open;
        } else if !is_open {
            found.push((index + 1, line));
        }
    }
    found
}

/// Every command that is shown, in an example or in a line of prose, with its place.
fn all_commands() -> Vec<(String, String)> {
    let mut commands = Vec::new();
    for block in all_blocks() {
        let is_ci = block.info == "yaml ci";
        if !is_ci && !block.info.starts_with("sh ") {
            continue;
        }
        for line in block.text.lines() {
            let (command, _) = command_and_exit(line);
            let command = match command.find("twinshot ").filter(|_| is_ci) {
                Some(start) => &command[start..],
                None => command,
            };
            commands.push((block.place.clone(), command.to_owned()));
        }
    }
    for page in PAGES {
        for (number, line) in prose(&read(page)) {
            let found = quoted(line).into_iter();
            commands.extend(found.map(|command| (format!("{page}:{number}"), command)));
        }
    }
    commands
}

/// The command of a line, and the exit code that its comment states; 0 when it states none.
fn command_and_exit(line: &str) -> (&str, i32) {
    let (command, comment) = line.split_once(" #").unwrap_or((line, ""));
    let stated = comment.trim().strip_prefix("exit ");
    let stated = stated.and_then(|rest| rest.split(' ').next()?.parse().ok());
    (command.trim(), stated.unwrap_or(0))
}

/// Words as a shell makes them, as far as single quotes go.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// From a heading to the next one of the same level or a higher one.
fn section(text: &str, heading: &str) -> String {
    let level = |line: &str| line.chars().take_while(|c| *c == '#').count();
    let lines = text.lines().skip_while(|line| *line != heading);
    let ends = |line: &&str| line.starts_with('#') && level(line) <= level(heading);
    let lines: Vec<&str> = lines.skip(1).take_while(|line| !ends(line)).collect();
    assert!(!lines.is_empty(), "there is no section {heading}");
    format!("\n{}", lines.join("\n"))
}

/// The cells of all table rows but the heads.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_ruler = |line: &str| line.starts_with("|-") || line.starts_with("|:");
    let is_head = |index: usize| lines.get(index + 1).is_some_and(|next| is_ruler(next));
    let rows = lines.iter().enumerate();
    let rows =
        rows.filter(|(index, line)| line.starts_with('|') && !is_ruler(line) && !is_head(*index));
    rows.map(|(_, line)| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The names in the first cells of all tables.
fn first_names(text: &str) -> BTreeSet<String> {
    let rows = rows(text).into_iter();
    rows.flat_map(|row| quoted(&row[0])).collect()
}

/// What stands between backticks.
fn quoted(line: &str) -> Vec<String> {
    let parts = line.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("](").skip(1);
    parts.filter_map(|part| Some(part.split_once(')')?.0))
}

/// The anchors that a forge makes of the headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter();
    let headings = headings.filter_map(|(_, line)| line.starts_with('#').then_some(line));
    headings
        .map(|heading| {
            let title = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

// Small things.

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    let text = fs::read_to_string(root().join(name));
    text.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        folder: PathBuf::from("specs"),
        text: text.to_owned(),
    }
}

fn variables() -> Variables {
    let names = [
        "APP_PASSWORD",
        "STAGING_PASSWORD",
        "SESSION_TOKEN",
        "CUSTOMER_PIN",
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
