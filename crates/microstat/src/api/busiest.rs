//! `GET /api/v1/projects/{project}/busiest`: the metrics with most data points.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::id::MetricId;
use domain::metric::{MetricName, MetricType};
use serde::Serialize;

use super::query::Parameters;
use crate::auth::token::TokenProject;
use crate::error::AppError;
use crate::metrics::Metrics;
use crate::router::Table;
use crate::state::Shared;

/// Metrics answered with if the request names no limit.
const METRICS: u32 = 10;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/projects/{project}/busiest", index)
}

#[derive(Serialize)]
struct Index {
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
struct Metric {
    id: MetricId,
    name: MetricName,
    #[serde(rename = "type")]
    kind: MetricType,
    data_points: u64,
}

async fn index(State(app): State<Shared>, at: TokenProject, parameters: Parameters) -> Result<Json<Index>, AppError> {
    let (range, limit) = (parameters.range(app.now())?, parameters.limit(METRICS)?);
    let busiest = Metrics::of(&app, at.project.id).await?;
    let busiest = busiest.busiest(range, limit, true).await?;
    let known = store::metrics::of_project(&app.db, at.project.id).await?;
    let mut known: HashMap<MetricId, store::metrics::Metric> =
        known.into_iter().map(|metric| (metric.id, metric)).collect();
    // one that was deleted a moment ago is no longer known
    let metrics = busiest.into_iter().filter_map(|(id, data_points)| {
        let metric = known.remove(&id)?;
        Some(Metric {
            id,
            name: metric.name,
            kind: metric.kind,
            data_points,
        })
    });
    Ok(Json(Index {
        metrics: metrics.collect(),
    }))
}
