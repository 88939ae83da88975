//! Commands, flags, exit codes, actions and keys: each that is shown exists, and each that exists is described.

use std::collections::BTreeSet;

use serde_json::Value;
use twinshot::{config::config_schema, spec::spec_schema};

use super::{
    examples::parsed_config,
    help::Help,
    markdown::{all_commands, first_names, quoted, read, rows, section, words},
    schema::{collect_keys, keys, names_of},
};

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
fn every_subcommand_is_in_the_table() {
    let page = read("docs/commands.md");
    let names = first_names(&section(&page, "# The command line"));
    let names = names.iter().map(|name| name.replace("twinshot ", ""));
    assert_eq!(names.collect::<BTreeSet<_>>(), Help::read().subcommands());
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
    let shown: Vec<(String, String)> = rows(&section(&read("docs/ci.md"), "## Exit codes"))
        .into_iter()
        .map(|row| (row[0].replace('`', ""), row[1].clone()))
        .collect();
    assert_eq!(shown, stated);
    let brief = section(&read("README.md"), "## Exit codes");
    for code in quoted(&brief) {
        let is_known = stated.iter().any(|(known, _)| *known == code);
        assert!(is_known, "README.md: there is no exit code {code}");
    }
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
    let table = first_names(&section(&page, "## All actions at a glance"));
    assert_eq!(table, actions, "the table");
    let headings = page.lines().filter(|line| line.starts_with("### "));
    let described: BTreeSet<String> = headings.flat_map(quoted).collect();
    assert_eq!(described, actions, "the headings");
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
    let settling = section(&read("docs/capture.md"), "## Settling");
    assert_eq!(first_names(&settling), keys(&schema, "Settle"));
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
    let (schema, page) = (config_schema(), read("docs/configuration.md"));
    let keys_of = |heading: &str| first_names(&section(&page, heading));
    assert_eq!(keys_of("## All keys"), names_of(&schema["properties"]));
    for (heading, kind) in [
        ("## Environments", "Environment"),
        ("## Devices", "Viewport"),
        ("## Logging in once", "Session"),
    ] {
        assert_eq!(keys_of(heading), keys(&schema, kind), "{heading}");
    }
}

#[test]
fn every_key_of_ready_is_described() {
    let schema = config_schema();
    let text = section(&read("docs/ci.md"), "## Waiting for a release");
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
    let mut read_defaults = 0;
    for row in rows(&section(&read("docs/configuration.md"), "## All keys")) {
        let (key, default) = (&quoted(&row[0])[0], quoted(&row[1]));
        read_defaults += default.len();
        match (key.as_str(), default.first()) {
            // Nothing and no limit mean the same, but are not written the same.
            ("max_mismatch", Some(default)) => assert_eq!(default, "0"),
            ("viewports", Some(default)) => stated.push_str(&format!("{key}: {{ {default} }}\n")),
            (_, Some(default)) => stated.push_str(&format!("{key}: {default}\n")),
            (_, None) => {}
        }
    }
    assert!(read_defaults > 10, "{read_defaults} defaults only");
    assert_eq!(parsed_config(&stated), parsed_config(environments));
}

#[test]
fn keys_of_the_report_exist() {
    let script = read("src/report/templates/js/keys.js");
    let names = [("←", "ArrowLeft"), ("→", "ArrowRight"), ("Space", " ")];
    let page = read("docs/reports.md");
    let keys = first_names(&section(&page, "## Looking at a difference"));
    assert!(keys.len() > 10, "{keys:?} only");
    for key in keys {
        let known = names.iter().find(|(shown, _)| *shown == key);
        let key = known.map_or(key.as_str(), |(_, name)| name);
        assert!(script.contains(&format!("\"{key}\"")), "no key {key}");
    }
}
