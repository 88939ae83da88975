//! Reads files although variables that they use are not set: each such variable gets a value that fits where it stands,
//! so that everything else can be checked. The values are never used for a run.

use std::collections::BTreeMap;

use super::{Diagnostic, Diagnostics, Variables};

/// With more unset variables, their values are not varied.
const MOST_VARIED: usize = 12;

/// What was read, and what was missing.
#[derive(Debug)]
pub(crate) struct WithStandIns<T> {
    /// What was read.
    pub(crate) value: T,
    /// The variables with the values that stand in.
    pub(crate) variables: Variables,
    /// A note for each variable that is not set, or empty where it must not be.
    pub(crate) notes: Vec<Diagnostic>,
}

/// Reads as `parse` does. Missing variables are notes and no errors.
///
/// # Errors
/// When something else is wrong; the notes are part of the error.
pub(crate) fn read<T>(
    variables: &Variables,
    parse: impl Fn(&Variables) -> Result<T, Diagnostics>,
) -> Result<WithStandIns<T>, Diagnostics> {
    let mut variables = variables.clone();
    let mut names: Vec<String> = Vec::new();
    let mut notes = Diagnostics::default();
    let mut result = parse(&variables);
    while let Err(problems) = &result {
        // A text tells only its first variable that is not set, and a wrong value may hide another text.
        let missing = missing(problems, &variables, &names);
        result = if missing.is_empty() {
            match better(&variables, &names, problems.len(), &parse) {
                Some((found, parsed)) => {
                    variables = found;
                    parsed
                }
                None => break,
            }
        } else {
            for (name, note) in missing {
                variables = variables.with_stand_in(&name, words(&name).swap_remove(0));
                notes.push(note);
                names.push(name);
            }
            parse(&variables)
        };
    }
    match result {
        Ok(value) => Ok(WithStandIns {
            value,
            variables,
            notes: notes.iter().cloned().collect(),
        }),
        Err(mut problems) => {
            problems.extend(notes.iter().cloned());
            Err(problems.sorted())
        }
    }
}

/// The variables, besides `known` ones, that are not set, or set to nothing in the line of a problem; with their notes.
fn missing(
    problems: &Diagnostics,
    variables: &Variables,
    known: &[String],
) -> BTreeMap<String, Diagnostic> {
    let mut found = BTreeMap::new();
    for problem in problems.iter() {
        if let Some(name) = problem.unset_variable() {
            let note = || problem.clone().into_note();
            found.entry(name.to_owned()).or_insert_with(note);
        }
        for name in variables.empty_ones(problem.line()) {
            let note = || problem.clone().into_note_of_empty(name);
            found.entry(name.to_owned()).or_insert_with(note);
        }
    }
    found.retain(|name, _| !known.contains(name));
    found
}

type Parsed<T> = (Variables, Result<T, Diagnostics>);

/// Other values for one of the variables with fewer problems than `count`, or with other variables that are missing.
fn better<T>(
    variables: &Variables,
    names: &[String],
    count: usize,
    parse: impl Fn(&Variables) -> Result<T, Diagnostics>,
) -> Option<Parsed<T>> {
    let is_better = |(variables, result): &Parsed<T>| match result {
        Ok(_) => true,
        Err(problems) => problems.len() < count || !missing(problems, variables, names).is_empty(),
    };
    let varied = names.iter().take(MOST_VARIED);
    let tried = varied.flat_map(|name| words(name).into_iter().map(move |word| (name, word)));
    tried
        .map(|(name, word)| {
            let variables = variables.with_stand_in(name, word);
            let result = parse(&variables);
            (variables, result)
        })
        .find(is_better)
}

