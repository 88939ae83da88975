//! The JSON Schema of a spec file, made from the raw types that read it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::raw::{BARE, SpecYaml, StepYaml};
use crate::yaml::{read::Held, schema_of};

/// The JSON Schema of a spec file, for editors.
pub fn spec_schema() -> Value {
    // A bare `mouse_up:` is a step.
    schema_of::<SpecYaml>(&["mouse_up"])
}

impl JsonSchema for Held<StepYaml> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StepOrName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [json!({ "enum": BARE }), generator.subschema_for::<StepYaml>()],
        })
    }
}
