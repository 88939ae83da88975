//! Drivers that run already, elsewhere: several of them, full ones, and ones that are down. However many flows run at
//! the same time, none waits for ever, and no session is left open.

use twinshot::report::{FailureKind, Verdict};

use super::support::{Answer, FakeDriver, Project, Ran};

/// Six flows of one shot.
fn six_flows() -> Project {
    let names = ["one", "two", "three", "four", "five", "six"];
    names
        .into_iter()
        .fold(Project::two_sides(), |project, name| {
            let spec = format!("flow: {name}\nsteps:\n  - goto: /{name}\n");
            project.spec(&format!("{name}.yaml"), &spec)
        })
}

fn run(project: &Project, drivers: &[&FakeDriver], arguments: &[&str]) -> Ran {
    let urls: Vec<String> = drivers.iter().map(|driver| driver.url()).collect();
    let urls = urls.join(",");
    let head = ["test", "--webdriver", &urls];
    let ran = project.run(head.into_iter().chain(arguments.iter().copied()));
    for driver in drivers {
        assert_eq!(driver.open_sessions(), 0, "sessions left open");
    }
    ran
}

#[test]
fn sessions_are_dealt_out_to_all_drivers() {
    let drivers = [FakeDriver::new(), FakeDriver::new()];
    let drivers: Vec<&FakeDriver> = drivers.iter().collect();
    run(&six_flows(), &drivers, &["--workers", "3"]).exit(0);
    for driver in drivers {
        assert!(driver.begun_sessions() >= 2, "one was hardly asked");
    }
}

#[test]
fn the_drivers_can_stand_in_the_configuration() {
    let [one, two] = [FakeDriver::new(), FakeDriver::new()];
    let project = Project::two_sides();
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
    let drivers = format!("webdriver:\n  - \"{}\"\n  - ${{SECOND}}\n", one.url());
    let project = project.config(&format!("{config}{drivers}"));
    project.env("SECOND", two.url()).run(["test"]).exit(0);
    let begun = [one, two].map(|driver| driver.begun_sessions());
    assert_eq!(begun, [2, 0], "one flow, at one driver");
}

#[test]
fn four_workers_share_a_driver_with_room_for_two_sessions() {
    for isolation in ["reuse", "session"] {
        let driver = FakeDriver::new().with_room_for(2);
        let project = six_flows();
        let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
        let project = project.config(&format!("{config}isolation: {isolation}\n"));
        run(&project, &[&driver], &["--workers", "4"]).exit(0);
        assert_eq!(driver.most_sessions(), 2);
    }
}

#[test]
fn an_odd_place_is_held_by_one_flow_only() {
    let driver = FakeDriver::new().with_room_for(3);
    run(&six_flows(), &[&driver], &["--workers", "4"]).exit(0);
    assert!(driver.most_sessions() <= 3);
}

#[test]
fn a_session_that_cannot_be_cleaned_gives_its_place_away() {
    let refusal = Answer::Refusal("unknown error", "not today".into());
    for room in [2, 3] {
        let driver = FakeDriver::new().with_room_for(room);
        let driver = driver.answers_once("Storage.clearDataForOrigin", refusal.clone());
        run(&six_flows(), &[&driver], &["--workers", "4"]).exit(0);
    }
}

#[test]
fn a_driver_that_is_down_is_passed_over() {
    let (down, up) = (FakeDriver::new(), FakeDriver::new());
    let address = down.url();
    drop(down);
    let urls = format!("{address},{}", up.url());
    let ran = six_flows().run(["test", "--webdriver", &urls, "--workers", "2"]);
    ran.exit(0);
    assert_eq!(up.open_sessions(), 0);
}

#[test]
fn a_driver_that_gives_no_session_is_passed_over() {
    let refusal = Answer::Refusal("session not created", "no such browser here".into());
    let (cannot, can) = (
        FakeDriver::new().answers("new session", refusal),
        FakeDriver::new(),
    );
    run(&six_flows(), &[&cannot, &can], &["--workers", "2"]).exit(0);
    assert!(cannot.was_asked("new session"));
}

#[test]
fn a_driver_that_gives_no_session_started_no_browser() {
    let refusal = Answer::Refusal("session not created", "no such browser here".into());
    let cannot = FakeDriver::new().answers("new session", refusal);
    let can = FakeDriver::new();
    let ran = run(&Project::two_sides(), &[&cannot, &can], &["--verbose"]);
    ran.exit(0)
        .stderr_has("note: 2 browsers started for 1 flow\n");
}

#[test]
fn when_no_driver_gives_a_session_the_flow_is_undecided() {
    let refusal = |text: &str| Answer::Refusal("session not created", text.into());
    let [one, two] = ["the queue is too long", "no such browser here"]
        .map(|text| FakeDriver::new().answers("new session", refusal(text)));
    let ran = run(&Project::two_sides(), &[&one, &two], &[]);
    ran.exit(3)
        .verdict("Shop/home@small", Verdict::Failed)
        .failed(
            "Shop/home@small",
            FailureKind::Driver,
            "did not start a browser: ",
        );
    assert!(one.was_asked("new session") && two.was_asked("new session"));
}

#[test]
fn the_flows_of_a_driver_that_dies_fail_and_the_others_go_on() {
    let dying = FakeDriver::new().answers("Page.captureScreenshot", Answer::CutOff);
    let living = FakeDriver::new();
    let urls = format!("{},{}", dying.url(), living.url());
    let ran = six_flows().run(["test", "--webdriver", &urls, "--workers", "2"]);
    ran.exit(3).stdout_has("failed").stdout_has("match");
}

#[test]
fn a_driver_is_asked_for_capabilities_besides_ours() {
    let driver = FakeDriver::new();
    let project = Project::two_sides();
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("it is ours");
    let capabilities = "capabilities:
  chrome:
    \"goog:chromeOptions\": { args: [--force-dark-mode] }
    \"cloud:options\": { build: 7, key: \"${CLOUD_KEY}\" }
  firefox: { \"moz:debuggerAddress\": true }
secrets: [CLOUD_KEY]
";
    let project = project.config(&format!("{config}{capabilities}"));
    let ran = project.env("CLOUD_KEY", "qzxv-7731").test(&driver, &[]);
    ran.exit(0);
    assert!(!ran.stdout().contains("qzxv-7731"), "{}", ran.stdout());
    let asked = driver.first_capabilities();
    let options = &asked["cloud:options"];
    assert_eq!(
        (&options["build"], &options["key"]),
        (&7.into(), &"qzxv-7731".into())
    );
    let arguments = asked["goog:chromeOptions"]["args"]
        .as_array()
        .expect("a list");
    assert!(arguments.contains(&"--headless".into()), "{arguments:?}");
    assert!(
        arguments.contains(&"--force-dark-mode".into()),
        "{arguments:?}"
    );
    assert_eq!(asked["moz:debuggerAddress"], serde_json::Value::Null);
}
