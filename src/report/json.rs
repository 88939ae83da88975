//! PURE. `report.json`: the source of truth of a run, written and read back.

use std::path::{Component, Path};

use serde::Deserialize;

use super::{Report, SCHEMA_VERSION};

/// Why a text is not a report that this version can read.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not JSON, or not a report.
    #[error("not a Twinshot report: {0}")]
    Shape(#[from] serde_json::Error),
    /// The report has another schema version.
    #[error(
        "the report has schema version {found}, this Twinshot reads version {SCHEMA_VERSION}: \
         read it with the Twinshot that wrote it, or run the flows again"
    )]
    SchemaVersion {
        /// The report's version.
        found: u64,
    },
    /// A picture's path or a shot's id points out of its folder.
    #[error("the report names a file outside its folder: {0:?}")]
    Path(String),
}

/// Read before the rest, so that the error for another schema version is not about its first unknown field.
#[derive(Deserialize)]
struct Header {
    schema_version: u64,
}

/// Renders `report.json`: indented, in a stable order, with a trailing newline.
pub fn render(report: &Report) -> String {
    let mut text =
        serde_json::to_string_pretty(report).expect("a report holds nothing that JSON cannot");
    text.push('\n');
    text
}

/// Reads a `report.json`. Pictures outside of the report's folder are refused, so that no reader needs to check that
/// again.
pub fn parse(text: &str) -> Result<Report, ParseError> {
    let header: Header = serde_json::from_str(text)?;
    if header.schema_version != u64::from(SCHEMA_VERSION) {
        return Err(ParseError::SchemaVersion {
            found: header.schema_version,
        });
    }
    let report: Report = serde_json::from_str(text)?;
    let mut files = report.shots.iter().flat_map(|shot| shot.files());
    if let Some((_, file)) = files.find(|(_, file)| !is_inside(file)) {
        return Err(ParseError::Path(file.to_owned()));
    }
    if let Some(shot) = report.shots.iter().find(|shot| !is_inside(&shot.id)) {
        return Err(ParseError::Path(shot.id.clone()));
    }
    Ok(report)
}

/// Whether a path stays below the folder that it is relative to, even when it is read as a URL.
fn is_inside(file: &str) -> bool {
    let plain =
        !file.is_empty() && !file.contains(|c: char| c.is_control() || ":\\?#%".contains(c));
    plain
        && Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schema_is_refused_by_name() {
        let message = parse(r#"{"schema_version": 7, "unknown": true}"#)
            .unwrap_err()
            .to_string();
        assert!(message.contains("schema version 7"), "{message}");
        assert!(message.contains("reads version 1"), "{message}");
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            "{\"schema_version\":1}",
            "{\"schema_version\":\"1\"}",
        ] {
            assert!(matches!(parse(text), Err(ParseError::Shape(_))), "{text}");
        }
    }

    #[test]
    fn paths_stay_in_the_folder() {
        assert!(is_inside("shots/0a1b.png"));
        for file in [
            "",
            "/etc/passwd",
            "../x.png",
            "shots/../../x",
            "javascript:alert(1)",
            "//evil/x.png",
            "a\\b",
            "a\nb",
        ] {
            assert!(!is_inside(file), "{file:?}");
        }
    }
}
