//! What `--help` says, in general and for each subcommand.

use std::collections::{BTreeMap, BTreeSet};

use super::project::{shown, twinshot};

pub(crate) struct Help {
    pub(crate) general: String,
    flags: BTreeMap<String, BTreeSet<String>>,
}

impl Help {
    pub(crate) fn read() -> Self {
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

    /// The names of all subcommands.
    pub(crate) fn subcommands(&self) -> BTreeSet<String> {
        self.flags.keys().cloned().collect()
    }

    pub(crate) fn check(&self, place: &str, subcommand: &str, arguments: &[String]) {
        let known = self.flags.get(subcommand);
        let known = known.unwrap_or_else(|| panic!("{place}: there is no `{subcommand}`"));
        for flag in arguments.iter().filter(|word| word.starts_with("--")) {
            assert!(
                known.contains(flag),
                "{place}: `{subcommand}` has no {flag}"
            );
        }
    }

    pub(crate) fn check_anywhere(&self, place: &str, flag: &str) {
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
