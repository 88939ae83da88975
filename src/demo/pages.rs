//! The pages of each path.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    Release, assets, content,
    session::{self, EMAIL, PASSWORD},
    site::{Shared, Site, no_store},
};

/// The whole site of one release as a service.
pub fn router(release: Release) -> Router {
    let site = Arc::new(Site::new(release));
    workspace_pages(&site)
        .merge(public_pages())
        .fallback(not_found)
        .with_state(site)
}

fn public_pages() -> Router<Shared> {
    Router::new()
        .route("/", get(async || no_store(Redirect::to("/marketing"))))
        .route("/login", get(login).post(log_in))
        .route("/logout", get(log_out))
        .route("/marketing", get(marketing))
        .route("/version", get(version))
        .route("/assets/{*path}", get(assets::file))
        .route("/late/harbor-sans.woff2", get(assets::late_font))
}

fn workspace_pages(site: &Shared) -> Router<Shared> {
    Router::new()
        .route("/workspaces", get(workspaces))
        .route("/settings", get(settings))
        .route("/settings/move-source", get(moving).post(move_source))
        .route("/sources/new", get(new_source).post(create_source))
        .route("/table", get(table))
        .route("/table/{row}/logo.png", get(assets::logo))
        .route("/table/{row}/trend.svg", get(assets::trend))
        .route("/motion", get(motion))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(site),
            session::require,
        ))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn login(State(site): State<Shared>) -> Response {
    login_page(&site, "", false)
}

async fn log_in(State(site): State<Shared>, Form(form): Form<Credentials>) -> Response {
    if session::accepts(&form.email, &form.password) {
        no_store(session::start(site.release, Redirect::to("/workspaces")))
    } else {
        login_page(&site, &form.email, true)
    }
}

/// A refused login has status 200, as form pages usually do, so that it can be photographed.
fn login_page(site: &Site, email: &str, refused: bool) -> Response {
    site.page(
        "login.html",
        context! { email, refused, demo_email => EMAIL, demo_password => PASSWORD },
    )
}

async fn log_out(State(site): State<Shared>) -> Response {
    no_store(session::end(site.release, Redirect::to("/login")))
}

async fn marketing(State(site): State<Shared>) -> Response {
    site.page("marketing.html", context! {})
}

async fn version(State(site): State<Shared>) -> Response {
    let body = format!(
        "{{\"product\":\"harbor\",\"release\":\"{}\"}}\n",
        site.release
    );
    no_store(([(header::CONTENT_TYPE, "application/json")], body))
}

async fn not_found(State(site): State<Shared>) -> Response {
    (
        StatusCode::NOT_FOUND,
        site.page("not_found.html", context! {}),
    )
        .into_response()
}

async fn workspaces(State(site): State<Shared>) -> Response {
    site.page(
        "workspaces.html",
        context! {
            workspaces => content::workspaces(),
            plan => site.release.plan(),
            shows_lock => site.release.shows_lock(),
        },
    )
}

async fn settings(State(site): State<Shared>) -> Response {
    site.page(site.release.settings_template(), context! {})
}

#[derive(Deserialize)]
struct Moved {
    moved: Option<String>,
}

/// The page a move starts from, and returns to: `?moved=` names the workspace it went to.
async fn moving(State(site): State<Shared>, Query(query): Query<Moved>) -> Response {
    let moved_to = query.moved.as_deref().and_then(content::workspace_name);
    site.page(
        "move_source.html",
        context! {
            moved_to,
            workspaces => content::workspaces(),
            loads_destinations => site.release.loads_destinations(),
        },
    )
}

#[derive(Deserialize)]
struct Move {
    workspace: String,
}

/// Nothing is stored, so that the next run finds the source where this one did.
async fn move_source(Form(form): Form<Move>) -> Response {
    match content::workspace_name(&form.workspace) {
        Some(_) => no_store(Redirect::to(&format!(
            "/settings/move-source?moved={}",
            form.workspace
        ))),
        None => no_store((
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is no such workspace.",
        )),
    }
}

async fn new_source(State(site): State<Shared>) -> Response {
    site.page("source_new.html", context! {})
}

/// Unchecked boxes are absent from a form, hence the defaults.
#[derive(Deserialize)]
struct NewSource {
    name: String,
    kind: String,
    region: String,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    anonymise: String,
    #[serde(default)]
    replay: String,
    #[serde(default)]
    alerts: String,
}

async fn create_source(State(site): State<Shared>, Form(form): Form<NewSource>) -> Response {
    site.page("source_created.html", source_value(&form))
}

fn source_value(form: &NewSource) -> Value {
    context! {
        name => form.name.trim(),
        kind => form.kind.as_str(),
        region => form.region.as_str(),
        notes => form.notes.trim(),
        anonymise => !form.anonymise.is_empty(),
        replay => !form.replay.is_empty(),
        alerts => !form.alerts.is_empty(),
    }
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

async fn table(State(site): State<Shared>, Query(search): Query<Search>) -> Response {
    site.page(
        "table.html",
        context! {
            query => search.q.as_str(),
            deliveries => content::deliveries(&search.q),
            total => content::DELIVERIES,
        },
    )
}

async fn motion(State(site): State<Shared>) -> Response {
    site.page("motion.html", context! {})
}
