//! The names of a project's metrics, for fields that offer them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::auth::member::InProject;
use crate::error::AppError;
use crate::state::Shared;

#[derive(Serialize)]
pub(super) struct Names {
    names: Vec<String>,
}

pub(super) async fn index(State(app): State<Shared>, at: InProject) -> Result<Json<Names>, AppError> {
    let metrics = store::metrics::of_project(&app.db, at.project.id).await?;
    let mut names: Vec<String> = metrics.iter().map(|metric| metric.title().to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(Json(Names { names }))
}
