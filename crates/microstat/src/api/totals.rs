//! `GET /api/v1/projects/{project}/totals`: how many data points the whole project got, bucket by bucket.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::time::{Micros, SECOND};
use serde::Serialize;

use super::query::Parameters;
use crate::auth::token::TokenProject;
use crate::error::AppError;
use crate::metrics::Metrics;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/projects/{project}/totals", show)
}

#[derive(Serialize)]
struct Totals {
    from: Micros,
    to: Micros,
    step_seconds: i64,
    buckets: Vec<Bucket>,
}

#[derive(Serialize)]
struct Bucket {
    start: Micros,
    count: u64,
}

async fn show(State(app): State<Shared>, at: TokenProject, parameters: Parameters) -> Result<Json<Totals>, AppError> {
    let buckets = parameters.buckets(app.now())?;
    let counts = Metrics::of(&app, at.project.id).await?.totals(&buckets).await?;
    let starts = buckets.starts().iter().zip(counts);
    Ok(Json(Totals {
        from: buckets.range().from(),
        to: buckets.range().to(),
        step_seconds: buckets.step().micros() / SECOND,
        buckets: starts.map(|(start, count)| Bucket { start: *start, count }).collect(),
    }))
}
