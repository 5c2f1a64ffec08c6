//! Whether this process can serve, for load balancers: they send requests elsewhere while it can't.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::state::{App, Shared};

/// How long the database is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it counts that data points were refused: then some are let in, to see whether they can be written again.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// Whether it was asked to stop.
#[derive(Debug, Default)]
pub struct Readiness(AtomicBool);

impl Readiness {
    /// From now on it is not ready.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop. It serves all the same, but each answer is the last of its connection.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What keeps a process from serving.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Missing {
    /// It was asked to stop.
    Stopping,
    /// The accounts' database doesn't answer.
    Database,
    /// Data points can't be written.
    DataPoints,
}

#[derive(Serialize)]
struct Answer {
    ready: bool,
    missing: Vec<Missing>,
}

/// `GET /readyz`: whether it can do all there is to do.
pub(crate) async fn show(State(app): State<Shared>) -> Response {
    let mut missing = ingesting(&app);
    let answered = tokio::time::timeout(PATIENCE, app.db.ping()).await;
    if !matches!(answered, Ok(Ok(()))) {
        missing.push(Missing::Database);
    }
    answer(missing)
}

/// `GET /readyz/ingest`: whether it can take data points, as it does of known DSNs without the database too.
pub(crate) async fn ingest(State(app): State<Shared>) -> Response {
    answer(ingesting(&app))
}

fn ingesting(app: &App) -> Vec<Missing> {
    let mut missing = Vec::new();
    if app.readiness.is_stopping() {
        missing.push(Missing::Stopping);
    }
    let backlog = app.points.backlog();
    let is_full = backlog.data_points > backlog.most;
    if is_full || app.points.refused_ago().is_some_and(|ago| ago < REFUSED_FOR) {
        missing.push(Missing::DataPoints);
    }
    missing
}

fn answer(missing: Vec<Missing>) -> Response {
    let ready = missing.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Answer { ready, missing })).into_response()
}
