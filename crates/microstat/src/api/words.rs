//! `GET …/metrics/{metric}/words`: the most popular words of a Word Web.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use domain::metric::MetricType;
use serde::Serialize;

use super::query::Parameters;
use crate::auth::token::TokenMetric;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

/// Words answered with if the request names no limit.
const WORDS: u32 = 100;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/projects/{project}/metrics/{metric}/words", index)
}

#[derive(Serialize)]
struct Words {
    total: u64,
    distinct: u64,
    #[serde(rename = "words")]
    most_popular: Vec<WordCount>,
}

#[derive(Serialize)]
struct WordCount {
    word: String,
    count: u64,
}

async fn index(
    State(app): State<Shared>,
    TokenMetric(metric): TokenMetric,
    parameters: Parameters,
) -> Result<Json<Words>, AppError> {
    if metric.kind != MetricType::WordWeb {
        let text = format!(
            "Only a Word Web has words, and this metric is a {}. Ask for its series.",
            metric.kind
        );
        return Err(AppError::Invalid(text));
    }
    let range = parameters.range(app.now())?;
    let found = app
        .points
        .words(&metric.sources[..], range, parameters.limit(WORDS)?)
        .await?;
    let word = |word: points::WordCount| WordCount {
        word: word.word,
        count: word.count,
    };
    Ok(Json(Words {
        total: found.total,
        distinct: found.distinct,
        most_popular: found.words.into_iter().map(word).collect(),
    }))
}
