//! A board's page.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::board::Width;
use domain::period::Preset;
use domain::role::Role;
use serde::Deserialize;
use store::boards::Board;

use super::drawn::{self, Drawn, Whose};
use super::{OnBoard, frame};
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::html;
use crate::state::Shared;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Asked {
    /// Another time than the board's own.
    range: String,
}

#[derive(Template)]
#[template(path = "boards/show.html")]
struct BoardPage {
    frame: Frame,
    path: String,
    board: Board,
    range: Preset,
    charts: Vec<Drawn>,
    may_change: bool,
    /// Whether this person may share it, and duplicate it.
    may_share: bool,
    arranges: bool,
    /// Projects whose data points it shows, with commas between.
    projects: String,
}

impl BoardPage {
    fn is_current(&self, preset: Preset) -> bool {
        self.range == preset
    }
}

pub(super) async fn show(
    State(app): State<Shared>,
    on: OnBoard,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let range = Preset::from_code(&asked.range).unwrap_or(on.board.range);
    page(&app, on, range, false).await
}

/// The board while its charts are put in order.
pub(super) async fn arrange(State(app): State<Shared>, on: OnBoard) -> Result<Response, AppError> {
    on.require_change()?;
    let range = on.board.range;
    page(&app, on, range, true).await
}

async fn page(app: &Shared, on: OnBoard, range: Preset, arranges: bool) -> Result<Response, AppError> {
    let charts = store::boards::charts(&app.db, on.board.id).await?;
    let reader = Whose::Reader(Box::new(on.at.signed.clone()));
    let drawn = drawn::all(app, on.board.organisation, charts, range, reader).await?;
    let may_change = on.may_change();
    html(&BoardPage {
        frame: frame(app, &on.at, &on.board.name).await?,
        path: on.path(),
        range,
        may_share: on.at.role >= Role::Member,
        arranges,
        may_change,
        projects: drawn::projects(&drawn),
        charts: drawn,
        board: on.board,
    })
}
