//! `--reuse-baseline`: pictures of the baseline are taken from the last run when nothing that they depend on is another
//! than it was, and photographed in every other case.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use twinshot::report::{FailureKind, Report, RunState, ShotReport, Verdict};

use super::support::{Canvas, FakeDriver, FakeEnvironment, Project, Ran, Said};

const HOME: &str = "Shop/home@small";
const CLOCK: &str = "clock: 2026-03-01T12:00:00Z\n";
const SPEC: &str = "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n    mask: \".clock\"\n  - goto: /cart\n    shot: cart\n";

/// A machine with a browser of its own, and two environments; production says which release it serves.
struct Machine {
    project: Project,
    production: FakeEnvironment,
    /// How many releases there were.
    deployed: Arc<AtomicUsize>,
}

impl Machine {
    fn new() -> Self {
        let deployed = Arc::new(AtomicUsize::new(1));
        let release = Arc::clone(&deployed);
        let production = FakeEnvironment::new(move |_| {
            Said::release(&format!("1.{}", release.load(Ordering::SeqCst)))
        });
        let machine = Self {
            project: Project::two_sides().spec("shop.yaml", SPEC),
            production,
            deployed,
        };
        machine
            .configured("json: /release", CLOCK)
            .browser("Chromium 150.0.1.2")
    }

    /// With this in `ready` and these further lines.
    fn configured(mut self, ready: &str, lines: &str) -> Self {
        let config = format!(
            "environments:\n  production: {{ url: \"{}\", ready: {{ url: /version, {ready} }} }}\n  \
             staging: {{ url: \"http://staging.test\" }}\nviewports: {{ small: 60x40 }}\n{lines}",
            self.production.url()
        );
        self.project = self.project.config(&config);
        self
    }

    fn spec(mut self, text: &str) -> Self {
        self.project = self.project.spec("shop.yaml", text);
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.project = self.project.env(name, value);
        self
    }

    fn browser(mut self, version: &str) -> Self {
        let script = format!("echo '{version}'");
        self.project = self.project.program("chromium-headless-shell", &script);
        self
    }

    /// A run of this command with a driver of its own, which is returned.
    fn run_with(mut self, driver: FakeDriver, arguments: &[&str]) -> (Self, Ran, FakeDriver) {
        let script = format!(
            "echo 'Starting ChromeDriver 150.0.1.2'\n\
             echo 'ChromeDriver was started successfully on port {}.'\nsh -c 'sleep 60; true' $0",
            driver.port()
        );
        self.project = self.project.program("chromedriver", &script);
        let head = ["test", "--verbose", "--workers", "1"];
        let ran = self
            .project
            .run(head.into_iter().chain(arguments.iter().copied()));
        (self, ran, driver)
    }

    fn run(self) -> (Self, Ran, FakeDriver) {
        self.run_with(FakeDriver::new(), &["--reuse-baseline"])
    }

    /// After a first run that went well.
    fn after_a_run() -> (Self, Report) {
        let (machine, ran, driver) = Self::new().run();
        ran.exit(0).stdout_lacks("reused");
        assert!(driver.has_visited(&machine.production.url()));
        let report = ran.report();
        (machine, report)
    }
}

/// The baseline was photographed, for this reason.
#[track_caller]
fn photographed((machine, ran, driver): (Machine, Ran, FakeDriver), reason: &str) -> Ran {
    ran.exit(0).stdout_lacks("reused").stderr_has(reason);
    assert!(
        driver.has_visited(&machine.production.url()),
        "{}",
        ran.shown()
    );
    assert_eq!(driver.begun_sessions(), 2);
    assert_eq!(ran.report().reused().0, 0);
    ran
}

fn stored(machine: &Machine, report: &Report) -> PathBuf {
    let baseline = report.shots[0].pictures.baseline.as_ref();
    let file = &baseline.expect("it was photographed").file;
    machine
        .project
        .path(&format!("reports/{}/{file}", report.run.id))
}

