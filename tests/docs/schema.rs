//! The keys that a JSON Schema knows.

use std::collections::BTreeSet;

use serde_json::Value;

pub(crate) fn names_of(properties: &Value) -> BTreeSet<String> {
    let map = properties.as_object().expect("a map of properties");
    map.keys().cloned().collect()
}

pub(crate) fn keys(schema: &Value, kind: &str) -> BTreeSet<String> {
    names_of(&schema["$defs"][kind]["properties"])
}

/// The keys of every map that may occur below this part of a schema.
pub(crate) fn collect_keys(schema: &Value, part: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str) {
                let kind = name.trim_start_matches("#/$defs/");
                found.extend(keys(schema, kind));
                let properties = &schema["$defs"][kind]["properties"];
                collect_keys(schema, properties, found);
            }
            map.values()
                .for_each(|value| collect_keys(schema, value, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_keys(schema, item, found)),
        _ => {}
    }
}
