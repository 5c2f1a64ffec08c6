//! A board's name, time, and who sees it: of a new one, or one that is there. And a copy of one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::board::{MAX_BOARDS, MAX_CHARTS};
use domain::id::{BoardId, ChartId};
use domain::name::Name;
use domain::period::Preset;
use domain::role::Role;
use serde::Deserialize;
use store::audit_events::Action;
use store::boards::{Board, NewBoard};

use super::{OnBoard, boards_path, frame, record};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::Member;
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::{html, html_with, redirect};
use crate::state::Shared;
use crate::web::Client;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    name: String,
    range: String,
    /// "organisation", or else its maker alone.
    seen: String,
}

impl Form {
    fn range(&self) -> Preset {
        Preset::from_code(&self.range).unwrap_or_default()
    }

    fn is_shared(&self) -> bool {
        self.seen == "organisation"
    }
}

#[derive(Template)]
#[template(path = "boards/form.html")]
struct FormPage {
    frame: Frame,
    action: String,
    back: String,
    form: Form,
    error: Option<String>,
    /// The one that is there.
    board: Option<Board>,
    /// Whether it is this person's own.
    is_mine: bool,
}

pub(super) fn full() -> String {
    format!("This organisation has {MAX_BOARDS} boards, as many as it may have. Delete one that nobody needs.")
}

async fn new_page(app: &Shared, at: &Member, form: Form) -> Result<FormPage, AppError> {
    at.require(Role::Member)?;
    let path = boards_path(at.organisation.id);
    Ok(FormPage {
        frame: frame(app, at, "New board").await?,
        action: path.clone(),
        back: path,
        form,
        error: None,
        board: None,
        is_mine: true,
    })
}

pub(super) async fn new(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    let form = Form {
        seen: "organisation".to_owned(),
        ..Form::default()
    };
    html(&new_page(&app, &at, form).await?)
}

pub(super) async fn create(
    State(app): State<Shared>,
    at: Member,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let mut page = new_page(&app, &at, form).await?;
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
        is_shared: page.form.is_shared(),
        range: page.form.range(),
    };
    let Some(path) = make(&app, &at, &client, new, None).await? else {
        page.error = Some(full());
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    Ok(redirect(format!("{path}/charts/new")).into_response())
}

/// Makes a board, with the charts of another one if it is a copy; gives its path. `None` if there are too many.
async fn make(
    app: &Shared,
    at: &Member,
    client: &Client,
    new: NewBoard<'_>,
    from: Option<BoardId>,
) -> Result<Option<String>, AppError> {
    let (organisation, user) = (at.organisation.id, at.signed.user.id);
    let mut tx = app.db.begin().await?;
    if !store::boards::create(&mut tx, organisation, user, new, app.now()).await? {
        return Ok(None);
    }
    if let Some(from) = from {
        let ids: Vec<ChartId> = (0..MAX_CHARTS)
            .map(|_| ChartId::from_random(app.random.bits()))
            .collect();
        store::boards::copy_charts(&mut tx, from, new.id, ids.into_iter()).await?;
    }
    let made = store::boards::find(&mut tx, organisation, new.id, user).await?;
    let board = made.ok_or(AppError::NotFound)?;
    record(&mut tx, app, (at, client), Action::BoardCreated, &board, "").await?;
    tx.commit().await?;
    Ok(Some(super::board_path(&board)))
}

async fn edit_page(app: &Shared, on: &OnBoard, form: Form) -> Result<FormPage, AppError> {
    Ok(FormPage {
        frame: frame(app, &on.at, "Board settings").await?,
        action: on.path(),
        back: on.path(),
        form,
        error: None,
        board: Some(on.board.clone()),
        is_mine: on.board.made_by == Some(on.at.signed.user.id),
    })
}

pub(super) async fn edit(State(app): State<Shared>, on: OnBoard) -> Result<Response, AppError> {
    on.require_change()?;
    let form = Form {
        name: on.board.name.clone(),
        range: on.board.range.code().to_owned(),
        seen: if on.board.is_shared { "organisation" } else { "me" }.to_owned(),
    };
    html(&edit_page(&app, &on, form).await?)
}

pub(super) async fn update(
    State(app): State<Shared>,
    on: OnBoard,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    on.require_change()?;
    let name = match Name::new(&form.name) {
        Ok(name) => name,
        Err(error) => {
            let mut page = edit_page(&app, &on, form).await?;
            page.error = Some(error.advice().to_owned());
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let board = &on.board;
    let is_mine = board.made_by == Some(on.at.signed.user.id);
    // An Administrator who hid it from everybody would hide it from themselves, too.
    let is_shared = form.is_shared() || !is_mine;
    let (before, now) = (
        (board.name.as_str(), board.range, board.is_shared),
        (name.as_str(), form.range(), is_shared),
    );
    if before != now {
        let mut tx = app.db.begin().await?;
        if !store::boards::update(&mut tx, board.id, &name, form.range(), is_shared).await? {
            return Err(AppError::NotFound);
        }
        let told = Board {
            name: name.to_string(),
            is_shared: is_shared || board.is_shared,
            ..board.clone()
        };
        let detail = match (board.is_shared, is_shared) {
            (false, true) => "shared with the organisation".to_owned(),
            (true, false) => "no longer shared with the organisation".to_owned(),
            _ if board.name != name.as_str() => format!("was {}", board.name),
            _ => format!("shows {}", form.range().name()),
        };
        record(&mut tx, &app, (&on.at, &client), Action::BoardChanged, &told, &detail).await?;
        tx.commit().await?;
    }
    Ok(redirect(on.path()).notice(&app, "Saved.").into_response())
}

/// A board of one's own with the same charts, whoever made the first.
pub(super) async fn copy(
    State(app): State<Shared>,
    on: OnBoard,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    on.at.require(Role::Member)?;
    let name = copy_of(&on.board.name);
    let new = NewBoard {
        id: BoardId::from_random(app.random.bits()),
        name: &name,
        is_shared: false,
        range: on.board.range,
    };
    match make(&app, &on.at, &client, new, Some(on.board.id)).await? {
        Some(path) => {
            let text = format!("“{name}” is yours alone until you share it with the organisation.");
            Ok(redirect(format!("{path}/settings")).notice(&app, &text).into_response())
        }
        None => Err(AppError::Conflict(full())),
    }
}

fn copy_of(name: &str) -> Name {
    let long = format!("Copy of {name}");
    let short: String = long.chars().take(domain::name::MAX_CHARS).collect();
    Name::from_stored(short.trim_end().to_owned())
}