#[test]
fn what_did_not_change_is_not_photographed_again() {
    let (machine, first) = Machine::after_a_run();
    let (machine, ran, driver) = machine.run();
    let line = format!(
        "2 of 2 pictures of the baseline reused from run {}",
        first.run.id
    );
    ran.exit(0).stdout_has(&line).verdict(HOME, Verdict::Match);
    assert!(
        !driver.has_visited(&machine.production.url()),
        "{}",
        ran.shown()
    );
    assert!(driver.has_visited("http://staging.test/cart"));
    assert_eq!(driver.begun_sessions(), 1);
    for file in ["index.html", "summary.md"] {
        let text = ran.read(&ran.report_folder().join(file));
        assert!(
            text.contains("2 of 2 pictures of the baseline reused from run"),
            "{file}"
        );
    }
    let report = ran.report();
    for (now, before) in report.shots.iter().zip(&first.shots) {
        assert_eq!(now.reused_from(), Some(&*first.run.id));
        let [now, before] = [now, before].map(|shot| {
            let picture = shot.pictures.baseline.clone().expect("a picture");
            let page = picture.page.expect("a page");
            let masks = shot.comparison.clone().expect("compared").masks;
            (
                picture.hash,
                picture.size,
                page.url,
                page.title,
                page.status,
                format!("{masks:?}"),
            )
        });
        assert_eq!(now, before);
    }
    assert!(
        ran.report_folder()
            .join(
                &report.shots[0]
                    .pictures
                    .baseline
                    .as_ref()
                    .expect("kept")
                    .file
            )
            .is_file()
    );
    // Once at the start and once at the end of each run.
    assert_eq!(machine.production.asked().len(), 4);

    let (machine, ran, _) = machine.run();
    ran.exit(0).stdout_has(&line);
    fs::remove_dir_all(machine.project.path(&format!("reports/{}", first.run.id))).expect("a run");
    let (_, ran, _) = machine.run();
    ran.exit(0).stdout_has(&line);
}

#[test]
fn a_change_of_the_candidate_is_found_beside_reused_pictures() {
    let (machine, _) = Machine::after_a_run();
    let driver = FakeDriver::new().with_a_change_on_staging();
    let (_, ran, _) = machine.run_with(driver, &["--reuse-baseline"]);
    // The change on the first page is under its mask.
    ran.exit(1)
        .verdict(HOME, Verdict::Match)
        .verdict("Shop/cart@small", Verdict::Mismatch)
        .stdout_has("2 of 2 pictures of the baseline reused");
}

#[test]
fn without_the_flag_all_is_photographed_and_nothing_recorded() {
    let (machine, _) = Machine::after_a_run();
    let plain = machine.run_with(FakeDriver::new(), &[]);
    assert!(!plain.1.stderr().contains("is photographed"));
    let baseline = plain.1.report().shots[0].pictures.baseline.clone();
    assert!(baseline.expect("a picture").record.is_none());
    let again = plain.0.run();
    photographed(again, "kept no record of it, as it had no --reuse-baseline");
}

#[test]
fn another_release_is_photographed() {
    let (machine, first) = Machine::after_a_run();
    machine.deployed.store(2, Ordering::SeqCst);
    let reason = format!(
        "for Shop @small: the release is another than in run {}\n",
        first.run.id
    );
    photographed(machine.run(), &reason);
}

#[test]
fn a_release_that_changes_while_pictures_are_reused_decides_nothing() {
    let (machine, _) = Machine::after_a_run();
    let deployed = Arc::clone(&machine.deployed);
    let driver = FakeDriver::new().paints(move |view| {
        deployed.store(2, Ordering::SeqCst);
        view.page().png()
    });
    let (machine, ran, _) = machine.run_with(driver, &["--reuse-baseline"]);
    ran.exit(3).stdout_has("production changed during the run");
    photographed(machine.run(), "the last run decided nothing");
}

