//! No secret leaves through an output, however it is encoded there.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
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

/// A way to write a text. The ways that a page, a URL, a script or a driver has, each by itself.
type Writer = (&'static str, fn(&str) -> String);

const WRITERS: [Writer; 22] = [
    ("form", |text| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }),
    ("%", |text| each_byte(text, |byte| format!("%{byte:02X}"))),
    ("%, small", |text| {
        each_byte(text, |byte| format!("%{byte:02x}"))
    }),
    ("hex", |text| each_byte(text, |byte| format!("{byte:02x}"))),
    ("HEX", |text| each_byte(text, |byte| format!("{byte:02X}"))),
    ("hex:hex", |text| {
        each_byte(text, |byte| format!("{byte:02x}:"))
    }),
    ("hex hex", |text| {
        each_byte(text, |byte| format!("{byte:02X} "))
    }),
    ("0x, 0x", |text| {
        each_byte(text, |byte| format!("0x{byte:02x}, "))
    }),
    ("\\x", |text| {
        each_byte(text, |byte| format!("\\x{byte:02x}"))
    }),
    ("\\u", |text| {
        text.encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect()
    }),
    ("\\u{}", |text| {
        text.chars()
            .map(|c| format!("\\u{{{:x}}}", u32::from(c)))
            .collect()
    }),
    ("debug", |text| text.escape_debug().to_string()),
    ("json", |text| serde_json::Value::from(text).to_string()),
    ("&lt;", |text| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
    }),
    ("&#;", |text| {
        text.chars()
            .map(|c| format!("&#{};", u32::from(c)))
            .collect()
    }),
    ("&#x;", |text| {
        text.chars()
            .map(|c| format!("&#x{:X};", u32::from(c)))
            .collect()
    }),
    ("base64", |text| STANDARD.encode(text)),
    ("base64url", |text| URL_SAFE_NO_PAD.encode(text)),
    ("base64 of user", |text| {
        STANDARD.encode(format!("u:{text}"))
    }),
    ("base64 within", |text| {
        URL_SAFE_NO_PAD.encode(format!("jane:{text}; more"))
    }),
    ("upper", |text| text.to_uppercase()),
    ("lower", |text| text.to_lowercase()),
];

