//! The commands that start no browser: `list`, `validate`, `schema`, `--help`, `--version`.

use serde_json::Value;

use super::support::{Canvas, Project, Ran};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout()).unwrap_or_else(|error| panic!("{error}\n{}", ran.shown()))
}

/// Two viewports, and a second flow that is made for one of them.
fn with_two_viewports() -> Project {
    let config = "
environments:
  production: { url: \"http://production.test\" }
  staging: { url: \"http://staging.test\" }
viewports: { small: 60x40, wide: 80x40 }
";
    let about = "flow: About\nviewports: [wide]\nsteps:\n  - goto: /about\n    shot: about us\n";
    Project::two_sides()
        .config(config)
        .spec("about.yaml", about)
}

#[test]
fn list_names_every_shot_in_plan_order_and_where_it_stands() {
    let ran = with_two_viewports().run(["list"]);
    let expected = "\
About › about us @wide  (specs/about.yaml:4)
Shop › home @small  (specs/shop.yaml:3)
Shop › cart @small  (specs/shop.yaml:5)
Shop › home @wide  (specs/shop.yaml:3)
Shop › cart @wide  (specs/shop.yaml:5)
";
    ran.exit(0).stderr_is_empty();
    assert_eq!(ran.stdout(), expected);
}

#[test]
fn list_filters_by_words_and_viewports() {
    let project = with_two_viewports();
    for (arguments, expected) in [
        (vec!["CART"], "cart @small, cart @wide"),
        (
            vec!["cart", "about"],
            "about us @wide, cart @small, cart @wide",
        ),
        (vec!["specs/about"], "about us @wide"),
        (vec!["./specs/about.yaml"], "about us @wide"),
        (vec!["specs/shop.yaml:5"], "cart @small, cart @wide"),
        (vec!["./specs/shop.yaml:5:3"], "cart @small, cart @wide"),
        (vec!["shop.yaml:5", "--viewport", "wide"], "cart @wide"),
        (vec!["specs/about.yaml:1"], "about us @wide"),
        (
            vec!["specs/shop.yaml:1", "--viewport", "wide"],
            "home @wide, cart @wide",
        ),
        (vec!["shop › home @wide"], "home @wide"),
        (vec!["Shop/home@wide"], "home @wide"),
        (vec!["--viewport", "small"], "home @small, cart @small"),
        (vec!["--viewport", "wide", "shop/cart"], "cart @wide"),
    ] {
        let ran = project.run(["list"].into_iter().chain(arguments.iter().copied()));
        let names = ran.exit(0).stdout().lines().map(|line| {
            let (name, _) = line.split_once("  (").expect("a name and a place");
            name.split_once(" › ").expect("a flow and a shot").1
        });
        assert_eq!(
            names.collect::<Vec<_>>().join(", "),
            expected,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_spec_is_known_by_its_extension_in_any_case() {
    let flow = |name: &str| format!("flow: {name}\nsteps:\n  - goto: /\n    shot: start\n");
    let names = [
        "TWO.YAML",
        "two.yaml",
        "Three.Yml",
        "four.yml",
        "deep/FIVE.YML",
    ];
    let project = names
        .iter()
        .enumerate()
        .fold(Project::two_sides(), |project, (index, name)| {
            project.spec(name, &flow(&format!("number {index}")))
        });
    let fragment = "fragment: greet\nsteps:\n  - wait: body\n";
    let project = project
        .spec(
            "six.yaml",
            "flow: six\nsetup:\n  - use: greet\nsteps:\n  - goto: /\n    shot: start\n",
        )
        .spec("fragments/GREET.YAML", fragment);
    for other in [
        "seven.yaml.bak",
        "eight.txt",
        "nine.json",
        "yaml",
        ".ten.yaml",
        "eleven.yamll",
    ] {
        std::fs::write(project.path("specs").join(other), flow(other)).expect("a file");
    }
    let list = |filters: &[&str]| -> Vec<String> {
        let ran = project.run(["list"].into_iter().chain(filters.iter().copied()));
        let files = ran.exit(0).stdout().lines().map(|line| {
            let (_, place) = line.split_once("  (specs/").expect("a name and a place");
            place
                .split_once(':')
                .expect("a file and a line")
                .0
                .to_owned()
        });
        files.collect()
    };
    let expected =
        "TWO.YAML Three.Yml deep/FIVE.YML four.yml shop.yaml shop.yaml six.yaml two.yaml";
    assert_eq!(list(&[]).join(" "), expected);
    for filter in ["specs/deep/FIVE.YML", "./specs/deep/FIVE.YML:3", "five.yml"] {
        assert_eq!(list(&[filter]), ["deep/FIVE.YML"], "{filter}");
    }
    // Names are compared without their case, so this names two files.
    assert_eq!(list(&["specs/two.yaml"]), ["TWO.YAML", "two.yaml"]);
}

/// A project whose configuration, flow and fragment use variables, at places of all kinds.
fn with_variables() -> Project {
    let config = "
environments:
  production: { url: \"http://production.test\", basic_auth: \"${PRODUCTION_AUTH}\" }
  staging: { url: \"${STAGING_URL}\", basic_auth: \"jane:${APP_PASSWORD}\" }
viewports: { small: 60x40 }
timeout: ${WAIT}
";
    let flow = "
flow: Shop
setup:
  - use: login
    with: { user: \"${APP_USER}\" }
steps:
  - goto: \"/${START}\"
    shot: home
    timeout: \"${SECONDS_TO_WAIT}s\"
  - press: \"${PRESSED}\"
    shot: pressed
";
    let login = "
fragment: login
params: [user]
steps:
  - type: { into: \"#user\", text: \"${user}\" }
  - type: { into: \"#password\", text: \"${APP_PASSWORD}\" }
";
    Project::two_sides()
        .config(config)
        .spec("shop.yaml", flow)
        .spec("fragments/login.yaml", login)
}

const VARIABLES: [&str; 8] = [
    "PRODUCTION_AUTH",
    "STAGING_URL",
    "APP_PASSWORD",
    "WAIT",
    "APP_USER",
    "START",
    "SECONDS_TO_WAIT",
    "PRESSED",
];

#[test]
fn list_and_validate_need_no_variables() {
    let project = with_variables();
    let expected =
        "Shop › home @small  (specs/shop.yaml:7)\nShop › pressed @small  (specs/shop.yaml:10)\n";
    let ran = project.run(["list"]);
    ran.exit(0).stderr_is_empty();
    assert_eq!(ran.stdout(), expected);
    let ran = project.run(["validate"]);
    ran.exit(0).stdout_has("ok: 1 flow, 2 shots");
    for name in VARIABLES {
        ran.stderr_has(&format!("note: variable `{name}` is not set\n"));
        ran.stderr_has(&format!("export {name} before the run"));
    }
    ran.stderr_has("--> twinshot.yaml:4:");
    ran.stderr_has("--> specs/shop.yaml:7:");
    project
        .run(["test"])
        .exit(2)
        .stderr_has("error: variable `PRODUCTION_AUTH` is not set");
}

#[test]
fn specs_behind_a_link_to_a_folder_are_found() {
    let flow = |name: &str| format!("flow: {name}\nsteps: [{{ goto: / }}]\n");
    let project = Project::two_sides()
        .spec("near.yaml", &flow("Near"))
        .file("elsewhere/far.yaml", flow("Far"))
        .file("elsewhere/.hidden/hidden.yaml", flow("Hidden"));
    let link = |to: &str, at: &str| {
        std::os::unix::fs::symlink(to, project.path(at)).expect("a link");
    };
    link("../elsewhere", "specs/linked");
    link("../specs", "elsewhere/circle");
    link("nowhere", "specs/note");
    link("nowhere", "specs/.#near.yaml");
    let ran = project.run(["list"]);
    ran.exit(0)
        .stdout_has("Near")
        .stdout_has("specs/linked/far.yaml");
    ran.stdout_lacks("Hidden");
    assert_eq!(ran.stdout().lines().count(), 4, "{}", ran.shown());
    // A spec that is not there is an error, however it is missing.
    link("nowhere", "specs/gone.yaml");
    project.run(["list"]).exit(2).stderr_has("specs/gone.yaml");
}

#[test]
fn what_is_set_is_checked_and_not_noted() {
    let right = [
        "jane:pw",
        "http://staging.test",
        "pw",
        "2s",
        "jane",
        "start",
        "3",
        "Enter",
    ];
    let set = |values: [&str; 8]| {
        let pairs = VARIABLES.into_iter().zip(values);
        pairs.fold(with_variables(), |project, (name, value)| {
            project.env(name, value)
        })
    };
    let project = set(right);
    project.run(["validate"]).exit(0).stderr_is_empty();
    project.run(["list"]).exit(0).stderr_is_empty();
    let mut wrong = right;
    wrong[3] = "soon";
    let project = set(wrong);
    for command in ["validate", "list"] {
        project
            .run([command])
            .exit(2)
            .stderr_has("error: `${WAIT}` is not a duration");
    }
    // A secret that a CI system does not give to a branch is empty.
    let project = set([""; 8]);
    project.run(["list"]).exit(0).stderr_is_empty();
    project.run(["validate"]).exit(0).stderr_has("note: ");
}

#[test]
fn what_is_missing_hides_no_mistake() {
    let flow = "flow: Home\nsteps:\n  - goto: \"${HOME_PATH}\"\n  - clik: \"#a\"\n";
    let project = with_variables().spec("home.yaml", flow);
    for command in ["validate", "list"] {
        let ran = project.run([command]);
        ran.exit(2).stderr_has("error: unknown action `clik`");
    }
}

#[test]
fn list_speaks_json() {
    let ran = Project::two_sides().run(["list", "--json", "cart"]);
    let list = json(ran.exit(0));
    let shots = list.as_array().expect("an array");
    assert_eq!(shots.len(), 1);
    assert_eq!(shots[0]["id"], "Shop/cart@small");
    assert_eq!(shots[0]["flow"], "Shop");
    assert_eq!(shots[0]["shot"], "cart");
    assert_eq!(shots[0]["viewport"], "small");
    assert_eq!(shots[0]["browser"], "chrome");
    assert_eq!(shots[0]["location"]["file"], "specs/shop.yaml");
    assert_eq!(shots[0]["location"]["line"], 5);
}

#[test]
fn validate_counts_what_it_found_good() {
    let ran = with_two_viewports().without_programs().run(["validate"]);
    ran.exit(0)
        .stdout_has("ok: 2 flows, 5 shots")
        .stderr_is_empty();
}

#[test]
fn schemas_are_json_schemas_of_what_is_read() {
    for (arguments, title, known) in [
        (vec!["schema"], "Twinshot", "steps"),
        (
            vec!["schema", "config"],
            "Twinshot configuration",
            "environments",
        ),
    ] {
        // No project is needed for it.
        let ran = Project::new().run(arguments);
        let schema = json(ran.exit(0));
        let url = schema["$schema"].as_str().unwrap_or_default();
        assert!(url.contains("json-schema.org"), "{url}");
        let found = schema["title"].as_str().unwrap_or_default();
        assert!(found.starts_with(title), "{found}");
        ran.stdout_has(&format!("\"{known}\""));
    }
}

#[test]
fn help_explains_every_exit_code() {
    let ran = Project::new().run(["--help"]);
    ran.exit(0).stdout_has("Exit codes:");
    for code in ["0", "1", "2", "3", "4", "5", "130/143", "101"] {
        let explains = |line: &str| line.trim_start().starts_with(&format!("{code} "));
        assert!(
            ran.stdout().lines().any(explains),
            "{code}\n{}",
            ran.shown()
        );
    }
    for command in [
        "test", "approve", "diff", "list", "validate", "schema", "demo",
    ] {
        ran.stdout_has(&format!("  {command} "));
    }
}

#[test]
fn every_flag_of_test_names_its_variable() {
    let ran = Project::new().run(["test", "--help"]);
    for name in [
        "BASELINE",
        "CANDIDATE",
        "BASELINE_URL",
        "CANDIDATE_URL",
        "VIEWPORT",
        "WORKERS",
        "LAST_FAILED",
        "MAX_FAILURES",
        "WEBDRIVER",
        "REPORTS",
        "CI",
        "HEADED",
        "QUIET",
        "VERBOSE",
        "FORMAT",
        "OPEN",
        "CONFIG",
    ] {
        // What may hold a password is not shown with its value.
        let end = if name.ends_with("_URL") || name == "WEBDRIVER" {
            ']'
        } else {
            '='
        };
        ran.stdout_has(&format!("[env: TWINSHOT_{name}{end}"));
    }
}

#[test]
fn the_version_is_the_packages() {
    let ran = Project::new().run(["--version"]);
    ran.exit(0)
        .stdout_has(&format!("twinshot {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_command_at_all_shows_how_to_begin() {
    let ran = Project::new().run([]);
    ran.exit(2).stderr_has("Usage: twinshot");
}

/// What a terminal or a CI server would take for more than text.
#[track_caller]
fn is_harmless(ran: &Ran) {
    for line in [ran.stdout(), ran.stderr()].concat().lines() {
        assert!(!line.trim_start().starts_with("::"), "{}", ran.shown());
        assert!(
            !line.contains("##vso[") && !line.contains("##["),
            "{}",
            ran.shown()
        );
        assert!(!line.contains(|c: char| c.is_control()), "{}", ran.shown());
    }
}

/// Names of files and flows that are commands to a CI server, and that move the cursor.
#[test]
fn hostile_names_are_escaped_and_never_begin_a_line() {
    let step = "steps:\n  - goto: /\n    shot: \"##vso[task.complete]\"\n";
    let named = |flow: &str| format!("flow: \"{flow}\"\n{step}");
    let project = Project::two_sides()
        .spec(
            "a\u{1b}[2J\n::error::owned\u{202e}.yaml",
            &named("::error::x ###[group]"),
        )
        .spec("b.yaml", &named("plain"));
    for arguments in [vec!["list"], vec!["list", "--json"], vec!["validate"]] {
        let ran = project.run(arguments);
        ran.exit(0);
        is_harmless(&ran);
    }
    let listed = project.run(["list", "x"]);
    let expected = "\\u003a:error::x #\\u0023#[group] › \\u0023#vso[task.complete] @small  \
        (specs/a\\u{1b}[2J ::error::owned\\u{202e}.yaml:3)\n";
    assert_eq!(listed.stdout(), expected);
    assert_eq!(
        json(&project.run(["list", "--json", "x"]))[0]["flow"],
        "::error::x ###[group]"
    );

    let broken = project.spec(
        "c\n::error::c\u{1b}.yaml",
        "flow: \"::error::y\"\nsteps: [{ gotto: / }]\n",
    );
    let ran = broken.run(["validate"]);
    ran.exit(2).stderr_has("gotto");
    is_harmless(&ran);
}

/// The same for pictures, and words of our own that look alike stay.
#[test]
fn hostile_names_of_pictures_are_escaped() {
    let picture = Canvas::new(4, 4, Canvas::WHITE).png();
    let project = ["::error::a.png", "b\n::c\u{1b}.png", "C# ## d[1].png"]
        .iter()
        .fold(Project::new(), |project, name| {
            let project = project.file(&format!("one/{name}"), picture.clone());
            project.file(&format!("two/{name}"), picture.clone())
        })
        .file("one/::e\r.png", picture.clone());
    let json = vec!["diff", "one", "two", "--format", "json"];
    for arguments in [vec!["diff", "one", "two"], json] {
        let ran = project.run(arguments);
        ran.exit(1).stdout_has("C# ## d[1].png");
        is_harmless(&ran);
    }
    let ran = project.run(["diff", "one/::e\r.png", "two/::e\r.png"]);
    ran.exit(2);
    is_harmless(&ran);
}
