//! "Tutorial": install, connect, publish, with the project's DSN filled in; it says so when the first data point
//! arrives.

mod snippets;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::Method;
use axum::response::Response;
use domain::id::{MetricId, OrganisationId, ProjectId};
use domain::role::Role;
use serde::Deserialize;
use serde_json::{Value, json};

use self::snippets::{Snippet, With};
use super::frame::{Frame, Tab};
use super::{html, rejections};
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::metrics::Metrics;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/projects/{project}/tutorial", show).route(
        Method::GET,
        "/projects/{project}/first-data-point",
        first_data_point,
    )
}

#[derive(Template)]
#[template(path = "tutorials/show.html")]
struct TutorialPage {
    frame: Frame,
    organisation: OrganisationId,
    project: ProjectId,
    administrator: bool,
    paused: bool,
    /// Where a browser may publish from; none: from everywhere.
    origins: Vec<String>,
    with: With,
    dsn: Option<String>,
    snippet: Snippet,
    first: First,
    rejected_lately: bool,
}

/// The first data point of a project.
enum First {
    /// It hasn't come yet.
    Awaited,
    /// It has; of which metric, where that is still there.
    Arrived(Option<(MetricId, String)>),
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    with: String,
}

async fn show(State(app): State<Shared>, at: InProject, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    at.remember(&app).await?;
    page(&app, &at, With::from_code(&asked.with), Tab::None).await
}

/// What "Dashboard" shows until there is data.
pub(crate) async fn instead_of_dashboard(app: &Shared, at: &InProject) -> Result<Response, AppError> {
    page(app, at, With::default(), Tab::Dashboard).await
}

async fn page(app: &Shared, at: &InProject, with: With, tab: Tab) -> Result<Response, AppError> {
    let dsn = store::dsns::current(&app.db, at.project.id).await?;
    let dsn = dsn.map(|dsn| dsn.public_key.to_string());
    html(&TutorialPage {
        frame: Frame::project(app, at, tab, "Tutorial").await?,
        organisation: at.project.organisation,
        project: at.project.id,
        administrator: at.role == Role::Administrator,
        paused: at.project.paused_at.is_some(),
        origins: at.project.allowed_origins.clone(),
        with,
        snippet: with.snippet(&app.config.url, dsn.as_deref().unwrap_or_default()),
        dsn,
        first: first(app, at.project.id).await?,
        rejected_lately: rejections::lately(app, at.project.id).await?,
    })
}

/// The metric that was there first, if it still has a data point.
async fn first(app: &Shared, project: ProjectId) -> Result<First, AppError> {
    if Metrics::of(app, project).await?.last_data_point().await?.is_none() {
        return Ok(First::Awaited);
    }
    let mut metrics = store::metrics::of_project(&app.db, project).await?;
    metrics.sort_by_key(|metric| metric.first_seen);
    for metric in metrics.into_iter().take(10) {
        if app.points.seen(metric.id).await?.is_some() {
            return Ok(First::Arrived(Some((metric.id, metric.title().to_owned()))));
        }
    }
    Ok(First::Arrived(None))
}

/// What `<first-data-point>` asks for, again and again.
async fn first_data_point(State(app): State<Shared>, at: InProject) -> Result<Json<Value>, AppError> {
    let project = at.project.id;
    Ok(Json(match first(&app, project).await? {
        First::Awaited => json!({"arrived": false}),
        First::Arrived(Some((metric, name))) => {
            json!({"arrived": true, "name": name, "url": format!("/projects/{project}/metrics/{metric}")})
        }
        First::Arrived(None) => json!({"arrived": true, "url": format!("/projects/{project}/metrics")}),
    }))
}