fn each_byte(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

/// Whether the text is gone from a redacted one: not even half of it is left anywhere.
fn is_gone(written: &str, redacted: &str) -> bool {
    let letters: Vec<char> = written.chars().collect();
    let half = letters.len().div_ceil(2).max(4);
    letters
        .windows(half)
        .all(|part| !redacted.contains(&part.iter().collect::<String>()))
}

/// Another way to look for a value, slow and by itself: decodes whole words with the decoders of libraries, thrice.
fn is_readable(text: &str, secret: &str, depth: usize) -> bool {
    if text.to_lowercase().contains(&secret.to_lowercase()) {
        return true;
    }
    let words = text.split(|c: char| c.is_whitespace() || "\"'<>;,•".contains(c));
    depth > 0
        && words.filter(|word| word.len() >= 4).any(|word| {
            let pair = format!("x={}", word.replace('&', "%26"));
            let form = url::form_urlencoded::parse(pair.as_bytes()).next();
            let hex = word.as_bytes().chunks(2).map(|pair| {
                let digits = std::str::from_utf8(pair).ok()?;
                u8::from_str_radix(digits, 16).ok()
            });
            let decoded = [
                form.map(|(_, value)| value.into_owned().into_bytes()),
                hex.collect(),
                STANDARD.decode(word).ok(),
                URL_SAFE_NO_PAD.decode(word).ok(),
                serde_json::from_str(&format!("\"{word}\""))
                    .ok()
                    .map(String::into_bytes),
            ];
            decoded.into_iter().flatten().any(|bytes| {
                let decoded = String::from_utf8_lossy(&bytes);
                decoded != word && is_readable(&decoded, secret, depth - 1)
            })
        })
}

/// The writer that goes over a text that another wrote. A change of case destroys what others wrote in base64.
fn goes_over(over: usize, under: usize) -> bool {
    let is_base64 = WRITERS[under].0.starts_with("base64");
    !(is_base64 && ["upper", "lower"].contains(&WRITERS[over].0))
}

#[test]
fn every_pair_of_encodings_is_redacted() {
    for secret in [
        "c4n4ry/ß &\"<k>'",
        "Correct-Horse+7",
        "4711",
        "p%41ss\\wd\u{e9}",
    ] {
        for (under, (one, first)) in WRITERS.iter().enumerate() {
            for (over, (other, second)) in WRITERS.iter().enumerate() {
                let written = second(&first(secret));
                let text = format!("begin {written} end");
                let shown = redact(secret, &text);
                let is_hidden = shown.contains(DOTS) && is_gone(&written, &shown);
                let is_kept = shown.starts_with("begin ") && shown.ends_with(" end");
                let ways = format!("{secret} by {one}, then {other}: {text} → {shown}");
                assert!(is_kept && (is_hidden || !goes_over(over, under)), "{ways}");
                assert!(!is_readable(&shown, secret, 3), "{ways}");
            }
        }
    }
}

#[test]
fn base64_is_found_wherever_it_begins_and_in_any_case() {
    let secret = "correct horse";
    for user in ["", "u", "jo", "bob", "a-b", "jane"] {
        for after in ["", ";", "; x", "; x="] {
            let pair = STANDARD.encode(format!("{user}:{secret}{after}"));
            for glued in ["", "/", "id_", "x"] {
                let text = format!("{glued}{pair}");
                for text in [text.clone(), text.to_uppercase(), text.to_lowercase()] {
                    let shown = redact(secret, &text);
                    assert!(shown.contains(DOTS), "{text}: {shown}");
                    assert!(
                        shown.len() < DOTS.len() + user.len() * 2 + 20,
                        "{text}: {shown}"
                    );
                }
            }
        }
    }
    let lines = STANDARD.encode(format!("{}{secret}{}", "x".repeat(50), "y".repeat(50)));
    let lines = format!("{}\r\n{}", &lines[..76], &lines[76..]);
    assert!(redact(secret, &lines).contains(DOTS), "{lines}");
}

#[test]
fn only_what_holds_it_becomes_dots() {
    let secret = "s3cret-1";
    for (text, shown) in [
        ("/a?q=%73%33cret-1&x=1", "/a?q=••••••&x=1"),
        ("x %2573%2533cret-1%2F", "x ••••••%2F"),
        ("S3CRET-1, s3cret-2, s3cret", "••••••, s3cret-2, s3cret"),
        ("s3cret-1s3cret-1", "••••••••••••"),
        ("id 73 33 63 72 65 74 2d 31 20", "id •••••• 20"),
        ("sum 0073336372657", "sum 0073336372657"),
        ("73336372 65742d31", "73336372 65742d31"),
    ] {
        assert_eq!(redact(secret, text), shown, "{text}");
    }
}

#[test]
fn a_short_secret_is_not_found_by_chance() {
    let digits = "4a17 41 0x41 at 61:62:63 4142 616263 YWJj YWI QUFB AAAA abcd ab c4 ABC";
    for (secret, shown) in [
        (
            "A",
            "4a17 41 0x41 at 61:62:63 4142 616263 YWJj YWI QUFB •••••••••••••••••••••••• abcd ab c4 ••••••BC",
        ),
        (
            "ab",
            "4a17 41 0x41 at 61:62:63 4142 616263 YWJj YWI QUFB AAAA ••••••cd •••••• c4 ABC",
        ),
        (
            "abc",
            "4a17 41 0x41 at •••••• 4142 •••••• •••••• YWI QUFB AAAA ••••••d ab c4 ABC",
        ),
        (
            "c4",
            "4a17 41 0x41 at 61:62:63 4142 616263 YWJj YWI QUFB AAAA abcd ab •••••• ABC",
        ),
    ] {
        assert_eq!(redact(secret, digits), shown, "{secret}");
    }
    assert_eq!(
        redact("ab", "%61%62 \\x61b &#97;b"),
        format!("{DOTS} {DOTS} {DOTS}")
    );
    assert_eq!(redact("++++", "a    b ++++"), format!("a    b {DOTS}"));
}

#[test]
fn a_part_that_a_url_cuts_off_is_redacted() {
    assert_eq!(
        redact("c4n4ry a+b&rest", "you typed c4n4ry a b"),
        format!("you typed {DOTS}")
    );
    assert_eq!(redact("c4n4ry a+b&rest", "the rest"), "the rest");
    assert_eq!(
        redact("http://x.test/#abcd", "http://x.test/"),
        "http://x.test/"
    );
}

#[test]
fn texts_of_a_report_stay_as_they_are() {
    let secrets = [
        "correct horse",
        "4711",
        "p4ss&word/x",
        "hunter22",
        "abc",
        "7",
    ];
    let secrets = Secrets::new(secrets.map(str::to_owned));
    let picture = STANDARD.encode(
        (0..30_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .map(|byte| byte | 0x80)
            .collect::<Vec<u8>>(),
    );
    for text in [
        "click: `#buy` was not found on http://staging.test/checkout?step=2%20of%203 within 10 s",
        "&lt;b&gt; &amp; \\u0041 \\n %41 100 % of 0xdeadbeef 12:30:45 2026-01-02T03:04:05Z",
        "sha256-9f86d081884c5d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
            .replace('7', "8")
            .as_str(),
        &picture.replace('7', "8").replace("abc", "abd"),
    ] {
        let text = text.replace("4711", "4712");
        assert_eq!(secrets.redact(&text), text);
    }
}

#[test]
fn a_long_value_is_found_to_where_it_agrees() {
    let value: String = (0..2_000).map(|n| format!("{n:x}.")).collect();
    assert_eq!(redact(&value, &format!("a{value}b")), format!("a{DOTS}b"));
    assert_eq!(
        redact(&value, &format!("a{}!", &value[..500])),
        format!("a{DOTS}!")
    );
    let same = "a".repeat(100_000);
    assert_eq!(
        redact(&same, &format!("{same}{same}").replace('b', "c"))
            .matches(DOTS)
            .count(),
        2
    );
}

/// A page may have a title of a megabyte.
#[test]
fn a_hostile_text_takes_no_long_time() {
    let secrets = Secrets::new(["correct horse".to_owned(), "aaaaaaaaaaaaaaab".to_owned()]);
    let began = std::time::Instant::now();
    for piece in [
        "%2525",
        "&amp;",
        "\\\\",
        "QUJD",
        "UVVKRA%3D",
        "6162",
        "0x61,",
        "aaaa",
        "\\u{61}",
        "%5Cx61",
    ] {
        let text = piece.repeat(30_000 / piece.len());
        assert_eq!(secrets.redact(&text), text);
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_value_survives(
        secret in "[a-zA-Z0-9äßé€😀 /+&<>\"'%\\\\=_.-]{4,16}",
        ways in prop::collection::vec(0..WRITERS.len(), 1..=3),
        before in "\\PC{0,20}",
        after in "\\PC{0,20}",
    ) {
        let solid = secret.chars().filter(|c| !" +".contains(*c)).count();
        prop_assume!(solid >= 4 && ways.windows(2).all(|pair| goes_over(pair[1], pair[0])));
        prop_assume!(!ways.iter().skip(2).any(|way| !goes_over(*way, ways[0])));
        let written = ways.iter().fold(secret.clone(), |text, way| WRITERS[*way].1(&text));
        prop_assume!(is_gone(&written, &format!("{before} {after}")));
        let shown = redact(&secret, &format!("{before} {written} {after}"));
        prop_assert!(shown.contains(DOTS) && is_gone(&written, &shown), "{} → {}", written, shown);
        prop_assert!(!is_readable(&shown, &secret, 3), "{}", shown);
    }

    #[test]
    fn what_does_not_hold_it_stays(
        ways in prop::collection::vec(0..WRITERS.len(), 0..=3),
        text in "[a-zA-Z0-9äßé€😀 /+&<>\"'%\\\\=_.-]{0,60}",
    ) {
        let written = ways.iter().fold(text, |text, way| WRITERS[*way].1(&text));
        let shown = redact("\u{3b1}\u{3b2}\u{3b3}\u{3b4}!", &written);
        prop_assert_eq!(shown, written);
    }

    #[test]
    fn no_short_value_survives(secret in "\\PC{1,3}", before in "\\PC{0,20}", after in "\\PC{0,20}") {
        prop_assume!(!secret.trim().is_empty() && !secret.contains('•'));
        let json = serde_json::Value::from(secret.clone()).to_string();
        let text = format!("{before}{secret}{after} {json}");
        prop_assert!(!redact(&secret, &text).contains(&secret));
    }
}
