//! What our functions in a page gave in a real browser, for a plain page. `tests/page` calls them again and compares,
//! so that these records cannot drift.

use serde_json::{Map, Value};

const RECORDS: &str = include_str!("../../fixtures/cli/page.json");

/// The page that the answers are about.
#[derive(Debug)]
pub(crate) struct PlainPage {
    pub(crate) url: String,
    pub(crate) title: String,
    /// Tells two loads apart.
    pub(crate) load: Value,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) scale: f64,
}

impl PlainPage {
    /// What was recorded under this name, about this page.
    pub(crate) fn answer(&self, name: &str) -> Option<Value> {
        let mut answer = records().remove(name)?;
        self.fill_in(&mut answer);
        Some(answer)
    }

    fn fill_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                *value = match text.as_str() {
                    "$URL" => self.url.as_str().into(),
                    "$TITLE" => self.title.as_str().into(),
                    "$LOAD" => self.load.clone(),
                    "$WIDTH" => self.width.into(),
                    "$HEIGHT" => self.height.into(),
                    "$SCALE" => self.scale.into(),
                    _ => return,
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|one| self.fill_in(one)),
            Value::Object(all) => all.values_mut().for_each(|one| self.fill_in(one)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// All records by name: of our functions, of a function in what follows its first call, and of the scripts of steps.
pub(crate) fn records() -> Map<String, Value> {
    serde_json::from_str(RECORDS).expect("it is an object")
}
