//! A project folder of its own for each test, and the binary that runs in it with a clean environment.

use std::{
    ffi::OsString,
    fs,
    io::Read,
    os::unix::{fs::PermissionsExt, process::CommandExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread::{self, sleep},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{FakeDriver, Process, Ran, processes_naming, wait_until_none_names};

/// No command of these tests takes nearly as long, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(120);
const BINARY: &str = env!("CARGO_BIN_EXE_twinshot");

/// A folder with `twinshot.yaml`, `specs/` and whatever else a story needs. What it starts ends with it.
pub(crate) struct Project {
    folder: Arc<TempDir>,
    environment: Vec<(String, OsString)>,
    has_programs: bool,
}

impl Project {
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("twinshot-cli-").expect("a temporary folder");
        for name in ["project/specs", "tmp", "bin"] {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        Self {
            folder: Arc::new(folder),
            environment: Vec::new(),
            has_programs: true,
        }
    }

    /// A copy of a project under `fixtures/cli`.
    pub(crate) fn from(fixture: &str) -> Self {
        let project = Self::new();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli");
        copy(&fixtures.join(fixture), &project.path(""));
        project
    }

    /// Two environments, one small viewport: what most stories begin with.
    pub(crate) fn two_sides() -> Self {
        Self::from("two-sides")
    }

    pub(crate) fn config(self, text: &str) -> Self {
        self.file("twinshot.yaml", text)
    }

    pub(crate) fn spec(self, name: &str, text: &str) -> Self {
        self.file(&format!("specs/{name}"), text)
    }

    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(&path, bytes).expect("a file");
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// A machine with nothing installed.
    pub(crate) fn without_programs(mut self) -> Self {
        self.has_programs = false;
        self
    }

    /// The real driver and browser, where variables name them.
    pub(crate) fn with_browser(mut self) -> Self {
        for name in ["TWINSHOT_CHROMEDRIVER", "TWINSHOT_CHROME"] {
            if let Some(value) = std::env::var_os(name) {
                self = self.env(name, value);
            }
        }
        self
    }

    /// A shell script that stands before every program of this name.
    pub(crate) fn program(self, name: &str, script: &str) -> Self {
        let path = self.folder.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own file");
        self
    }

    /// A path in the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("project").join(name)
    }

    /// What the binary sees as the system's folder for temporary files.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// The folder of failing shots that the only run so far had.
    #[track_caller]
    pub(crate) fn failing_folder(&self) -> PathBuf {
        let folders = fs::read_dir(self.tmp().join("twinshot-jane")).expect("a run's folder");
        let folders: Vec<_> = folders.flatten().map(|entry| entry.path()).collect();
        let [folder] = folders.as_slice() else {
            panic!("there is not one folder: {folders:?}");
        };
        folder.clone()
    }

    pub(crate) fn everything(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command to its end; afterwards no process and no scratch folder may be left.
    #[track_caller]
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        let ran = self.start(arguments).finish();
        self.is_swept();
        ran
    }

    /// `twinshot test` against a driver.
    #[track_caller]
    pub(crate) fn test(&self, driver: &FakeDriver, arguments: &[&str]) -> Ran {
        let url = driver.url();
        let head = ["test", "--webdriver", &url];
        self.run(head.into_iter().chain(arguments.iter().copied()))
    }

    #[track_caller]
    pub(crate) fn start<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Running {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::start(command, Arc::clone(&self.folder))
    }

    /// The command in this project's environment, its outputs not yet directed anywhere.
    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.tmp())
            .env("USER", "jane")
            .env("LANG", "C.UTF-8")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .process_group(0);
        command
    }

    /// Runs a command whose stdout and stderr nobody reads any more.
    pub(crate) fn run_unread<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> i32 {
        let mut command = self.command(arguments);
        for stream in [Command::stdout, Command::stderr] {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            stream(&mut command, writer);
        }
        let mut child = command.spawn().expect("the binary starts");
        let status = wait(&mut child).unwrap_or_else(|| panic!("{BINARY} did not end"));
        self.is_swept();
        status.code().unwrap_or(-1)
    }

    fn search_path(&self) -> OsString {
        let own = self.folder.path().join("bin").into_os_string();
        let all = std::env::var_os("PATH").filter(|_| self.has_programs);
        all.map_or(own.clone(), |all| {
            let mut path = own;
            path.push(":");
            path.push(all);
            path
        })
    }

    /// Nothing runs any more, and no scratch folder is left.
    #[track_caller]
    pub(crate) fn is_swept(&self) {
        wait_until_none_names(self.folder.path());
        assert_eq!(self.scratch_folders(), Vec::<PathBuf>::new(), "left behind");
    }

    pub(crate) fn scratch_folders(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.tmp()).expect("the folder is ours");
        let paths = entries.flatten().map(|entry| entry.path());
        let is_scratch = |path: &PathBuf| path.to_string_lossy().contains("/twinshot-run-");
        paths.filter(is_scratch).collect()
    }
}

/// A test that failed may have left its processes running.
impl Drop for Project {
    fn drop(&mut self) {
        processes_naming(self.folder.path())
            .iter()
            .for_each(Process::kill);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a readable folder");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).expect("a copy");
        }
    }
}

/// A command that goes on.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    folder: Arc<TempDir>,
}

impl Running {
    #[track_caller]
    fn start(mut command: Command, folder: Arc<TempDir>) -> Self {
        let arguments: Vec<_> = command
            .get_args()
            .map(|part| part.to_string_lossy())
            .collect();
        let shown = format!("twinshot {}", arguments.join(" "));
        let mut child = command.spawn().expect("the binary starts");
        Self {
            command: shown,
            stdout: read(child.stdout.take().expect("it is piped")),
            stderr: read(child.stderr.take().expect("it is piped")),
            child,
            folder,
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process has an id"), signal).expect("it is our child");
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_some()
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Ran {
        let status = wait(&mut self.child);
        let text = |output: &Receiver<Vec<u8>>| {
            let bytes = output
                .recv_timeout(Duration::from_secs(5))
                .unwrap_or_default();
            String::from_utf8(bytes).expect("output is UTF-8")
        };
        let ran = Ran {
            command: std::mem::take(&mut self.command),
            code: status.and_then(|status| status.code().or(status.signal().map(|n| -n))),
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
            folder: Arc::clone(&self.folder),
        };
        assert!(
            status.is_some(),
            "no end within {DEADLINE:?}\n{}",
            ran.shown()
        );
        ran
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, output) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    output
}

/// The child's end; one that does not come is forced.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + DEADLINE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("our own child") {
            return Some(status);
        }
        sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
