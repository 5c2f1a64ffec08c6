//! `GET …/export`: data points, or what they add up to, as a file.

use axum::extract::{FromRequestParts, Query, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use domain::export::{Detail, Format};
use domain::range::Range;
use serde::Deserialize;

use super::query;
use crate::auth::token::TokenProject;
use crate::error::AppError;
use crate::export::{self, Wanted};
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/projects/{project}/export", show)
}

#[derive(Debug, Deserialize)]
struct Parameters {
    format: Option<String>,
    level: Option<String>,
    metric: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl FromRequestParts<Shared> for Parameters {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AppError> {
        let read = Query::<Self>::from_request_parts(parts, app).await;
        read.map(|Query(parameters)| parameters)
            .map_err(|_| query::unreadable())
    }
}

async fn show(
    State(app): State<Shared>,
    TokenProject { project, .. }: TokenProject,
    asked: Parameters,
) -> Result<Response, AppError> {
    let format = match asked.format.as_deref() {
        None => Format::default(),
        Some(code) => Format::from_code(code)
            .ok_or_else(|| AppError::Unreadable("\"format\" must be csv, jsonl or parquet.".to_owned()))?,
    };
    let detail = match asked.level.as_deref() {
        None => Detail::default(),
        Some(code) => Detail::from_code(code).ok_or_else(|| {
            AppError::Unreadable("\"level\" must be data-points, minute, hour, day or shown.".to_owned())
        })?,
    };
    let metric = asked.metric.as_deref().map(str::parse).transpose();
    let metric = metric.map_err(|_| AppError::NotFound)?;
    // Unlike elsewhere, no range is all the time there is.
    let from = query::time("from", asked.from.as_deref())?.unwrap_or(Range::EVER.from());
    let to = query::time("to", asked.to.as_deref())?.unwrap_or(Range::EVER.to());
    let range = Range::new(from, to)
        .map_err(|_| AppError::Invalid("Give a \"from\" that is before \"to\", or neither.".to_owned()))?;
    let wanted = Wanted::new(&app, project, metric, range, (detail, format)).await?;
    export::answer(&app, wanted).await
}
