//! A filter that names a place in a spec, as `list`, messages and reports print it: `specs/table.yaml:7`.

use crate::{spec::Flow, yaml::Location};

/// The path without the `./` that shells and people put before it.
pub(super) fn without_dot(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    path
}

/// Whether `word` is `FILE:LINE` or `FILE:LINE:COLUMN` of a shot: its step stands there, or its flow has no shot of that
/// line but is in that file.
pub(super) fn is_place_of(word: &str, flow: &Flow, step: &Location) -> bool {
    let Some((file, line)) = file_and_line(word) else {
        return false;
    };
    let is_there = |at: &Location| at.line == line && is_file(&at.file, file);
    let mut shots = flow.steps.iter().filter(|step| step.shot.is_some());
    is_there(step)
        || is_file(&flow.location.file, file) && !shots.any(|step| is_there(&step.location))
}

fn file_and_line(word: &str) -> Option<(&str, u32)> {
    let (rest, last) = numbered(word)?;
    Some(numbered(rest).unwrap_or((rest, last)))
}

fn numbered(text: &str) -> Option<(&str, u32)> {
    let (rest, number) = text.rsplit_once(':')?;
    let is_number = number.chars().all(|c| c.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number)?;
    (!rest.is_empty()).then_some((rest, number))
}

/// Whether the path is that of the file, or ends it; in any case.
fn is_file(file: &str, path: &str) -> bool {
    let (file, path) = (file.to_lowercase(), without_dot(path).to_lowercase());
    let before = file.strip_suffix(&path);
    before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_and_a_line() {
        for (word, place) in [
            ("specs/a.yaml:4", Some(("specs/a.yaml", 4))),
            ("specs/a.yaml:4:7", Some(("specs/a.yaml", 4))),
            ("specs/a.yaml", None),
            ("specs/a.yaml:", None),
            ("specs/a.yaml:+4", None),
            (":4", None),
        ] {
            assert_eq!(file_and_line(word), place, "{word}");
        }
    }

    #[test]
    fn a_file_is_named_by_its_end() {
        for path in ["specs/a.yaml", "./specs/a.yaml", "a.yaml", "SPECS/A.yaml"] {
            assert!(is_file("specs/a.yaml", path), "{path}");
        }
        for path in ["ecs/a.yaml", "b/specs/a.yaml", "specs/a", ".yaml"] {
            assert!(!is_file("specs/a.yaml", path), "{path}");
        }
    }
}
