//! What makes a green run prove less than it seems to, and how a flow allows it.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use twinshot::report::Report;

use super::support::{Answer, Canvas, FakeDriver, FakeEnvironment, Project, Ran, Said};

const SIDES: [&str; 2] = ["production.test", "staging.test"];

/// Every page ends at this path, on both sides.
fn leads_to(path: &str) -> FakeDriver {
    let of_side = |driver: FakeDriver, host: &'static str| {
        let url = format!("http://{host}{path}");
        let answer = |function| Answer::of_page(function, &url, &json!({}));
        driver
            .answers_on(host, "page.describe", answer("describe"))
            .answers_on(host, "page.settle", answer("settle"))
            .answers_on(host, "page.letGo", answer("letGo"))
    };
    SIDES.into_iter().fold(one_for_all(), of_side)
}

/// All pages have one picture.
fn one_for_all() -> FakeDriver {
    FakeDriver::new().paints(|view| {
        view.one_for_all()
            .with_box([0, 30, 40, 1], Canvas::RED)
            .png()
    })
}

fn suspicions(ran: &Ran) -> Vec<String> {
    ran.report().suspicions
}

#[track_caller]
fn spec(steps: &str) -> Project {
    Project::two_sides().spec("shop.yaml", &format!("flow: Shop\nsteps:\n{steps}"))
}

#[test]
fn a_page_that_ends_at_a_login_is_suspicious_alone() {
    let project = spec("  - goto: /settings\n    shot: settings\n");
    let says = "suspicious: Shop › settings: the flow asked for /settings, and the page ended at /login [redirect]";
    let driver = leads_to("/login");
    project.test(&driver, &[]).exit(0).stdout_has(says);
    project
        .test(&driver, &["--ci"])
        .exit(1)
        .stdout_has("1 shot: 1 match; 1 suspicion (--ci: not clean)")
        .stdout_has(says);
}

#[test]
fn a_page_that_ends_where_the_flow_expects_it_is_not_suspicious() {
    for expected in [
        "  - expect: { path: /login }\n    shot: false\n",
        "  - wait: { url: /login }\n    shot: false\n",
    ] {
        let project = spec(&format!(
            "  - goto: /settings\n    shot: settings\n{expected}"
        ));
        let ran = project.test(&leads_to("/login"), &["--ci"]);
        assert_eq!(suspicions(&ran), [] as [&str; 0], "{expected}");
    }
}

#[test]
fn a_server_that_adds_a_language_or_a_slash_is_not_suspicious() {
    for (asked, found) in [("/", "/en/"), ("/docs", "/docs/"), ("/", "/index.html")] {
        let project = spec(&format!("  - goto: {asked}\n    shot: page\n"));
        let ran = project.test(&leads_to(found), &["--ci"]);
        ran.exit(0);
        assert_eq!(suspicions(&ran), [] as [&str; 0], "{asked} → {found}");
    }
}

#[test]
fn pages_that_all_end_at_one_login_are_one_picture_for_several_pages() {
    let project = spec("  - goto: /settings\n    shot: one\n").spec(
        "other.yaml",
        "flow: Other\nsteps:\n  - goto: /billing\n    shot: two\n",
    );
    let ran = project.test(&leads_to("/login"), &[]);
    ran.exit(0).stdout_has(
        "one picture for several pages: Other › two (/billing → /login), Shop › one (/settings → /login) [same_picture]",
    );
}

#[test]
fn two_flows_that_visit_one_page_are_not_suspicious() {
    let project = spec("  - goto: /cart?from=home\n    shot: cart\n").spec(
        "other.yaml",
        "flow: Other\nsteps:\n  - goto: /cart/\n    shot: the same\n",
    );
    project
        .test(&one_for_all(), &["--ci"])
        .exit(0)
        .stdout_lacks("suspicious");
}

#[test]
fn two_flows_that_are_forwarded_to_one_start_page_are_not_suspicious() {
    let project = spec("  - goto: /\n    shot: start\n").spec(
        "other.yaml",
        "flow: Other\nsteps:\n  - goto: /home/\n    shot: the same\n",
    );
    project
        .test(&leads_to("/home"), &["--ci"])
        .exit(0)
        .stdout_lacks("suspicious");
}

