//! The report page, read by Twinshot itself: its folder is served as a site, and a flow works in it with
//! keyboard and mouse. From disk it is opened by the browser alone.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{Project, Site};

#[test]
fn a_reader_finds_and_sees_the_differences() {
    let demo = Project::demo();
    demo.run_with(&["Settings", "Workspaces", "Login › login"])
        .exits(1);
    assert_opens_from_disk(&demo.report_folder());
    let site = Site::of_folder(&demo.report_folder());
    let reader = Project::solo(&site).viewports("desktop: 1400x900");
    reader.spec("flows/report.yaml").run().exits(0);
}

#[test]
fn a_narrow_page_shows_the_list_first() {
    let demo = Project::demo();
    demo.run_with(&["Workspaces", "Login › login"]).exits(1);
    let site = Site::of_folder(&demo.report_folder());
    let reader = Project::solo(&site).viewports("phone: 390x844@2");
    reader.spec("flows/report-phone.yaml").run().exits(0);
}

#[test]
fn a_reader_sees_which_limit_does_not_hold() {
    let (production, staging) = (Site::new(), Site::candidate());
    let limits = Project::pair(&production, &staging).spec("flows/limits.yaml");
    let outcome = limits.run().exits(1);
    let verdicts = ["dense", "expected", "missing"].map(|name| &outcome.shot(name)["verdict"]);
    assert_eq!(verdicts, ["mismatch", "match", "mismatch"]);
    let site = Site::of_folder(&limits.report_folder());
    let reader = Project::solo(&site).viewports("desktop: 1400x900");
    reader.spec("flows/report-limits.yaml").run().exits(0);
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let pages = Site::new();
    let hostile = Project::solo(&pages).spec("flows/hostile.yaml");
    hostile.run().exits(1);
    assert_opens_from_disk(&hostile.report_folder());
    let site = Site::of_folder(&hostile.report_folder());
    let reader = Project::solo(&site).viewports("desktop: 1400x900");
    reader.spec("flows/report-hostile.yaml").run().exits(0);
    let strays = site.requests().into_iter().map(|request| request.path);
    let strays: Vec<String> = strays
        .filter(|path| path != "/index.html" && !path.starts_with("/shots/"))
        .collect();
    assert!(strays.is_empty(), "the page asked for {strays:?}");
}

/// Rows stand in the page once its script ran, and the console stays silent.
fn assert_opens_from_disk(folder: &Path) {
    let profile = tempfile::tempdir().expect("a folder");
    let index = std::fs::canonicalize(folder.join("index.html")).expect("a report");
    let output = Command::new(browser())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", index.display()))
        .env("TMPDIR", profile.path())
        .output()
        .expect("the browser starts");
    let page = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(page.contains("class=\"row\""), "no rows: {said}");
    let console: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(console.is_empty(), "{console:#?}");
}

/// As Twinshot looks for it.
fn browser() -> PathBuf {
    let names = [
        "chromium-headless-shell",
        "chrome-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
    ];
    let named = std::env::var_os("TWINSHOT_CHROME").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = names.iter().find_map(|name| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    });
    named
        .or(in_path)
        .expect("no Chromium in PATH: `make setup` brings one")
}
