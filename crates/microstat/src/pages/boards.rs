//! Boards: charts of an organisation's metrics, put together by its members. Seen by their maker alone, or shared with
//! every member; changed by their maker, and shared ones by Administrators too.

mod adding;
mod arranging;
mod charts;
pub(crate) mod drawn;
mod form;
mod show;

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::id::{BoardId, ChartId, OrganisationId};
use domain::role::Role;
use store::Tx;
use store::audit_events::Action;
use store::boards::Board;

use super::frame::{Frame, Tab};
use super::{html, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::{Member, NotAMember, path_id};
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    const BOARDS: &str = "/organisations/{organisation}/boards";
    const BOARD: &str = "/organisations/{organisation}/boards/{board}";
    let table = table
        .route(Method::GET, BOARDS, index)
        .route(Method::POST, BOARDS, form::create)
        .route(Method::GET, "/organisations/{organisation}/boards/new", form::new)
        .route(Method::GET, "/organisations/{organisation}/boards/add", adding::new)
        .route(Method::POST, "/organisations/{organisation}/boards/add", adding::create)
        .route(Method::GET, BOARD, show::show)
        .route(Method::POST, BOARD, form::update)
        .route(
            Method::GET,
            "/organisations/{organisation}/boards/{board}/arrangement",
            show::arrange,
        )
        .route(
            Method::GET,
            "/organisations/{organisation}/boards/{board}/settings",
            form::edit,
        )
        .route(
            Method::POST,
            "/organisations/{organisation}/boards/{board}/copy",
            form::copy,
        )
        .route(
            Method::POST,
            "/organisations/{organisation}/boards/{board}/deletion",
            delete,
        )
        .route(
            Method::POST,
            "/organisations/{organisation}/boards/{board}/restoration",
            restore,
        );
    let table = charts::routes(table);
    arranging::routes(table)
}

/// The path of an organisation's boards.
pub(crate) fn boards_path(organisation: OrganisationId) -> String {
    format!("/organisations/{organisation}/boards")
}

/// The path of a board.
pub(crate) fn board_path(board: &Board) -> String {
    format!("{}/{}", boards_path(board.organisation), board.id)
}

/// Around a page of boards: the header leads to the project of this organisation that this session was last at.
pub(crate) async fn frame(app: &Shared, at: &Member, title: &str) -> Result<Frame, AppError> {
    let mut frame = Frame::organisation(app, at, title).await?;
    frame.tab = Tab::Boards;
    let entry = frame.organisations.iter().find(|entry| entry.id == at.organisation.id);
    let mut projects = entry.into_iter().flat_map(|entry| &entry.projects);
    if let Some(last) = projects.find(|(id, _)| Some(*id) == at.signed.session.last_project) {
        frame.here.project = Some(last.clone());
    }
    Ok(frame)
}

/// A member at a board that the path names, and that they see.
#[derive(Clone, Debug)]
pub(crate) struct OnBoard {
    pub(crate) at: Member,
    pub(crate) board: Board,
}

impl FromRequestParts<Shared> for OnBoard {
    type Rejection = NotAMember;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, NotAMember> {
        let at = Member::from_request_parts(parts, app).await?;
        let id: BoardId = path_id(parts, "board").await?;
        let found = store::boards::find(&app.db, at.organisation.id, id, at.signed.user.id).await?;
        let board = found.ok_or(AppError::NotFound)?;
        Ok(Self { at, board })
    }
}

impl OnBoard {
    pub(crate) fn may_change(&self) -> bool {
        self.board.may_change(self.at.signed.user.id, self.at.role)
    }

    /// Refuses whoever may not change it.
    fn require_change(&self) -> Result<(), AppError> {
        require_change(&self.board, &self.at)
    }

    pub(crate) fn path(&self) -> String {
        board_path(&self.board)
    }

    /// The chart that the path names.
    async fn chart(&self, app: &Shared, ids: &Ids) -> Result<store::boards::BoardChart, AppError> {
        let id: ChartId = ids.get("chart")?;
        let found = store::boards::find_chart(&app.db, self.board.id, id).await?;
        found.ok_or(AppError::NotFound)
    }

    /// Writes down that it was changed, if others see it.
    async fn record(&self, tx: &mut Tx, app: &Shared, client: &Client, detail: &str) -> Result<(), AppError> {
        record(tx, app, (&self.at, client), Action::BoardChanged, &self.board, detail).await
    }
}

fn require_change(board: &Board, at: &Member) -> Result<(), AppError> {
    at.require(Role::Member)?;
    if board.may_change(at.signed.user.id, at.role) {
        return Ok(());
    }
    Err(AppError::Forbidden(
        "Only whoever made this board and Administrators of this organisation may change it. You can duplicate it and \
         change the copy."
            .to_owned(),
    ))
}

/// What becomes of a shared board is in the audit log; one that its maker alone sees is nobody else's business.
async fn record(
    tx: &mut Tx,
    app: &Shared,
    (at, client): (&Member, &Client),
    action: Action,
    board: &Board,
    detail: &str,
) -> Result<(), AppError> {
    if board.is_shared {
        let by = actor(&at.signed.user, client);
        audit(tx, app, &by, at.organisation.id, action, &board.name, detail).await?;
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "boards/index.html")]
struct IndexPage {
    frame: Frame,
    path: String,
    boards: Vec<Board>,
    /// Whether this person may make one.
    may_make: bool,
}

async fn index(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    let organisation = at.organisation.id;
    html(&IndexPage {
        frame: frame(&app, &at, "Boards").await?,
        path: boards_path(organisation),
        boards: store::boards::visible(&app.db, organisation, at.signed.user.id).await?,
        may_make: at.role >= Role::Member,
    })
}

async fn delete(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let (organisation, id): (_, BoardId) = (at.organisation.id, ids.get("board")?);
    let user = at.signed.user.id;
    let list = redirect(boards_path(organisation));
    let mut tx = app.db.begin().await?;
    let Some(board) = store::boards::find(&mut tx, organisation, id, user).await? else {
        // pressed twice, say
        let deleted = store::boards::find_deleted(&mut tx, organisation, id, user, app.now()).await?;
        require_change(&deleted.ok_or(AppError::NotFound)?, &at)?;
        return Ok(list.notice(&app, "It is deleted.").into_response());
    };
    require_change(&board, &at)?;
    if store::boards::delete(&mut tx, id, app.now()).await? {
        record(&mut tx, &app, (&at, &client), Action::BoardDeleted, &board, "").await?;
    }
    tx.commit().await?;
    let text = format!("The board “{}” is deleted.", board.name);
    let undo = format!("{}/restoration", board_path(&board));
    Ok(list.undoable(&app, &text, undo).into_response())
}

async fn restore(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let (organisation, id): (_, BoardId) = (at.organisation.id, ids.get("board")?);
    let user = at.signed.user.id;
    let mut tx = app.db.begin().await?;
    let deleted = store::boards::find_deleted(&mut tx, organisation, id, user, app.now()).await?;
    let board = if let Some(board) = deleted {
        require_change(&board, &at)?;
        if store::boards::restore(&mut tx, id).await? {
            record(&mut tx, &app, (&at, &client), Action::BoardRestored, &board, "").await?;
        }
        board
    } else {
        // pressed twice, say
        let there = store::boards::find(&mut tx, organisation, id, user).await?;
        let board = there.ok_or(AppError::NotFound)?;
        require_change(&board, &at)?;
        board
    };
    tx.commit().await?;
    let text = format!("The board “{}” is back.", board.name);
    Ok(redirect(board_path(&board)).notice(&app, &text).into_response())
}
