//! A secret that a flow types and that page and driver echo in every place they can: no output shows it.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::support::{Answer, FakeDriver, Project, Ran, STAGING};

/// Every usual encoding keeps the part that is looked for.
const SECRET: &str = "c4n4ry/ß &\"<k>'";
const CANARY: &str = "c4n4ry";

/// A login that types the secret, then whatever the story adds.
fn project(rest: &str) -> Project {
    let spec = format!(
        "flow: Login\nsteps:\n  - goto: /login?as=${{APP_PASSWORD}}\n    shot: login\n  \
         - type: {{ into: \"#password\", text: \"${{APP_PASSWORD}}\" }}\n    shot: typed\n{rest}"
    );
    Project::two_sides()
        .spec("shop.yaml", &spec)
        .env("APP_PASSWORD", SECRET)
}

/// A page that shows what was typed.
fn echoing() -> FakeDriver {
    FakeDriver::new().titles(|session| format!("{} typed at {}", session.typed, session.url))
}

/// Nothing that anybody may read holds the secret; pictures and what this test wrote itself aside.
#[track_caller]
fn nothing_leaked(project: &Project, ran: &Ran) {
    let shown = [ran.stdout(), ran.stderr()].concat();
    assert!(!shown.contains(CANARY), "printed:\n{}", ran.shown());
    let mut looked_at = 0;
    look_through(project.everything(), &mut looked_at);
    assert!(looked_at >= 4, "the reports were not looked at");
}

fn look_through(folder: &Path, looked_at: &mut usize) {
    for entry in fs::read_dir(folder).expect("the folder is ours").flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        assert!(!name.contains(CANARY), "named {name}");
        let kind = entry.file_type().expect("a file has a type");
        if kind.is_dir() {
            look_through(&path, looked_at);
        } else if kind.is_file() && !name.ends_with(".png") {
            *looked_at += 1;
            let bytes = fs::read(&path).expect("the file is ours");
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(CANARY), "{name} shows it:\n{text}");
        }
    }
}

#[test]
fn a_page_that_echoes_it_leaks_nothing() {
    let project = project("");
    for arguments in [vec!["--verbose"], vec!["--format", "json"]] {
        let ran = project.test(&echoing(), &arguments);
        ran.exit(0);
        nothing_leaked(&project, &ran);
        let report = ran.read(&ran.report_folder().join("report.json"));
        assert!(
            report.contains("••••••"),
            "the echo did not even reach the report"
        );
    }
}

/// However a page writes it.
#[test]
fn a_page_that_echoes_it_in_another_spelling_leaks_nothing() {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let each = |before: &str| -> String {
        SECRET
            .bytes()
            .map(|byte| format!("{before}{byte:02X}"))
            .collect()
    };
    let base64 = STANDARD.encode(SECRET);
    let units = SECRET.encode_utf16();
    let spellings = [
        SECRET.to_uppercase(),
        SECRET.to_lowercase(),
        hex.to_uppercase(),
        each("%"),
        each("%25"),
        each("\\x"),
        units.map(|unit| format!("\\u{unit:04x}")).collect(),
        SECRET
            .chars()
            .map(|c| format!("&#{};", u32::from(c)))
            .collect(),
        STANDARD.encode(&base64),
        base64.replace('=', "%3D"),
        STANDARD.encode(format!("jane:{SECRET}")),
        hex,
    ];
    for spelling in spellings {
        let driver = FakeDriver::new().titles({
            let spelling = spelling.clone();
            move |_| format!("title {spelling}")
        });
        let project = project("");
        let ran = project.test(&driver, &["--verbose"]);
        ran.exit(0);
        let report = ran.read(&ran.report_folder().join("report.json"));
        let half: String = spelling
            .chars()
            .take(spelling.chars().count() / 2)
            .collect();
        let is_shown = |text: &str| text.contains(&half);
        assert!(
            !is_shown(&report) && !is_shown(&ran.shown()),
            "{spelling}:\n{report}"
        );
        assert!(report.contains("••••••"), "{spelling}:\n{report}");
    }
}

#[test]
fn written_cookies_leak_nothing_and_ordinary_words_stay() {
    let step = "  - cookies: { set: { sid: c4n4ry-sid, theme: title } }\n";
    let driver = FakeDriver::new().titles(|_| "the title is c4n4ry-sid".to_owned());
    let project = project(step).env("APP_PASSWORD", "hunter2hunter2");
    let ran = project.test(&driver, &[]);
    let report = ran.read(&ran.report_folder().join("report.json"));
    assert!(report.contains("the title is ••••••"), "{report}");
    assert!(
        !report.contains(CANARY) && !ran.shown().contains(CANARY),
        "{report}"
    );
}

#[test]
fn one_that_a_url_keeps_in_its_own_way_leaks_nothing() {
    for secret in [
        "c4n4ry%",
        "c4n4ry%2",
        "c4n4ry|^`{}",
        "c4n4ry\\x",
        "c4n4ry%41 +#?",
    ] {
        let project = project("").env("APP_PASSWORD", secret);
        let ran = project.test(&echoing(), &[]);
        nothing_leaked(&project, &ran);
    }
}

#[test]
fn a_mismatch_of_such_a_page_leaks_nothing() {
    let project = project("");
    let ran = project.test(&echoing().with_a_change_on_staging(), &[]);
    ran.exit(1);
    nothing_leaked(&project, &ran);
}