#[test]
fn another_flow_is_photographed() {
    let (machine, _) = Machine::after_a_run();
    let machine = machine.spec(&format!("{SPEC}  - goto: /more\n    shot: false\n"));
    let ran = photographed(
        machine.run(),
        "for Shop @small: the flow is another than in run",
    );
    assert_eq!(ran.report().shots.len(), 2);
}

#[test]
fn another_value_of_a_variable_is_photographed() {
    let spec = SPEC.replace("/cart", "/cart?of=${CUSTOMER}");
    let machine = Machine::new().spec(&spec).env("CUSTOMER", "jane");
    let (machine, ran, _) = machine.run();
    ran.exit(0);
    let (machine, ran, _) = machine.run();
    ran.exit(0)
        .stdout_has("2 of 2 pictures of the baseline reused");
    let machine = machine.env("CUSTOMER", "joe");
    photographed(machine.run(), "the flow is another than in run");
}

#[test]
fn another_browser_is_photographed() {
    let (machine, _) = Machine::after_a_run();
    let machine = machine.browser("Chromium 151.0.1.2");
    photographed(
        machine.run(),
        "the browser or what it draws with is another than in run",
    );
}

#[test]
fn a_browser_that_says_nothing_of_its_version_is_not_trusted() {
    let (machine, _) = Machine::after_a_run();
    let machine = machine.browser("");
    photographed(
        machine.run(),
        "chromium-headless-shell --version` says nothing",
    );
}

#[test]
fn a_browser_that_turns_out_to_be_another_decides_nothing() {
    let (machine, _) = Machine::after_a_run();
    let driver = FakeDriver::new().with_version("151.0.0.0");
    let (_, ran, _) = machine.run_with(driver, &["--reuse-baseline"]);
    ran.exit(3).failed(
        HOME,
        FailureKind::Picture,
        "the browser is chrome 151.0.0.0, and the baseline's picture is of chrome 150.0.1.2",
    );
}

#[test]
fn other_settings_are_photographed() {
    for lines in [
        "clock: 2026-03-01T12:00:01Z\n",
        "clock: 2026-03-01T12:00:00Z\nsettle: { fonts: false }\n",
        "clock: 2026-03-01T12:00:00Z\nmax_page_height: 9000\n",
    ] {
        let (machine, _) = Machine::after_a_run();
        let machine = machine.configured("json: /release", lines);
        photographed(machine.run(), "a setting is another than in run");
    }
}

#[test]
fn another_size_that_a_step_may_name_is_photographed() {
    let config = |machine: Machine, size: &str| {
        let text = fs::read_to_string(machine.project.path("twinshot.yaml")).expect("it is ours");
        let (head, _) = text.split_once("viewports:").expect("it has some");
        let text = format!("{head}viewports: {{ small: 60x40, big: {size} }}\n{CLOCK}");
        Machine {
            project: machine.project.config(&text),
            ..machine
        }
    };
    let spec = "flow: Shop\nviewports: [small]\nsteps:\n  - goto: /\n    shot: { name: home, viewport: big }\n";
    let (machine, ran, _) = config(Machine::new().spec(spec), "90x40").run();
    ran.exit(0);
    photographed(
        config(machine, "80x40").run(),
        "a setting is another than in run",
    );
}

#[test]
fn a_picture_that_is_damaged_or_gone_is_taken_anew_with_a_warning() {
    for damage in [None, Some(Canvas::new(60, 40, Canvas::RED).png())] {
        let (machine, first) = Machine::after_a_run();
        let file = stored(&machine, &first);
        match &damage {
            None => fs::remove_file(&file).expect("it is there"),
            Some(bytes) => fs::write(&file, bytes).expect("it is ours"),
        }
        let ran = photographed(machine.run(), "");
        let head = "warning: production is photographed for Shop @small: ";
        ran.stdout_has(head).verdict(HOME, Verdict::Match);
        assert_eq!(ran.report().warnings.len(), 1);
    }
}

