//! A change must come from our own page: the browser says so (`Sec-Fetch-Site`, else `Origin`), and the form
//! carries a token of this visit and session.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use super::session;
use super::visit::Visit;
use crate::config::Config;
use crate::error::AppError;
use crate::secrets::Keys;
use crate::state::{Core, Shared};
use crate::web::whole;

/// No form of ours is longer: fifty addresses, or origins, or a long name.
const LONGEST_FORM: usize = 64 << 10;

/// A form whose token is right, read as `T`.
#[derive(Debug)]
pub struct Checked<T>(pub T);

/// A form that is one button.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Nothing {}

/// The token for forms of this visit, and of this session if there is one: written differently on every page, or how
/// well pages pack could tell it bit by bit.
#[must_use]
pub fn token(core: &Core, visit: &Visit, session_hash: Option<&[u8; 32]>) -> String {
    let mask: [u8; 32] = core.random.bytes();
    let masked = xor(&mask, &proof(&core.keys, visit, session_hash));
    BASE64URL_NOPAD.encode(&[mask, masked].concat())
}

/// What a token proves to know, once its mask is taken off.
fn proof(keys: &Keys, visit: &Visit, session_hash: Option<&[u8; 32]>) -> [u8; 32] {
    let session = session_hash.map_or(&[][..], |hash| &hash[..]);
    keys.mac("csrf", &[visit.seed.as_bytes(), session])
}

/// What a token that was sent claims; nothing, if it is none.
fn unmasked(token: &str) -> Option<[u8; 32]> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    let (mask, masked) = bytes.split_first_chunk::<32>()?;
    Some(xor(mask, masked.try_into().ok()?))
}

fn xor(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| left[at] ^ right[at])
}

/// Whether the browser says that one of our own pages sent this. Programs that say nothing need the token alone.
fn same_site(headers: &HeaderMap, config: &Config) -> bool {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or("?"))
    };
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        // pages that must not say where they are, as an invitation's, send "null"
        (None, Some(origin)) => origin == config.url || origin == "null",
        (None, None) => true,
    }
}

#[derive(serde::Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

/// Whether a change comes from our own page and a form of this visit.
///
/// # Errors
/// [`AppError::CrossSite`] if it doesn't.
pub(crate) fn check(app: &Shared, parts: &Parts, given: &str) -> Result<(), AppError> {
    let session = session::presented(&parts.headers, &app.config);
    let right = proof(&app.keys, &Visit::of(parts), session.as_ref());
    let given = unmasked(given).is_some_and(|given| bool::from(right.ct_eq(&given)));
    if given && same_site(&parts.headers, &app.config) {
        Ok(())
    } else {
        Err(AppError::CrossSite)
    }
}

/// A request of a script of ours, whose body is no form: its header `X-Csrf` has the token.
#[derive(Debug)]
pub(crate) struct CheckedHead;

impl FromRequestParts<Shared> for CheckedHead {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let given = parts.headers.get("x-csrf").and_then(|value| value.to_str().ok());
        check(app, parts, given.unwrap_or_default()).map(|()| Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Checked<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, AppError> {
        let (parts, body) = request.into_parts();
        let body = whole(app, body, LONGEST_FORM, "This form is longer than any of ours.").await?;
        let read =
            |_| AppError::Invalid("This form could not be read. Go back, reload the page and try again.".to_owned());
        let given = serde_urlencoded::from_bytes::<Token>(&body).map_err(read)?;
        check(app, &parts, &given.csrf)?;
        serde_urlencoded::from_bytes(&body).map(Self).map_err(read)
    }
}
