//! A project as a reader has it, and the program that runs in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::markdown::{read, root};

/// A copy of this repository's configuration and specs, with two pictures.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        project.write("twinshot.yaml", &read("twinshot.yaml"));
        copy_folder(&root().join("specs"), &project.folder.path().join("specs"));
        let pair = root().join("tests/fixtures/diff/should-differ/changed-word");
        for (from, to) in [
            ("baseline.png", "before.png"),
            ("candidate.png", "after.png"),
        ] {
            let to = project.folder.path().join(to);
            fs::copy(pair.join(from), to).expect("the fixture is there");
        }
        project
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("the project can be written");
    }

    pub(crate) fn run(&self, arguments: &[impl AsRef<str>]) -> Output {
        let mut command = twinshot();
        command.current_dir(&self.folder);
        command.env("TMPDIR", self.folder.path());
        command.args(arguments.iter().map(AsRef::as_ref));
        command.output().expect("the program starts")
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the specs are there") {
        let entry = entry.expect("a readable entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the spec can be copied");
        }
    }
}

/// The program as if it was installed, without the settings in this test's own environment except the place of the browser.
pub(crate) fn twinshot() -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_twinshot"));
    let folder = program.parent().expect("it is in a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    let mut command = Command::new(program);
    command.env("PATH", std::env::join_paths(folders).expect("folders"));
    command.env_remove("CI");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TWINSHOT_") && !name.starts_with("TWINSHOT_CHROME") {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn can_drive_a_browser() -> bool {
    let named = std::env::var_os("TWINSHOT_CHROMEDRIVER").is_some_and(|value| !value.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |folder: PathBuf| folder.join("chromedriver").is_file();
    named
        || std::env::split_paths(&path).any(is_there)
        || is_there(PathBuf::from("/usr/lib/chromium"))
}

pub(crate) fn shown(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
