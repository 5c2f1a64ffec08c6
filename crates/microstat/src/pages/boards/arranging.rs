//! Putting a board's charts in order: each a step on or back, wider or narrower, off and on again.

use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::board::Width;
use domain::id::ChartId;
use serde::Deserialize;

use super::{OnBoard, charts};
use crate::auth::csrf::{Checked, Nothing};
use crate::error::AppError;
use crate::pages::redirect;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(super) fn routes(table: Table) -> Table {
    table
        .route(
            Method::POST,
            "/organisations/{organisation}/boards/{board}/charts/{chart}/place",
            place,
        )
        .route(
            Method::POST,
            "/organisations/{organisation}/boards/{board}/charts/{chart}/width",
            width,
        )
        .route(
            Method::POST,
            "/organisations/{organisation}/boards/{board}/charts/{chart}/deletion",
            delete,
        )
        .route(
            Method::POST,
            "/organisations/{organisation}/boards/{board}/charts/{chart}/restoration",
            restore,
        )
}

/// The board while it is put in order, at this chart.
fn at(on: &OnBoard, chart: ChartId) -> String {
    format!("{}/arrangement#chart-{chart}", on.path())
}

#[derive(Deserialize)]
struct Place {
    /// Counted from 0; what is no place is the last.
    #[serde(default)]
    to: String,
}

async fn place(
    State(app): State<Shared>,
    on: OnBoard,
    ids: Ids,
    client: Client,
    Checked(form): Checked<Place>,
) -> Result<Response, AppError> {
    let chart = on.chart(&app, &ids).await?;
    on.require_change()?;
    let to = form.to.trim().parse().unwrap_or(usize::MAX);
    let mut tx = app.db.begin().await?;
    if !store::boards::place(&mut tx, on.board.id, chart.id, to).await? {
        return Err(AppError::NotFound);
    }
    on.record(&mut tx, &app, &client, "moved a chart").await?;
    tx.commit().await?;
    Ok(redirect(at(&on, chart.id)).into_response())
}

#[derive(Deserialize)]
struct Wide {
    #[serde(default)]
    width: String,
}

async fn width(
    State(app): State<Shared>,
    on: OnBoard,
    ids: Ids,
    client: Client,
    Checked(form): Checked<Wide>,
) -> Result<Response, AppError> {
    let chart = on.chart(&app, &ids).await?;
    on.require_change()?;
    let width = Width::from_word(&form.width).unwrap_or(chart.said.width);
    let mut tx = app.db.begin().await?;
    if !store::boards::set_width(&mut tx, on.board.id, chart.id, width).await? {
        return Err(AppError::NotFound);
    }
    on.record(&mut tx, &app, &client, "made a chart wider or narrower")
        .await?;
    tx.commit().await?;
    Ok(redirect(at(&on, chart.id)).into_response())
}

async fn delete(
    State(app): State<Shared>,
    on: OnBoard,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let chart = on.chart(&app, &ids).await?;
    on.require_change()?;
    let mut tx = app.db.begin().await?;
    if store::boards::remove_chart(&mut tx, on.board.id, chart.id, app.now()).await? {
        on.record(&mut tx, &app, &client, "took a chart off").await?;
    }
    tx.commit().await?;
    let undo = format!("{}/charts/{}/restoration", on.path(), chart.id);
    Ok(redirect(format!("{}/arrangement", on.path()))
        .undoable(&app, "The chart is off the board.", undo)
        .into_response())
}

async fn restore(
    State(app): State<Shared>,
    on: OnBoard,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let id: ChartId = ids.get("chart")?;
    on.require_change()?;
    let mut tx = app.db.begin().await?;
    if store::boards::restore_chart(&mut tx, on.board.id, id, app.now()).await? {
        on.record(&mut tx, &app, &client, "brought back a chart").await?;
    } else if store::boards::find_chart(&mut tx, on.board.id, id).await?.is_none() {
        let is_full = on.board.charts >= domain::board::MAX_CHARTS;
        return Err(if is_full {
            AppError::Conflict(charts::full())
        } else {
            AppError::NotFound
        });
    }
    tx.commit().await?;
    Ok(redirect(at(&on, id)).into_response())
}
