//! "Import": a file is uploaded, looked at, and then read into the project.

mod show;
mod start;
mod upload;

use askama::Template;
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::id::ImportId;
use domain::role::Role;
use store::audit_events::Action;
use store::import_parts::Kind;
use store::imports::{Import, State as Stands};

use super::frame::{Frame, Tab};
use super::{html, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::{InProject, NotAMember, path_id};
use crate::error::AppError;
use crate::imports::files;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    // Room for the file and what a form puts around it.
    let whole = DefaultBodyLimit::max(files::WHOLE + (64 << 10));
    table
        .route(Method::GET, "/projects/{project}/imports", index)
        .route(Method::POST, "/projects/{project}/imports", upload::create)
        .route(
            Method::POST,
            "/projects/{project}/imports/file",
            upload::create_whole.layer(whole),
        )
        .route(Method::GET, "/projects/{project}/imports/{import}", show::show)
        .route(Method::POST, "/projects/{project}/imports/{import}/parts", upload::part)
        .route(
            Method::POST,
            "/projects/{project}/imports/{import}/start",
            start::create,
        )
        .route(
            Method::POST,
            "/projects/{project}/imports/{import}/cancellation",
            cancel,
        )
        .route(
            Method::GET,
            "/projects/{project}/imports/{import}/rejected.csv",
            show::rejected,
        )
}

/// An import of the project that the path names, for a member who may publish.
#[derive(Clone, Debug)]
struct InImport {
    at: InProject,
    import: Import,
}

impl FromRequestParts<Shared> for InImport {
    type Rejection = NotAMember;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, NotAMember> {
        let at = InProject::from_request_parts(parts, app).await?;
        let id: ImportId = path_id(parts, "import").await?;
        let import = store::imports::find(&app.db, at.project.id, id).await?;
        let import = import.ok_or(AppError::NotFound)?;
        at.require(Role::Member)?;
        Ok(Self { at, import })
    }
}

impl InImport {
    /// The path of the import's page.
    fn path(&self) -> String {
        format!("{}/{}", path(&self.at), self.import.id)
    }
}

fn path(at: &InProject) -> String {
    format!("/projects/{}/imports", at.project.id)
}

#[derive(Template)]
#[template(path = "imports/index.html")]
struct ImportsPage {
    frame: Frame,
    path: String,
    imports: Vec<Import>,
    /// Most bytes of a file that comes in parts, and in one piece.
    largest: i64,
    error: Option<&'static str>,
}

impl ImportsPage {
    async fn new(app: &Shared, at: &InProject) -> Result<Self, AppError> {
        at.require(Role::Member)?;
        Ok(Self {
            frame: Frame::project(app, at, Tab::Metrics, "Import").await?,
            path: path(at),
            imports: store::imports::of_project(&app.db, at.project.id).await?,
            largest: files::LARGEST,
            error: None,
        })
    }

    fn size(import: &Import) -> String {
        bytes(import.size)
    }

    /// Where an import stands, in a few words.
    fn stands(import: &Import) -> String {
        let progress = &import.progress;
        match import.state {
            Stands::Uploading => format!("{} % uploaded", percent(import.received, import.size)),
            Stands::Ready => "Uploaded, not imported yet".to_owned(),
            Stands::Running => format!("{} % imported", percent(progress.taken, import.size)),
            Stands::Done => format!("{} imported", data_points(progress.accepted)),
            Stands::Cancelled => "Cancelled".to_owned(),
            Stands::Failed => "Failed".to_owned(),
        }
    }
}

/// How much of something is done, in whole percent; not 100 before all of it is.
fn percent(done: i64, all: i64) -> i64 {
    if done >= all {
        100
    } else {
        (done.saturating_mul(100) / all.max(1)).clamp(0, 99)
    }
}

fn data_points(count: i64) -> String {
    match count {
        1 => "1 data point".to_owned(),
        n => format!("{} data points", counted(n)),
    }
}

/// A whole number with its thousands separated.
fn counted(number: i64) -> String {
    charts::number::count(u64::try_from(number).unwrap_or(0))
}

/// Bytes as people read them.
fn bytes(count: i64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| count >= *unit) {
        None => format!("{count} B"),
        Some((unit, name)) => format!("{}.{} {name}", count / unit, count % unit * 10 / unit),
    }
}

async fn index(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    html(&ImportsPage::new(&app, &at).await?)
}

/// Stops an import, or gives an upload up. What came in stays; twice is once.
async fn cancel(
    State(app): State<Shared>,
    of: InImport,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    let was_stopped = store::imports::cancel(&mut tx, of.at.project.id, of.import.id, app.now()).await?;
    if was_stopped && of.import.state == Stands::Running {
        let by = actor(&of.at.signed.user, &client);
        let (organisation, name) = (of.at.project.organisation, &of.import.file_name);
        let detail = format!("{}: cancelled", of.at.project.name);
        audit(&mut tx, &app, &by, organisation, Action::ImportEnded, name, &detail).await?;
    }
    if was_stopped {
        store::import_parts::remove(&mut tx, of.import.id, Kind::File).await?;
    }
    tx.commit().await?;
    if was_stopped && let Some(_alone) = app.imports.write(of.import.id) {
        files::remove(&app, of.import.id, true).await;
    }
    let to = if of.import.state == Stands::Running {
        of.path()
    } else {
        path(&of.at)
    };
    let text = match (was_stopped, of.import.state) {
        (false, _) => "This import had ended already.",
        (true, Stands::Running) => "The import was cancelled. What came in until then stays.",
        (true, _) => "The uploaded file was removed.",
    };
    Ok(redirect(to).notice(&app, text).into_response())
}
