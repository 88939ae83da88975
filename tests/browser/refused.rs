//! What cannot be done fails, and says why. Each flow of `fixtures/browser/refused` tells in its first
//! comments what must be said: `# fails:` the kind, `# says:` a part of the message, `# url:` the page.

use std::{fs, net::TcpListener, path::PathBuf};

use serde_json::Value;

use crate::support::{Outcome, Project, Site, failures_of, yaml_files};

#[test]
fn actions() {
    let is_navigation = |case: &Case| case.kind == "navigation";
    refused(|case| !is_navigation(case) && !is_waiting(case));
}

#[test]
fn waits_and_expectations() {
    refused(|case| case.kind != "navigation" && is_waiting(case));
}

#[test]
fn navigation() {
    refused(|case| case.kind == "navigation");
}

#[test]
fn texts_that_are_named_hold_no_secret() {
    let site = Site::new();
    let flow = "timeout: 200ms\nsetup:\n  - goto: /find.html\n  \
        - evaluate: document.body.innerHTML = \"<p>The code is ${SITE_PASSWORD}</p>\"\n\
        steps:\n  - click: text=The code is c4n4\n";
    let project = Project::solo(&site)
        .variable("SITE_PASSWORD", "c4n4ry")
        .flow("Secret", flow);
    let outcome = project.run().exits(3);
    let failure = failures_of(outcome.first_shot_of("Secret")).next();
    let message = failure.expect("a failure")["message"].to_string();
    let says = "the nearest text is `The code is ••••••`";
    assert!(message.contains(says), "{message}");
    assert!(!outcome.said().contains("c4n4ry"), "{}", outcome.said());
}

fn is_waiting(case: &Case) -> bool {
    case.flow.starts_with("Wait") || case.flow.starts_with("Expect")
}

/// Runs all cases of a kind at once, each in a flow of its own.
fn refused(wanted: impl Fn(&Case) -> bool) {
    let (site, other) = (Site::new(), Site::new());
    let variables = [
        ("PORT", site.port()),
        ("OTHER_PORT", other.port()),
        ("CLOSED_PORT", closed_port()),
    ];
    let cases: Vec<Case> = yaml_files("refused").into_iter().map(Case::read).collect();
    let cases: Vec<Case> = cases.into_iter().filter(|case| wanted(case)).collect();
    let mut project = Project::solo(&site).file("one.txt").file("two ü.txt");
    for (name, value) in variables {
        project = project.variable(name, value);
    }
    for case in &cases {
        project = project.spec(&case.file);
    }
    let outcome = project.run_with(&["--workers", "2"]);
    let problems: Vec<String> = cases
        .iter()
        .filter_map(|case| case.problem(&outcome, &variables))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let all_expectations = cases.iter().all(|case| case.kind == "expectation");
    outcome.exits(if all_expectations { 1 } else { 3 });
}

/// A port that nobody listens on.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// A flow and how it must fail.
struct Case {
    file: PathBuf,
    flow: String,
    kind: String,
    says: Vec<String>,
    url: Option<String>,
}

impl Case {
    fn read(file: PathBuf) -> Self {
        let text = fs::read_to_string(&file).expect("a flow");
        let of = |head: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(head));
            lines.map(str::to_owned).collect()
        };
        Self {
            flow: of("flow: ").concat(),
            kind: of("# fails: ").concat(),
            says: of("# says: "),
            url: of("# url: ").pop(),
            file,
        }
    }

    /// What is not as it must be.
    fn problem(&self, outcome: &Outcome, variables: &[(&str, u16)]) -> Option<String> {
        let shot = outcome.first_shot_of(&self.flow);
        let Some(failure) = failures_of(shot).next() else {
            return Some(format!("{}: nothing failed", self.flow));
        };
        let message = failure["message"].as_str().unwrap_or_default();
        let is_said = |part: &String| message.contains(&filled(part, variables));
        let tells_where = failure["step"]["location"]["line"].as_u64() > Some(0);
        let is_right = failure["kind"] == self.kind.as_str()
            && self.says.iter().all(is_said)
            && self
                .url
                .as_ref()
                .is_none_or(|url| failure["url"] == url.as_str())
            && self.has_picture(failure, outcome)
            && tells_where;
        (!is_right).then(|| {
            let wanted = format!("{} {:?}", self.kind, self.says);
            format!("{}\n  must be {wanted}\n  but is {failure}", self.flow)
        })
    }

    /// Whoever reads of the failure sees the page, unless a dialog stands before it, or there is no
    /// document: of that Chromium never gives a picture.
    fn has_picture(&self, failure: &Value, outcome: &Outcome) -> bool {
        let pictures = failure["pictures"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let unseen = ["Dialog", "Window, the only", "Truncated page"];
        let wanted = !unseen.iter().any(|head| self.flow.starts_with(head));
        pictures.iter().all(|file| outcome.has_file(file)) && (!wanted || !pictures.is_empty())
    }
}

fn filled(text: &str, variables: &[(&str, u16)]) -> String {
    variables
        .iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${{{name}}}"), &value.to_string())
        })
}
