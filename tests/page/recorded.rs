//! The fake driver of `tests/cli` answers as a real browser did once. Here the real one is asked again.

#[path = "../cli/support/recorded.rs"]
mod records;

use serde_json::{Value, json};

use crate::{
    browser::{NAME, Session, Shared},
    case::argument,
    expected::type_of,
    scripts::{self, Scrollbars},
};
use records::{PlainPage, records};

/// What takes a different time each time.
const DURATIONS: &[&str] = &["sinceParsed", "ms", "took"];

#[test]
fn the_fake_driver_answers_as_a_browser_does() {
    let session = Session::take();
    let page = open_plain_page(&session);
    let mut wrong: Vec<String> = records()
        .keys()
        .filter(|name| !CALLS.iter().any(|(called, _)| called == name))
        .map(|name| format!("`{name}` is recorded, but nobody asks for it"))
        .collect();
    for (name, with) in CALLS {
        let with: Value = serde_json::from_str(with).expect("JSON");
        let found = call(&session, name, &with);
        let recorded = page.answer(name).unwrap_or_else(|| panic!("no `{name}`"));
        wrong.extend(drift(name, &recorded, &found));
    }
    drop(session);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// In this order: the page settles first, as in a flow.
const CALLS: &[(&str, &str)] = &[
    ("settle", "{}"),
    ("settle, the second time", "{}"),
    ("hasRested", "{}"),
    ("describe", "null"),
    ("describeSoon", "null"),
    ("sinceParsed", "null"),
    ("measure", "null"),
    ("tooWideBy", "null"),
    ("redraw", "null"),
    ("boxes", r##"[[{"css": ["#box"]}]]"##),
    ("areas", r##"[[{"css": ["#box"]}]]"##),
    ("notAnswered", r#"{"urls": []}"#),
    ("scrollThrough", "{}"),
    ("movingParts", "null"),
    ("hold", "{}"),
    ("letGo", "{}"),
    (
        "return found && [found, canBeSeen(found)];",
        r##"[{"css": ["#box"]}]"##,
    ),
    (
        "return found && reach(found, arguments[1]).then((reached) => [found, canBeSeen(found), reached]);",
        r##"[{"css": ["#box"]}]"##,
    ),
    (
        "return found && [found, canBeSeen(found), hindranceOf(found, arguments[1])];",
        r##"[{"css": ["#box"]}]"##,
    ),
    ("return pageText();", "null"),
    // As `act/recipient.rs` has it.
    (
        "return [/^https?:/.test(location.href) ? location.href : origin, ...(location.ancestorOrigins || [])];",
        "null",
    ),
];

fn open_plain_page(session: &Session) -> PlainPage {
    let opened = || {
        session.resize(60, 40, 1.0)?;
        let preload = session.add_preload(&scripts::preload(NAME, Scrollbars::HiddenByBrowser))?;
        let url = format!("{}/files/plain.html", Shared::get().site.url());
        session.open(&url)?;
        session.remove_preload(&preload)?;
        let load = session.in_page("return performance.timeOrigin")?;
        Ok::<_, String>((url, load))
    };
    let (url, load) = opened().expect("a page");
    PlainPage {
        url,
        title: "A page".to_owned(),
        load,
        width: 60,
        height: 40,
        scale: 1.0,
    }
}

fn call(session: &Session, name: &str, with: &Value) -> Value {
    let answer = match name.trim_end_matches(", the second time") {
        // As `find.rs` has it.
        script if script.starts_with("return found") => {
            let body = format!("const found = findOne(arguments[0]); {script}");
            session.step_script(&body, with)
        }
        script if script.starts_with("return ") => session.step_script(script, with),
        function => {
            // Once the page has been still for a moment.
            if name.contains("second") {
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
            session.call(function, &argument(function, with))
        }
    };
    answer.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Where the record has another shape or another value than the answer; durations may differ, and so may which kinds of
/// things were waited for.
fn drift(place: &str, recorded: &Value, found: &Value) -> Vec<String> {
    let key = place.rsplit('.').next().unwrap_or_default();
    let differs = || vec![format!("{place} is {found}, recorded is {recorded}")];
    match (recorded, found) {
        (Value::Object(recorded), Value::Object(all)) if key == "waits" => {
            let shape = json!({ "ms": 0.0, "count": 1 });
            let waits = recorded.iter().chain(all);
            waits
                .flat_map(|(kind, wait)| same_types(&format!("{place}.{kind}"), &shape, wait))
                .collect()
        }
        (Value::Object(recorded), Value::Object(all)) => {
            let is_same = recorded.keys().collect::<Vec<_>>() == all.keys().collect::<Vec<_>>();
            if !is_same {
                return differs();
            }
            let pairs = recorded.iter().zip(all.values());
            pairs
                .flat_map(|((key, recorded), found)| {
                    drift(&format!("{place}.{key}"), recorded, found)
                })
                .collect()
        }
        (Value::Array(recorded), Value::Array(all)) if recorded.len() == all.len() => recorded
            .iter()
            .zip(all)
            .flat_map(|(recorded, found)| drift(&format!("{place}[]"), recorded, found))
            .collect(),
        (Value::Number(_), Value::Number(_)) if DURATIONS.contains(&key) => Vec::new(),
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => Vec::new(),
        // The driver makes these up.
        (Value::String(_), Value::String(_)) if key.starts_with("element-") => Vec::new(),
        _ if recorded == found => Vec::new(),
        _ => differs(),
    }
}

fn same_types(place: &str, shape: &Value, found: &Value) -> Vec<String> {
    let names = |value: &Value| -> Vec<(String, &'static str)> {
        let all = value.as_object().into_iter().flatten();
        all.map(|(key, value)| (key.clone(), type_of(value)))
            .collect()
    };
    if names(shape) == names(found) {
        Vec::new()
    } else {
        vec![format!("{place} is {found}")]
    }
}
