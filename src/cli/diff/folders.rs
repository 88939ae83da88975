//! Two folders of pictures: pairs by relative path, compared on all cores, told in the order of their paths.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde_json::{Value, json};

use super::super::{Exit, Failure, terminal::print};
use super::{DiffArgs, Format, Judged};

/// What became of one path.
enum Outcome {
    Compared(Judged),
    OnlyBaseline,
    OnlyCandidate,
    /// Why the pair could not be compared.
    Undecided(String),
}

/// Which folders have a path.
#[derive(Debug, Clone, Copy, Default)]
struct Sides {
    baseline: bool,
    candidate: bool,
}

/// Compares the folders that `arguments` names. A picture that only one of them has counts as a difference.
pub(super) fn run(arguments: &DiffArgs) -> Result<Exit, Failure> {
    let paths = paths(&arguments.baseline, &arguments.candidate)?;
    // The workers are busy with a pair each, so that a comparison does not start threads of its own.
    let outcomes: Result<Vec<(&PathBuf, Outcome)>, Failure> = paths
        .par_iter()
        .map(|(path, sides)| Ok((path, outcome(arguments, path, *sides)?)))
        .collect();
    let outcomes = outcomes?;
    print(&told(arguments, &outcomes));
    Ok(exit(&outcomes))
}

/// All PNG files below either folder, by their path in it.
fn paths(baseline: &Path, candidate: &Path) -> Result<BTreeMap<PathBuf, Sides>, Failure> {
    let mut paths: BTreeMap<PathBuf, Sides> = BTreeMap::new();
    for path in pictures(baseline)? {
        paths.entry(path).or_default().baseline = true;
    }
    for path in pictures(candidate)? {
        paths.entry(path).or_default().candidate = true;
    }
    Ok(paths)
}

/// The PNG files below `root`. Links to folders are not followed: they may lead in a circle.
fn pictures(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |source: io::Error| Failure::Read {
            path: folder.clone(),
            source,
        };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(path);
            } else if is_png(&path) {
                found.extend(path.strip_prefix(root).map(Path::to_owned));
            }
        }
    }
    Ok(found)
}

fn is_png(path: &Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}

/// An error only where the overlay cannot be written: one unreadable picture does not end the others.
fn outcome(arguments: &DiffArgs, path: &Path, sides: Sides) -> Result<Outcome, Failure> {
    if !sides.candidate {
        return Ok(Outcome::OnlyBaseline);
    }
    if !sides.baseline {
        return Ok(Outcome::OnlyCandidate);
    }
    let [baseline, candidate] =
        [&arguments.baseline, &arguments.candidate].map(|root| root.join(path));
    let out = arguments.out.as_ref().map(|root| root.join(path));
    match arguments.judge(&baseline, &candidate, out.as_deref()) {
        Ok(judged) => Ok(Outcome::Compared(judged)),
        Err(failure @ (Failure::Read { .. } | Failure::Undecided(_))) => {
            Ok(Outcome::Undecided(failure.to_string()))
        }
        Err(failure) => Err(failure),
    }
}

fn told(arguments: &DiffArgs, outcomes: &[(&PathBuf, Outcome)]) -> String {
    let objects = outcomes
        .iter()
        .map(|(path, outcome)| json_of(arguments, path, outcome));
    match arguments.format {
        Format::Text => outcomes
            .iter()
            .map(|(path, outcome)| text(path, outcome))
            .collect(),
        Format::Json => format!("{}\n", Value::Array(objects.collect())),
        Format::Jsonl => objects.map(|object| format!("{object}\n")).collect(),
    }
}

fn text(path: &Path, outcome: &Outcome) -> String {
    let path = path.display();
    match outcome {
        Outcome::Compared(judged) => format!("{path}: {}", judged.text()),
        Outcome::OnlyBaseline => format!("{path}: only in the baseline folder\n"),
        Outcome::OnlyCandidate => format!("{path}: only in the candidate folder\n"),
        Outcome::Undecided(why) => format!("{path}: not compared: {why}\n"),
    }
}

fn json_of(arguments: &DiffArgs, path: &Path, outcome: &Outcome) -> Value {
    let mut object = match outcome {
        Outcome::Compared(judged) => arguments.json(judged),
        Outcome::OnlyBaseline => json!({ "verdict": "only_baseline" }),
        Outcome::OnlyCandidate => json!({ "verdict": "only_candidate" }),
        Outcome::Undecided(why) => json!({ "verdict": "undecided", "error": why }),
    };
    object["path"] = path.to_string_lossy().into();
    object
}

/// Undecided outweighs different; nothing to compare is never a pass.
fn exit(outcomes: &[(&PathBuf, Outcome)]) -> Exit {
    let any = |matches: fn(&Outcome) -> bool| outcomes.iter().any(|(_, outcome)| matches(outcome));
    if outcomes.is_empty() {
        Exit::NothingSelected
    } else if any(|outcome| matches!(outcome, Outcome::Undecided(_))) {
        Exit::Undecided
    } else if any(|outcome| !matches!(outcome, Outcome::Compared(judged) if judged.is_match)) {
        Exit::Differs
    } else {
        Exit::Clean
    }
}
