//! The imports of a source file, as formatted by rustfmt, and the files that they lead to.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// One name that a file imports from this crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// Counted from 1.
    pub(crate) line: usize,
    /// The path below the crate's root, for example `diff`, `Rect`.
    pub(crate) path: Vec<String>,
}

/// The source files of a crate by their modules: `browser::wire` is `src/browser/wire/mod.rs`.
pub(crate) struct Sources {
    files: BTreeMap<Vec<String>, (PathBuf, String)>,
}

impl Sources {
    /// The files below a folder, but for the crate's roots `lib.rs` and `main.rs`.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        add_files(folder, folder, &mut files);
        Self { files }
    }

    pub(crate) fn from_texts(texts: &[(&str, &str)]) -> Self {
        let entry = |&(file, text): &(&str, &str)| {
            let path = PathBuf::from(file);
            (module_of(&path), (path, text.to_owned()))
        };
        Self {
            files: texts.iter().map(entry).collect(),
        }
    }

    /// Every file with its module.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&[String], &Path)> {
        let files = self.files.iter();
        files.map(|(module, (path, _))| (module.as_slice(), path.as_path()))
    }

    /// What a module's file imports from this crate, its tests aside.
    pub(crate) fn imports(&self, module: &[String]) -> Vec<Import> {
        let (_, text) = &self.files[module];
        imports_in(text, module)
    }

    /// What a module's file imports from other crates: the line, and the path.
    pub(crate) fn foreign(&self, module: &[String]) -> Vec<(usize, String)> {
        let (_, text) = &self.files[module];
        let code = code_of(text);
        let lines = code.lines().enumerate();
        let uses = lines.filter_map(|(number, line)| Some((number + 1, use_in(line)?.to_owned())));
        uses.collect()
    }

    /// The module whose file an import leads to: of the modules that begin the path, the innermost.
    pub(crate) fn target<'a>(&self, import: &'a Import) -> Option<&'a [String]> {
        let lengths = (1..=import.path.len()).rev();
        let mut targets = lengths.map(|length| &import.path[..length]);
        targets.find(|module| self.files.contains_key(*module))
    }
}

fn add_files(root: &Path, folder: &Path, files: &mut BTreeMap<Vec<String>, (PathBuf, String)>) {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let below = path.strip_prefix(root).expect("it is below").to_owned();
        let is_root = matches!(below.to_str(), Some("lib.rs" | "main.rs"));
        if path.is_dir() {
            add_files(root, &path, files);
        } else if path.extension().is_some_and(|it| it == "rs") && !is_root {
            let text = fs::read_to_string(&path).expect("a source file");
            files.insert(module_of(&below), (below, text));
        }
    }
}

fn module_of(file: &Path) -> Vec<String> {
    let parts = file.with_extension("");
    let parts = parts.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "mod").collect()
}

/// The text without comments, and without the tests at its end.
fn code_of(text: &str) -> String {
    let end = text.find("\n#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..end].lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

fn imports_in(text: &str, module: &[String]) -> Vec<Import> {
    let code = code_of(text);
    let mut imports = Vec::new();
    let mut offset = 0;
    for line in code.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        if let Some(rest) = use_in(line) {
            let begin = start + line.len() - rest.len();
            let end = begin + code[begin..].find(';').unwrap_or(0);
            add_tree(&code, begin..end, &[], module, &mut imports);
        } else {
            add_inline(line, code[..start].matches('\n').count() + 1, &mut imports);
        }
    }
    imports
}

/// What follows `use` on a line that begins with it, whatever its visibility.
fn use_in(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')')?.1,
        Some(rest) => rest,
        None => line,
    };
    line.trim_start().strip_prefix("use ")
}

/// Adds paths that are written out where they are used: `crate::diff::compare(…)`.
fn add_inline(line: &str, number: usize, imports: &mut Vec<Import>) {
    for (at, _) in line.match_indices("crate::") {
        let is_end_of_a_name = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &line[at + "crate::".len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        let path = rest[..end.unwrap_or(rest.len())].split("::");
        let path: Vec<String> = path
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect();
        if !is_end_of_a_name && !path.is_empty() && !line.contains("pub(in") {
            let line = number;
            imports.push(Import { line, path });
        }
    }
}

/// Adds each leaf of a `use` tree: `a::{b, c::{d, e}}` has three.
fn add_tree(
    code: &str,
    range: std::ops::Range<usize>,
    before: &[String],
    module: &[String],
    imports: &mut Vec<Import>,
) {
    let text = &code[range.clone()];
    let head = text.find('{').unwrap_or(text.len());
    let mut path = before.to_vec();
    let names = text[..head].split(" as ").next().unwrap_or_default();
    path.extend(
        names
            .split("::")
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .map(str::to_owned),
    );
    if head == text.len() {
        let start = range.start + text.len() - text.trim_start().len();
        let line = code[..start].matches('\n').count() + 1;
        imports.extend(resolved(&path, module).map(|path| Import { line, path }));
        return;
    }
    let inner = range.start + head + 1;
    let mut depth = 0;
    let mut begin = inner;
    for (at, c) in code[inner..range.end].char_indices() {
        let at = inner + at;
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                add_tree(code, begin..at, &path, module, imports);
                begin = at + 1;
            }
            '}' if depth == 0 => {
                if !code[begin..at].trim().is_empty() {
                    add_tree(code, begin..at, &path, module, imports);
                }
                return;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
}

/// The path below the crate's root; none of another crate.
fn resolved(path: &[String], module: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let mut found = match first.as_str() {
        "crate" => return Some(rest.to_vec()),
        "self" => module.to_vec(),
        "super" => module[..module.len().saturating_sub(1)].to_vec(),
        _ => return None,
    };
    for name in rest {
        match name.as_str() {
            "super" => drop(found.pop()),
            "self" => {}
            name => found.push(name.to_owned()),
        }
    }
    Some(found)
}
