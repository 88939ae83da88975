//! Resources that a browser has requested and not received yet, read from the tree that Chrome's and WebKit's protocols
//! share. A page's own scripts cannot see images that only a style names, or code that `import()` asks for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::browser::picture::ResourceKinds;

/// The URLs of the resources of these kinds that seem to be loading. In the tree, an empty answer looks the same as
/// none.
pub(super) fn pending_in(tree: &Value, kinds: ResourceKinds) -> BTreeSet<String> {
    let mut urls = BTreeSet::new();
    add_pending(&tree["frameTree"], kinds, &mut urls);
    urls
}

/// Reads the list of URLs that our page function returns.
pub(super) fn addresses(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|url| url.as_str().map(str::to_owned))
        .collect()
}

/// Adds the resources that a frame and the frames inside of it are still waiting for.
fn add_pending(frame: &Value, kinds: ResourceKinds, urls: &mut BTreeSet<String>) {
    let list = |key: &str| frame[key].as_array().into_iter().flatten();
    let pending = list("resources").filter(|resource| is_pending(resource, kinds));
    urls.extend(pending.filter_map(|resource| resource["url"].as_str().map(str::to_owned)));
    for child in list("childFrames") {
        add_pending(child, kinds, urls);
    }
}

/// An answer that has started has a type, and one that has ended has a size. WebKit reports only the type.
fn is_pending(resource: &Value, kinds: ResourceKinds) -> bool {
    let is = |key: &str| resource[key] == json!(true);
    let is_wanted = kinds.include(resource["type"].as_str().unwrap_or_default());
    let is_open = resource["mimeType"] == "" || resource["contentSize"] == 0;
    let url = resource["url"].as_str().unwrap_or_default();
    // A `data:` URL contains its resource, which has no size in the tree.
    let is_asked_for = !url.starts_with("data:") && !url.starts_with("blob:");
    is_wanted && is_open && is_asked_for && !is("failed") && !is("canceled")
}
