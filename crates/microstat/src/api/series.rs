//! `GET …/metrics/{metric}/series`: a metric's numbers, bucket by bucket.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::metric::MetricType;
use domain::time::{Micros, SECOND};
use serde::Serialize;

use super::query::Parameters;
use crate::auth::token::TokenMetric;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/projects/{project}/metrics/{metric}/series", show)
}

/// `from` and `to` are what the buckets cover together: whole buckets reach a little further than what was asked for.
#[derive(Serialize)]
struct Series {
    from: Micros,
    to: Micros,
    step_seconds: i64,
    buckets: Vec<Bucket>,
}

#[derive(Serialize)]
struct Bucket {
    start: Micros,
    count: u64,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    avg: Option<f64>,
    p50: Option<f64>,
    p75: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

async fn show(
    State(app): State<Shared>,
    TokenMetric(metric): TokenMetric,
    parameters: Parameters,
) -> Result<Json<Series>, AppError> {
    let buckets = parameters.buckets(app.now())?;
    let measures = matches!(metric.kind, MetricType::Counter | MetricType::Timer);
    let series = app.points.series(&metric.sources[..], &buckets, measures).await?;
    Ok(Json(Series {
        from: buckets.range().from(),
        to: buckets.range().to(),
        step_seconds: buckets.step().micros() / SECOND,
        buckets: series.into_iter().map(|bucket| line(metric.kind, bucket)).collect(),
    }))
}

fn line(kind: MetricType, bucket: points::Bucket) -> Bucket {
    #[expect(clippy::cast_precision_loss, reason = "no metric has 2^53 hits in a bucket")]
    let hits = (kind == MetricType::HitCounter && bucket.count > 0).then_some(bucket.count as f64);
    Bucket {
        start: bucket.start,
        count: bucket.count,
        sum: bucket.sum.or(hits),
        min: bucket.min,
        max: bucket.max,
        avg: bucket.avg,
        p50: bucket.p50,
        p75: bucket.p75,
        p95: bucket.p95,
        p99: bucket.p99,
    }
}
