//! Targets of a spec, in the form that our page functions take.

use std::time::Duration;

use serde_json::{Value, json};

use crate::spec::{Selector, Target};

/// The pause between two checks of a condition.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// The target in the form that `page/library/find.js` takes.
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
