//! More than one browser: what shots are called, what is selected, and what is not there.

use super::support::Project;

const FLOW: &str = "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n  - goto: /cart\n    shot: { name: cart, viewport: 50x40 }\n";

fn config(browsers: &str) -> String {
    format!(
        "environments:\n  production: {{ url: \"http://production.test\" }}\n  staging: {{ url: \"http://staging.test\" }}\n\
         viewports: {{ small: 60x40, wide: 80x40 }}\n{browsers}"
    )
}

fn in_browsers(browsers: &str) -> Project {
    Project::two_sides()
        .config(&config(browsers))
        .spec("shop.yaml", FLOW)
}

fn listed(project: &Project, arguments: &[&str]) -> String {
    let ran = project.run(["list"].into_iter().chain(arguments.iter().copied()));
    let lines = ran.exit(0).stdout().lines().map(str::to_owned);
    let names = lines.map(|line| line.split("  (").next().unwrap_or_default().to_owned());
    names.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_flow_is_planned_for_each_browser_and_viewport() {
    let expected = "\
Shop › home @small
Shop › cart @50x40
Shop › home @wide
Shop › home @small [firefox]
Shop › cart @50x40 [firefox]
Shop › home @wide [firefox]";
    assert_eq!(
        listed(&in_browsers("browsers: [chrome, firefox]"), &[]),
        expected
    );
}

/// Approved pictures keep their names when a second browser comes.
#[test]
fn the_ids_of_chrome_are_the_same_with_and_without_others() {
    let ids = |browsers: &str| {
        let ran = in_browsers(browsers).run(["list", "--json", "home", "--viewport", "small"]);
        let list: serde_json::Value = serde_json::from_str(ran.exit(0).stdout()).expect("JSON");
        let shots = list.as_array().expect("an array").iter();
        shots
            .map(|shot| format!("{} {}", shot["id"], shot["browser"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(""), ["Shop/home@small chrome"]);
    assert_eq!(
        ids("browsers: [firefox, chrome]"),
        ["Shop/home@small-firefox firefox", "Shop/home@small chrome"]
    );
}

#[test]
fn a_browser_is_selected_by_its_flag_its_variable_or_a_word() {
    let project = in_browsers("browsers: [chrome, firefox]");
    let firefox = "Shop › home @wide [firefox]";
    for arguments in [
        &["--browser", "firefox", "--viewport", "wide"][..],
        &["@wide [firefox]"],
        &["home@wide-firefox"],
    ] {
        assert_eq!(listed(&project, arguments), firefox, "{arguments:?}");
    }
    let project = project.env("TWINSHOT_BROWSER", "firefox");
    assert_eq!(listed(&project, &["wide"]), firefox);
}

#[test]
fn a_browser_that_is_not_configured_cannot_be_selected() {
    in_browsers("")
        .run(["list", "--browser", "firefox"])
        .exit(2)
        .stderr_has("there is no browser `firefox` to run in; twinshot.yaml has chrome");
}

#[test]
fn a_viewport_whose_name_would_meet_that_of_another_browser_is_refused() {
    let browsers = "browsers: [chrome, firefox]\n";
    let config = config(browsers).replace("wide:", "small-firefox:");
    Project::two_sides()
        .config(&config)
        .spec("shop.yaml", FLOW)
        .run(["validate"])
        .exit(2)
        .stderr_has("Shop › home @small-firefox")
        .stderr_has("Shop › home @small [firefox]")
        .stderr_has("would both be stored as `Shop/home@small-firefox`");
}

#[test]
fn without_firefox_or_its_driver_it_says_how_to_get_them() {
    let project = in_browsers("browsers: [firefox]").without_programs();
    project
        .run(["test"])
        .exit(3)
        .stderr_has("geckodriver was not found in PATH")
        .stderr_has("TWINSHOT_GECKODRIVER");
    let project = project.program("geckodriver", "exit 1");
    project
        .run(["test"])
        .exit(3)
        .stderr_has("no Firefox was found in PATH")
        .stderr_has("TWINSHOT_FIREFOX");
    for variable in ["TWINSHOT_GECKODRIVER", "TWINSHOT_FIREFOX"] {
        let project = in_browsers("browsers: [firefox]").program("geckodriver", "exit 1");
        let ran = project.env(variable, "/no/such/program").run(["test"]);
        ran.exit(3).stderr_has(&format!(
            "{variable} names /no/such/program, which does not exist"
        ));
    }
}

#[test]
fn without_webkit_its_driver_or_a_display_it_says_how_to_get_them() {
    let project = in_browsers("browsers: [webkit]").without_programs();
    project
        .run(["test"])
        .exit(3)
        .stderr_has("WebKitWebDriver was not found in PATH")
        .stderr_has("apt-get install webkit2gtk-driver xvfb")
        .stderr_has("TWINSHOT_WEBKITDRIVER");
    let project = project
        .program("WebKitWebDriver", "exit 1")
        .program("MiniBrowser", "exit 1");
    project
        .run(["test"])
        .exit(3)
        .stderr_has("Xvfb was not found in PATH")
        .stderr_has("--headed");
    for variable in ["TWINSHOT_WEBKITDRIVER", "TWINSHOT_WEBKIT"] {
        let project = in_browsers("browsers: [webkit]").program("WebKitWebDriver", "exit 1");
        let ran = project.env(variable, "/no/such/program").run(["test"]);
        ran.exit(3).stderr_has(&format!(
            "{variable} names /no/such/program, which does not exist"
        ));
    }
}

#[test]
fn a_display_that_does_not_come_up_is_told() {
    in_browsers("browsers: [webkit]")
        .program("WebKitWebDriver", "exit 1")
        .program("MiniBrowser", "exit 1")
        .program("Xvfb", "exit 1")
        .run(["test"])
        .exit(3)
        .stdout_has("Xvfb did not start: it reported no display");
}

#[test]
fn webkit_is_shown_only_where_there_is_a_display() {
    in_browsers("browsers: [webkit]")
        .program("WebKitWebDriver", "exit 1")
        .program("MiniBrowser", "exit 1")
        .env("DISPLAY", "")
        .env("WAYLAND_DISPLAY", "")
        .run(["test", "--headed"])
        .exit(3)
        .stderr_has("DISPLAY names none");
}

#[test]
fn webkit_is_not_driven_by_somebody_elses_driver() {
    in_browsers("browsers: [chrome, webkit]")
        .run(["test", "--webdriver", "http://127.0.0.1:9"])
        .exit(3)
        .stderr_has("WebKit cannot be driven through `webdriver`");
}

/// What WebKit cannot do is said before anything starts, and only where it would be done.
#[test]
fn a_flow_that_changes_its_pixel_ratio_is_refused_in_webkit() {
    let flow =
        "flow: Shop\nsteps:\n  - goto: /\n    shot: home\n  - viewport: 50x40@2\n    shot: small\n";
    let project = in_browsers("browsers: [chrome, webkit]").spec("shop.yaml", flow);
    let ran = project.run(["validate"]);
    ran.exit(2).stderr_has(
        "the flow `Shop` begins at `60x40` and goes on at `50x40@2` (specs/shop.yaml:5:5), and WebKit cannot change",
    );
    project.run(["list", "--browser", "webkit"]).exit(2);
    assert_eq!(
        listed(&project, &["--browser", "chrome", "home"]),
        "Shop › home @small\nShop › home @wide"
    );
    let own = FLOW.replace("50x40", "50x40@2");
    in_browsers("browsers: [webkit]")
        .spec("shop.yaml", &own)
        .run(["validate"])
        .exit(2)
        .stderr_has("goes on at `50x40@2`");
}

/// The programs of a browser that nothing is selected of need not be there.
#[test]
fn a_browser_that_is_not_selected_is_not_looked_for() {
    let project = in_browsers("browsers: [chrome, firefox]").without_programs();
    project
        .run(["test", "--browser", "chrome"])
        .exit(3)
        .stderr_has("chromedriver was not found");
    project
        .run(["test", "--browser", "firefox"])
        .exit(3)
        .stderr_has("geckodriver was not found");
}
