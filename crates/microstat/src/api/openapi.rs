//! `GET /api/v1/openapi.json`: what the API and the ingestion doors take and answer, for everyone to read.

use axum::http::{Method, header};
use axum::response::IntoResponse;

use crate::router::Table;

const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/api/v1/openapi.json", show)
}

async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
