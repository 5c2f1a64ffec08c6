//! Pages and files go packed to whoever takes them so, but for pages of which that could tell somebody more than we do.
//!
//! How well a page packs tells whether a guess that stands in it is like a secret that stands in it. Form tokens are
//! written differently each time, so there is none to guess; beyond that, a page goes as it is if another site asked
//! for it, if its address holds a secret, or if it answers a form: codes and API tokens are shown there, once.

use std::io::Read as _;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::bufread::GzEncoder;

use crate::config::Config;
use crate::state::Shared;
use crate::web::{is_public, is_secret};

/// Less is sent in one piece anyway.
const WORTH_IT: usize = 1_200;

/// `bytes`, packed.
pub(crate) fn gzip(bytes: &[u8], how: Compression) -> Vec<u8> {
    let mut packed = Vec::new();
    GzEncoder::new(bytes, how)
        .read_to_end(&mut packed)
        .expect("memory is read without errors");
    packed
}

/// Whether `Accept-Encoding` names gzip, and not to refuse it.
pub(crate) fn takes_gzip(asked: &HeaderMap) -> bool {
    let given = asked.get_all(header::ACCEPT_ENCODING).iter();
    let mut encodings = given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    encodings.any(|encoding| {
        let (name, weight) = encoding.split_once(';').unwrap_or((encoding, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// Packs pages as they go.
pub(crate) async fn pages(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let packs = may_pack(&app.config, &request);
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if packs && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        packed(response).await
    } else {
        response
    }
}

fn may_pack(config: &Config, request: &Request) -> bool {
    let path = request.uri().path();
    // what strangers see holds no secret, not even the link's token
    let harmless = is_public(path) || (!is_secret(path) && is_own(config, request.headers()));
    request.method() == Method::GET && harmless && takes_gzip(request.headers())
}

/// Whether the browser says that the person or a page of ours asks. It says so wherever what is sent is encrypted;
/// where it isn't, packing tells nothing that can't be read.
fn is_own(config: &Config, headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        None => !config.is_https(),
    }
}

async fn packed(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    // pages are made in one piece, in memory
    let Ok(page) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if page.len() < WORTH_IT {
        return Response::from_parts(head, Body::from(page));
    }
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.append(
        header::VARY,
        HeaderValue::from_static("accept-encoding, sec-fetch-site"),
    );
    Response::from_parts(head, Body::from(gzip(&page, Compression::fast())))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::takes_gzip;

    #[test]
    fn gzip_is_sent_to_who_names_it() {
        let takes = |text: &str| {
            let mut asked = HeaderMap::new();
            asked.insert("accept-encoding", text.parse().unwrap());
            takes_gzip(&asked)
        };
        assert!(takes("gzip, deflate, br") && takes("br;q=1.0, GZIP;q=0.5"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("gzip; q=0.00") && !takes("identity"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
