//! Requests over HTTP.

use crate::http::post;
use crate::load::{Patch, Request, Unit};

/// A request with a body that never changes.
pub(super) fn fixed(path: &str, body: &str, points: usize) -> Request {
    Request::fixed(post(path, body), points)
}

/// A request in whose body something is set for each sending.
pub(super) fn patched(head: &str, body: &[u8], patches: Vec<Patch>, points: usize, unit: Unit, span: u64) -> Request {
    let mut bytes = format!("{head}Host: localhost\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    let before = bytes.len();
    bytes.extend_from_slice(body);
    let moved = |patch: Patch| Patch {
        at: patch.at + before,
        ..patch
    };
    Request {
        bytes,
        points,
        patches: patches.into_iter().map(moved).collect(),
        span,
        unit,
    }
}
