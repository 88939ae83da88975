//! Who is logged in: one demo account, and a cookie that says so.
//!
//! The cookie holds no secret, since there is none to keep. Its name carries the release because
//! cookies ignore ports: logging in to one release must not log in to the other.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    Release,
    site::{Shared, no_store},
};

/// The demo account's address.
pub(super) const EMAIL: &str = "jane@example.com";
/// The demo account's password, also shown on the login page.
pub(super) const PASSWORD: &str = "demo";

/// Whether the credentials are those of the demo account.
pub(super) fn accepts(email: &str, password: &str) -> bool {
    email.trim().eq_ignore_ascii_case(EMAIL) && password == PASSWORD
}

/// Lets a request pass when it carries the session cookie, and sends it to the login page otherwise.
pub(super) async fn require(State(site): State<Shared>, request: Request, next: Next) -> Response {
    if is_logged_in(site.release, request.headers()) {
        next.run(request).await
    } else {
        no_store(Redirect::to("/login"))
    }
}

/// `response` with the cookie that starts a session.
pub(super) fn start(release: Release, response: impl IntoResponse) -> Response {
    with_cookie(
        response,
        &format!("{}; Path=/; HttpOnly; SameSite=Lax", cookie(release)),
    )
}

/// `response` with the cookie that ends the session.
pub(super) fn end(release: Release, response: impl IntoResponse) -> Response {
    with_cookie(
        response,
        &format!(
            "{}; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
            cookie(release)
        ),
    )
}

fn with_cookie(response: impl IntoResponse, cookie: &str) -> Response {
    let mut response = response.into_response();
    let value = HeaderValue::from_str(cookie).expect("built from ASCII constants");
    response.headers_mut().insert(header::SET_COOKIE, value);
    response
}

fn is_logged_in(release: Release, headers: &HeaderMap) -> bool {
    let wanted = cookie(release);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .any(|pair| pair.trim() == wanted)
}

fn cookie(release: Release) -> String {
    format!("harbor_{release}=jane")
}
