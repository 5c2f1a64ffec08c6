//! Whose clock times are shown by: a person's choice, and a project's own.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::role::Role;
use domain::zone::{Clock, Zone};
use serde::Deserialize;

use super::frame::{Frame, Tab};
use super::project_settings::changed;
use super::projects::settings_path;
use super::{html, html_with, redirect};
use crate::auth::csrf::Checked;
use crate::auth::member::InProject;
use crate::auth::session::SignedIn;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/account/time-zone", edit_mine)
        .route(Method::POST, "/account/time-zone", update_mine)
        .route(Method::GET, "/projects/{project}/time-zone", edit_projects)
        .route(Method::POST, "/projects/{project}/time-zone", update_projects)
}

const UNKNOWN: &str = "Choose one of the list.";

#[derive(Template)]
#[template(path = "time_zone.html")]
struct TimeZonePage {
    frame: Frame,
    lead: &'static str,
    action: String,
    back: String,
    /// Choices that aren't zones: code and words.
    first: Vec<(&'static str, String)>,
    zones: Vec<String>,
    chosen: String,
    error: Option<&'static str>,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    zone: String,
}

async fn mine(app: &Shared, signed: &SignedIn) -> Result<TimeZonePage, AppError> {
    let browser = match &signed.visit.zone {
        Some(zone) => format!("The time zone of my browser ({})", zone.name()),
        None => "The time zone of my browser".to_owned(),
    };
    let frame = Frame::account(app, signed, None, "Change time zone").await?;
    Ok(TimeZonePage {
        lead: "Charts, days and times are shown by this clock, whoever published what they show, and wherever from.",
        action: "/account/time-zone".to_owned(),
        back: frame.account_path(),
        first: vec![
            ("browser", browser),
            ("project", "The time zone of the project I look at".to_owned()),
        ],
        zones: Zone::names(),
        chosen: signed.user.clock.code().to_owned(),
        error: None,
        frame,
    })
}

async fn edit_mine(State(app): State<Shared>, signed: SignedIn) -> Result<Response, AppError> {
    html(&mine(&app, &signed).await?)
}

async fn update_mine(
    State(app): State<Shared>,
    signed: SignedIn,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let Ok(clock) = Clock::parse(&form.zone) else {
        let again = TimeZonePage {
            error: Some(UNKNOWN),
            ..mine(&app, &signed).await?
        };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
    };
    let mut tx = app.db.begin().await?;
    store::users::set_clock(&mut tx, signed.user.id, &clock).await?;
    tx.commit().await?;
    let text = match clock {
        Clock::Browser => "Times are shown in the time zone of your browser.".to_owned(),
        Clock::Project => "Times are shown in the time zone of the project you look at.".to_owned(),
        Clock::Of(zone) => format!("Times are shown in {}.", zone.name()),
    };
    Ok(redirect("/account").notice(&app, &text).into_response())
}

async fn projects(app: &Shared, at: &InProject) -> Result<TimeZonePage, AppError> {
    at.require(Role::Administrator)?;
    Ok(TimeZonePage {
        frame: Frame::project(app, at, Tab::Project, "Change time zone").await?,
        lead: "It says when a day of this project begins, for whoever reads it by the project's clock.",
        action: format!("/projects/{}/time-zone", at.project.id),
        back: settings_path(at.project.id),
        first: Vec::new(),
        zones: Zone::names(),
        chosen: at.project.zone.name().to_owned(),
        error: None,
    })
}

async fn edit_projects(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    html(&projects(&app, &at).await?)
}

async fn update_projects(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let view = projects(&app, &at).await?;
    let Ok(zone) = Zone::parse(&form.zone) else {
        let again = TimeZonePage {
            error: Some(UNKNOWN),
            ..view
        };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
    };
    let mut tx = app.db.begin().await?;
    store::projects::set_zone(&mut tx, at.project.id, &zone).await?;
    changed(&mut tx, &app, &at, &client, &format!("time zone: {}", zone.name())).await?;
    tx.commit().await?;
    let text = format!("The time zone of this project is {}.", zone.name());
    Ok(redirect(settings_path(at.project.id))
        .notice(&app, &text)
        .into_response())
}
