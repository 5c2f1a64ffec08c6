//! What a door answers: one body for every case.

use std::borrow::Cow;

use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use domain::batch::Warning;
use domain::reason::Rejections;
use serde::{Deserialize, Serialize};

use super::door::{Case, Door};
use super::refused::Refused;
use crate::telemetry::Told;

/// The methods of a door.
pub(crate) const ALLOW: HeaderValue = HeaderValue::from_static("POST, OPTIONS");
/// Seconds after which to try again what can't be stored now.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");
const DROPPED: HeaderName = HeaderName::from_static("x-microstat-dropped");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer, before it is known as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    #[serde(skip)]
    case: Case,
    #[serde(skip)]
    replayed: bool,
    message: String,
    accepted: u64,
    rejected: u64,
    duplicates: u64,
    errors: Vec<Rejected>,
    warnings: Vec<Warned>,
}

/// What is said of single data points.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Details {
    errors: Vec<Rejected>,
    warnings: Vec<Warned>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rejected {
    index: usize,
    name: Option<String>,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
}

/// Where no data point is named, the batch is meant.
#[derive(Debug, Serialize, Deserialize)]
struct Warned {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    message: Cow<'static, str>,
}

impl Details {
    /// What is said of the rejected, in the body's order.
    pub(crate) fn of(rejections: &Rejections) -> Self {
        let mut errors: Vec<_> = rejections
            .listed()
            .iter()
            .map(|rejection| Rejected {
                index: rejection.index,
                name: rejection.name.clone(),
                code: rejection.refusal.reason.code().into(),
                message: rejection.refusal.message.into(),
            })
            .collect();
        errors.sort_by_key(|rejected| rejected.index);
        let warnings = Vec::new();
        Self { errors, warnings }
    }

    /// Adds a warning about a data point.
    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.push(Warned {
            index: Some(warning.index),
            name: Some(warning.name),
            message: warning.message.into(),
        });
    }

    /// Adds a warning about the batch.
    pub(crate) fn warn_of_batch(&mut self, message: &'static str) {
        self.warnings.push(Warned {
            index: None,
            name: None,
            message: message.into(),
        });
    }
}

impl Answer {
    /// The answer to a batch whose data points were judged one by one.
    pub(crate) fn judged(accepted: u64, rejected: u64, duplicates: u64, details: Details) -> Self {
        let case = match (accepted, rejected, duplicates) {
            (1.., 0, 0) => Case::All,
            (0, 1.., 0) => Case::NoneAccepted,
            _ => Case::Some,
        };
        let mut message = match accepted {
            1 => "1 data point accepted".to_owned(),
            n => format!("{n} data points accepted"),
        };
        for (count, what) in [(rejected, "rejected"), (duplicates, "known already")] {
            if count > 0 {
                message = format!("{message}, {count} {what}");
            }
        }
        Self {
            case,
            replayed: false,
            message,
            accepted,
            rejected,
            duplicates,
            errors: details.errors,
            warnings: details.warnings,
        }
    }

    /// The answer that a batch with the same key was given before.
    pub(crate) fn replayed(self) -> Self {
        Self { replayed: true, ..self }
    }

    /// The answer to a batch of which nothing is stored.
    pub(crate) fn refused(refused: &Refused) -> Self {
        Self {
            case: refused.case,
            replayed: false,
            message: refused.message.to_string(),
            accepted: 0,
            rejected: refused.rejections.total() as u64,
            duplicates: 0,
            errors: Details::of(&refused.rejections).errors,
            warnings: Vec::new(),
        }
    }

    /// The answer to every method but POST and OPTIONS.
    pub(crate) fn not_post() -> Self {
        Self {
            case: Case::NotPost,
            replayed: false,
            message: "data points are published with POST".to_owned(),
            accepted: 0,
            rejected: 0,
            duplicates: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What there is to count of it.
    pub(crate) fn told(&self) -> Told {
        Told {
            case: self.case,
            accepted: self.accepted,
            rejected: self.rejected,
            duplicates: self.duplicates,
            replayed: self.replayed,
        }
    }

    pub(crate) fn respond(self, door: Door) -> Response<Vec<u8>> {
        let status = self.case.status(door);
        // Numbers and texts can always be written.
        let mut response = Response::new(serde_json::to_vec(&self).unwrap_or_default());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match status {
            StatusCode::ACCEPTED => headers.insert(DROPPED, self.rejected.into()),
            StatusCode::METHOD_NOT_ALLOWED => headers.insert(header::ALLOW, ALLOW),
            StatusCode::UNAUTHORIZED => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => headers.insert(header::RETRY_AFTER, RETRY_AFTER),
            _ => None,
        };
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
