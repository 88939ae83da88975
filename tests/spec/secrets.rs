//! No secret leaves through an output, however it is encoded there.

use proptest::prelude::*;
use twinshot::spec::Secrets;

use super::support::{PASSWORD, parse, parse_config};

const DOTS: &str = "••••••";

fn redact(secret: &str, text: &str) -> String {
    Secrets::new([secret.to_owned()]).redact(text)
}

#[test]
fn every_encoding_is_redacted() {
    let secret = "pä ss/w&<\"'+\n";
    for shown in [
        secret,
        "p%C3%A4%20ss%2Fw%26%3C%22%27%2B%0A",
        "p%c3%a4%20ss%2fw%26%3c%22%27%2b%0a",
        "p%C3%A4+ss%2Fw%26%3C%22%27%2B%0A",
        "cMOkIHNzL3cmPCInKwo=",
        "cMOkIHNzL3cmPCInKwo",
        "pä ss/w&<\\\"'+\\n",
        "p\\u00e4 ss/w&<\\\"'+\\n",
        "p\\u00E4 ss/w&<\\\"'+\\n",
        "pä ss\\/w&<\\\"'+\\n",
        "pä ss/w\\u0026\\u003c\\\"\\u0027+\\n",
        "pä ss/w&amp;&lt;\"'+\n",
        "pä ss/w&amp;&lt;&quot;&#x27;+\n",
        "pä ss/w&amp;&lt;&quot;&#39;+\n",
        "pä ss&#x2f;w&amp;&lt;&quot;&#x27;+\n",
    ] {
        assert_eq!(
            redact(secret, &format!("a{shown}b")),
            format!("a{DOTS}b"),
            "{shown}"
        );
    }
}

#[test]
fn a_password_inside_of_basic_auth_is_redacted() {
    // base64 of `jane:correct horse` and of `bob:correct horse`
    for shown in ["amFuZTpjb3JyZWN0IGhvcnNl", "Ym9iOmNvcnJlY3QgaG9yc2U="] {
        let text = redact("correct horse", &format!("Basic {shown}"));
        assert!(text.contains(DOTS) && text.len() < 35, "{text}");
    }
}

#[test]
fn the_longest_secret_wins_and_empty_ones_are_ignored() {
    let mut secrets = Secrets::new(["abc".to_owned(), String::new(), " ".to_owned()]);
    secrets.merge(&Secrets::new(["abcdef".to_owned()]));
    assert_eq!(
        secrets.redact("xabcdefx abcx a b"),
        format!("x{DOTS}x {DOTS}x a b")
    );
    assert_eq!(Secrets::new(["".to_owned()]).redact("a b"), "a b");
    assert!(Secrets::default().is_empty());
    assert_eq!(format!("{secrets:?}"), "Secrets(2 values)");
}

#[test]
fn only_used_variables_are_secret() {
    let unused = parse("flow: a\nsteps:\n  - goto: /${USER_NAME}\n").expect("a right spec");
    assert_eq!(unused.secrets.redact("us jane 4711"), "us jane 4711");
    let used = "flow: a\nsteps:\n  - type: { into: \"#p\", text: \"${APP_PASSWORD}\" }\n  - goto: /${PIN}\n";
    let used = parse(used).expect("a right spec");
    assert_eq!(
        used.secrets.redact(&format!("us {PASSWORD} 4711")),
        format!("us {DOTS} {DOTS}")
    );
}

#[test]
fn a_configuration_names_its_secrets_first() {
    let text = "environments:\n  production: { url: \"https://${USER_NAME}.example.com\" }\n  staging: { url: demo:staging }\nsecrets: [USER_NAME]\n";
    let parsed = parse_config(text).expect("a right configuration");
    assert_eq!(parsed.secrets.redact("jane"), DOTS);
    assert_eq!(parsed.config.secrets, ["USER_NAME"]);
}

#[test]
fn checked_types_do_not_print_values() {
    let text = "flow: a\nsteps:\n  - type: { into: \"#p\", text: \"${APP_PASSWORD}\" }\n";
    let suite = parse(text).expect("a right spec");
    let shown = format!("{suite:?}");
    assert!(
        shown.contains("${APP_PASSWORD}") && !shown.contains("s3cret"),
        "{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_value_survives(secret in "\\PC{3,12}", before in "\\PC{0,20}", after in "\\PC{0,20}") {
        prop_assume!(!secret.trim().is_empty() && !DOTS.contains(&secret) && !secret.contains('•'));
        let json = serde_json::Value::from(secret.clone()).to_string();
        let text = format!("{before}{secret}{after} {json}");
        prop_assert!(!redact(&secret, &text).contains(&secret));
    }
}