#[test]
fn pictures_of_one_element_may_be_alike_on_several_pages() {
    let project = spec(
        "  - goto: /\n    shot: { name: one, area: header }\n  - goto: /cart\n    shot: { name: two, area: header }\n",
    );
    let ran = project.test(&one_for_all(), &[]);
    assert_eq!(suspicions(&ran), [] as [&str; 0]);
}

#[test]
fn a_step_allows_its_picture_to_be_alike_and_the_report_says_why() {
    let project = spec(
        "  - goto: /one\n    shot: one\n  - goto: /two\n    shot: two\n    allow: { same_picture: the two tabs look alike }\n",
    );
    let ran = project.test(&one_for_all(), &["--ci"]);
    ran.exit(0)
        .stdout_has("2 shots: 2 match; 1 suspicion allowed")
        .stdout_lacks("suspicious");
    let allowed = &ran.report().allowed;
    assert_eq!(allowed.len(), 1);
    assert_eq!(allowed[0].reason, "the two tabs look alike");
    assert_eq!(allowed[0].at.to_string(), "specs/shop.yaml:7:14");
    for file in ["index.html", "summary.md"] {
        let text = ran.read(&ran.report_folder().join(file));
        assert!(text.contains("the two tabs look alike"), "{file}");
    }
}

/// The other two are as suspicious as before.
#[test]
fn what_one_step_allows_is_not_allowed_for_others() {
    let project = spec(
        "  - goto: /one\n    shot: one\n  - goto: /two\n    shot: two\n  - goto: /three\n    shot: three\n    \
         allow: { same_picture: it is the same }\n",
    );
    let ran = project.test(&one_for_all(), &["--ci"]);
    ran.exit(1)
        .stdout_has("1 suspicion, 1 more allowed (--ci: not clean)")
        .stdout_has(
            "one picture for several pages: Shop › one (/one), Shop › two (/two) [same_picture]",
        );
}

#[test]
fn an_allowance_that_allowed_nothing_is_told_of_and_fails_nothing() {
    let steps = "  - goto: /\n    shot: one\n    allow: { blank: it begins empty }\n  - goto: /cart\n    shot: two\n";
    let project = spec(steps);
    let says = "`allow: { blank }` at specs/shop.yaml:5:14 allowed nothing: remove it";
    project
        .test(&FakeDriver::new(), &["--ci"])
        .exit(0)
        .stdout_has(says);
    // The shot with the allowance was not taken.
    project
        .test(&FakeDriver::new(), &["--ci", "two"])
        .exit(0)
        .stdout_lacks("allowed nothing");
}

#[test]
fn only_the_configuration_allows_one_environment_on_both_sides() {
    let project = spec("  - goto: /\n");
    let arguments = ["--ci", "--baseline", "staging"];
    let says = "suspicious: both sides are the same environment [same_environment]";
    project
        .test(&FakeDriver::new(), &arguments)
        .exit(1)
        .stdout_has(says);
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("a file");
    let allow = "allow: { same_environment: \"we look for noise\" }\n";
    project
        .config(&format!("{config}\n{allow}"))
        .test(&FakeDriver::new(), &arguments)
        .exit(0)
        .stdout_lacks("suspicious");
}

/// A driver whose pages show the mask in the first picture only, which is of `/`.
fn masks_home_only() -> FakeDriver {
    let boxes = |boxes: Value| Answer::Value(json!({ "result": { "value": [boxes] } }));
    let driver = FakeDriver::new();
    SIDES.into_iter().fold(driver, |driver, host| {
        let place: &'static str = match host {
            "production.test" => "production.test/cart",
            _ => "staging.test/cart",
        };
        driver.answers_on(place, "page.boxes", boxes(json!([])))
    })
}

const HOME_AND_CART: &str = "  - goto: /\n    shot: home\n  - goto: /cart\n    shot: cart\n";

#[test]
fn a_flows_mask_must_match_in_one_of_its_pictures() {
    let flow = format!("flow: Shop\nmask: .clock\nsteps:\n{HOME_AND_CART}");
    let project = Project::two_sides().spec("shop.yaml", &flow);
    let ran = project.test(&masks_home_only(), &["--ci"]);
    ran.exit(0).stdout_lacks("matches nothing");

    let nowhere = Answer::Value(json!({ "result": { "value": [[]] } }));
    let driver = FakeDriver::new().answers("page.boxes", nowhere);
    let says = "Shop › home, Shop › cart: the flow's mask `.clock` matches nothing visible in any picture [idle_mask]";
    project
        .test(&driver, &["--ci"])
        .exit(1)
        .stdout_has("2 shots: 2 match; 1 suspicion (--ci: not clean)")
        .stdout_has(says);
    // Of a flow that was not photographed as a whole, nothing is known.
    project.test(&driver, &["--ci", "cart"]).exit(0);
}

