//! The API for programs: JSON under `/api/v1`, read and written with an API token. What it offers is written down in
//! `api/openapi.json`, which is also one of its answers.

mod annotations;
mod body;
mod busiest;
mod data_points;
mod exports;
mod metrics;
mod openapi;
mod projects;
mod query;
mod series;
mod totals;
mod words;

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::Fault;
use crate::router::Table;

/// Every route of the API.
pub(crate) fn routes(table: Table) -> Table {
    let table = openapi::routes(table);
    let table = projects::routes(table);
    let table = totals::routes(table);
    let table = busiest::routes(table);
    let table = metrics::routes(table);
    let table = series::routes(table);
    let table = words::routes(table);
    let table = data_points::routes(table);
    let table = annotations::routes(table);
    exports::routes(table)
}

/// Dresses a fault as JSON: `{"error": {"code": "…", "message": "…"}}`.
pub(crate) async fn faults(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(fault) = response.extensions().get::<Fault>().cloned() else {
        return response;
    };
    let (head, _) = response.into_parts();
    let body = Json(json!({"error": {"code": fault.code, "message": fault.text}}));
    let mut dressed = (head.status, body).into_response();
    for (name, value) in &head.headers {
        dressed.headers_mut().entry(name).or_insert(value.clone());
    }
    dressed
}
