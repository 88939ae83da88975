//! Which floor may import which.

use std::{collections::BTreeSet, path::Path};

use super::imports::Sources;

/// Each floor of the crate, and the floors below that it may import. The binary (`cli`) is not in the table: it is held by
/// what the library makes public.
const CRATE: &[(&str, &[&str])] = &[
    ("diff", &[]),
    ("digest", &[]),
    ("files", &["diff"]),
    ("yaml", &[]),
    ("side", &[]),
    ("waits", &[]),
    ("connect", &[]),
    ("workers", &[]),
    ("spec", &["yaml", "diff", "digest"]),
    ("config", &["spec", "yaml", "diff"]),
    ("plan", &["config", "spec", "diff", "side", "yaml"]),
    ("demo", &["config"]),
    ("ready", &["config", "yaml", "connect"]),
    (
        "project",
        &["plan", "config", "spec", "yaml", "files", "digest"],
    ),
    (
        "browser",
        &[
            "config", "spec", "yaml", "diff", "side", "waits", "connect", "files",
        ],
    ),
    (
        "capture",
        &[
            "browser", "plan", "config", "spec", "yaml", "diff", "digest", "side", "waits",
        ],
    ),
    (
        "compare",
        &["capture", "plan", "spec", "yaml", "diff", "side"],
    ),
    (
        "report",
        &[
            "compare", "capture", "plan", "config", "spec", "yaml", "diff", "side", "waits",
        ],
    ),
    (
        "store",
        &[
            "report", "compare", "capture", "plan", "config", "spec", "yaml", "diff", "side",
            "files",
        ],
    ),
    ("merge", &["run", "store", "report", "files"]),
    (
        "run",
        &[
            "store", "report", "compare", "capture", "browser", "plan", "config", "spec", "yaml",
            "diff", "digest", "side", "connect", "ready", "demo", "workers", "files",
        ],
    ),
];

/// The floors of the browser, likewise. Each may import those of the ground floor too.
const BROWSER: &[(&str, &[&str])] = &[
    ("page", &[]),
    ("wire", &[]),
    ("launch", &["wire"]),
    ("engines", &["launch", "wire", "page"]),
    ("session", &["engines", "launch", "wire"]),
    ("act", &["session", "engines", "wire", "page"]),
    ("shoot", &["session", "engines", "wire"]),
    ("pool", &["session", "launch"]),
];

/// The ground floor of the browser imports nothing above it.
const BROWSER_GROUND: &[&str] = &[
    "error", "options", "picture", "document", "address", "target", "random",
];

/// The pure floors name neither tokio nor fantoccini, and open no files.
const PURE: &[&str] = &[
    "diff", "digest", "yaml", "spec", "config", "plan", "compare", "report", "side", "waits",
];
const IMPURE: &[&str] = &["tokio", "fantoccini", "std::fs", "std::net", "std::process"];

fn sources() -> Sources {
    Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

/// Each import that goes from one child of a module to another one that is not below it.
fn upward(
    sources: &Sources,
    parent: &[&str],
    floors: &[(&str, &[&str])],
    ground: &[&str],
) -> Vec<String> {
    let parent = names(parent);
    let child = |module: &[String]| match module.strip_prefix(parent.as_slice()) {
        Some([child, ..]) => Some(child.clone()),
        _ => None,
    };
    let allowed = |from: &str| {
        let floor = floors.iter().find(|(name, _)| *name == from);
        let below = floor.map(|(_, below)| *below);
        below.or(ground.contains(&from).then_some(&[] as &[&str]))
    };
    let mut found = Vec::new();
    for (module, file) in sources.files() {
        let Some(from) = child(module) else { continue };
        if from == "cli" {
            continue;
        }
        let Some(below) = allowed(&from) else {
            found.push(format!(
                "{}: the floor `{from}` is not in the table",
                file.display()
            ));
            continue;
        };
        for import in sources.imports(module) {
            let Some(to) = sources.target(&import).and_then(child) else {
                continue;
            };
            if to != from && !below.contains(&to.as_str()) && !ground.contains(&to.as_str()) {
                let (file, line) = (file.display(), import.line);
                found.push(format!(
                    "src/{file}:{line}: `{from}` must not import `{to}`"
                ));
            }
        }
    }
    found
}

/// The files of each circle, a file and its folder's `mod.rs` being one.
fn circles(sources: &Sources) -> Vec<String> {
    let files: Vec<&[String]> = sources.files().map(|(module, _)| module).collect();
    let is_family = |a: &[String], b: &[String]| a.starts_with(b) || b.starts_with(a);
    let arrows: Vec<BTreeSet<usize>> = files
        .iter()
        .map(|module| {
            let imports = sources.imports(module);
            let targets = imports.iter().filter_map(|import| sources.target(import));
            let targets = targets.filter(|target| !is_family(module, target));
            targets
                .filter_map(|target| files.iter().position(|file| *file == target))
                .collect()
        })
        .collect();
    let reach = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            open.extend(arrows[at].iter().filter(|&&next| seen.insert(next)));
        }
        seen
    };
    let reached: Vec<BTreeSet<usize>> = (0..files.len()).map(reach).collect();
    let in_circles = (0..files.len()).filter(|&at| reached[at].contains(&at));
    let named = in_circles.map(|at| {
        let others = reached[at]
            .iter()
            .filter(|&&other| other != at && reached[other].contains(&at));
        let others: Vec<String> = others.map(|&other| files[other].join("::")).collect();
        format!(
            "{} imports itself by way of {}",
            files[at].join("::"),
            others.join(", ")
        )
    });
    named.collect()
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn no_import_of_the_crate_runs_upwards() {
    assert_none(&upward(&sources(), &[], CRATE, &[]));
}

