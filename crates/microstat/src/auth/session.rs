//! Who is signed in: a random cookie, kept as its hash, good for 30 idle days and 90 at most.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::SessionId;
use domain::zone::Zone;
use store::sessions::Session;
use store::users::User;

use super::visit::{Visit, cookie, cookie_name, set_cookie};
use crate::config::Config;
use crate::error::AppError;
use crate::secrets::{Secret, hash};
use crate::state::Shared;

const NAME: &str = "session";
const MAX_AGE_S: i64 = 90 * 24 * 60 * 60;

/// A person who is signed in, in this session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// In which session.
    pub session: Session,
    /// The hash of the session's token, which forms are bound to.
    pub token_hash: [u8; 32],
    /// The browser's visit.
    pub visit: Visit,
}

impl SignedIn {
    /// The time zone that times are shown in, on a page that belongs to no project.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.user.clock.zone(self.visit.zone.as_ref(), None)
    }
}

/// Somebody who may or may not be signed in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The person, if signed in.
    pub signed_in: Option<SignedIn>,
    /// The hash of the session token the browser shows, of an ended session too: forms are bound to it.
    pub presented: Option<[u8; 32]>,
    /// The browser's visit.
    pub visit: Visit,
}

/// The hash of the session token this request shows, good or not.
pub(crate) fn presented(headers: &HeaderMap, config: &Config) -> Option<[u8; 32]> {
    cookie(headers, &cookie_name(config, NAME))
        .filter(|token| !token.is_empty())
        .map(hash)
}

/// The cookie that signs a browser in.
pub(crate) fn start(config: &Config, token: &Secret) -> HeaderValue {
    set_cookie(config, NAME, token.reveal(), Some(MAX_AGE_S))
}

/// The cookie that signs it out.
pub(crate) fn end(config: &Config) -> HeaderValue {
    set_cookie(config, NAME, "", Some(0))
}

/// A fresh session's id and token.
pub(crate) fn draw(app: &Shared) -> (SessionId, Secret) {
    (SessionId::from_random(app.random.bits()), Secret::token(&app.random))
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let visit = Visit::of(parts);
        let nobody = |presented, visit| Self {
            signed_in: None,
            presented,
            visit,
        };
        let Some(token_hash) = presented(&parts.headers, &app.config) else {
            return Ok(nobody(None, visit));
        };
        let found = store::sessions::find(&app.db, token_hash, app.now()).await?;
        let Some((session, user)) = found else {
            return Ok(nobody(Some(token_hash), visit));
        };
        if session.is_stale(app.now()) {
            let mut tx = app.db.begin().await?;
            store::sessions::touch(&mut tx, session.id, app.now()).await?;
            tx.commit().await?;
        }
        Ok(Self {
            signed_in: Some(SignedIn {
                user,
                session,
                token_hash,
                visit: visit.clone(),
            }),
            presented: Some(token_hash),
            visit,
        })
    }
}

/// Nobody is signed in: off to the sign-in page, and back here afterwards.
#[derive(Debug)]
pub enum NotSignedIn {
    /// The path to come back to.
    Redirect(String),
    /// It could not be found out.
    Failed(AppError),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::Redirect(path) => Redirect::to(&path).into_response(),
            Self::Failed(error) => error.into_response(),
        }
    }
}

impl From<AppError> for NotSignedIn {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, NotSignedIn> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        visitor
            .signed_in
            .ok_or_else(|| NotSignedIn::Redirect(sign_in_path(parts)))
    }
}

fn sign_in_path(parts: &Parts) -> String {
    if parts.method != Method::GET {
        return "/sign-in".to_owned();
    }
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let back = serde_urlencoded::to_string([("return", path)]).unwrap_or_default();
    if path == "/" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?{back}")
    }
}
