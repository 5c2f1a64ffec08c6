//! What a project takes: allowed origins, pause.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::origin::{self, Origin};
use domain::role::Role;
use serde::Deserialize;
use store::audit_events::Action;
use store::projects::Project;

use super::frame::{Frame, Tab};
use super::projects::settings_path;
use super::{html, html_with, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/projects/{project}/origins", edit_origins)
        .route(Method::POST, "/projects/{project}/origins", update_origins)
        .route(Method::POST, "/projects/{project}/pause", pause)
}

#[derive(Template)]
#[template(path = "projects/origins.html")]
struct OriginsPage {
    frame: Frame,
    project: Project,
    typed: String,
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct OriginsForm {
    #[serde(default)]
    origins: String,
}

async fn origins_page(app: &Shared, at: &InProject, typed: String) -> Result<OriginsPage, AppError> {
    at.require(Role::Administrator)?;
    Ok(OriginsPage {
        frame: Frame::project(app, at, Tab::Project, "Change allowed origins").await?,
        project: at.project.clone(),
        typed,
        errors: Vec::new(),
    })
}

async fn edit_origins(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    let typed = at.project.allowed_origins.join("\n");
    html(&origins_page(&app, &at, typed).await?)
}

async fn update_origins(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<OriginsForm>,
) -> Result<Response, AppError> {
    let mut view = origins_page(&app, &at, form.origins).await?;
    let origins = match origin::lines(&view.typed) {
        Ok(origins) if origins.len() <= origin::MOST => origins,
        Ok(_) => {
            view.errors
                .push(format!("A project lists at most {} origins.", origin::MOST));
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
        Err(bad) => {
            let said = |(line, error): (String, origin::BadOrigin)| format!("“{line}”: {}.", error.advice());
            view.errors = bad.into_iter().map(said).collect();
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    let origins: Vec<String> = origins.iter().map(Origin::to_string).collect();
    let detail = if origins.is_empty() {
        "allowed origins: every origin".to_owned()
    } else {
        format!("allowed origins: {}", origins.join(", "))
    };
    let mut tx = app.db.begin().await?;
    store::projects::set_origins(&mut tx, at.project.id, &origins).await?;
    changed(&mut tx, &app, &at, &client, &detail).await?;
    tx.commit().await?;
    let text = match origins.len() {
        0 => "Browsers may publish from every origin.".to_owned(),
        1 => format!("Browsers may publish from {} alone.", origins[0]),
        n => format!("Browsers may publish from these {n} origins alone."),
    };
    Ok(redirect(settings_path(at.project.id))
        .notice(&app, &text)
        .into_response())
}

/// Notes a change in the audit log.
pub(super) async fn changed(
    tx: &mut store::Tx,
    app: &Shared,
    at: &InProject,
    client: &Client,
    detail: &str,
) -> Result<(), AppError> {
    let by = actor(&at.signed.user, client);
    let (organisation, name) = (at.project.organisation, &at.project.name);
    audit(tx, app, &by, organisation, Action::ProjectChanged, name, detail).await?;
    Ok(())
}

#[derive(Deserialize)]
struct PauseForm {
    paused: bool,
}

/// Pauses or resumes; twice is once.
async fn pause(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<PauseForm>,
) -> Result<Response, AppError> {
    at.require(Role::Administrator)?;
    let mut tx = app.db.begin().await?;
    if store::projects::set_paused(&mut tx, at.project.id, form.paused, app.now()).await? {
        let detail = if form.paused { "paused" } else { "resumed" };
        changed(&mut tx, &app, &at, &client, detail).await?;
    }
    tx.commit().await?;
    let text = if form.paused {
        "The project is paused: what apps publish is dropped until you resume it."
    } else {
        "The project takes data points again."
    };
    Ok(redirect(settings_path(at.project.id))
        .notice(&app, text)
        .into_response())
}
