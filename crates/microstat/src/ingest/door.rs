//! The two doors and what each answers: the table of the ingestion contract.

use axum::http::StatusCode;

/// Where a batch comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// For apps that neither await nor catch: an answer of 400 or more ends their process, so it refuses only what
    /// no rightly set-up app sends.
    Open,
    /// For those who read status codes.
    Strict,
}

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoorLimits {
    /// Bytes as they arrive.
    pub(crate) wire_bytes: usize,
    /// Bytes after unpacking.
    pub(crate) unpacked_bytes: usize,
    /// Data points.
    pub(crate) data_points: usize,
}

const MIB: usize = 1024 * 1024;

impl Door {
    pub(crate) const ALL: [Self; 2] = [Self::Open, Self::Strict];

    /// What operators call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Strict => "strict",
        }
    }

    pub(crate) const fn limits(self) -> DoorLimits {
        match self {
            Self::Open => DoorLimits {
                wire_bytes: 10 * MIB,
                unpacked_bytes: 10 * MIB,
                data_points: usize::MAX,
            },
            Self::Strict => DoorLimits {
                wire_bytes: 2 * MIB,
                unpacked_bytes: 10 * MIB,
                data_points: 1_000,
            },
        }
    }
}

/// What became of a batch as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Every data point was accepted.
    All,
    /// Some were, or they are known from before, or there were none.
    Some,
    /// None was: each is invalid for itself, or comes from an origin that may not publish.
    NoneAccepted,
    /// The body is no JSON, or could not be read to its end.
    Unreadable,
    /// DSN missing, malformed, or never existed.
    UnknownDsn,
    /// DSN turned off, project or organisation deleted or paused.
    Closed,
    /// It can't be stored right now.
    Unavailable,
    /// The body did not arrive in time.
    TooSlow,
    /// Too many bytes.
    TooLarge,
    /// Another method than POST.
    NotPost,
}

impl Case {
    pub(crate) const ALL: [Self; 10] = [
        Self::All,
        Self::Some,
        Self::NoneAccepted,
        Self::Unreadable,
        Self::UnknownDsn,
        Self::Closed,
        Self::Unavailable,
        Self::TooSlow,
        Self::TooLarge,
        Self::NotPost,
    ];

    /// What operators call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all_accepted",
            Self::Some => "some_accepted",
            Self::NoneAccepted => "none_accepted",
            Self::Unreadable => "unreadable",
            Self::UnknownDsn => "unknown_dsn",
            Self::Closed => "closed",
            Self::Unavailable => "unavailable",
            Self::TooSlow => "too_slow",
            Self::TooLarge => "too_large",
            Self::NotPost => "not_post",
        }
    }

    /// The status code at this door.
    pub(crate) const fn status(self, door: Door) -> StatusCode {
        let (open, strict) = match self {
            Self::All => (StatusCode::CREATED, StatusCode::CREATED),
            Self::Some => (StatusCode::OK, StatusCode::OK),
            Self::NoneAccepted => (StatusCode::ACCEPTED, StatusCode::BAD_REQUEST),
            Self::Unreadable => (StatusCode::BAD_REQUEST, StatusCode::BAD_REQUEST),
            Self::UnknownDsn => (StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED),
            Self::Closed => (StatusCode::ACCEPTED, StatusCode::GONE),
            Self::Unavailable => (StatusCode::ACCEPTED, StatusCode::SERVICE_UNAVAILABLE),
            Self::TooSlow => (StatusCode::ACCEPTED, StatusCode::REQUEST_TIMEOUT),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, StatusCode::PAYLOAD_TOO_LARGE),
            Self::NotPost => (StatusCode::METHOD_NOT_ALLOWED, StatusCode::METHOD_NOT_ALLOWED),
        };
        match door {
            Door::Open => open,
            Door::Strict => strict,
        }
    }
}
