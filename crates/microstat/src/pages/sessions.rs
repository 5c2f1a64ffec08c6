//! Signed-in devices, ended from "Your Account".

use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::id::SessionId;

use super::redirect;
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::session::{self, SignedIn};
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Ids;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::POST, "/account/sessions/deletion", delete_others)
        .route(Method::POST, "/account/sessions/{session}/deletion", delete)
}

async fn delete(
    State(app): State<Shared>,
    signed: SignedIn,
    ids: Ids,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let id: SessionId = ids.get("session")?;
    let mut tx = app.db.begin().await?;
    if !store::sessions::end(&mut tx, signed.user.id, id).await? {
        return Err(AppError::NotFound);
    }
    tx.commit().await?;
    if id == signed.session.id {
        return Ok(redirect("/sign-in").cookie(session::end(&app.config)).into_response());
    }
    Ok(redirect("/account")
        .notice(&app, "That device is signed out.")
        .into_response())
}

async fn delete_others(
    State(app): State<Shared>,
    signed: SignedIn,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    store::sessions::end_others(&mut tx, signed.user.id, Some(signed.session.id)).await?;
    tx.commit().await?;
    let text = "Every other device is signed out.";
    Ok(redirect("/account").notice(&app, text).into_response())
}