#[test]
fn a_steps_mask_must_match_in_its_own_picture() {
    let flow = format!("flow: Shop\nsteps:\n{HOME_AND_CART}    mask: .clock\n");
    let project = Project::two_sides().spec("shop.yaml", &flow);
    project
        .test(&masks_home_only(), &["--ci"])
        .exit(1)
        .stdout_has("Shop › cart: the mask `.clock` matches nothing visible [idle_mask]");
}

#[test]
fn masks_that_overlap_cover_each_pixel_once() {
    let project = spec("  - goto: /\n    shot: home\n    mask: [.card, .card div, .card p]\n");
    let card = |width: u32, height: u32| {
        let one = json!({ "x": 0, "y": 0, "width": width, "height": height });
        let boxes = json!([[one], [one], [one]]);
        let answer = Answer::Value(json!({ "result": { "value": boxes } }));
        FakeDriver::new().answers("page.boxes", answer)
    };
    let says = "masks cover most of the picture [mostly_masked]";
    // 900 and 1800 of 2400 pixels.
    project
        .test(&card(30, 30), &["--ci"])
        .exit(0)
        .stdout_lacks(says);
    project
        .test(&card(60, 30), &["--ci"])
        .exit(1)
        .stdout_has(says);
}

#[test]
fn a_page_that_is_cut_off_is_not_clean() {
    let project = spec("  - goto: /\n    shot: home\n");
    let config = std::fs::read_to_string(project.path("twinshot.yaml")).expect("a file");
    let project = project.config(&format!("{config}\nmax_page_height: 30\n"));
    let tall = |driver: FakeDriver, host: &'static str| {
        let url = format!("http://{host}/");
        let answer = Answer::of_page("settle", &url, &json!({ "pageHeight": 400 }));
        let described = |function| Answer::of_page(function, &url, &json!({}));
        driver
            .answers_on(host, "page.settle", answer)
            .answers_on(host, "page.describe", described("describe"))
            .answers_on(host, "page.letGo", described("letGo"))
    };
    let driver = SIDES.into_iter().fold(FakeDriver::new(), tall);
    let says = "Shop › home: the page is 400 px tall; the picture ends at max_page_height, 30 px [partial_page]";
    project.test(&driver, &[]).exit(0).stdout_has(says);
    project
        .test(&driver, &["--ci"])
        .exit(1)
        .stdout_has("1 suspicion (--ci: not clean)");
}

#[test]
fn under_ci_junit_fails_with_the_suspicion() {
    let project = spec("  - goto: /one\n  - goto: /two\n");
    for (arguments, failures) in [(&[] as &[&str], 0), (&["--ci"], 1)] {
        let ran = project.test(&one_for_all(), arguments);
        let junit = ran.read(&ran.report_folder().join("junit.xml"));
        let found = junit.matches("type=\"suspicion\"").count();
        assert_eq!(found, failures, "{junit}");
    }
}

/// `report.json` of an earlier version has none of it.
#[test]
fn a_report_without_allowances_is_read() {
    let ran = spec("  - goto: /\n").test(&FakeDriver::new(), &[]);
    let report: Report = ran.report();
    assert!(report.allowed.is_empty() && report.idle_allowances.is_empty());
}

/// Two names of one server on the loopback.
fn two_names(server: &FakeEnvironment) -> Project {
    let url = server.url();
    two_urls(&url, &url.replace("127.0.0.1", "localhost"))
}

fn two_urls(production: &str, staging: &str) -> Project {
    spec("  - goto: /\n").config(&format!(
        "environments:\n  production: {{ url: \"{production}\" }}\n  staging: {{ url: \"{staging}\" }}\n\
         viewports: {{ small: 60x40 }}\n"
    ))
}

/// Something else each time.
fn token() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("k{:x}+/=", count * 0x9E37_79B9)
}