#[test]
fn what_cannot_be_proved_is_photographed() {
    for (ready, lines, spec, reason) in [
        (
            "status: 200",
            CLOCK,
            SPEC,
            "production names no release; let its `ready` read one",
        ),
        (
            "json: /release",
            "",
            SPEC,
            "its pages have the time of each run; set `clock` to a moment",
        ),
        (
            "json: /release",
            "clock: fixed\n",
            SPEC,
            "its pages have the time of each run",
        ),
        (
            "json: /release",
            CLOCK,
            "flow: Shop\nsteps:\n  - goto: /?as=${APP_PASSWORD}\n    shot: home\n",
            "for Shop @small: it uses secret values",
        ),
        (
            "json: /release",
            "clock: 2026-03-01T12:00:00Z\ncapabilities: { chrome: { \"x:key\": \"${APP_PASSWORD}\" } }\n",
            SPEC,
            "a secret is part of its settings",
        ),
    ] {
        let machine = Machine::new()
            .configured(ready, lines)
            .spec(spec)
            .env("APP_PASSWORD", "c4n4ry-7731");
        let (machine, ran, _) = machine.run();
        ran.exit(0);
        let ran = photographed(machine.run(), reason);
        let report = ran.read(&ran.report_folder().join("report.json"));
        assert!(!report.contains("provenance"), "{reason}");
    }
}

#[test]
fn browsers_elsewhere_are_not_known() {
    let (machine, _) = Machine::after_a_run();
    let driver = FakeDriver::new();
    let url = driver.url();
    let arguments = ["--reuse-baseline", "--webdriver", &url];
    let again = machine.run_with(driver, &arguments);
    photographed(
        again,
        "its browsers run elsewhere, and it is unknown here what they draw with",
    );
}

#[test]
fn the_first_run_has_none_before_it() {
    let first = Machine::new().run();
    photographed(first, "there is no last run that can be read");
}

#[test]
fn a_flow_that_was_not_in_the_last_run_is_photographed_and_the_others_not() {
    let (mut machine, _) = Machine::after_a_run();
    let other = "flow: Other\nsteps:\n  - goto: /other\n    shot: it\n";
    machine.project = machine.project.spec("other.yaml", other);
    let (machine, ran, driver) = machine.run();
    ran.exit(0)
        .stdout_has("2 of 3 pictures of the baseline reused")
        .stderr_has("production is photographed for Other @small: run ")
        .stderr_has("has no picture of Other/it@small");
    let production = machine.production.url();
    assert!(driver.has_visited(&format!("{production}/other")));
    assert!(!driver.has_visited(&format!("{production}/cart")));
}

#[test]
fn a_resumed_run_reuses_the_pictures_of_the_same_run() {
    let mut machine = Machine::new();
    for number in 1..=4 {
        let text = format!("flow: More {number}\nsteps:\n  - goto: /{number}\n    shot: page\n");
        machine.project = machine.project.spec(&format!("{number}.yaml"), &text);
    }
    let changed = || FakeDriver::new().with_a_change_on_staging();
    let (machine, first, _) = machine.run_with(changed(), &["--reuse-baseline"]);
    let first = first.report();
    let (machine, ran, _) =
        machine.run_with(changed(), &["--reuse-baseline", "--max-failures", "1"]);
    ran.partial(RunState::Stopped);
    let (machine, ran, driver) = machine.run_with(changed(), &["--reuse-baseline", "--resume"]);
    let report = ran.exit(1).report();
    assert_eq!(report.run.state, RunState::Complete);
    let is_reused = |shot: &ShotReport| shot.reused_from() == Some(&*first.run.id);
    assert!(report.shots.iter().all(is_reused), "{}", ran.shown());
    assert!(!driver.has_visited(&machine.production.url()));
}
