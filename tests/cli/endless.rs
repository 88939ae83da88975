//! Files that never begin or never end in the place of those that are read, and a run that hangs: it says what is wrong, or
//! ends by a signal.

use std::{
    fs,
    io::{PipeReader, PipeWriter, Write},
    os::unix::{fs::symlink, process::ExitStatusExt},
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, fcntl_setfl, mknodat},
    process::{Pid, Signal, kill_process},
};
use twinshot::report::{FailureKind, Verdict};

use super::support::{FakeDriver, Project};

const HOME: &str = "Shop/home@small";
const CART: &str = "Shop/cart@small";
const GOLDEN: [&str; 2] = ["--baseline", "golden"];

/// A pipe that nobody writes to.
fn pipe(path: &Path) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
}

fn endless(path: &Path) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
    symlink("/dev/zero", path).expect("a link");
}

/// How to plant one, and what is said of it.
type Plant = (fn(&Path), &'static str);

const PLANTS: [Plant; 2] = [
    (pipe, "it is a named pipe, not a file"),
    (endless, "it is a device, not a file"),
];

#[test]
fn a_golden_picture() {
    for (plant, says) in PLANTS {
        let driver = FakeDriver::new();
        let project = Project::two_sides();
        project.test(&driver, &GOLDEN).exit(0);
        project.run(["approve", "--all"]).exit(0);
        let file = project.path(&format!("golden/{HOME}.png"));
        fs::remove_file(&file).expect("it is ours");
        plant(&file);
        let ran = project.test(&driver, &GOLDEN);
        ran.exit(3)
            .failed(HOME, FailureKind::Picture, says)
            .failed(HOME, FailureKind::Picture, "golden/Shop/home@small.png")
            .verdict(CART, Verdict::Match);
        let ran = project.test(&driver, &[]);
        let warnings = ran.exit(0).shot(HOME).warnings;
        assert!(warnings.iter().any(|it| it.contains(says)), "{warnings:?}");
    }
}

#[test]
fn the_record_of_a_golden_picture() {
    for (plant, _) in PLANTS {
        let driver = FakeDriver::new();
        let project = Project::two_sides();
        project.test(&driver, &GOLDEN).exit(0);
        project.run(["approve", "--all"]).exit(0);
        let record = project.path(&format!("golden/{HOME}.json"));
        let _ = fs::remove_file(&record);
        plant(&record);
        project
            .test(&driver, &GOLDEN)
            .exit(0)
            .verdict(HOME, Verdict::Match);
    }
}

#[test]
fn a_golden_picture_by_a_link_is_read() {
    let driver = FakeDriver::new();
    let project = Project::two_sides();
    project.test(&driver, &GOLDEN).exit(0);
    project.run(["approve", "--all"]).exit(0);
    let file = project.path(&format!("golden/{HOME}.png"));
    let elsewhere = project.path("elsewhere.png");
    fs::rename(&file, &elsewhere).expect("it is ours");
    symlink(&elsewhere, &file).expect("a link");
    let ran = project.test(&driver, &GOLDEN);
    ran.exit(0).verdict(HOME, Verdict::Match);
}

#[test]
fn a_spec_a_fragment_and_the_configuration() {
    for (plant, says) in PLANTS {
        for file in ["specs/more.yaml", "specs/parts/login.yml", "twinshot.yaml"] {
            let project = Project::two_sides();
            let path = project.path(file);
            let _ = fs::remove_file(&path);
            plant(&path);
            for command in ["test", "validate", "list"] {
                let ran = project.run([command]);
                ran.exit(2).stderr_has(says).stderr_has(file);
                ran.stderr_has("put a file there");
            }
        }
    }
}

#[test]
fn a_spec_and_the_configuration_by_links_are_read() {
    let project = Project::two_sides();
    for file in ["specs/shop.yaml", "twinshot.yaml"] {
        let (path, elsewhere) = (project.path(file), project.tmp().join("moved"));
        let elsewhere = elsewhere.with_extension(file.replace('/', "-"));
        fs::rename(&path, &elsewhere).expect("it is ours");
        symlink(&elsewhere, &path).expect("a link");
    }
    project.test(&FakeDriver::new(), &[]).exit(0);
}

#[test]
fn a_spec_without_end_on_a_disk() {
    let project = Project::two_sides();
    let file = fs::File::create(project.path("specs/more.yaml")).expect("it is ours");
    file.set_len(1 << 40).expect("a file with a hole");
    let ran = project.run(["validate"]);
    ran.exit(2).stderr_has("it is larger than 16 MiB");
}

#[test]
fn a_script_for_the_page() {
    for (plant, says) in PLANTS {
        let project = Project::two_sides().spec(
            "inject.yaml",
            "flow: Inject\nsteps:\n  - goto: /\n    shot: false\n  - inject: { file: quiet.js }\n    shot: quiet\n",
        );
        plant(&project.path("specs/quiet.js"));
        let ran = project.test(&FakeDriver::new(), &["Inject"]);
        ran.exit(3)
            .failed("Inject/quiet@small", FailureKind::Step, says);
    }
}

#[test]
fn the_last_report() {
    for (plant, says) in PLANTS {
        let project = Project::two_sides();
        project.test(&FakeDriver::new(), &GOLDEN).exit(0);
        let file = project.path("reports/latest/report.json");
        fs::remove_file(&file).expect("it is ours");
        plant(&file);
        for command in [&["approve", "--all"][..], &["test", "--last-failed"]] {
            let ran = project.run(command.iter().copied());
            ran.exit(2).stderr_has(says).stderr_has("report.json");
        }
    }
}

#[test]
fn a_picture_of_the_last_report() {
    for (plant, says) in PLANTS {
        let project = Project::two_sides();
        let ran = project.test(&FakeDriver::new(), &GOLDEN);
        let picture = ran.shot(HOME).pictures.candidate.expect("it is new");
        let file = ran.report_folder().join(picture.file);
        fs::remove_file(&file).expect("it is ours");
        plant(&file);
        project.run(["approve", HOME]).exit(2).stderr_has(says);
    }
}

/// A pipe that takes no more.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    fcntl_setfl(&writer, OFlags::NONBLOCK).expect("our own pipe");
    while writer.write(&[b'x'; 4096]).is_ok() {}
    fcntl_setfl(&writer, OFlags::empty()).expect("our own pipe");
    (reader, writer)
}

#[test]
fn a_run_whose_output_nobody_reads_ends_by_a_signal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (project, driver) = (Project::two_sides(), FakeDriver::new());
        let url = driver.url();
        let (_reader, writer) = full_pipe();
        let mut command = project.command(["test", "--webdriver", &url]);
        let mut child = command.stdout(writer).spawn().expect("the binary starts");
        while !driver.has_visited("staging.test/cart") {
            sleep(Duration::from_millis(10));
        }
        sleep(Duration::from_millis(500));
        assert!(child.try_wait().expect("our own child").is_none());
        let began = Instant::now();
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process has an id"), signal).expect("it runs still");
        let status = child.wait().expect("our own child");
        assert_eq!(status.code(), Some(code), "signal {:?}", status.signal());
        assert!(began.elapsed() < Duration::from_secs(30));
        project.is_swept();
    }
}
