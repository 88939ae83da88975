//! Targets of a spec, as our functions in a page take them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::spec::{Selector, Target};

/// How often a condition is looked at again.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// The target as `page/find.js` takes it.
pub(crate) fn alternatives(target: &Target) -> Value {
    target
        .alternatives
        .iter()
        .map(|way| match way {
            Selector::Css(parts) => json!({ "css": parts }),
            Selector::Text(text) => json!({ "text": text }),
            Selector::XPath(path) => json!({ "xpath": path }),
        })
        .collect()
}
