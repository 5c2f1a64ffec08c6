//! "Change retention": how long a project keeps data points, minutes, hours and days.

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::retention::{self, Level, Retention};
use domain::role::Role;
use domain::time::Micros;
use serde::Deserialize;

use super::frame::{Frame, Tab};
use super::project_settings::changed;
use super::projects::settings_path;
use super::{html, html_with, redirect};
use crate::auth::csrf::Checked;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/projects/{project}/retention", edit).route(
        Method::POST,
        "/projects/{project}/retention",
        update,
    )
}

/// A level's field.
struct Field {
    name: &'static str,
    label: &'static str,
    help: &'static str,
    typed: String,
    error: Option<String>,
}

/// Something that what was typed erases.
struct Erased {
    level: Level,
    /// What is older goes.
    before: Micros,
    /// The oldest there may be.
    oldest: Micros,
}

#[derive(Template)]
#[template(path = "projects/retention.html")]
struct RetentionPage {
    frame: Frame,
    path: String,
    back: String,
    fields: [Field; 4],
    erases: Vec<Erased>,
    /// What has to be agreed to.
    agreeing: String,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    days: String,
    /// What isn't sent stays as it is.
    minutes: Option<String>,
    hours: Option<String>,
    whole_days: Option<String>,
    /// What the person saw that it erases, and agreed to.
    #[serde(default)]
    erase: String,
}

const NAMES: [&str; 4] = ["days", "minutes", "hours", "whole_days"];

fn field(level: Level, typed: String) -> Field {
    let (name, label, help) = match level {
        Level::DataPoints => (
            NAMES[0],
            "Days to keep data points",
            "Each as it was published. They take most of the disk. What apps publish with a time further back is \
             rejected as timestamp_too_old.",
        ),
        Level::Minutes => (
            NAMES[1],
            "Days to keep minutes",
            "What each minute comes to, and its most popular words. They take as much as one data point a minute does, \
             several with percentiles.",
        ),
        Level::Hours => (
            NAMES[2],
            "Days to keep hours",
            "What each hour comes to. They take little: 24 a day for each metric.",
        ),
        Level::Days => (
            NAMES[3],
            "Days to keep whole days",
            "What each day comes to. They take next to nothing. After that, nothing of the day is left.",
        ),
    };
    Field {
        name,
        label,
        help,
        typed,
        error: None,
    }
}

fn typed(retention: &Retention) -> [String; 4] {
    Level::ALL.map(|level| retention.of(level).map_or_else(String::new, |days| days.to_string()))
}

async fn page(app: &Shared, at: &InProject, typed: [String; 4]) -> Result<RetentionPage, AppError> {
    at.require(Role::Administrator)?;
    let mut typed = typed.into_iter();
    Ok(RetentionPage {
        frame: Frame::project(app, at, Tab::Project, "Change retention").await?,
        path: format!("/projects/{}/retention", at.project.id),
        back: settings_path(at.project.id),
        fields: Level::ALL.map(|level| field(level, typed.next().unwrap_or_default())),
        erases: Vec::new(),
        agreeing: String::new(),
    })
}

async fn edit(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    html(&page(&app, &at, typed(&at.project.retention)).await?)
}

/// What the fields say, or `None`, and then they say what is wrong with them.
fn read(fields: &mut [Field; 4]) -> Option<Retention> {
    let mut read = [None; 4];
    for (place, field) in fields.iter_mut().enumerate() {
        let is_ever = place > 0 && field.typed.trim().is_empty();
        read[place] = retention::days(&field.typed);
        if read[place].is_none() && !is_ever {
            let or_ever = if place > 0 { ", or nothing for ever" } else { "" };
            field.error = Some(format!("Enter a whole number from 1 to 3650{or_ever}."));
        }
    }
    if fields.iter().any(|field| field.error.is_some()) {
        return None;
    }
    let retention = Retention {
        data_points: read[0]?,
        minutes: read[1],
        hours: read[2],
        days: read[3],
    };
    let too_short = retention.too_short();
    for (place, pair) in Level::ALL.windows(2).enumerate() {
        if too_short.contains(&pair[1]) {
            fields[place + 1].error = Some(format!(
                "{} can’t go before {}, which tell the same and more. Enter at least as many days.",
                pair[1].heading(),
                pair[0].name()
            ));
        }
    }
    too_short.is_empty().then_some(retention)
}

/// What of a project another retention erases: of each level, what the present one wouldn't.
async fn erased(app: &Shared, at: &InProject, to: &Retention) -> Result<Vec<Erased>, AppError> {
    let now = app.now();
    let Some(first) = app.points.first_data_point(at.project.id).await? else {
        return Ok(Vec::new());
    };
    let erased = |level| {
        // what is older than today's retention is gone, or goes today whatever is chosen
        let kept = at.project.retention.since(level, now);
        let oldest = kept.map_or(first, |kept| kept.max(first));
        let before = to.since(level, now).filter(|before| oldest < *before)?;
        Some(Erased { level, before, oldest })
    };
    Ok(Level::ALL.into_iter().filter_map(erased).collect())
}

/// A retention that erases something is asked about again, with what it erases.
async fn update(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    let [_, minutes, hours, days] = typed(&at.project.retention);
    let fields = [
        form.days,
        form.minutes.unwrap_or(minutes),
        form.hours.unwrap_or(hours),
        form.whole_days.unwrap_or(days),
    ];
    let mut view = page(&app, &at, fields).await?;
    let Some(retention) = read(&mut view.fields) else {
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
    };
    view.agreeing = typed(&retention).join("-");
    if form.erase != view.agreeing {
        view.erases = erased(&app, &at, &retention).await?;
        if !view.erases.is_empty() {
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    }
    let project = &at.project;
    if retention != project.retention {
        let mut tx = app.db.begin().await?;
        store::projects::set_retention(&mut tx, project.id, retention).await?;
        let detail = format!("retention: {} → {retention}", project.retention);
        changed(&mut tx, &app, &at, &client, &detail).await?;
        tx.commit().await?;
    }
    let text = format!("Data points are kept for {} days.", retention.data_points);
    Ok(redirect(settings_path(project.id)).notice(&app, &text).into_response())
}
