//! The rules for names of flows, shots and fragments.

use crate::yaml::{
    Diagnostic,
    diagnostic::{Spot, is_unprintable},
    interpolate::has_variable,
    read::Place,
    tree::Tree,
};

/// Names become file names later, with a few bytes added.
const MAX_NAME_BYTES: usize = 200;

/// A name that people, file systems and HTML can show, the same in every environment.
pub(super) fn check_name(what: &str, tree: &Tree, name: &Place<String>) -> Result<(), Diagnostic> {
    let text = &name.value;
    let (problem, help) = if text.trim().is_empty() {
        ("is empty", None)
    } else if has_variable(text) {
        (
            "holds a variable",
            Some("names are part of ids and must not depend on the environment"),
        )
    } else if text.chars().any(is_unprintable) {
        (
            "holds a control character or one that changes the direction of text",
            None,
        )
    } else if text.len() > MAX_NAME_BYTES {
        ("is longer than 200 bytes", None)
    } else if text.trim() != text {
        ("begins or ends with a space", None)
    } else {
        return Ok(());
    };
    let error = Diagnostic::new(
        format!("the name of a {what} {problem}"),
        tree.spot(name.id),
    );
    Err(error.maybe_help(help.map(Into::into)))
}

/// Names become file names, and some file systems treat `A` and `a` as the same.
pub(super) fn twice(what: &str, name: &str, second: Spot, first: Spot) -> Diagnostic {
    Diagnostic::new(format!("two {what} are named `{name}`"), second)
        .note_at("the first one is here", first)
        .help("names must differ, and not only in upper and lower case")
}
