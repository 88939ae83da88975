//! `capabilities`: additional capabilities for drivers, by browser.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::{Map, Number, Value as Json};

use super::Browser;
use crate::yaml::{
    Diagnostic,
    read::{Entries, Place},
    reader::Reader,
    tree::Value,
};

/// The capabilities of each browser's sessions, as WebDriver has them.
pub type Capabilities = BTreeMap<Browser, Map<String, Json>>;

/// Capabilities that Twinshot sets itself, and what to use instead.
const OURS: &[(&str, &str)] = &[
    (
        "acceptInsecureCerts",
        "set `ignore_certificate_errors` of an environment",
    ),
    ("browserName", "name browsers under `browsers`"),
    ("pageLoadStrategy", "flows wait for what pages show"),
    ("proxy", "set `proxy` of an environment"),
    ("timeouts", "set `page_timeout` and `timeout`"),
    ("unhandledPromptBehavior", "answer dialogs by a step"),
    ("webSocketUrl", "it is asked for where it is needed"),
];
/// The same for the options of a browser.
const OUR_OPTIONS: &[(&str, &str)] = &[
    (
        "binary",
        "name the program in TWINSHOT_CHROME, TWINSHOT_EDGE, TWINSHOT_FIREFOX or TWINSHOT_WEBKIT",
    ),
    ("debuggerAddress", "a run starts browsers of its own"),
    ("mobileEmulation", "set the size under `viewports`"),
];
/// The keys of each browser's own options.
const OPTIONS: &[&str] = &[
    "goog:chromeOptions",
    "ms:edgeOptions",
    "moz:firefoxOptions",
    "webkitgtk:browserOptions",
];

/// Any YAML.
#[derive(Debug)]
pub(super) struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for Anything {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Capabilities".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Map::<String, Json>::json_schema(generator)
    }
}

/// Reads them with variables filled in.
pub(super) fn capabilities(
    reader: Reader<'_>,
    place: Option<&Place<Entries<Anything>>>,
) -> Result<Capabilities, Diagnostic> {
    let entries = place.into_iter().flat_map(|place| &place.value.0);
    entries.map(|entry| of_browser(reader, entry.id)).collect()
}

fn of_browser(reader: Reader<'_>, id: usize) -> Result<(Browser, Map<String, Json>), Diagnostic> {
    let name = reader.tree.key(id);
    let browser = Browser::ALL.into_iter().find(|it| it.name() == name);
    let Some(browser) = browser else {
        let error = reader.key_error(id, format!("there is no browser `{name}`"));
        return Err(error
            .help("write `chrome`, `edge`, `firefox` or `webkit`, and their capabilities below"));
    };
    refuse(reader, id, OURS)?;
    for entry in reader.tree.entries(id) {
        if OPTIONS.contains(&reader.tree.key(*entry)) {
            refuse(reader, *entry, OUR_OPTIONS)?;
        }
    }
    match json(reader, id)? {
        Json::Object(map) => Ok((browser, map)),
        _ => {
            let error = reader.error(id, format!("the capabilities of `{name}` are no map"));
            Err(error.help("write for example `chrome: { \"goog:chromeOptions\": { args: [--force-dark-mode] } }`"))
        }
    }
}

/// Refuses entries of a map that Twinshot sets itself.
fn refuse(reader: Reader<'_>, id: usize, ours: &[(&str, &str)]) -> Result<(), Diagnostic> {
    for entry in reader.tree.entries(id) {
        let key = reader.tree.key(*entry);
        if let Some((_, instead)) = ours.iter().find(|(name, _)| *name == key) {
            let error = reader.key_error(*entry, format!("`{key}` is set by Twinshot itself"));
            return Err(error.help(*instead));
        }
    }
    Ok(())
}

fn json(reader: Reader<'_>, id: usize) -> Result<Json, Diagnostic> {
    Ok(match &reader.tree.node(id).value {
        Value::Null => Json::Null,
        Value::Bool(value, _) => Json::Bool(*value),
        Value::Integer(value, spelling) => match i64::try_from(*value) {
            Ok(value) => Json::from(value),
            Err(_) => return Err(reader.error(id, format!("{spelling} is too large"))),
        },
        Value::Float(value, spelling) => match Number::from_f64(*value) {
            Some(number) => Json::Number(number),
            None => return Err(reader.error(id, format!("{spelling} is no number for JSON"))),
        },
        Value::Text(source) => Json::from(reader.text_at(id, source)?.value()),
        Value::List(ids) => {
            let items = ids.iter().map(|id| json(reader, *id));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Map(ids) => {
            let entry = |id: &usize| Ok((reader.tree.key(*id).to_owned(), json(reader, *id)?));
            Json::Object(ids.iter().map(entry).collect::<Result<_, Diagnostic>>()?)
        }
    })
}
