//! What a request's body says, as JSON.

use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use crate::error::AppError;
use crate::state::Shared;

/// No body that the API takes is longer; publishing has doors of its own.
const LONGEST: usize = 64 << 10;

/// A JSON object, read as `T`. Any content type is read as JSON; unknown keys are ignored.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, AppError> {
        let body = Limited::new(request.into_body(), LONGEST).collect().await;
        let body = body
            .map_err(|_| AppError::TooLarge("Send at most 64 KiB.".to_owned()))?
            .to_bytes();
        let unreadable =
            |error: serde_json::Error| AppError::Unreadable(format!("The body must be a JSON object: {error}."));
        serde_json::from_slice(&body).map(Self).map_err(unreadable)
    }
}
