//! "Your Project".

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use domain::role::Role;
use store::dsns::Dsn;
use store::projects::Project;

use super::frame::{Frame, Tab};
use super::html;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/projects/{project}/settings", settings)
}

#[derive(Template)]
#[template(path = "projects/your_project.html")]
struct SettingsPage {
    frame: Frame,
    project: Project,
    administrator: bool,
    dsns: Vec<Dsn>,
}

async fn settings(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    html(&SettingsPage {
        frame: Frame::project(&app, &at, Tab::Project, "Your Project").await?,
        dsns: store::dsns::of_project(&app.db, at.project.id).await?,
        administrator: at.role == Role::Administrator,
        project: at.project,
    })
}
