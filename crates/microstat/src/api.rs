//! The API for programs: JSON under `/api/v1`.

mod projects;

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::Fault;
use crate::router::Table;

/// Every route of the API.
pub(crate) fn routes(table: Table) -> Table {
    projects::routes(table)
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
