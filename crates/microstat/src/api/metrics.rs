//! `GET /api/v1/projects/{project}/metrics`: every metric of a project.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::id::MetricId;
use domain::metric::{MetricName, MetricType};
use domain::time::Micros;
use serde::Serialize;

use crate::auth::token::TokenProject;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/projects/{project}/metrics", index)
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
    first_seen: Micros,
    /// None until a data point is stored, which comes after the metric itself.
    last_seen: Option<Micros>,
    data_points_24h: u64,
}

async fn index(State(app): State<Shared>, at: TokenProject) -> Result<Json<Index>, AppError> {
    let metrics = store::metrics::of_project(&app.db, at.project.id).await?;
    let summaries = app.points.summaries(at.project.id, app.now()).await?;
    let summaries: HashMap<MetricId, points::Summary> =
        summaries.into_iter().map(|summary| (summary.metric, summary)).collect();
    let line = |metric: store::metrics::Metric| {
        let summary = summaries.get(&metric.id);
        Metric {
            id: metric.id,
            name: metric.name,
            kind: metric.kind,
            first_seen: summary.map_or(metric.first_seen, |summary| summary.first_seen),
            last_seen: summary.map(|summary| summary.last_seen),
            data_points_24h: summary.map_or(0, |summary| summary.data_points_24h),
        }
    };
    Ok(Json(Index {
        metrics: metrics.into_iter().map(line).collect(),
    }))
}
