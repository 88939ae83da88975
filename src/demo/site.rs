//! What every request shares: the release that is served and its templates.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use minijinja::{Environment, UndefinedBehavior, Value};

use super::Release;

/// The site as handlers receive it.
pub(super) type Shared = Arc<Site>;

/// One release, ready to render.
pub(super) struct Site {
    pub(super) release: Release,
    templates: Environment<'static>,
}

/// Defines `TEMPLATES` from file names; the `.html` in each name turns auto-escaping on.
macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("templates/", $name)))),*];
    };
}

templates![
    "app.html",
    "base.html",
    "icons.html",
    "login.html",
    "marketing.html",
    "motion.html",
    "move_source.html",
    "not_found.html",
    "settings.html",
    "settings_next.html",
    "source_created.html",
    "source_new.html",
    "table.html",
    "workspaces.html",
];

impl Site {
    /// Compiles the embedded templates for `release`.
    pub(super) fn new(release: Release) -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in TEMPLATES {
            templates
                .add_template(name, source)
                .expect("embedded templates are valid; a test renders each");
        }
        Self { release, templates }
    }

    /// The page drawn from `template`, never stored by the browser.
    pub(super) fn page(&self, template: &str, context: Value) -> Response {
        let rendered = self
            .templates
            .get_template(template)
            .and_then(|template| template.render(context));
        match rendered {
            Ok(html) => no_store(Html(html)),
            Err(error) => no_store((
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("the demo's template {template} does not render: {error}"),
            )),
        }
    }
}

/// `response`, which the browser must fetch again each time.
pub(super) fn no_store(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
