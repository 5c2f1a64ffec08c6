//! What a request's body says, as JSON.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::error::AppError;
use crate::state::Shared;
use crate::web::whole;

/// No body that the API takes is longer; publishing has doors of its own.
const LONGEST: usize = 64 << 10;

/// A JSON object, read as `T`. Any content type is read as JSON; unknown keys are ignored.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, AppError> {
        let body = whole(app, request.into_body(), LONGEST, "Send at most 64 KiB.").await?;
        let unreadable =
            |error: serde_json::Error| AppError::Unreadable(format!("The body must be a JSON object: {error}."));
        serde_json::from_slice(&body).map(Self).map_err(unreadable)
    }
}
