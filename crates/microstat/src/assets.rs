//! Style sheets and scripts, built into the binary and served under a name that changes with them.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::state::Shared;

macro_rules! files {
    ($folder:literal: $($name:literal)+) => {
        &[$(($name, include_str!(concat!("../../../web/", $folder, "/", $name)))),+]
    };
}

/// In the order that later rules build on earlier ones.
const CSS: &[(&str, &str)] = files!("css": "tokens.css" "base.css" "layout.css" "controls.css" "data.css" "charts.css");
const JS: &[(&str, &str)] = files!("js":
    "main.js" "chart-readout.js" "copy-button.js" "first-data-point.js" "local-range.js" "local-time.js"
    "switcher.js");
const ICON: &str = include_str!("../../../web/icon.svg");

struct Assets {
    version: String,
    css: String,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let css: String = CSS.iter().map(|(_, text)| *text).collect();
    let mut hash = Sha256::new();
    hash.update(&css);
    hash.update(ICON);
    for (_, text) in JS {
        hash.update(text);
    }
    Assets {
        version: HEXLOWER.encode(&hash.finalize()[..8]),
        css,
    }
});

/// The path of an asset: `app.css`, `icon.svg` or `js/….js`.
pub(crate) fn path(name: &str) -> String {
    format!("/static/{}/{name}", ASSETS.version)
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/static/{version}/app.css",
            get(async || asset("text/css; charset=utf-8", &ASSETS.css)),
        )
        .route("/static/{version}/icon.svg", get(async || asset("image/svg+xml", ICON)))
        .route("/static/{version}/js/{name}", get(script))
        .route("/favicon.ico", get(async || asset("image/svg+xml", ICON)))
}

async fn script(Path((_, name)): Path<(String, String)>) -> Response {
    match JS.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => asset("text/javascript; charset=utf-8", text),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ],
        text,
    )
        .into_response()
}
