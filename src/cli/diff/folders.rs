//! Compares two folders of pictures: pairs by relative path, on all cores, with results in the order of the paths.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde_json::Value;
use twinshot::files::{Accepted, begins_as_picture};
use walkdir::WalkDir;

use super::super::{
    Exit, Failure,
    terminal::{complain, is_ci, print, progress},
};
use super::outcome::{Outcome, Tally};
use super::{DiffArgs, Format, out};

/// The extensions of picture files, also in formats that Twinshot does not read. Files with other names are pictures if
/// their bytes are.
const EXTENSIONS: [&str; 27] = [
    "apng", "avif", "bmp", "dds", "exr", "gif", "heic", "heif", "ico", "jfif", "jp2", "jpe",
    "jpeg", "jpg", "jxl", "pam", "pbm", "pgm", "png", "pnm", "ppm", "qoi", "svg", "tga", "tif",
    "tiff", "webp",
];

/// Which of the two folders have a path.
#[derive(Debug, Clone, Copy, Default)]
struct Sides {
    baseline: bool,
    candidate: bool,
}

impl Sides {
    fn both(self) -> bool {
        self.baseline && self.candidate
    }
}

/// Compares two folders. A picture that only one of them has counts as a difference.
pub(super) fn run(arguments: &DiffArgs, folders: [&PathBuf; 2]) -> Result<Exit, Failure> {
    let paths = paths(folders)?;
    if let Some(out) = &arguments.out {
        check_out(out, folders, &paths)?;
    }
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
fn paths(folders: [&PathBuf; 2]) -> Result<BTreeMap<PathBuf, Sides>, Failure> {
    let mut paths: BTreeMap<PathBuf, Sides> = BTreeMap::new();
    for root in folders {
        for path in pictures(root)? {
            paths.entry(path).or_default();
        }
    }
    // A file that is a picture in one folder only is on both sides all the same.
    for (path, sides) in &mut paths {
        let [baseline, candidate] = folders.map(|root| is_file(&root.join(path)));
        *sides = Sides {
            baseline,
            candidate,
        };
    }
    Ok(paths)
}

fn check_out(
    out: &Path,
    folders: [&PathBuf; 2],
    paths: &BTreeMap<PathBuf, Sides>,
) -> Result<(), Failure> {
    let pairs = paths.iter().filter(|(_, sides)| sides.both());
    let pairs = pairs.map(|(path, _)| path.as_path());
    let inputs = folders.into_iter();
    let inputs = inputs.flat_map(|root| paths.keys().map(|path| root.join(path)));
    out::check_folder(out, folders.map(PathBuf::as_path), pairs, inputs)
}

/// Whether there is anything but a folder; also a link to nowhere, which is an error when it is compared.
fn is_file(path: &Path) -> bool {
    !path.is_dir() && fs::symlink_metadata(path).is_ok()
}

/// The pictures below `root`, recognised by their extension or their first bytes. Links to folders are followed, but for
/// those that lead back to a folder that they are in.
fn pictures(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in WalkDir::new(root).follow_links(true) {
        let path = match entry {
            Ok(entry) if entry.file_type().is_dir() => continue,
            Ok(entry) => entry.into_path(),
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) => link_to_nowhere(error, root)?,
        };
        if is_picture(&path) {
            found.extend(path.strip_prefix(root).map(Path::to_owned));
        }
    }
    Ok(found)
}

/// The path of a link that leads nowhere.
fn link_to_nowhere(error: walkdir::Error, root: &Path) -> Result<PathBuf, Failure> {
    let path = error.path().unwrap_or(root).to_owned();
    match path.is_symlink() {
        true => Ok(path),
        false => Err(Failure::Read {
            path,
            source: error
                .into_io_error()
                .unwrap_or_else(|| ErrorKind::Other.into()),
        }),
    }
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    let mut known = EXTENSIONS.iter();
    known.any(|known| extension.eq_ignore_ascii_case(known)) || begins_as_picture(path)
}

fn outcome(arguments: &DiffArgs, folders: [&PathBuf; 2], path: &Path, sides: Sides) -> Outcome {
    if !sides.candidate {
        return Outcome::OnlyBaseline;
    }
    if !sides.baseline {
        return Outcome::OnlyCandidate;
    }
    let [baseline, candidate] = folders.map(|root| root.join(path));
    let out = arguments.out.as_ref();
    let out = out.map(|root| out::in_folder(root, path));
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
