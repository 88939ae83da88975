//! Compares what a function gave with what a case expects of it.

use serde_json::Value;

/// Lengths in CSS pixels and the like, as JSON has them.
const TOLERANCE: f64 = 0.01;

/// What is wrong with `found`, in words with the place in it, or nothing.
///
/// An object needs the expected keys and may have others; a list must be as long. An object with one key that begins
/// with `$` is a rule: `{"$between": [1, 5]}`, `{"$contains": "word"}`,
/// `{"$one_of": ["one", "other"]}`, `{"$type": "number"}`.
pub(crate) fn mismatch(expected: &Value, found: &Value) -> Option<String> {
    mismatch_at("answer", expected, found)
}

fn mismatch_at(place: &str, expected: &Value, found: &Value) -> Option<String> {
    let wrong = || Some(format!("{place} is {found}, expected {expected}"));
    match (expected, found) {
        (Value::Object(wanted), _) if wanted.keys().any(|key| key.starts_with('$')) => {
            let holds = wanted.iter().all(|(rule, limit)| holds(rule, limit, found));
            if holds { None } else { wrong() }
        }
        (Value::Object(wanted), Value::Object(_)) => wanted
            .iter()
            .find_map(|(key, value)| mismatch_at(&format!("{place}.{key}"), value, &found[key])),
        (Value::Array(wanted), Value::Array(all)) if wanted.len() == all.len() => {
            let mut pairs = wanted.iter().zip(all).enumerate();
            pairs.find_map(|(at, (wanted, found))| {
                mismatch_at(&format!("{place}[{at}]"), wanted, found)
            })
        }
        (Value::Number(wanted), Value::Number(number)) => {
            let distance = wanted.as_f64()? - number.as_f64()?;
            if distance.abs() < TOLERANCE {
                None
            } else {
                wrong()
            }
        }
        _ if expected == found => None,
        _ => wrong(),
    }
}

fn holds(rule: &str, limit: &Value, found: &Value) -> bool {
    match rule {
        "$between" => {
            let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
            (number(&limit[0])..=number(&limit[1])).contains(&number(found))
        }
        "$contains" => {
            let word = limit.as_str().expect("`$contains` takes a text");
            found.to_string().contains(word)
        }
        "$one_of" => limit.as_array().is_some_and(|all| all.contains(found)),
        "$type" => limit == type_of(found),
        _ => panic!("there is no rule `{rule}`"),
    }
}

/// As JavaScript calls it, but for lists and `null`.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
