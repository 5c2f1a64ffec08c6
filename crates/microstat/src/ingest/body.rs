//! A body as it arrives: bounded in bytes, in time, and in how much memory all of them take.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::http::{HeaderMap, header};
use domain::reason::{Reason, Refusal};
use http_body_util::BodyExt as _;

use super::door::Case;
use super::refused::Refused;
use super::room::{Room, Share};

/// Bytes read and thrown away before a refusal is answered. Who is still sending would not see the answer if the
/// connection were closed under them.
const DISCARDED: usize = 32 * 1024 * 1024;

/// A body, as far as it is there.
pub(crate) enum Body<'a> {
    /// All of it.
    Whole(Arrived<'a>),
    /// It is still to be waited for.
    Coming(axum::body::Body),
}

/// A body that has arrived.
pub(crate) struct Arrived<'a> {
    /// Its bytes, as they were on the wire.
    pub(crate) bytes: Cow<'a, [u8]>,
    /// The room it takes.
    pub(crate) share: Share,
}

/// Waits for a whole body of at most `most` bytes.
pub(crate) async fn receive<'a>(
    room: &Room,
    headers: &HeaderMap,
    body: Body<'a>,
    most: usize,
) -> Result<Arrived<'a>, Refused> {
    let mut body = match body {
        Body::Whole(arrived) => return Ok(arrived),
        Body::Coming(body) => body,
    };
    // What is awaited now and then is boxed here and elsewhere: else every batch would move it about in memory.
    match tokio::time::timeout(room.patience, Box::pin(gather(room, &mut body, most))).await {
        Ok(Err(refused)) if refused.case == Case::TooLarge => {
            Box::pin(discard(headers, Body::Coming(body), room.patience)).await;
            Err(refused)
        }
        Ok(gathered) => gathered,
        Err(_) => Err(Refused::whole(
            Case::TooSlow,
            Refusal::new(Reason::Unavailable, "the body took too long to arrive"),
        )),
    }
}

async fn gather(room: &Room, body: &mut axum::body::Body, most: usize) -> Result<Arrived<'static>, Refused> {
    let too_large = || Refused::too_large("body is too large");
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > most {
        return Err(too_large());
    }
    let mut share = room.share();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refused::unreadable("body could not be read to its end"))?;
        let Some(data) = frame.data_ref() else { continue };
        let size = bytes.len() + data.len();
        if size > most {
            return Err(too_large());
        }
        if !share.grow(size) {
            return Err(Refused::no_room());
        }
        bytes.extend_from_slice(data);
    }
    let bytes = Cow::Owned(bytes);
    Ok(Arrived { bytes, share })
}

/// Reads a body that is refused, so that whoever sends it comes to reading the answer. Who waits to be told that
/// they may send (`Expect: 100-continue`) sends nothing.
pub(crate) async fn discard(headers: &HeaderMap, body: Body<'_>, patience: Duration) {
    let Body::Coming(mut body) = body else { return };
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let mut left = DISCARDED;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            match frame.data_ref().map_or(Some(left), |data| left.checked_sub(data.len())) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // However it ends: the answer is the same.
    let _ = tokio::time::timeout(patience, rest).await;
}
