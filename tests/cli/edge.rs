//! Edge: a Chromium with a driver, capabilities and commands of its own. The browser itself is not at hand here.

use serde_json::json;

use super::support::{FakeDriver, Project};

fn in_edge() -> Project {
    Project::two_sides().config(
        "environments:\n  production: { url: \"http://production.test\" }\n  staging: { url: \"http://staging.test\" }\n\
         viewports: { small: 60x40 }\nbrowsers: [edge]\n",
    )
}

#[test]
fn edge_is_asked_for_and_driven_by_its_own_names() {
    let driver = FakeDriver::new();
    let project = in_edge();
    let ran = project.run(["test", "--webdriver", &driver.url()]);
    ran.exit(0);
    let wanted = driver.first_capabilities();
    assert_eq!(wanted["browserName"], json!("MicrosoftEdge"));
    let arguments = wanted["ms:edgeOptions"]["args"].as_array();
    let arguments = arguments.expect("arguments for the browser");
    assert!(arguments.contains(&json!("--headless")), "{arguments:?}");
    assert!(wanted["goog:chromeOptions"]["args"].is_null());
    assert!(driver.was_asked("Page.captureScreenshot"));
    assert_eq!(driver.vendors(), ["ms"]);
}

#[test]
fn the_names_of_its_shots_bear_its_mark() {
    let ran = in_edge().run(["list"]);
    ran.exit(0).stdout_has("@small [edge]");
}

#[test]
fn without_its_driver_or_browser_validation_says_how_to_get_them() {
    let project = in_edge().without_programs();
    project
        .run(["validate"])
        .exit(2)
        .stderr_has("`browsers` has edge: msedgedriver was not found in PATH")
        .stderr_has("TWINSHOT_EDGEDRIVER");
    project
        .run(["test"])
        .exit(3)
        .stderr_has("msedgedriver was not found in PATH");
    let project = project.program("msedgedriver", "exit 1");
    project
        .run(["validate"])
        .exit(2)
        .stderr_has("no Microsoft Edge was found in PATH")
        .stderr_has("TWINSHOT_EDGE");
    let project = project.program("microsoft-edge", "exit 1");
    project.run(["validate"]).exit(0);
}

#[test]
fn a_running_driver_needs_no_programs_here() {
    let project = in_edge().without_programs();
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("a configuration");
    let project = project.config(&format!("{config}webdriver: \"http://127.0.0.1:9\"\n"));
    project.run(["validate"]).exit(0);
}

/// What Chrome does for them, Edge does too.
#[test]
fn sessions_headers_and_devices_are_accepted() {
    let project = in_edge().without_programs().config(
        "environments:\n  production: { url: \"http://production.test\", headers: { X-Preview: \"1\" } }\n  \
         staging: { url: \"http://staging.test\" }\nviewports: { phone: { size: 60x40@2, mobile: true, touch: true } }\n\
         browsers: [edge]\nwebdriver: \"http://127.0.0.1:9\"\n",
    );
    project.run(["validate"]).exit(0);
}
