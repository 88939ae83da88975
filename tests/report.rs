//! What a run's report looks like in each of its formats.

#[path = "report/html.rs"]
mod html;
#[path = "report/json.rs"]
mod json;
#[path = "report/junit.rs"]
mod junit;
#[path = "report/markdown.rs"]
mod markdown;
#[path = "report/support.rs"]
mod support;
