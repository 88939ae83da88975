//! The pages that are checked, and what is on them: examples, prose, sections, tables and links.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The pages outside of `docs/`.
const OTHER_PAGES: [&str; 5] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "golden/README.md",
    "reports/README.md",
];

/// The pages that are checked, by their path in the repository. A new page in `docs/` is one of them.
pub(crate) fn pages() -> Vec<String> {
    let mut pages: Vec<String> = OTHER_PAGES.map(str::to_owned).into();
    let manual = manual_pages();
    pages.extend(manual.iter().map(|name| format!("docs/{name}")));
    pages
}

/// The names of the pages in `docs/`.
pub(crate) fn manual_pages() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("docs")).expect("docs/ is there");
    let names = entries.map(|entry| entry.expect("a readable entry").file_name());
    let names = names.map(|name| name.into_string().expect("a plain name"));
    let pages: BTreeSet<String> = names.filter(|name| name.ends_with(".md")).collect();
    assert!(pages.len() > 5, "{} pages only in docs/", pages.len());
    pages
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(name: &str) -> String {
    let text = fs::read_to_string(root().join(name));
    text.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A fenced example.
pub(crate) struct Block {
    pub(crate) page: String,
    /// `page:line`.
    pub(crate) place: String,
    /// The text after the opening fence.
    pub(crate) marker: String,
    pub(crate) text: String,
}

pub(crate) fn all_blocks() -> Vec<Block> {
    let blocks: Vec<Block> = pages().iter().flat_map(|page| blocks(page)).collect();
    assert!(blocks.len() > 20, "{} examples only", blocks.len());
    blocks
}

pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (index, line) in read(page).lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), is_open) {
            (Some(marker), false) => {
                blocks.push(Block {
                    page: page.to_owned(),
                    place: format!("{page}:{}", index + 1),
                    marker: marker.to_owned(),
                    text: String::new(),
                });
                is_open = true;
            }
            (Some(_), true) => is_open = false,
            (None, true) => {
                let block = blocks.last_mut().expect("one is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!is_open, "{page}: an example does not end");
    blocks
}

/// The one example with this marker.
pub(crate) fn only_block(marker: &str) -> Block {
    let mut found: Vec<Block> = all_blocks();
    found.retain(|block| block.marker == marker);
    assert_eq!(found.len(), 1, "examples with the marker {marker}");
    found.remove(0)
}

/// The lines outside of fenced examples, with their numbers.
pub(crate) fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut is_open = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_open = !is_open;
        } else if !is_open {
            found.push((index + 1, line));
        }
    }
    found
}

/// Every command that is shown, in an example or in prose, with its place.
pub(crate) fn all_commands() -> Vec<(String, String)> {
    let mut commands = Vec::new();
    for block in all_blocks() {
        let is_ci = block.marker == "yaml ci";
        if !is_ci && !block.marker.starts_with("sh ") {
            continue;
        }
        for line in block.text.lines() {
            let (command, _) = command_and_exit(line);
            let command = match command.find("twinshot ").filter(|_| is_ci) {
                Some(start) => &command[start..],
                None => command,
            };
            commands.push((block.place.clone(), command.to_owned()));
        }
    }
    for page in pages() {
        for (number, paragraph) in paragraphs(&read(&page)) {
            let found = quoted(&paragraph).into_iter();
            commands.extend(found.map(|command| (format!("{page}:{number}"), command)));
        }
    }
    commands
}

/// Prose with the line breaks inside a paragraph taken out, since one may fall into a command; with the first line's number.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut last = 0;
    for (number, line) in prose(text) {
        let begins = line.is_empty() || line.starts_with(['|', '-', '#']) || number != last + 1;
        match found.last_mut() {
            Some((_, paragraph)) if !begins => {
                paragraph.push(' ');
                paragraph.push_str(line.trim_start());
            }
            _ => found.push((number, line.to_owned())),
        }
        last = number;
    }
    found
}

/// The command of a line, and the exit code that its comment states; 0 if it states none.
pub(crate) fn command_and_exit(line: &str) -> (&str, i32) {
    let (command, comment) = line.split_once(" #").unwrap_or((line, ""));
    let stated = comment.trim().strip_prefix("exit ");
    let stated = stated.and_then(|rest| rest.split(' ').next()?.parse().ok());
    (command.trim(), stated.unwrap_or(0))
}

/// The words of a command as a shell splits them. Knows single quotes only.
pub(crate) fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// The text from a heading to the next one of the same level or a higher one.
pub(crate) fn section(text: &str, heading: &str) -> String {
    let level = |line: &str| line.chars().take_while(|c| *c == '#').count();
    let lines = text.lines().skip_while(|line| *line != heading);
    let ends = |line: &&str| line.starts_with('#') && level(line) <= level(heading);
    let lines: Vec<&str> = lines.skip(1).take_while(|line| !ends(line)).collect();
    assert!(!lines.is_empty(), "there is no section {heading}");
    format!("\n{}", lines.join("\n"))
}

/// The cells of all table rows except the heads.
pub(crate) fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_ruler = |line: &str| line.starts_with("|-") || line.starts_with("|:");
    let is_head = |index: usize| lines.get(index + 1).is_some_and(|next| is_ruler(next));
    let rows = lines.iter().enumerate();
    let rows =
        rows.filter(|(index, line)| line.starts_with('|') && !is_ruler(line) && !is_head(*index));
    rows.map(|(_, line)| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The names in the first cells of all tables.
pub(crate) fn first_names(text: &str) -> BTreeSet<String> {
    let rows = rows(text).into_iter();
    rows.flat_map(|row| quoted(&row[0])).collect()
}

/// What is between backticks.
pub(crate) fn quoted(line: &str) -> Vec<String> {
    let parts = line.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

pub(crate) fn links(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("](").skip(1);
    parts.filter_map(|part| Some(part.split_once(')')?.0))
}

/// The anchors that a forge gives to the headings.
pub(crate) fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter();
    let headings = headings.filter_map(|(_, line)| line.starts_with('#').then_some(line));
    headings
        .map(|heading| {
            let title = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// A file that is named here, in the folder of a page.
pub(crate) fn beside(page: &str, file: &str) -> PathBuf {
    let page = root().join(page);
    page.parent().expect("a page is in a folder").join(file)
}
