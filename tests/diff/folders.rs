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

/// Verdict and error of each path.
fn verdicts(output: &Output) -> Vec<[String; 3]> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_line = |line: &Value| ["path", "verdict", "error"].map(|key| text(&line[key]));
    lines(output).iter().map(of_line).collect()
}

#[test]
fn a_picture_that_cannot_be_read_is_named_whatever_its_name() {
    let bmp = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0";
    let avif = b"\0\0\0\x1cftypavif\0\0\0\0";
    for (name, bytes, why) in [
        (
            "anim.gif",
            &b"GIF89a\x01\0\x01\0"[..],
            "cannot be read: its format is GIF;",
        ),
        ("anim.GIF", b"GIF87a", "cannot be read: its format is GIF;"),
        (
            "capture",
            b"GIF89a\x01\0\x01\0",
            "cannot be read: its format is GIF;",
        ),
        (
            "wrong.png",
            b"GIF89a\x01\0\x01\0",
            "cannot be read: its format is GIF;",
        ),
        (
            "wrong.txt",
            b"II*\0\x08\0\0\0",
            "cannot be read: its format is TIFF;",
        ),
        (
            "scan.tiff",
            b"MM\0*\0\0\0\x08",
            "cannot be read: its format is TIFF;",
        ),
        ("old.bmp", bmp, "cannot be read: its format is BMP;"),
        ("new.avif", avif, "cannot be read: its format is AVIF;"),
        ("spoilt.bmp", b"not the same", "is not a PNG file"),
        ("drawn.svg", b"<svg/>", "is not a PNG file"),
        ("PHOTO.JPEG", b"not the same", "is not a PNG file"),
    ] {
        let folders = Folders::new()
            .with("a/same.png", &white())
            .with("b/same.png", &white())
            .with(&format!("a/{name}"), bytes)
            .with(&format!("b/{name}"), bytes);
        let output = folders.diff(&["--format", "jsonl"]);
        let found = verdicts(&output);
        assert_eq!(output.status.code(), Some(3), "{name}");
        assert_eq!(found.len(), 2, "{name}");
        let found = found.iter().find(|line| line[0] == name).expect(name);
        assert_eq!(found[1], "undecided");
        assert!(found[2].contains(&format!("a/{name}: ")), "{found:?}");
        assert!(found[2].contains(why), "{found:?}");
    }
}

#[test]
fn what_is_no_picture_is_left_alone() {
    let mut folders = Folders::new()
        .with("a/same.png", &white())
        .with("b/same.png", &white());
    for (name, bytes) in [
        ("notes.txt", &b"BM, the price list"[..]),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        (".DS_Store", b"\0\0\0\x01Bud1"),
        ("index.html", b"<!doctype html>"),
        ("film.mp4", b"\0\0\0\x1cftypisom\0\0\x02\0isom"),
        ("empty", b""),
    ] {
        folders = folders.with(&format!("a/{name}"), bytes);
        folders = folders.with(&format!("b/other-{name}"), bytes);
    }
    let output = folders.diff(&["--format", "jsonl"]);
    let found = verdicts(&output);
    assert_eq!(found, [["same.png", "match", ""].map(str::to_owned)]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_picture_without_its_twin_is_told_in_every_format() {
    let folders = Folders::new()
        .with("a/anim.gif", b"GIF89a\x01\0\x01\0")
        .with("b/photo", b"\xff\xd8\xff\xe0\0\x10JFIF\0");
    let output = folders.diff(&["--format", "jsonl"]);
    let expected = [
        ["anim.gif", "only_baseline", ""],
        ["photo", "only_candidate", ""],
    ];
    assert_eq!(
        verdicts(&output),
        expected.map(|line| line.map(str::to_owned))
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_that_is_a_picture_on_one_side_only_is_no_picture_that_is_missing() {
    let folders = Folders::new()
        .with("a/capture", &white())
        .with("b/capture", b"cannot connect to the display");
    let output = folders.diff(&["--format", "jsonl"]);
    let found = verdicts(&output);
    assert_eq!(found[0][1], "undecided");
    assert!(
        found[0][2].contains("b/capture: the candidate"),
        "{found:?}"
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn pictures_are_known_by_their_bytes_and_names_in_any_case() {
    let folders = Folders::new()
        .with("a/UPPER.PNG", &white())
        .with("b/UPPER.PNG", &red())
        .with("a/no-extension", &white())
        .with("b/no-extension", &white());
    let output = folders.diff(&["--format", "jsonl"]);
    let expected = [["UPPER.PNG", "mismatch", ""], ["no-extension", "match", ""]];
    assert_eq!(
        verdicts(&output),
        expected.map(|line| line.map(str::to_owned))
    );
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
