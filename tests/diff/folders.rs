//! `twinshot diff` for two folders, through the binary.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::picture::Picture;

/// Two folders in a scratch folder that goes away with it.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a scratch folder"))
    }

    fn with(self, path: &str, bytes: &[u8]) -> Self {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
        self
    }

    fn diff(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinshot"));
        command.current_dir(self.0.path()).args(["diff", "a", "b"]);
        command.args(arguments).output().expect("the binary runs")
    }

    fn root(&self) -> &Path {
        self.0.path()
    }
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let parse = |line| serde_json::from_str(line).expect("JSON on each line");
    text.lines().map(parse).collect()
}

fn white() -> Vec<u8> {
    Picture::filled(8, 6, [255; 4]).to_png()
}

fn red() -> Vec<u8> {
    Picture::filled(8, 6, [200, 0, 0, 255]).to_png()
}

#[test]
fn pairs_are_matched_by_path_and_told_in_order() {
    let folders = Folders::new()
        .with("a/same.png", &white())
        .with("b/same.png", &white())
        .with("a/deep/er/changed.png", &white())
        .with("b/deep/er/changed.png", &red())
        .with("a/gone.png", &white())
        .with("b/new.PNG", &white())
        .with("b/notes.txt", b"not a picture");
    let output = folders.diff(&["--format", "jsonl", "--out", "overlays"]);
    let found = lines(&output);
    let found: Vec<[&str; 2]> = found
        .iter()
        .map(|line| ["path", "verdict"].map(|key| line[key].as_str().expect("text")))
        .collect();
    let expected = [
        ["deep/er/changed.png", "mismatch"],
        ["gone.png", "only_baseline"],
        ["new.PNG", "only_candidate"],
        ["same.png", "match"],
    ];
    assert_eq!(found, expected);
    assert_eq!(output.status.code(), Some(1));
    assert!(folders.root().join("overlays/deep/er/changed.png").exists());
    assert!(!folders.root().join("overlays/same.png").exists());
}

#[test]
fn one_broken_picture_does_not_hide_the_others_and_is_no_difference() {
    let folders = Folders::new()
        .with("a/broken.png", b"<html>")
        .with("b/broken.png", &white())
        .with("a/changed.png", &white())
        .with("b/changed.png", &red());
    let output = folders.diff(&["--format", "jsonl"]);
    let found = lines(&output);
    assert_eq!(found[0]["verdict"], "undecided");
    let error = found[0]["error"].as_str().expect("text");
    assert!(error.contains("a/broken.png"), "{error}");
    assert_eq!(found[1]["mismatched_pixels"], 48);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn folders_without_pictures_are_no_pass() {
    let folders = Folders::new().with("a/x.txt", b"").with("b/x.txt", b"");
    let output = folders.diff(&[]);
    assert_eq!(output.status.code(), Some(4));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("neither folder contains a picture"),
        "{errors}"
    );
}

#[test]
fn an_overlay_that_cannot_be_written_does_not_end_the_others() {
    let folders = Folders::new()
        .with("a/deep/x.png", &white())
        .with("b/deep/x.png", &red())
        .with("a/y.png", &white())
        .with("b/y.png", &red())
        .with("out/deep", b"in the way");
    let output = folders.diff(&["--format", "jsonl", "--out", "out"]);
    let found = lines(&output);
    assert_eq!(found[0]["verdict"], "undecided");
    let error = found[0]["error"].as_str().expect("text");
    assert!(error.contains("cannot write out/deep/x.png"), "{error}");
    assert_eq!(found[1]["verdict"], "mismatch");
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn the_order_is_the_same_in_every_run() {
    let names = [
        "b.png", "a/z.png", "a.png", "B.png", "a-b.png", "é.png", "a/a.png",
    ];
    let folders = names.iter().fold(Folders::new(), |folders, name| {
        let folders = folders.with(&format!("a/{name}"), &white());
        let side = if name.len() > 5 { "only-here" } else { "b" };
        folders.with(&format!("{side}/{name}"), &red())
    });
    let first = folders.diff(&["--format", "jsonl"]).stdout;
    let paths = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let path =
            |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["path"].to_string();
        text.lines().map(path).collect()
    };
    let sorted = [
        "B.png", "a/a.png", "a/z.png", "a-b.png", "a.png", "b.png", "é.png",
    ];
    assert_eq!(paths(&first), sorted.map(|name| format!("\"{name}\"")));
    for _ in 0..5 {
        assert_eq!(folders.diff(&["--format", "jsonl"]).stdout, first);
    }
}

#[test]
fn equal_folders_are_clean_and_the_limit_is_kept() {
    let folders = Folders::new()
        .with("a/x.png", &white())
        .with("b/x.png", &white());
    assert_eq!(folders.diff(&[]).status.code(), Some(0));
    let refused = folders.diff(&["--max-pixels", "47", "--format", "json"]);
    assert_eq!(refused.status.code(), Some(3));
    let found: Value = serde_json::from_slice(&refused.stdout).expect("a JSON array");
    assert_eq!(found[0]["verdict"], "undecided");
}
