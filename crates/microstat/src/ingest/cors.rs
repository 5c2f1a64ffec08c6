//! What lets a page of any origin publish, and read the answer. Which origins a project takes data points from is
//! decided when they arrive, not here: a page that may not publish is told so in words it can read.

use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// What a page may read of an answer beside its body.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("idempotent-replayed, retry-after, x-microstat-dropped, x-request-id");
/// What a page may send, if it doesn't say what it wants to.
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-encoding, content-type, idempotency-key");
/// How many seconds a browser may remember a preflight's answer: a day.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// The answer to a preflight, which knows nothing of DSNs.
pub(crate) fn preflight(headers: &HeaderMap) -> Response<Vec<u8>> {
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend([
        (header::ALLOW, super::answer::ALLOW),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, asked.unwrap_or(HEADERS)),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ]);
    response
}

/// Lets the page that asked read the answer. The origin is named, not `*`, since `navigator.sendBeacon` asks with
/// credentials, which `*` refuses; there are none that these doors would look at.
pub(crate) fn allow(response: &mut Response<Vec<u8>>, asked: &HeaderMap) {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    match asked.get(header::ORIGIN) {
        Some(origin) => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        None => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
    }
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
