//! `GET /api/v1/projects/{project}/metrics`: every metric of a project.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::id::MetricId;
use domain::metric::{Description, MetricName, MetricType, UnitName};
use domain::name::Name;
use domain::time::Micros;
use serde::Serialize;

use crate::auth::token::TokenProject;
use crate::error::AppError;
use crate::metrics::Metrics;
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
    /// As it is published.
    name: MetricName,
    #[serde(rename = "type")]
    kind: MetricType,
    display_name: Option<Name>,
    unit: Option<UnitName>,
    description: Option<Description>,
    hidden: bool,
    first_seen: Micros,
    /// None until a data point is stored, which comes after the metric itself.
    last_seen: Option<Micros>,
    data_points_24h: u64,
}

async fn index(State(app): State<Shared>, at: TokenProject) -> Result<Json<Index>, AppError> {
    let metrics = store::metrics::of_project(&app.db, at.project.id).await?;
    let summaries = Metrics::of(&app, at.project.id).await?.summaries().await?;
    let line = |metric: store::metrics::Metric| {
        let summary = summaries.get(&metric.id);
        Metric {
            id: metric.id,
            name: metric.name,
            kind: metric.kind,
            display_name: metric.display_name,
            unit: metric.unit,
            description: metric.description,
            hidden: metric.hidden_at.is_some(),
            first_seen: summary.map_or(metric.first_seen, |summary| summary.first_seen),
            last_seen: summary.map(|summary| summary.last_seen),
            data_points_24h: summary.map_or(0, |summary| summary.data_points_24h),
        }
    };
    Ok(Json(Index {
        metrics: metrics.into_iter().map(line).collect(),
    }))
}
