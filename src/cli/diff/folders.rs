//! Compares two folders of pictures: pairs by relative path, on all cores, with results in the order of the paths.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde_json::Value;

use super::super::{
    Exit, Failure,
    terminal::{complain, is_ci, print, progress},
};
use super::input::Accepted;
use super::outcome::{Outcome, Tally};
use super::{DiffArgs, Format};

/// Which of the two folders have a path.
#[derive(Debug, Clone, Copy, Default)]
struct Sides {
    baseline: bool,
    candidate: bool,
}

/// Compares two folders. A picture that only one of them has counts as a difference.
pub(super) fn run(arguments: &DiffArgs, folders: [&PathBuf; 2]) -> Result<Exit, Failure> {
    let paths = paths(folders)?;
    let bar = progress(paths.len(), "pairs", arguments.quiet || is_ci());
    // Each worker has a pair of its own, so a comparison starts no further threads.
    let outcomes: Vec<(&PathBuf, Outcome)> = paths
        .par_iter()
        .map(|(path, sides)| {
            let outcome = outcome(arguments, folders, path, *sides);
            bar.inc(1);
            (path, outcome)
        })
        .collect();
    bar.finish_and_clear();
    let mut tally = Tally::default();
    outcomes.iter().for_each(|(_, outcome)| tally.add(outcome));
    if outcomes.is_empty() {
        complain("neither folder contains a picture");
    }
    print(&told(arguments, &outcomes))?;
    Ok(tally.exit())
}

/// All pictures in either folder, by their path in the folder.
fn paths([baseline, candidate]: [&PathBuf; 2]) -> Result<BTreeMap<PathBuf, Sides>, Failure> {
    let mut paths: BTreeMap<PathBuf, Sides> = BTreeMap::new();
    for path in pictures(baseline)? {
        paths.entry(path).or_default().baseline = true;
    }
    for path in pictures(candidate)? {
        paths.entry(path).or_default().candidate = true;
    }
    Ok(paths)
}

/// The pictures below `root`, recognised by their extension. Links to folders are not followed: they may form a circle.
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
            } else if is_picture(&path) {
                found.extend(path.strip_prefix(root).map(Path::to_owned));
            }
        }
    }
    Ok(found)
}

fn is_picture(path: &Path) -> bool {
    let extensions: &[&str] = if cfg!(feature = "formats") {
        &["png", "jpg", "jpeg", "webp"]
    } else {
        &["png"]
    };
    let own = path.extension().unwrap_or_default();
    extensions
        .iter()
        .any(|known| own.eq_ignore_ascii_case(known))
}

fn outcome(arguments: &DiffArgs, folders: [&PathBuf; 2], path: &Path, sides: Sides) -> Outcome {
    if !sides.candidate {
        return Outcome::OnlyBaseline;
    }
    if !sides.baseline {
        return Outcome::OnlyCandidate;
    }
    let [baseline, candidate] = folders.map(|root| root.join(path));
    let out = arguments.out.as_ref().map(|root| root.join(path));
    let pair = [baseline.as_path(), candidate.as_path()];
    Outcome::of(arguments.judge(pair, out.as_deref(), Accepted::Files))
}

fn told(arguments: &DiffArgs, outcomes: &[(&PathBuf, Outcome)]) -> String {
    let objects = outcomes
        .iter()
        .map(|(path, outcome)| json_of(arguments, path, outcome));
    match arguments.format {
        Format::Text => outcomes
            .iter()
            .map(|(path, outcome)| outcome.text(&path.to_string_lossy(), arguments.quiet))
            .collect(),
        Format::Json => format!("{}\n", Value::Array(objects.collect())),
        Format::Jsonl => objects.map(|object| format!("{object}\n")).collect(),
    }
}

fn json_of(arguments: &DiffArgs, path: &Path, outcome: &Outcome) -> Value {
    let mut object = outcome.json(arguments);
    object["path"] = path.to_string_lossy().into();
    object
}
