//! How strictly pixels are compared: the values of `threshold` and `antialiasing`.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// The colour distance above which one pixel is mismatched.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Threshold {
    /// None if both pictures were drawn under the same circumstances, the usual one if not.
    #[default]
    Auto,
    /// This distance, 0 to 1.
    Distance(f64),
}

/// How a pixel is treated that differs only by anti-aliasing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AntialiasingRule {
    /// It counts if both pictures were drawn under the same circumstances.
    #[default]
    Auto,
    /// It does not count.
    Ignore,
    /// It counts.
    Count,
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Distance(distance) => write!(f, "{distance}"),
        }
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AutoOrNumber;
        impl de::Visitor<'_> for AutoOrNumber {
            type Value = Threshold;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or `auto`")
            }

            fn visit_f64<E>(self, distance: f64) -> Result<Threshold, E> {
                Ok(Threshold::Distance(distance))
            }

            fn visit_i64<E>(self, distance: i64) -> Result<Threshold, E> {
                Ok(Threshold::Distance(distance as f64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Threshold, E> {
                match text {
                    "auto" => Ok(Threshold::Auto),
                    _ => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(AutoOrNumber)
    }
}

impl JsonSchema for Threshold {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "const": "auto" }, { "type": "number", "minimum": 0, "maximum": 1 }],
        })
    }
}
