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
use axum::extract::{Request, State};
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::Fault;
use crate::request_id::RequestId;
use crate::router::Table;
use crate::state::Shared;

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

/// How many seconds answers are behind what was published, if that is worth saying.
const BEHIND: HeaderName = HeaderName::from_static("x-microstat-behind");

/// Says so where an answer is stale.
pub(crate) async fn staleness(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(seconds @ 1..) = app.behind() {
        response.headers_mut().insert(BEHIND, seconds.into());
    }
    response
}

/// Dresses a fault as JSON: `{"error": {"code": "…", "message": "…"}}`, with the id that the log has if it is ours.
pub(crate) async fn faults(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().copied();
    let response = next.run(request).await;
    let Some(fault) = response.extensions().get::<Fault>().cloned() else {
        return response;
    };
    let (head, _) = response.into_parts();
    let mut error = json!({"code": fault.code, "message": fault.text});
    if let Some(id) = id.filter(|_| head.status.is_server_error()) {
        error["request_id"] = id.to_string().into();
    }
    let mut dressed = (head.status, Json(json!({"error": error}))).into_response();
    for (name, value) in &head.headers {
        dressed.headers_mut().entry(name).or_insert(value.clone());
    }
    dressed
}
