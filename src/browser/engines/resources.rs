//! Resources that a browser has requested and does not have, read from the tree that Chrome's and WebKit's protocols
//! share. A page's own scripts cannot see images that only a style names, or code that `import()` asks for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::browser::picture::ResourceKinds;

/// The resources of a page that it does not have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MissingResources {
    /// The URLs of those that are loading.
    pub(crate) pending: Vec<String>,
    /// The kinds and URLs of those that failed, as far as the browser tells. A page's own scripts know of some more.
    pub(crate) failed: Vec<(String, String)>,
}

/// The URLs of the resources of these kinds that seem to be loading. In the tree, an empty answer looks the same as
/// none.
pub(super) fn pending_in(tree: &Value, kinds: ResourceKinds) -> BTreeSet<String> {
    let mut urls = BTreeSet::new();
    each_resource(&tree["frameTree"], &mut |resource| {
        if is_pending(resource, kinds) {
            urls.extend(url_of(resource));
        }
    });
    urls
}

/// The kinds and URLs of the resources that failed, or that were cut off.
pub(super) fn failed_in(tree: &Value) -> Vec<(String, String)> {
    let mut failed = Vec::new();
    each_resource(&tree["frameTree"], &mut |resource| {
        let kind = resource["type"].as_str().unwrap_or_default();
        if has_failed(kind, resource) {
            failed.extend(url_of(resource).map(|url| (kind.to_lowercase(), url)));
        }
    });
    failed
}

fn url_of(resource: &Value) -> Option<String> {
    resource["url"].as_str().map(str::to_owned)
}

/// An error page is no image, whatever its status.
fn has_failed(kind: &str, resource: &Value) -> bool {
    let is_failed = resource["failed"] == json!(true);
    let is_seen = matches!(
        kind,
        "Image" | "Font" | "Stylesheet" | "StyleSheet" | "Script"
    );
    is_seen && (is_failed || (kind == "Image" && resource["mimeType"] == "text/html"))
}

/// Reads the list of URLs that our page function returns.
pub(super) fn addresses(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|url| url.as_str().map(str::to_owned))
        .collect()
}

/// Visits the resources of a frame and of the frames inside of it.
fn each_resource(frame: &Value, visit: &mut impl FnMut(&Value)) {
    let list = |key: &str| frame[key].as_array().into_iter().flatten();
    list("resources").for_each(&mut *visit);
    for child in list("childFrames") {
        each_resource(child, visit);
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
