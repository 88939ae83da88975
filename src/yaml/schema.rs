//! JSON Schemas for editors, made from the raw types that read files.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::read::{Entries, ListOrEntries, Nothing, Place, TextOr, Texts, TextsOr};

/// The schema of a raw type, as the reader understands it: where a text is wanted, a bare number is the text
/// that was written, and a key without a value is an error unless it is one of `bare`.
pub(crate) fn schema_of<T: JsonSchema>(bare: &[&str]) -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    as_read(&mut schema, bare);
    schema
}

fn as_read(schema: &mut Value, bare: &[&str]) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                let properties = properties.iter_mut();
                let others = properties.filter(|(name, _)| !bare.contains(&name.as_str()));
                others.for_each(|(_, property)| drop_null(property));
            }
            if !map.contains_key("const") && !map.contains_key("enum") {
                map.get_mut("type").into_iter().for_each(allow_scalars);
            }
            map.values_mut().for_each(|value| as_read(value, bare));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| as_read(item, bare)),
        _ => {}
    }
}

/// Serde's optional keys may be absent; that they may be null is schemars' reading.
fn drop_null(property: &mut Value) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|kind| kind != "null");
    }
    if let Some(Value::Array(choices)) = property.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({ "type": "null" }));
    }
}

fn allow_scalars(kind: &mut Value) {
    let mut kinds = match kind.take() {
        Value::Array(kinds) => kinds,
        other => vec![other],
    };
    if kinds.iter().any(|kind| kind == "string") {
        kinds.extend(["number".into(), "boolean".into()]);
    }
    *kind = match kinds.len() {
        1 => kinds.remove(0),
        _ => Value::Array(kinds),
    };
}

/// Implements `JsonSchema` inline for a type that other schemas are written around.
macro_rules! inline_schema {
    ([$($param:ident)?] $kind:ty, $generator:ident => $schema:expr) => {
        impl $(<$param: JsonSchema>)? JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($kind).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                std::any::type_name::<Self>().into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline_schema!([T] Place<T>, generator => generator.subschema_for::<T>());

inline_schema!([T] Entries<T>, generator => json_schema!({
    "type": "object",
    "additionalProperties": generator.subschema_for::<T>(),
}));

inline_schema!([] Texts, _generator => json_schema!({
    "type": ["string", "array"],
    "items": { "type": "string" },
}));

inline_schema!([M] TextOr<M>, generator => json_schema!({
    "anyOf": [{ "type": "string" }, generator.subschema_for::<M>()],
}));

inline_schema!([M] TextsOr<M>, generator => json_schema!({
    "anyOf": [
        { "type": ["string", "array"], "items": { "type": "string" } },
        generator.subschema_for::<M>(),
    ],
}));

inline_schema!([M] ListOrEntries<M>, generator => json_schema!({
    "anyOf": [
        { "type": "array", "items": generator.subschema_for::<M>() },
        { "type": "object", "additionalProperties": { "type": "string" } },
    ],
}));

inline_schema!([] Nothing, _generator => json_schema!({ "type": "null" }));