#[test]
fn no_import_of_the_browser_runs_upwards() {
    assert_none(&upward(&sources(), &["browser"], BROWSER, BROWSER_GROUND));
}

#[test]
fn no_files_import_each_other() {
    assert_none(&circles(&sources()));
}

#[test]
fn only_the_browser_names_fantoccini() {
    let sources = sources();
    let mut found = Vec::new();
    for (module, file) in sources.files() {
        let uses = sources.foreign(module);
        let uses = uses
            .iter()
            .filter(|(_, path)| path.starts_with("fantoccini"));
        let is_browser = module
            .first()
            .is_some_and(|floor| floor == "browser" || floor == "connect");
        found.extend(
            uses.filter(|_| !is_browser)
                .map(|(line, _)| format!("src/{}:{line}", file.display())),
        );
    }
    assert_none(&found);
}

#[test]
fn pure_floors_have_no_effects() {
    let sources = sources();
    let mut found = Vec::new();
    for (module, file) in sources.files() {
        let is_pure = module
            .first()
            .is_some_and(|floor| PURE.contains(&floor.as_str()));
        for (line, path) in sources.foreign(module) {
            if is_pure && IMPURE.iter().any(|effect| path.starts_with(effect)) {
                found.push(format!("src/{}:{line}: `{path}`", file.display()));
            }
        }
    }
    assert_none(&found);
}

/// Only one floor tells one engine from another.
#[test]
fn engines_are_told_apart_in_one_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for (module, file) in sources().files() {
        let text = std::fs::read_to_string(folder.join(file)).expect("a source file");
        let is_engines = module.starts_with(&names(&["browser", "engines"]));
        let variants = ["Engine::Chromium", "Engine::Firefox", "Engine::WebKit"];
        for (number, line) in text.lines().enumerate() {
            if !is_engines && variants.iter().any(|variant| line.contains(variant)) {
                found.push(format!(
                    "src/{}:{}: {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    assert_none(&found);
}

#[test]
fn an_import_that_runs_upwards_is_named_with_its_line() {
    let planted = Sources::from_texts(&[
        (
            "diff/mod.rs",
            "//! Pixels.\n\nuse std::fmt;\n\nuse crate::{\n    side::Side,\n    yaml::Place,\n};\n",
        ),
        ("side.rs", ""),
        ("yaml/mod.rs", "fn f() -> crate::plan::Plan {}\n"),
        (
            "plan.rs",
            "use crate::yaml;\n\n#[cfg(test)]\nmod tests {\n    use crate::run::Run;\n}\n",
        ),
        ("run.rs", ""),
    ]);
    let expected = [
        "src/diff/mod.rs:6: `diff` must not import `side`",
        "src/diff/mod.rs:7: `diff` must not import `yaml`",
        "src/yaml/mod.rs:1: `yaml` must not import `plan`",
    ];
    assert_eq!(upward(&planted, &[], CRATE, &[]), expected);
}

#[test]
fn a_floor_above_within_the_browser_is_named() {
    let planted = Sources::from_texts(&[
        (
            "browser/engines/chrome.rs",
            "use super::super::session::Session;\n",
        ),
        (
            "browser/session/mod.rs",
            "use super::{engines::Engine, error::BrowserError};\n",
        ),
        ("browser/engines/mod.rs", ""),
        (
            "browser/error.rs",
            "pub(crate) use super::session::Session;\n",
        ),
    ]);
    let expected = [
        "src/browser/engines/chrome.rs:1: `engines` must not import `session`",
        "src/browser/error.rs:1: `error` must not import `session`",
    ];
    assert_eq!(
        upward(&planted, &["browser"], BROWSER, BROWSER_GROUND),
        expected
    );
}

#[test]
fn a_circle_is_named_and_a_family_is_none() {
    let planted = Sources::from_texts(&[
        ("diff/a.rs", "use super::b::B;\nuse super::Size;\n"),
        ("diff/b.rs", "use super::a::A;\n"),
        ("diff/mod.rs", "pub use self::a::A;\nuse a::A;\n"),
    ]);
    let expected = [
        "diff::a imports itself by way of diff::b",
        "diff::b imports itself by way of diff::a",
    ];
    assert_eq!(circles(&planted), expected);
}
