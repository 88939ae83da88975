//! `scripts/setup-firefox.sh` and `scripts/setup-webkit.sh` on machines that have this and lack that: programs of our own stand in for the
//! package manager and for cargo.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// What a script needs of any machine.
const TOOLS: [&str; 6] = ["sh", "id", "rm", "env", "mkdir", "dirname"];

struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir(machine.bin()).expect("a folder");
        for tool in TOOLS {
            let path = std::env::var_os("PATH").expect("a path");
            let mut files = std::env::split_paths(&path).map(|folder| folder.join(tool));
            let file = files.find(|file| file.is_file()).expect("a tool");
            std::os::unix::fs::symlink(file, machine.bin().join(tool)).expect("a link");
        }
        machine.program("id", "echo 0")
    }

    fn bin(&self) -> PathBuf {
        self.0.path().join("bin")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.path().join("log")).unwrap_or_default()
    }

    /// A program that writes its name and arguments down, then does this.
    fn program(self, name: &str, script: &str) -> Self {
        let file = self.bin().join(name);
        let _ = fs::remove_file(&file);
        let log = self.0.path().join("log");
        let text = format!(
            "#!/bin/sh\necho \"{name} $*\" >> {}\n{script}\n",
            log.display()
        );
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("our own file");
        self
    }

    fn run(&self, script: &str) -> Output {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        let script = scripts.join(script);
        Command::new("/bin/sh")
            .arg(script)
            .env_clear()
            .env("PATH", self.bin())
            .env("XDG_CACHE_HOME", self.0.path().join("cache"))
            .output()
            .expect("a shell")
    }

    /// Firefox's script succeeds, and says this on stderr.
    #[track_caller]
    fn says(&self, expected: &str) {
        self.says_of("setup-firefox.sh", expected);
    }

    /// The same of any script.
    #[track_caller]
    fn says_of(&self, script: &str, expected: &str) {
        let output = self.run(script);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(!expected.is_empty() || said.is_empty(), "{said}");
    }
}

/// Puts a program where apt-get would.
fn apt(machine: Machine) -> Machine {
    let firefox = machine.bin().join("firefox-esr");
    let bin = machine.bin();
    let script = format!(
        "case \"$*\" in
         *install*firefox-esr) : > {0}; chmod +x {0} ;;
         *install*webkit2gtk-driver*xvfb) for it in WebKitWebDriver Xvfb; do : > {1}/$it; chmod +x {1}/$it; done ;;
         esac",
        firefox.display(),
        bin.display()
    );
    let chmod = ["/bin/chmod", "/usr/bin/chmod"];
    let chmod = chmod.iter().find(|it| Path::new(it).is_file());
    let link = machine.bin().join("chmod");
    std::os::unix::fs::symlink(chmod.expect("chmod"), link).expect("a link");
    machine.program("apt-get", &script)
}

/// Puts a driver where cargo would.
fn cargo(machine: Machine) -> Machine {
    let bin = machine
        .0
        .path()
        .join("cache/twinshot/geckodriver-0.37.1/bin");
    let script = format!(
        "mkdir -p {0}; : > {0}/geckodriver; chmod +x {0}/geckodriver",
        bin.display()
    );
    machine.program("cargo", &script)
}

#[test]
fn firefox_and_its_driver_are_installed_once() {
    let machine = cargo(apt(Machine::new()));
    machine.says("building geckodriver");
    let log = machine.log();
    assert!(
        log.contains("install -y -qq --no-install-recommends firefox-esr"),
        "{log}"
    );
    assert!(
        log.contains("cargo install geckodriver --version 0.37.1 --locked"),
        "{log}"
    );
    assert!(!log.contains("WARNING"), "{log}");
    machine.says("");
    assert_eq!(machine.log(), log, "the second time there is nothing to do");
}

#[test]
fn a_machine_that_cannot_have_firefox_is_warned_and_goes_on() {
    Machine::new().says("WARNING: Firefox is not installed");
    let machine = Machine::new().program("apt-get", "exit 100");
    machine.says("nothing will be tested in Firefox");
    assert!(!machine.log().contains("cargo"), "{}", machine.log());
}

#[test]
fn a_machine_that_cannot_build_the_driver_is_warned_and_goes_on() {
    let machine = apt(Machine::new()).program("cargo", "exit 101");
    machine.says("WARNING: geckodriver cannot be built here");
}

#[test]
fn webkit_and_a_display_are_installed_once() {
    let script = "setup-webkit.sh";
    let machine = apt(Machine::new());
    machine.says_of(script, "installing WebKitGTK");
    let log = machine.log();
    let wanted = "install -y -qq --no-install-recommends webkit2gtk-driver xvfb";
    assert!(log.contains(wanted), "{log}");
    machine.says_of(script, "");
    assert_eq!(machine.log(), log, "the second time there is nothing to do");
}

#[test]
fn a_machine_that_cannot_have_webkit_is_warned_and_goes_on() {
    let script = "setup-webkit.sh";
    Machine::new().says_of(script, "WARNING: WebKitWebDriver or Xvfb is not installed");
    let machine = Machine::new().program("apt-get", "exit 100");
    machine.says_of(script, "nothing will be tested in WebKit");
    // A driver without a display is not enough.
    let machine = Machine::new().program("WebKitWebDriver", "");
    machine.says_of(script, "nothing will be tested in WebKit");
}
