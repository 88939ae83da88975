//! Links lead somewhere, every page of the manual can be found, and the README stays short.

use std::{collections::BTreeSet, fs};

use super::markdown::{anchors, beside, links, manual_pages, pages, read, rows, section};

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let text = read(&page);
        for target in links(&text).filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = beside(&page, file);
            assert!(path.exists(), "{page}: {target}");
            if !anchor.is_empty() {
                let there = if file.is_empty() {
                    text.clone()
                } else {
                    fs::read_to_string(path).expect("a page")
                };
                assert!(anchors(&there).contains(anchor), "{page}: {target}");
            }
        }
    }
}

#[test]
fn every_page_of_the_manual_is_listed() {
    let listed = |page: &str, heading: &str, folder: &str| -> BTreeSet<String> {
        let rows = rows(&section(&read(page), heading)).into_iter();
        let first_cells: String = rows.map(|row| row[0].clone()).collect();
        let files = links(&first_cells).map(|link| link.trim_start_matches(folder).to_owned());
        files.collect()
    };
    let mut manual = manual_pages();
    assert!(manual.remove("README.md"), "docs/ has an index");
    let front = listed("README.md", "## Where to read on", "docs/");
    assert_eq!(front, manual, "the table of README.md");
    let index = listed("docs/README.md", "# The manual", "");
    assert_eq!(index, manual, "the table of docs/README.md");
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 220, "README.md has {lines} lines");
}

#[test]
fn the_readme_says_what_serde_yaml_is() {
    let text = read("README.md");
    assert!(text.contains("`serde_yaml`") && text.contains("`serde-saphyr`"));
}
