//! What every answer has: security headers, a request id, one line in the log.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::{BodyExt, Collected, Limited};
use tokio::time::timeout;
use tracing::Instrument;

use crate::config::Config;
use crate::error::AppError;
use crate::request_id::RequestId;
use crate::state::{App, Shared};
use crate::telemetry::Kind;

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                   manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// An embedded chart may stand in anybody's page; it has no script and no form.
const EMBED_CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; \
                         frame-ancestors *";

/// A whole body of at most so many bytes. It has as long as one of data points has: rights are looked at when its head is
/// there, and who holds the rest back must not use them when they are gone.
///
/// # Errors
/// If it is longer, which is told so, or takes longer.
pub(crate) async fn whole(app: &App, body: Body, most: usize, too_large: &str) -> Result<Bytes, AppError> {
    let collected = timeout(app.room.patience, Limited::new(body, most).collect()).await;
    let collected = collected.map_err(|_| AppError::TooSlow)?;
    let too_large = |_| AppError::TooLarge(too_large.to_owned());
    collected.map(Collected::to_bytes).map_err(too_large)
}

/// Below these paths stands a link's token. No page there tells another address where one came from.
const TOKEN_PATHS: [&str; 6] = [
    "/invitations/",
    "/password-resets/",
    "/email-verifications/",
    "/shared/",
    "/embed/",
    "/badge/",
];
/// Of these, what strangers see by a public link: search engines are to keep away from it.
const PUBLIC_PATHS: [&str; 3] = ["/shared/", "/embed/", "/badge/"];

/// Whether it is a public link that is asked for: whoever has one is nobody we know, and gets no cookie.
pub(crate) fn is_public(path: &str) -> bool {
    PUBLIC_PATHS.iter().any(|public| path.starts_with(public))
}

/// Whether the path of a page holds a secret.
pub(crate) fn is_secret(path: &str) -> bool {
    TOKEN_PATHS.iter().any(|secret| path.starts_with(secret))
}

/// Headers that keep a page from being framed, sniffed, scripted from elsewhere, or kept by a cache.
/// What a handler has set itself stays.
pub(crate) async fn security_headers(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (secret, public, framed) = (is_secret(path), is_public(path), path.starts_with("/embed/"));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, if framed { EMBED_CSP } else { CSP });
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !framed {
        default(header::X_FRAME_OPTIONS, "DENY");
    }
    if public {
        default(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    }
    default(
        header::REFERRER_POLICY,
        if secret { "no-referrer" } else { "same-origin" },
    );
    default(header::CACHE_CONTROL, "no-store");
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    default(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    );
    if app.config.is_https() {
        default(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// One line a request: its id, its route's pattern (never the path itself, which may hold a token), status, time.
pub(crate) async fn request_log(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request, app.config.trusts(peer(request.extensions())), &app.random);
    request.extensions_mut().insert(id);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let started = app.now();
    let span = tracing::info_span!("request", request_id = %id);
    let mut response = next.run(request).instrument(span).await;
    let (status, micros) = (response.status(), app.now() - started);
    app.telemetry.answered(Kind::of(&route), status, micros);
    id.answered(&method, &route, status, micros);
    id.tell(&mut response);
    response
}

/// Who the connection is with.
pub(crate) fn peer(extensions: &Extensions) -> IpAddr {
    let info = extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip())
}

/// The client's address: the connection's, or what a trusted proxy says of it.
pub(crate) fn client_address(parts: &Parts, config: &Config) -> IpAddr {
    let peer = peer(&parts.extensions);
    if !config.trusts(peer) {
        return peer;
    }
    let forwarded = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok());
    let hops: Vec<IpAddr> = forwarded
        .flat_map(|v| v.split(','))
        .filter_map(|hop| hop.trim().parse().ok())
        .collect();
    hops.into_iter().rev().find(|hop| !config.trusts(*hop)).unwrap_or(peer)
}

/// The ids in a request's path.
#[derive(Debug)]
pub(crate) struct Ids(Vec<(String, String)>);

impl Ids {
    /// The id with this name. What isn't one names nothing, so it is not found.
    pub(crate) fn get<T: FromStr>(&self, name: &str) -> Result<T, AppError> {
        let text = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        text.and_then(|text| text.parse().ok()).ok_or(AppError::NotFound)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| AppError::NotFound)?;
        let owned = params.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        Ok(Self(owned.collect()))
    }
}

/// Where a request comes from, as audit logs and lists of devices show it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// The client's address.
    pub address: String,
    /// What the browser calls itself, shortened.
    pub user_agent: String,
}

impl FromRequestParts<Shared> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Self::Rejection> {
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        Ok(Self {
            address: client_address(parts, &app.config).to_string(),
            user_agent: agent.chars().take(200).collect(),
        })
    }
}
