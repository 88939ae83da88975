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
    unreachable_frames(&tree["frameTree"], &mut failed);
    each_resource(&tree["frameTree"], &mut |resource| {
        let kind = resource["type"].as_str().unwrap_or_default();
        if has_failed(kind, resource) {
            let is_cancelled = kind == "Image" && resource["canceled"] == json!(true);
            let kind = if is_cancelled { "cancelled" } else { kind };
            failed.extend(url_of(resource).map(|url| (kind.to_lowercase(), url)));
        }
    });
    failed
}

/// Adds the frames whose document could not be loaded.
fn unreachable_frames(frame: &Value, failed: &mut Vec<(String, String)>) {
    for child in frame["childFrames"].as_array().into_iter().flatten() {
        let url = child["frame"]["unreachableUrl"].as_str();
        failed.extend(url.map(|url| ("iframe".to_owned(), url.to_owned())));
        unreachable_frames(child, failed);
    }
}

fn url_of(resource: &Value) -> Option<String> {
    resource["url"].as_str().map(str::to_owned)
}

/// A text is no image and no video, whatever its status. A resource was cancelled if it had not arrived when the time for
/// loading the page was up; a browser cancels requests for parts of a video by itself.
fn has_failed(kind: &str, resource: &Value) -> bool {
    let is = |key: &str| resource[key] == json!(true);
    let mime = resource["mimeType"].as_str().unwrap_or_default();
    match kind {
        "Image" => is("failed") || is("canceled") || mime == "text/html",
        "Media" => is("failed") || mime.starts_with("text/") || mime == "application/json",
        "Font" | "Stylesheet" | "StyleSheet" | "Script" => is("failed") || is("canceled"),
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_or_was_given_up_is_found_in_all_frames() {
        let resource = |kind: &str, name: &str, mime: &str, flag: &str| {
            let url = format!("http://site.test/{name}");
            json!({ "type": kind, "url": url, "mimeType": mime, flag: true })
        };
        let tree = json!({ "frameTree": {
            "resources": [
                resource("Image", "fine.png", "image/png", "x"),
                resource("Image", "login.png", "text/html", "x"),
                resource("Image", "late.png", "", "canceled"),
                resource("Script", "late.js", "", "canceled"),
                resource("Media", "none.webm", "text/html", "x"),
                resource("Media", "fine.webm", "video/webm", "canceled"),
                resource("Fetch", "none.json", "", "failed"),
            ],
            "childFrames": [
                { "frame": { "url": "http://site.test/" }, "resources": [resource("Font", "f.woff2", "", "failed")] },
                { "frame": { "unreachableUrl": "http://other.test/" }, "resources": [] },
            ],
        }});
        let mut found: Vec<String> = failed_in(&tree)
            .iter()
            .map(|(kind, url)| format!("{kind} {}", url.trim_start_matches("http://")))
            .collect();
        found.sort();
        let expected = [
            "cancelled site.test/late.png",
            "font site.test/f.woff2",
            "iframe other.test/",
            "image site.test/login.png",
            "media site.test/none.webm",
            "script site.test/late.js",
        ];
        assert_eq!(found, expected);
    }
}
