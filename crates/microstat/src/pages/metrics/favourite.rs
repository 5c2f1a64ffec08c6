//! The star beside a metric: on or off, each person's own.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::role::Role;
use serde::Deserialize;

use super::InMetric;
use crate::auth::csrf::Checked;
use crate::error::AppError;
use crate::pages::arrival::local_path;
use crate::pages::redirect;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Form {
    /// "yes" or "no": what it shall be, so that pressing twice is pressing once.
    favourite: String,
    #[serde(default, rename = "return")]
    back: String,
}

pub(super) async fn update(
    State(app): State<Shared>,
    of: InMetric,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    let (user, project) = (of.at.signed.user.id, &of.at.project);
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, project.organisation).await?;
    if form.favourite == "yes" {
        store::favourites::add(&mut tx, user, project.id, of.metric.id, app.now()).await?;
    } else {
        store::favourites::remove(&mut tx, user, of.metric.id).await?;
    }
    tx.commit().await?;
    let page = of.path();
    Ok(redirect(local_path(&form.back).unwrap_or(&page)).into_response())
}
