//! A project in a folder of its own: `twinshot.yaml`, specs, and a temporary folder that must be clean
//! again when a run is over.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Outcome, Site, fixture};

/// A browser that was killed may take a moment to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads like a story: `Project::pair(&a, &b).flow("cart").run().exits(1)`.
pub(crate) struct Project {
    folder: Arc<tempfile::TempDir>,
    environments: String,
    settings: String,
    viewports: String,
    variables: Vec<(&'static str, String)>,
}

impl Project {
    /// One site and no approved pictures: every shot is new, and a flow that goes well ends with 0.
    pub(crate) fn solo(site: &Site) -> Self {
        let environments = format!(
            "environments:\n  staging: {{ url: \"{}\" }}\nbaseline: golden\n",
            site.url()
        );
        Self::new(environments)
    }

    /// Two sites, or the same one twice.
    pub(crate) fn pair(baseline: &Site, candidate: &Site) -> Self {
        let environments = format!(
            "environments:\n  production: {{ url: \"{}\" }}\n  staging: {{ url: \"{}\" }}\n",
            baseline.url(),
            candidate.url()
        );
        Self::new(environments)
    }

    /// Environments as YAML.
    pub(crate) fn new(environments: String) -> Self {
        let folder = tempfile::Builder::new().prefix("twinshot-test-").tempdir();
        let folder = folder.expect("a folder");
        for name in ["specs", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        Self {
            folder: Arc::new(folder),
            environments,
            settings: String::new(),
            viewports: "desktop: 800x600".to_owned(),
            variables: Vec::new(),
        }
    }

    /// The embedded demo and the flows of this repository.
    pub(crate) fn demo() -> Self {
        let environments = "environments:\n  production: { url: \"demo:production\" }\n  staging: { url: \"demo:staging\" }\n";
        let project = Self::new(environments.to_owned()).viewports("desktop: 1400x1000");
        let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
        copy_folder(&specs, &project.folder.path().join("specs"));
        project
    }

    /// A line of `twinshot.yaml`.
    pub(crate) fn setting(mut self, line: &str) -> Self {
        self.settings.push_str(line);
        self.settings.push('\n');
        self
    }

    /// Instead of one desktop of 800x600: `name: size, …`.
    pub(crate) fn viewports(mut self, viewports: &str) -> Self {
        viewports.clone_into(&mut self.viewports);
        self
    }

    /// A variable that specs may use.
    pub(crate) fn variable(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.push((name, value.to_string()));
        self
    }

    /// A spec of the fixtures, for example `actions/pointer.yaml`.
    pub(crate) fn spec(self, path: impl AsRef<Path>) -> Self {
        let path = fixture("").join(path);
        let name = path.file_name().expect("a file");
        let copied = fs::copy(&path, self.folder.path().join("specs").join(name));
        copied.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self
    }

    /// A spec as text.
    pub(crate) fn flow(self, name: &str, yaml: &str) -> Self {
        let file = self.folder.path().join(format!("specs/{name}.yaml"));
        fs::write(file, format!("flow: {name}\n{yaml}")).expect("a spec");
        self
    }

    /// A fragment as text.
    pub(crate) fn fragment(self, name: &str, yaml: &str) -> Self {
        let file = self.folder.path().join("specs/fragment of a test.yaml");
        fs::write(file, format!("fragment: {name}\n{yaml}")).expect("a fragment");
        self
    }

    /// A file beside the specs.
    pub(crate) fn file(self, name: &str) -> Self {
        let to = self.folder.path().join("specs").join(name);
        fs::copy(fixture("files").join(name), to).expect("a file");
        self
    }

    /// The folder of the newest report.
    pub(crate) fn report_folder(&self) -> PathBuf {
        self.folder.path().join("reports/latest")
    }

    /// `twinshot test`.
    pub(crate) fn run(&self) -> Outcome {
        self.run_with(&[])
    }

    /// With arguments.
    pub(crate) fn run_with(&self, arguments: &[&str]) -> Outcome {
        self.write_configuration();
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinshot"));
        command
            .arg("test")
            .args(arguments)
            .current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            let ours = name.to_string_lossy().starts_with("TWINSHOT_");
            let programs = [
                "TWINSHOT_CHROME",
                "TWINSHOT_CHROMEDRIVER",
                "TWINSHOT_FIREFOX",
                "TWINSHOT_GECKODRIVER",
                "TWINSHOT_WEBKIT",
                "TWINSHOT_WEBKITDRIVER",
            ];
            if ours && !programs.iter().any(|program| name == *program) {
                command.env_remove(name);
            }
        }
        command.env_remove("CI").env("TMPDIR", self.scratch());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().expect("twinshot starts");
        self.assert_nothing_is_left();
        Outcome::new(&output, Arc::clone(&self.folder))
    }

    /// `twinshot approve --all` of the run before.
    pub(crate) fn approve_all(&self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinshot"));
        command
            .args(["approve", "--all"])
            .current_dir(self.folder.path());
        let status = command.status().expect("twinshot starts");
        assert!(status.success(), "{status}");
    }

    /// Whether there is an approved picture of this id.
    pub(crate) fn has_golden(&self, id: &str) -> bool {
        self.golden(&format!("{id}.png")).is_file()
    }

    /// A file beside the approved pictures.
    pub(crate) fn golden(&self, file: &str) -> PathBuf {
        self.folder.path().join("golden").join(file)
    }

    /// Waits for a renderer of this project's browsers and kills it; what a crash looks like from outside.
    pub(crate) fn kill_a_renderer(&self) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let groups: Vec<_> = self
                .process_list()
                .iter()
                .map(|(id, _)| group_of(id))
                .collect();
            for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
                let id = entry.file_name().to_string_lossy().into_owned();
                let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                let is_renderer = String::from_utf8_lossy(&command).contains("--type=renderer");
                if is_renderer && groups.contains(&group_of(&id)) {
                    let killed = Command::new("kill").args(["-9", &id]).status();
                    assert!(killed.expect("kill is there").success());
                    return;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("there is no renderer to kill");
    }

    fn write_configuration(&self) {
        let text = format!(
            "{}viewports: {{ {} }}\n{}",
            self.environments, self.viewports, self.settings
        );
        fs::write(self.folder.path().join("twinshot.yaml"), text).expect("a configuration");
    }

    fn scratch(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// No process that was started under the temporary folder, and nothing in it but the failing shots.
    fn assert_nothing_is_left(&self) {
        let began = Instant::now();
        loop {
            let left = [self.processes(), self.leftovers()].concat();
            if left.is_empty() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "left behind: {left:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn processes(&self) -> Vec<String> {
        let list = self.process_list().into_iter();
        list.map(|(id, command)| format!("{id}: {command}"))
            .collect()
    }

    /// Number and command of each.
    fn process_list(&self) -> Vec<(String, String)> {
        let needle = self.scratch().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
            let said = [read("cmdline"), read("environ")].concat();
            if String::from_utf8_lossy(&said).contains(&needle) {
                let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
                found.push((entry.file_name().to_string_lossy().into_owned(), command));
            }
        }
        found
    }

    fn leftovers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.scratch()).expect("a folder").flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let is_failing_folder =
            |name: &String| name.starts_with("twinshot-") && !name.starts_with("twinshot-run-");
        names.filter(|name| !is_failing_folder(name)).collect()
    }
}

/// The process group: the third word after the name, which stands in brackets.
fn group_of(id: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(2).map(str::to_owned)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}
