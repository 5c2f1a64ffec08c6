//! "Your Organisation", and where an organisation's own address leads.

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::role::Role;
use store::memberships::Member as Row;
use store::organisations::Organisation;
use store::projects::Project;

use super::frame::Frame;
use super::{html, redirect};
use crate::auth::member::Member;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/organisations/{organisation}", show).route(
        Method::GET,
        "/organisations/{organisation}/settings",
        settings,
    )
}

#[derive(Template)]
#[template(path = "organisations/show.html")]
struct WithoutProject {
    frame: Frame,
    organisation: Organisation,
    role: Role,
    administrator: bool,
}

/// Leads to the first project; without one, offers to create it.
async fn show(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    let projects = store::projects::of_organisation(&app.db, at.organisation.id).await?;
    if let Some(first) = projects.first() {
        let mut leaving = redirect(format!("/projects/{}", first.id));
        if let Some(text) = &at.signed.visit.notice {
            leaving = leaving.notice(&app, text);
        }
        return Ok(leaving.into_response());
    }
    html(&WithoutProject {
        frame: Frame::organisation(&app, &at, &at.organisation.name).await?,
        organisation: at.organisation,
        role: at.role,
        administrator: at.role == Role::Administrator,
    })
}

#[derive(Template)]
#[template(path = "organisations/your_organisation.html")]
struct SettingsPage {
    frame: Frame,
    organisation: Organisation,
    role: Role,
    administrator: bool,
    members: Vec<Row>,
    projects: Vec<Project>,
}

async fn settings(State(app): State<Shared>, at: Member) -> Result<Response, AppError> {
    let id = at.organisation.id;
    html(&SettingsPage {
        frame: Frame::organisation(&app, &at, "Your Organisation").await?,
        members: store::memberships::of_organisation(&app.db, id).await?,
        projects: store::projects::of_organisation(&app.db, id).await?,
        organisation: at.organisation,
        role: at.role,
        administrator: at.role == Role::Administrator,
    })
}
