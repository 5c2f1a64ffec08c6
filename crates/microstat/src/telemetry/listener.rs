//! The listener: an address of its own, so that the public one never tells.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use super::{exposition, report};
use crate::state::Shared;

/// Answers `GET /metrics` until the task is ended.
///
/// # Errors
/// If the address can't be listened on any longer.
pub async fn serve(listener: TcpListener, app: Shared) -> io::Result<()> {
    let router = Router::new().route("/metrics", get(show)).with_state(Arc::clone(&app));
    axum::serve(listener, router).await
}

async fn show(State(app): State<Shared>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, exposition::CONTENT_TYPE)],
        report::of(&app).await,
    )
}