#[test]
fn an_expectation_that_quotes_it_leaks_nothing() {
    let project = project("  - expect: { title: \"${APP_PASSWORD}!\" }\n    timeout: 1ms\n");
    let ran = project.test(&echoing(), &[]);
    ran.exit(1).stdout_has("expected the title");
    nothing_leaked(&project, &ran);
}

#[test]
fn a_long_text_that_is_cut_within_it_leaks_nothing() {
    let step = "  - expect: { text: \"welcome\" }\n    timeout: 1ms\n";
    for before in 100..124 {
        let text = format!("{} {SECRET}", "x".repeat(before));
        let driver = echoing().answers("execute/sync", Answer::Value(json!(text)));
        let spec = "flow: Login\nsteps:\n  - goto: /${APP_PASSWORD}\n    shot: login\n";
        let project = project("").spec("shop.yaml", &format!("{spec}{step}"));
        let ran = project.test(&driver, &[]);
        ran.exit(1);
        nothing_leaked(&project, &ran);
        leaks_no_part(&ran);
    }
}

/// Not even its first letters, where a text was shortened.
#[track_caller]
fn leaks_no_part(ran: &Ran) {
    let report = ran.read(&ran.report_folder().join("report.json"));
    for text in [ran.stdout(), &report] {
        assert!(!text.contains("xx c4n"), "in part:\n{text}");
    }
}

#[test]
fn a_driver_that_quotes_it_leaks_nothing() {
    let quoting = format!("unknown error: cannot type {SECRET} into http://x/?q={SECRET}");
    let page = json!({ "error": SECRET }).to_string().into_bytes();
    let cut_at_its_end = format!("{} {SECRET}", "x".repeat(270)).into_bytes();
    let cut_at_its_beginning = format!("{} {SECRET}", "x".repeat(284)).into_bytes();
    for answer in [
        Answer::Refusal("unknown error", quoting),
        Answer::Text(200, "application/json", page),
        Answer::Text(502, "text/html", SECRET.into()),
        Answer::Text(502, "text/html", cut_at_its_end),
        Answer::Text(502, "text/html", cut_at_its_beginning),
    ] {
        let project = project("");
        let driver = echoing().answers_on(STAGING, "element/value", answer);
        let ran = project.test(&driver, &[]);
        ran.exit(3);
        nothing_leaked(&project, &ran);
        leaks_no_part(&ran);
    }
}

#[test]
fn a_session_that_is_refused_with_it_leaks_nothing() {
    let project = project("");
    let refusal = Answer::Refusal("session not created", format!("bad capability {SECRET}"));
    let ran = project.test(&FakeDriver::new().answers("new session", refusal), &[]);
    ran.exit(3);
    nothing_leaked(&project, &ran);
}

#[test]
fn a_drivers_last_words_leak_nothing() {
    let driver = "echo 'the last words: c4n4ry-0815' >&2; exit 1";
    let project = project("").env("APP_PASSWORD", "c4n4ry-0815");
    let project = project.program("chromedriver", driver);
    let ran = project
        .program("chromium-headless-shell", "exit 1")
        .run(["test"]);
    ran.exit(3).stdout_has("the last words: ••••••");
    assert!(!ran.shown().contains(CANARY), "{}", ran.shown());
}

#[test]
fn an_environment_with_credentials_leaks_nothing() {
    let config = "
environments:
  production: { url: \"http://production.test\" }
  staging: { url: \"http://jane:${PREVIEW_TOKEN}@staging.test\" }
viewports: { small: 60x40 }
page_timeout: 1s
";
    let project = Project::two_sides()
        .config(config)
        .env("PREVIEW_TOKEN", "c4n4ry-t0ken");
    let ran = project.test(&FakeDriver::new(), &[]);
    nothing_leaked(&project, &ran);
    let ran = project.test(&FakeDriver::new().answers("url", Answer::not_json()), &[]);
    ran.exit(3);
    nothing_leaked(&project, &ran);
}

#[test]
fn a_name_under_secrets_is_one_too() {
    let config = "
environments:
  production: { url: \"http://production.test\" }
  staging: { url: \"http://staging.test\" }
viewports: { small: 60x40 }
secrets: [PIN]
";
    let spec = "flow: Pin\nsteps:\n  - goto: \"/?pin=${PIN}\"\n    shot: pin\n";
    let project = Project::two_sides().config(config).spec("shop.yaml", spec);
    let project = project.env("PIN", "c4n4ry0815");
    let ran = project.test(&echoing(), &[]);
    ran.exit(0);
    nothing_leaked(&project, &ran);
}

#[test]
fn a_mistake_in_a_spec_leaks_nothing() {
    let project = project("  - wait: ${APP_PASSWORD}\n  - frame: {}\n");
    let ran = project.run(["validate"]);
    ran.exit(2);
    assert!(!ran.shown().contains(CANARY), "{}", ran.shown());
}

#[test]
fn credentials_on_the_command_line_are_used_and_not_told() {
    let project = Project::two_sides();
    let driver = FakeDriver::new().answers("page.settle", Answer::not_json());
    let grid = format!("http://jane:c4n4ry@127.0.0.1:{}/", driver.port());
    let candidate = "http://jane:c4n4ry@staging.test/";
    let ran = project.run(["test", "--webdriver", &grid, "--candidate-url", candidate]);
    ran.exit(3);
    nothing_leaked(&project, &ran);

    let broken = FakeDriver::new().answers("new session", Answer::server_error());
    let grid = format!("http://jane:c4n4ry@127.0.0.1:{}/", broken.port());
    let ran = project.run(["test", "--webdriver", &grid]);
    ran.exit(3).stdout_has("did not start a browser");
    nothing_leaked(&project, &ran);
}
