//! "Add to board", from a metric's page: `…/boards/add?project=…&metric=…`, with the view that it is looked at in.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::{BoardId, ChartId};
use domain::name::Name;
use domain::role::Role;
use serde::Deserialize;
use store::audit_events::Action;
use store::boards::{Addition, Board, NewBoard, NewChart};
use store::metrics::Metric;

use super::charts::{full, named, usual};
use super::{board_path, boards_path, form, frame, record, require_change};
use crate::auth::csrf::Checked;
use crate::auth::member::Member;
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::view::View;
use crate::pages::{html, html_with, redirect};
use crate::state::Shared;
use crate::web::Client;

/// What is to be put on a board, and on which.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    project: String,
    metric: String,
    /// How it is looked at.
    view: String,
    /// A board that is there; empty: a new one.
    board: String,
    /// What the new one is called.
    name: String,
}

#[derive(Template)]
#[template(path = "boards/adding.html")]
struct AddingPage {
    frame: Frame,
    action: String,
    /// The metric's page.
    back: String,
    name: String,
    boards: Vec<Board>,
    form: Form,
    error: Option<String>,
}

async fn page(app: &Shared, at: &Member, form: Form, metric: &Metric) -> Result<AddingPage, AppError> {
    let user = at.signed.user.id;
    let mut boards = store::boards::visible(&app.db, at.organisation.id, user).await?;
    boards.retain(|board| board.may_change(user, at.role));
    Ok(AddingPage {
        frame: frame(app, at, "Add to board").await?,
        action: format!("{}/add", boards_path(at.organisation.id)),
        back: format!(
            "/projects/{}/metrics/{}{}",
            metric.project,
            metric.id,
            View::parse(&form.view).query()
        ),
        name: metric.title().to_owned(),
        boards,
        form,
        error: None,
    })
}

pub(super) async fn new(
    State(app): State<Shared>,
    at: Member,
    view: View,
    Query(asked): Query<Form>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let form = Form {
        view: view.query().trim_start_matches('?').to_owned(),
        project: asked.project,
        metric: asked.metric,
        ..Form::default()
    };
    let metric = named(&app, at.organisation.id, &form.project, &form.metric).await?;
    html(&page(&app, &at, form, &metric).await?)
}

pub(super) async fn create(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let (organisation, user) = (at.organisation.id, at.signed.user.id);
    let metric = named(&app, organisation, &form.project, &form.metric).await?;
    let mut page = page(&app, &at, form, &metric).await?;
    let mut tx = app.db.begin().await?;
    let (board, action) = if page.form.board.is_empty() {
        let name = match Name::new(&page.form.name) {
            Ok(name) => name,
            Err(error) => {
                page.error = Some(error.advice().to_owned());
                return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
            }
        };
        let new = NewBoard {
            id: BoardId::from_random(app.random.bits()),
            name: &name,
            is_shared: true,
            range: domain::period::Preset::default(),
        };
        if !store::boards::create(&mut tx, organisation, user, new, app.now()).await? {
            page.error = Some(form::full());
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        (new.id, Action::BoardCreated)
    } else {
        let id = page.form.board.parse().map_err(|_| AppError::NotFound)?;
        (id, Action::BoardChanged)
    };
    let found = store::boards::find(&mut tx, organisation, board, user).await?;
    let board = found.ok_or(AppError::NotFound)?;
    require_change(&board, &at)?;
    let query = View::parse(&page.form.view).query();
    let new = NewChart {
        id: ChartId::from_random(app.random.bits()),
        project: metric.project,
        metric: metric.id,
        said: usual(),
        view: query.trim_start_matches('?'),
    };
    let chart = new.id;
    match store::boards::add_chart(&mut tx, board.id, new).await? {
        Addition::Added => {}
        Addition::Full => return Err(AppError::Conflict(full())),
        Addition::NotFound => return Err(AppError::NotFound),
    }
    let detail = format!("added {}", metric.title());
    record(&mut tx, &app, (&at, &client), action, &board, &detail).await?;
    tx.commit().await?;
    let path = board_path(&board);
    let text = format!("“{}” is on the board “{}”.", metric.title(), board.name);
    Ok(redirect(format!("{path}#chart-{chart}"))
        .undoable(&app, &text, format!("{path}/charts/{chart}/deletion"))
        .into_response())
}
