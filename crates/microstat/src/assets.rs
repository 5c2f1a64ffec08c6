//! Style sheets and scripts, built into the binary and served under a name that changes with them.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use flate2::Compression;
use sha2::{Digest, Sha256};

use crate::packing::{gzip, takes_gzip};
use crate::state::Shared;

macro_rules! files {
    ($folder:literal: $($name:literal)+) => {
        &[$(($name, include_str!(concat!("../../../web/", $folder, "/", $name)))),+]
    };
}

/// In the order that later rules build on earlier ones.
const CSS: &[(&str, &str)] = files!("css": "tokens.css" "base.css" "layout.css" "controls.css" "data.css" "pictures.css"
    "charts.css" "help.css" "live.css" "metrics.css" "transfer.css" "view.css" "boards.css" "dashboard.css" "search.css");
/// What a chart in somebody else's page needs.
const EMBED_CSS: &[(&str, &str)] = files!("css": "tokens.css" "pictures.css" "charts.css" "embed.css");
const JS: &[(&str, &str)] = files!("js":
    "main.js" "board-order.js" "chart-readout.js" "chart-zoom.js" "command-palette.js" "copy-button.js"
    "export-form.js" "first-data-point.js" "import-file.js" "import-page.js" "live-morph.js" "live-page.js"
    "live-stream.js" "menu.js" "metric-names.js" "overview-search.js" "select-rows.js" "switcher.js" "time-ago.js"
    "zone.js");
const ICON: &str = include_str!("../../../web/icon.svg");

struct Assets {
    version: String,
    css: Asset,
    embed_css: Asset,
    icon: Asset,
    scripts: Vec<(&'static str, Asset)>,
}

/// A file, as it is and packed.
struct Asset {
    kind: &'static str,
    text: String,
    packed: Vec<u8>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let joined = |files: &[(&str, &str)]| files.iter().map(|(_, text)| *text).collect::<String>();
    let (css, embed_css) = (joined(CSS), joined(EMBED_CSS));
    let mut hash = Sha256::new();
    hash.update(&css);
    hash.update(&embed_css);
    hash.update(ICON);
    for (_, text) in JS {
        hash.update(text);
    }
    let script = |text| Asset::new("text/javascript; charset=utf-8", text);
    Assets {
        version: HEXLOWER.encode(&hash.finalize()[..8]),
        css: Asset::new("text/css; charset=utf-8", css),
        embed_css: Asset::new("text/css; charset=utf-8", embed_css),
        icon: Asset::new("image/svg+xml", ICON),
        scripts: JS.iter().map(|(name, text)| (*name, script(*text))).collect(),
    }
});

impl Asset {
    fn new(kind: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        let packed = gzip(text.as_bytes(), Compression::best());
        Self { kind, text, packed }
    }

    fn answer(&'static self, asked: &HeaderMap) -> Response {
        let always = [
            (header::CONTENT_TYPE, self.kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "accept-encoding"),
        ];
        if !takes_gzip(asked) {
            return (always, self.text.as_str()).into_response();
        }
        let packed = [(header::CONTENT_ENCODING, "gzip")];
        (always, packed, self.packed.as_slice()).into_response()
    }
}

/// The path of an asset: `app.css`, `embed.css`, `icon.svg` or `js/….js`.
pub(crate) fn path(name: &str) -> String {
    format!("/static/{}/{name}", ASSETS.version)
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/static/{version}/app.css",
            get(async |asked: HeaderMap| ASSETS.css.answer(&asked)),
        )
        .route(
            "/static/{version}/embed.css",
            get(async |asked: HeaderMap| ASSETS.embed_css.answer(&asked)),
        )
        .route(
            "/static/{version}/icon.svg",
            get(async |asked: HeaderMap| ASSETS.icon.answer(&asked)),
        )
        .route("/static/{version}/js/{name}", get(script))
        .route("/favicon.ico", get(async |asked: HeaderMap| ASSETS.icon.answer(&asked)))
}

async fn script(Path((_, name)): Path<(String, String)>, asked: HeaderMap) -> Response {
    match ASSETS.scripts.iter().find(|(known, _)| *known == name) {
        Some((_, script)) => script.answer(&asked),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::bufread::GzDecoder;

    use super::ASSETS;

    #[test]
    fn packed_files_are_smaller_and_the_same() {
        let scripts = ASSETS.scripts.iter().map(|(_, script)| script);
        for asset in scripts.chain([&ASSETS.css, &ASSETS.embed_css, &ASSETS.icon]) {
            let mut text = String::new();
            GzDecoder::new(&asset.packed[..]).read_to_string(&mut text).unwrap();
            assert!(text == asset.text && asset.packed.len() < text.len(), "{text}");
        }
    }
}
