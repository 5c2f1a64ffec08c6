//! What went wrong, as handlers say it. The branch of the router it happened in decides how people are told:
//! a page, or JSON.

use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request was not done.
#[derive(Debug)]
pub enum AppError {
    /// It isn't there, or it's not for this person: the two look the same.
    NotFound,
    /// A member may not do this; the text says who may.
    Forbidden(String),
    /// The state of things is against it; the text says what to do.
    Conflict(String),
    /// The request can't be read; the text says how to write it.
    Unreadable(String),
    /// The request makes no sense; the text says what would.
    Invalid(String),
    /// No proof of who asks.
    Unauthorised(String),
    /// A link that was good once.
    Gone(String),
    /// The body is too large.
    TooLarge(String),
    /// The body took too long to arrive.
    TooSlow,
    /// The method is not one of this path's.
    MethodNotAllowed,
    /// Too many tries.
    TooMany {
        /// Seconds to wait.
        retry_after_s: i64,
        /// What people read.
        text: String,
    },
    /// There is no room for it just now.
    Busy {
        /// Seconds to wait.
        retry_after_s: i64,
        /// What people read.
        text: String,
    },
    /// The database server or ClickHouse is away, and comes back.
    Away(&'static str, Box<dyn std::error::Error + Send + Sync>),
    /// The request came from another site, or its form's token is not of this session.
    CrossSite,
    /// A fault of ours or of the machine.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// What people read, and after how many seconds they may try again.
const ACCOUNTS_AWAY: &str = "Accounts can't be reached just now: their database doesn't answer. Try again in a moment.";
const CLICKHOUSE_AWAY: &str = "Data points can't be read just now: their database doesn't answer. What is published is \
                               kept meanwhile; try again in a moment.";
const BACK_IN_S: i64 = 5;

/// A fault on its way out: [`crate::pages::faults`] and [`crate::api::faults`] dress it.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The API's word for it.
    pub code: &'static str,
    /// Whole sentences for people.
    pub text: String,
}

impl AppError {
    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross_site"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::Unreadable(_) => (StatusCode::BAD_REQUEST, "unreadable"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::Unauthorised(_) => (StatusCode::UNAUTHORIZED, "unauthorised"),
            Self::Gone(_) => (StatusCode::GONE, "gone"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Away(..) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

/// For whoever reads the log, or typed a sub-command: a fault of the machine says what it is.
impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internal(error) | Self::Away(_, error) => error.fmt(f),
            Self::NotFound => f.write_str("not found"),
            Self::CrossSite => f.write_str("asked for by another site"),
            Self::TooSlow => f.write_str("the body took too long to arrive"),
            Self::MethodNotAllowed => f.write_str("method not allowed"),
            Self::Forbidden(text)
            | Self::Conflict(text)
            | Self::Unreadable(text)
            | Self::Invalid(text)
            | Self::Unauthorised(text)
            | Self::Gone(text)
            | Self::TooLarge(text)
            | Self::TooMany { text, .. }
            | Self::Busy { text, .. } => f.write_str(text),
        }
    }
}

impl std::error::Error for AppError {}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let (status, code) = self.status();
        let retry_after_s = match &self {
            Self::TooMany { retry_after_s, .. } | Self::Busy { retry_after_s, .. } => Some(*retry_after_s),
            Self::Away(..) => Some(BACK_IN_S),
            _ => None,
        };
        let asks_for_token = matches!(self, Self::Unauthorised(_));
        let text = match self {
            Self::NotFound => "There is nothing here, or it isn't shared with you.".to_owned(),
            Self::CrossSite => {
                "This form is out of date or came from another site. Go back, reload the page and try again.".to_owned()
            }
            Self::TooSlow => "What you sent took too long to arrive. Try again.".to_owned(),
            Self::MethodNotAllowed => "This address doesn't take that method.".to_owned(),
            Self::Internal(error) => {
                tracing::error!(%error, "request failed");
                "Something went wrong on our side. It was written to the log; try again in a moment.".to_owned()
            }
            Self::Away(text, error) => {
                tracing::warn!(%error, "request failed");
                text.to_owned()
            }
            Self::Forbidden(text)
            | Self::Conflict(text)
            | Self::Unreadable(text)
            | Self::Invalid(text)
            | Self::Unauthorised(text)
            | Self::Gone(text)
            | Self::TooLarge(text)
            | Self::TooMany { text, .. }
            | Self::Busy { text, .. } => text,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Fault { code, text });
        if asks_for_token {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

macro_rules! internal {
    ($($type:ty),+) => {$(
        impl From<$type> for AppError {
            fn from(error: $type) -> Self {
                Self::Internal(Box::new(error))
            }
        }
    )+};
}

impl From<store::Error> for AppError {
    fn from(error: store::Error) -> Self {
        if error.is_away() {
            Self::Away(ACCOUNTS_AWAY, Box::new(error))
        } else {
            Self::Internal(Box::new(error))
        }
    }
}

impl From<points::Error> for AppError {
    fn from(error: points::Error) -> Self {
        match error {
            points::Error::ClickHouse(_) | points::Error::Later(_) => Self::Away(CLICKHOUSE_AWAY, Box::new(error)),
            _ => Self::Internal(Box::new(error)),
        }
    }
}

internal!(
    domain::range::BadRange,
    askama::Error,
    std::io::Error,
    serde_json::Error
);