#[test]
fn two_names_of_one_server_are_the_same_environment() {
    let says = "suspicious: both sides are the same environment: production (http://127.0.0.1:";
    let links_to_itself = FakeEnvironment::new(|asked| {
        let host = asked.header("host").unwrap_or_default();
        Said::Text(200, "", format!("<a href=\"http://{host}/\">home</a>"))
    });
    for server in [FakeEnvironment::serving("1.4.2"), links_to_itself] {
        let ran = two_names(&server).test(&FakeDriver::new(), &["--ci"]);
        ran.exit(1).stdout_has(says);
    }
}

#[test]
fn answers_that_differ_each_time_may_come_from_one_server() {
    let page = |release: &str| {
        let nonce = token();
        format!(
            "<meta name=csrf content={}><script nonce={nonce}></script><p>{release}",
            token()
        )
    };
    let with_tokens = FakeEnvironment::new(move |_| Said::Text(200, "", page("1.4.2")));
    let refuses_others = FakeEnvironment::new(move |asked| {
        let host = asked.header("host").unwrap_or_default();
        match host.starts_with("127.0.0.1") || host.starts_with("localhost") {
            true => Said::Text(200, "", page("1.4.2")),
            false => Said::Text(400, "", "this host is not allowed".to_owned()),
        }
    });
    let arranged_anew = FakeEnvironment::new(|_| {
        let words = token().len() + token().bytes().map(usize::from).sum::<usize>() % 7;
        Said::Text(200, "", "word ".repeat(words))
    });
    for server in [with_tokens, refuses_others, arranged_anew] {
        let ran = two_names(&server).test(&FakeDriver::new(), &["--ci"]);
        ran.exit(1).stdout_has(
            "suspicious: both sides are the same environment: production (http://127.0.0.1:",
        );
    }
    let by_name = FakeEnvironment::new(move |asked| {
        let host = asked.header("host").unwrap_or_default();
        let release = if host.starts_with("localhost") {
            "1.4.3"
        } else {
            "1.4.2"
        };
        Said::Text(200, "", page(release))
    });
    let ran = two_names(&by_name).test(&FakeDriver::new(), &["--ci"]);
    ran.exit(0).stdout_lacks("environment");
}

#[test]
fn two_ways_to_write_one_address_are_the_same_environment() {
    let server = FakeEnvironment::serving("1.4.2");
    let url = server.url();
    let url = url.trim_end_matches('/');
    for (production, staging) in [
        (format!("{url}/sub"), format!("{url}/sub/")),
        (url.to_owned(), url.replace("127.0.0.1", "0.0.0.0")),
        (
            format!("{url}/sub"),
            format!("{}/sub/", url.replace("127.0.0.1", "localhost")),
        ),
    ] {
        let ran = two_urls(&production, &staging).test(&FakeDriver::new(), &["--ci"]);
        ran.exit(1)
            .stdout_has("suspicious: both sides are the same environment");
    }
    // Two folders of one server are two sites.
    let ran =
        two_urls(&format!("{url}/old"), &format!("{url}/new")).test(&FakeDriver::new(), &["--ci"]);
    ran.exit(0).stdout_lacks("environment");
}

#[test]
fn a_server_that_goes_by_names_may_serve_two_environments() {
    let by_name = |known: [&'static str; 2], header: &'static str, release: fn(&str) -> String| {
        FakeEnvironment::new(move |asked| {
            let host = asked.header("host").unwrap_or_default();
            match known.iter().any(|name| host.starts_with(name)) {
                true => Said::Text(200, header, release(host)),
                false => Said::Text(404, "", "no such site".to_owned()),
            }
        })
    };
    let names = ["127.0.0.1", "localhost"];
    let own = by_name(names, "", |host| format!("release {}", host.len()));
    let alike = by_name(names, "", |_| "an application".to_owned());
    for server in [own, alike] {
        let ran = two_names(&server).test(&FakeDriver::new(), &["--ci"]);
        ran.exit(0).stdout_lacks("environment");
    }
    let file = by_name(names, "ETag: \"5e-1\"\r\n", |_| "a file".to_owned());
    let ran = two_names(&file).test(&FakeDriver::new(), &["--ci"]);
    ran.exit(0)
        .stdout_has("have one address and gave the same answer; check that they are different");
}
