//! A batch of which nothing is stored.

use std::borrow::Cow;

use domain::batch::InvalidJson;
use domain::reason::{Reason, Refusal, Rejections};

use super::door::Case;

/// Why, what to say, and what is lost by it.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Which row of the contract's table.
    pub(crate) case: Case,
    /// What the answer says.
    pub(crate) message: Cow<'static, str>,
    /// Every data point of it.
    pub(crate) rejections: Rejections,
}

impl Refused {
    /// A body that was not, or could not be, read: it counts as one data point.
    pub(crate) fn whole(case: Case, refusal: Refusal) -> Self {
        Self {
            case,
            message: refusal.message.into(),
            rejections: Rejections::whole(refusal, b""),
        }
    }

    /// A body that can't be read.
    pub(crate) fn unreadable(message: &'static str) -> Self {
        Self::whole(Case::Unreadable, Refusal::new(Reason::InvalidJson, message))
    }

    /// A body that is larger than its door takes.
    pub(crate) fn too_large(message: &'static str) -> Self {
        Self::whole(Case::TooLarge, Refusal::new(Reason::TooManyDataPoints, message))
    }

    /// A body there is no room for right now.
    pub(crate) fn no_room() -> Self {
        let message = "too much is arriving at once; try again in a moment";
        Self::whole(Case::Unavailable, Refusal::new(Reason::Unavailable, message))
    }

    /// A body that is no JSON, which is its own sample.
    pub(crate) fn not_json(bad: InvalidJson, body: &[u8]) -> Self {
        Self {
            case: Case::Unreadable,
            message: bad.message.into(),
            rejections: Rejections::whole(Reason::InvalidJson.into(), body),
        }
    }
}
