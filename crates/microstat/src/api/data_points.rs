//! `GET …/metrics/{metric}/data-points`: what was published, newest first, page by page.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::time::Micros;
use serde::Serialize;

use super::query::Parameters;
use crate::auth::token::TokenMetric;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

/// Data points answered with if the request names no limit.
const DATA_POINTS: u32 = 100;

pub(crate) fn routes(table: Table) -> Table {
    table.route(
        Method::GET,
        "/api/v1/projects/{project}/metrics/{metric}/data-points",
        index,
    )
}

#[derive(Serialize)]
struct Index {
    data_points: Vec<DataPoint>,
    next: Option<String>,
}

#[derive(Serialize)]
struct DataPoint {
    timestamp: Micros,
    value: Value,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Hits(u32),
    Number(f64),
    Word(String),
}

async fn index(
    State(app): State<Shared>,
    TokenMetric(metric): TokenMetric,
    parameters: Parameters,
) -> Result<Json<Index>, AppError> {
    let range = parameters.range(app.now())?;
    let (limit, before) = (parameters.limit(DATA_POINTS)?, parameters.before()?);
    let page = app
        .points
        .data_points(&metric.sources[..], range, limit, before)
        .await?;
    let line = |kept: points::Kept| DataPoint {
        timestamp: kept.at,
        value: match kept.value {
            domain::value::Value::Hits(hits) => Value::Hits(hits),
            domain::value::Value::Number(number) => Value::Number(number),
            domain::value::Value::Word(word) => Value::Word(word),
        },
    };
    Ok(Json(Index {
        data_points: page.data_points.into_iter().map(line).collect(),
        next: page.next.map(|cursor| cursor.to_string()),
    }))
}
