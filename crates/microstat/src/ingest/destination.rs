//! Where a batch goes: what its DSN leads to, and whether the page it comes from may publish there.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use domain::dsn::PublicKey;
use domain::id::ProjectId;
use domain::reason::Reason;
use domain::time::Micros;
use store::dsns::{Resolved, Target};

use super::Request;
use super::door::{Case, Door};
use crate::state::App;

/// Where a batch goes.
pub(crate) enum Destination {
    /// To a project.
    Takes(Arc<Target>),
    /// Nowhere, though it is known, or may be, whose it is.
    Closed {
        /// On whose settings the loss is counted.
        project: Option<ProjectId>,
        /// Which row of the contract's table.
        case: Case,
        /// Why.
        reason: Reason,
    },
}

impl Destination {
    /// Whose it is.
    pub(crate) fn project(&self) -> Option<ProjectId> {
        match self {
            Self::Takes(target) => Some(target.project),
            Self::Closed { project, .. } => *project,
        }
    }
}

/// Where this request's batch goes; nothing if its DSN is missing, malformed, or never existed.
pub(crate) async fn find(app: &App, request: &Request<'_>, now: Micros) -> Option<Destination> {
    let key = dsn(request)?;
    Some(match app.dsns.resolve(&app.db, key, now).await {
        Ok(Resolved::Unknown) => return None,
        Ok(Resolved::Gone { project, reason }) => Destination::Closed {
            project: Some(project),
            case: Case::Closed,
            reason,
        },
        Ok(Resolved::Publishes(target)) if may_publish(&target, request.headers) => Destination::Takes(target),
        Ok(Resolved::Publishes(target)) => Destination::Closed {
            project: Some(target.project),
            case: Case::NoneAccepted,
            reason: Reason::OriginNotAllowed,
        },
        Err(error) => {
            tracing::error!(%error, "a DSN can't be looked up");
            Destination::Closed {
                project: None,
                case: Case::Unavailable,
                reason: Reason::Unavailable,
            }
        }
    })
}

/// The DSN of `?dsn=`; at the strict door also that of `Authorization: Bearer`.
fn dsn(request: &Request<'_>) -> Option<PublicKey> {
    let query = request.query;
    if let Some(plain) = query.strip_prefix("dsn=").and_then(|key| key.parse().ok()) {
        return Some(plain);
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    if let Some((_, value)) = pairs.into_iter().find(|(name, _)| name == "dsn") {
        return value.trim().parse().ok();
    }
    let bearer = request
        .headers
        .get(header::AUTHORIZATION)
        .filter(|_| request.route.door == Door::Strict)?;
    let (scheme, key) = bearer.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().parse().ok())?
}

/// Only browsers name an origin, and a page can't lie about its own. Programs, which name none, have the DSN.
fn may_publish(target: &Target, headers: &HeaderMap) -> bool {
    let Some(origin) = headers
        .get(header::ORIGIN)
        .filter(|_| !target.allowed_origins.is_empty())
    else {
        return true;
    };
    let is_allowed = |origin: &str| {
        target
            .allowed_origins
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
    };
    origin.to_str().is_ok_and(is_allowed)
}