/// Values that may fit: a word, a number, an address, a user with a password, a time, a size, a share, a language, a
/// time zone, a moment, a path and a key.
fn words(name: &str) -> Vec<String> {
    let host = name.to_lowercase().replace('_', "-");
    let host = match host.trim_matches('-') {
        "" => "unset",
        host => host,
    };
    let address = format!("http://{host}.invalid/");
    let login = format!("user:{host}");
    [
        host,
        "1",
        &address,
        &login,
        "1s",
        "100x100",
        "1%",
        "en",
        "UTC",
        "2026-01-01T00:00:00Z",
        "/",
        "Enter",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::{config::Config, yaml::Source};

    fn config(text: &str, set: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let source = Source {
            name: "twinshot.yaml".to_owned(),
            folder: "/project".into(),
            text: text.to_owned(),
        };
        let set = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = Variables::new(set, &[]);
        let found = read(&variables, |variables| Config::parse(&source, variables));
        let found = found.map_err(|error| error.to_string())?;
        let notes = found.notes.iter();
        Ok(notes.map(|note| note.message().to_owned()).collect())
    }

    const STAGING: &str =
        "environments:\n  production: { url: \"http://production.test\" }\n  staging:\n";

    #[test]
    fn a_value_that_fits_stands_in_wherever_it_is_missing() {
        for line in [
            "    url: ${X}",
            "    url: \"https://${X}/app\"",
            "    url: \"http://127.0.0.1:${X}\"",
            "    url: \"http://staging.test\"\n    basic_auth: ${X}",
            "    url: \"http://staging.test\"\n    basic_auth: \"jane:${X}\"",
            "    url: \"http://staging.test\"\n    headers: { X-Preview: \"${X}\" }",
            "    url: \"http://staging.test\"\n    proxy: ${X}",
            "    url: \"http://staging.test\"\n    locale: ${X}",
            "    url: \"http://staging.test\"\n    timezone: ${X}",
            "    url: \"http://staging.test\"\n    ready: { url: /version, equals: \"${X}\", timeout: \"${X_TIME}\" }",
            "    url: \"http://staging.test\"\ntimeout: ${X}",
            "    url: \"http://staging.test\"\ntimeout: \"${X}s\"",
            "    url: \"http://staging.test\"\nwebdriver: ${X}",
            "    url: \"http://staging.test\"\nviewports: { phone: \"${X}\" }",
            "    url: \"http://staging.test\"\nviewports: { phone: \"${X}x${X}\" }",
            "    url: \"http://staging.test\"\nclock: ${X}",
            "    url: \"http://staging.test\"\nmax_mismatch: ${X}",
        ] {
            let notes = config(&format!("{STAGING}{line}\n"), &[]);
            let notes = notes.unwrap_or_else(|error| panic!("{line}\n{error}"));
            assert_eq!(notes[0], "variable `X` is not set", "{line}");
            // What is set is used as it is.
            let set = [("X", "not fit for anything"), ("X_TIME", "1s")];
            if let Ok(notes) = config(&format!("{STAGING}{line}\n"), &set) {
                assert_eq!(notes, Vec::<String>::new(), "{line}");
            }
        }
    }

    #[test]
    fn a_variable_may_be_empty_instead() {
        let text = format!("{STAGING}    url: ${{X}}\n");
        let notes = config(&text, &[("X", "")]).expect("all else is right");
        assert_eq!(notes, ["variable `X` is empty"]);
    }

    #[test]
    fn several_variables_are_each_told_once() {
        let text = format!("{STAGING}    url: \"${{A}}:${{B}}/${{A}}\"\n    basic_auth: ${{C}}\n");
        let notes = config(&text, &[]).expect("all else is right");
        let mut notes = notes.join(" ");
        notes.retain(|letter| letter.is_ascii_uppercase());
        assert_eq!(notes, "ABC");
    }

    #[test]
    fn other_mistakes_stay_mistakes() {
        for line in [
            "    url: \"htp:${X}\"",
            "    url: ${X}\n    hedaers: {}",
            "    url: ${X}\ntimeout: soon",
        ] {
            let error = config(&format!("{STAGING}{line}\n"), &[]).expect_err(line);
            assert!(error.contains("error: "), "{error}");
        }
        let error = config(&format!("{STAGING}    url: ${{X}}\ntimeout: soon\n"), &[]);
        let error = error.expect_err("a mistake");
        assert!(error.contains("note: variable `X` is not set"), "{error}");
        assert!(error.contains("error: `soon` is not a duration"), "{error}");
    }
}
