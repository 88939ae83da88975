//! Resources that a browser has asked for and not got yet, in the tree that Chrome's and WebKit's protocol have in common.
//! Of an image that only a style names, no page can tell.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The addresses of the images, fonts and style sheets that seem to be under way. An answer without anything in it looks
/// the same in the tree as none.
pub(super) fn pending_in(tree: &Value) -> BTreeSet<String> {
    let mut urls = BTreeSet::new();
    add_pending(&tree["frameTree"], &mut urls);
    urls
}

/// A list of addresses, as our function in the page gives it.
pub(super) fn addresses(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|url| url.as_str().map(str::to_owned))
        .collect()
}

/// Adds what a frame and the frames in it have asked for and not got.
fn add_pending(frame: &Value, urls: &mut BTreeSet<String>) {
    let list = |key: &str| frame[key].as_array().into_iter().flatten();
    let pending = list("resources").filter(|resource| is_pending(resource));
    urls.extend(pending.filter_map(|resource| resource["url"].as_str().map(str::to_owned)));
    for child in list("childFrames") {
        add_pending(child, urls);
    }
}

/// An answer that has begun has a type, and one that has ended a size; WebKit tells of the first only.
fn is_pending(resource: &Value) -> bool {
    let is = |key: &str| resource[key] == json!(true);
    let is_seen = matches!(
        resource["type"].as_str(),
        Some("Image" | "Font" | "Stylesheet" | "StyleSheet")
    );
    let is_open = resource["mimeType"] == "" || resource["contentSize"] == 0;
    let url = resource["url"].as_str().unwrap_or_default();
    // What is part of its own address is there, but has no size.
    let is_asked_for = !url.starts_with("data:") && !url.starts_with("blob:");
    is_seen && is_open && is_asked_for && !is("failed") && !is("canceled")
}
