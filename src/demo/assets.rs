//! The embedded static files, and the pictures and fonts that arrive late on purpose.

use std::time::Duration;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    content::{self, Delivery},
    site::no_store,
};

/// How late each lazy picture is.
const PICTURE_DELAY: Duration = Duration::from_millis(30);
/// How late the web font of `/motion` is.
const FONT_DELAY: Duration = Duration::from_millis(150);

const FONT: &[u8] = include_bytes!("assets/fonts/harbor-sans.woff2");

/// Defines `FILES` from paths and media types.
macro_rules! files {
    ($($path:literal: $kind:literal),* $(,)?) => {
        const FILES: &[(&str, &str, &[u8])] =
            &[$(($path, $kind, include_bytes!(concat!("assets/", $path)))),*];
    };
}

files![
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "favicon.svg": "image/svg+xml",
    "fonts/OFL.txt": "text/plain; charset=utf-8",
    "fonts/harbor-sans.woff2": "font/woff2",
    "logos/cinder.png": "image/png",
    "logos/kelp.png": "image/png",
    "logos/lumen.png": "image/png",
    "logos/northstar.png": "image/png",
    "logos/packet.png": "image/png",
    "logos/quill.png": "image/png",
    "logos/signalbox.png": "image/png",
    "logos/tidepool.png": "image/png",
];

/// `GET /assets/{path}`: an embedded file.
pub(super) async fn file(Path(path): Path<String>) -> Response {
    match find(&path) {
        Some((kind, bytes)) => (
            [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "max-age=300"),
            ],
            bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /late/harbor-sans.woff2`: the web font, late and never cached.
pub(super) async fn late_font() -> Response {
    tokio::time::sleep(FONT_DELAY).await;
    no_store(([(header::CONTENT_TYPE, "font/woff2")], FONT))
}

/// `GET /table/{row}/logo.png`: the logo of a delivery's destination.
pub(super) async fn logo(Path(row): Path<u32>) -> Response {
    picture(content::delivery(row).and_then(|delivery| find(&logo_path(&delivery)))).await
}

/// `GET /table/{row}/trend.svg`: the last day of one delivery as a line.
pub(super) async fn trend(Path(row): Path<u32>) -> Response {
    let drawing = content::delivery(row).map(|delivery| trend_svg(&delivery));
    picture(drawing.map(|svg| ("image/svg+xml", svg))).await
}

async fn picture(picture: Option<(&'static str, impl IntoResponse)>) -> Response {
    tokio::time::sleep(PICTURE_DELAY).await;
    match picture {
        Some((kind, bytes)) => no_store(([(header::CONTENT_TYPE, kind)], bytes)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    FILES
        .iter()
        .find(|(name, ..)| *name == path)
        .map(|&(_, kind, bytes)| (kind, bytes))
}

fn logo_path(delivery: &Delivery) -> String {
    format!("logos/{}.png", delivery.destination.slug)
}

/// A filled sparkline, 120 × 32, in whole pixels.
fn trend_svg(delivery: &Delivery) -> String {
    let points: Vec<String> = (0u32..)
        .zip(delivery.trend)
        .map(|(step, height)| format!("{},{}", step * 10, 29 - height))
        .collect();
    let line = points.join(" L");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"120\" height=\"32\" viewBox=\"0 0 120 32\">\
         <path d=\"M{line} L120,32 L0,32 Z\" fill=\"#d9eff1\"/>\
         <path d=\"M{line}\" fill=\"none\" stroke=\"#0b7285\" stroke-width=\"1.5\" \
         stroke-linejoin=\"round\"/></svg>"
    )
}
