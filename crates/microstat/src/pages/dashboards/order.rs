//! The order of a person's favourites: one moved a place, or all of them as they were put.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::MetricId;
use domain::role::Role;
use serde::Deserialize;

use crate::auth::csrf::Checked;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::pages::arrival::local_path;
use crate::pages::redirect;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Form {
    /// Which one moves.
    #[serde(default)]
    metric: String,
    /// Before which other one; to the end if it is empty or gone.
    #[serde(default)]
    before: String,
    #[serde(default, rename = "return")]
    back: String,
}

pub(super) async fn update(
    State(app): State<Shared>,
    at: InProject,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let (user, project) = (at.signed.user.id, &at.project);
    let moved: MetricId = form.metric.parse().map_err(|_| AppError::NotFound)?;
    let before: Option<MetricId> = form.before.parse().ok();
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, project.organisation).await?;
    let mut order = store::favourites::of_project(&mut tx, user, project.id).await?;
    let Some(from) = order.iter().position(|id| *id == moved) else {
        return Err(AppError::NotFound);
    };
    order.remove(from);
    let to = before.and_then(|before| order.iter().position(|id| *id == before));
    order.insert(to.unwrap_or(order.len()), moved);
    store::favourites::arrange(&mut tx, user, &order).await?;
    tx.commit().await?;
    let page = format!("/projects/{}", project.id);
    Ok(redirect(local_path(&form.back).unwrap_or(&page)).into_response())
}
