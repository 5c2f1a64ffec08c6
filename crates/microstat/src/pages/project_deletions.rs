//! "Delete Project", and its restoration within 30 days.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::id::ProjectId;
use domain::role::Role;
use domain::time::Micros;
use store::audit_events::Action;
use store::organisations::{Deletion, RESTORABLE_FOR};
use store::projects::Project;

use super::frame::{Frame, Tab};
use super::organisations::settings_path as organisation_path;
use super::projects::settings_path;
use super::typed_name::{Form, TypedName};
use super::{html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::{InProject, Member};
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::{Client, Ids};

pub(crate) fn routes(table: Table) -> Table {
    const RESTORATION: &str = "/organisations/{organisation}/projects/{project}/restoration";
    table
        .route(Method::GET, "/projects/{project}/deletion", new)
        .route(Method::POST, "/projects/{project}/deletion", create)
        .route(Method::POST, RESTORATION, restore)
}

#[derive(Template)]
#[template(path = "projects/deletion.html")]
struct DeletionPage {
    frame: Frame,
    project: Project,
    /// When it would be erased.
    erased_at: Micros,
    confirm: TypedName,
}

async fn page(app: &Shared, at: &InProject, typed: Option<String>) -> Result<DeletionPage, AppError> {
    at.require(Role::Administrator)?;
    Ok(DeletionPage {
        frame: Frame::project(app, at, Tab::Project, "Delete Project").await?,
        erased_at: app.now() + RESTORABLE_FOR,
        confirm: TypedName {
            action: format!("/projects/{}/deletion", at.project.id),
            back: settings_path(at.project.id),
            label: "Project name",
            name: at.project.name.clone(),
            wrong: typed.is_some(),
            typed: typed.unwrap_or_default(),
            button: "Delete Project".to_owned(),
        },
        project: at.project.clone(),
    })
}

async fn new(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &page(&app, &at, None).await?)
}

async fn create(
    State(app): State<Shared>,
    mut at: InProject,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let (id, me) = (at.project.id, at.signed.user.id);
    let mut tx = app.db.begin().await?;
    match store::projects::delete(&mut tx, id, &form.name, me, app.now()).await? {
        Deletion::Deleted => {}
        Deletion::NotFound => return Err(AppError::NotFound),
        Deletion::WrongName => {
            drop(tx);
            at.project = store::projects::find(&app.db, id).await?.ok_or(AppError::NotFound)?;
            return html_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &page(&app, &at, Some(form.name)).await?,
            );
        }
    }
    let by = actor(&at.signed.user, &client);
    let (organisation, name) = (at.project.organisation, &at.project.name);
    audit(&mut tx, &app, &by, organisation, Action::ProjectDeleted, name, "").await?;
    tx.commit().await?;
    let until = (app.now() + RESTORABLE_FOR).day();
    let text = format!("{name} is deleted. An Administrator can restore it here until {until}.");
    Ok(redirect(organisation_path(organisation))
        .notice(&app, &text)
        .into_response())
}

async fn restore(
    State(app): State<Shared>,
    at: Member,
    ids: Ids,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let (organisation, id) = (at.organisation.id, ids.get::<ProjectId>("project")?);
    let mut tx = app.db.begin().await?;
    let restored = store::projects::restore(&mut tx, organisation, id, app.now()).await?;
    let name = restored.ok_or(AppError::NotFound)?;
    let by = actor(&at.signed.user, &client);
    audit(&mut tx, &app, &by, organisation, Action::ProjectRestored, &name, "").await?;
    tx.commit().await?;
    let text = format!("{name} is back, with its DSNs and data points.");
    Ok(redirect(organisation_path(organisation))
        .notice(&app, &text)
        .into_response())
}
