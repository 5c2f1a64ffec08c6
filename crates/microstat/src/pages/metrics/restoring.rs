//! "Deleted metrics": what can still be restored, for 48 hours.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::ProjectId;
use domain::role::Role;
use store::audit_events::Action;
use store::metrics::{Deleted, Restored};

use super::selection::{Fields, counted};
use super::{subject, tag};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::pages::frame::{Frame, Tab};
use crate::pages::{html_with, redirect};
use crate::state::Shared;
use crate::web::Client;

#[derive(Template)]
#[template(path = "metrics/deleted.html")]
struct DeletedPage {
    frame: Frame,
    project: ProjectId,
    deleted: Vec<(Deleted, &'static str)>,
    /// Why some could not be restored.
    refused: Vec<String>,
}

async fn page(app: &Shared, at: &InProject, refused: Vec<String>) -> Result<Response, AppError> {
    let status = if refused.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::CONFLICT
    };
    let deleted = store::metrics::restorable(&app.db, at.project.id, app.now()).await?;
    let view = DeletedPage {
        frame: Frame::project(app, at, Tab::Metrics, "Deleted metrics").await?,
        project: at.project.id,
        deleted: deleted
            .into_iter()
            .map(|deleted| {
                let tag = tag(deleted.metric.kind);
                (deleted, tag)
            })
            .collect(),
        refused,
    };
    html_with(status, &view)
}

pub(super) async fn index(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    page(&app, &at, Vec::new()).await
}

/// Restores the selected ones, each for itself: what stands in the way of one doesn't keep the others.
pub(super) async fn create(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Fields>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let (project, organisation) = (at.project.id, at.project.organisation);
    // a row's own button restores that one, whatever else is ticked
    let one = form.value("one").and_then(|id| id.parse().ok());
    let ids = one.map_or_else(|| form.ids(), |id| vec![id]);
    let by = actor(&at.signed.user, &client);
    let (mut back, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        let mut tx = app.db.begin().await?;
        store::organisations::lock(&mut tx, organisation).await?;
        match store::metrics::restore(&mut tx, project, id, app.now()).await? {
            Restored::Back(metric) => {
                let (action, what) = (Action::MetricRestored, subject(&metric));
                audit(&mut tx, &app, &by, organisation, action, &what, &at.project.name).await?;
                tx.commit().await?;
                back.push(metric);
            }
            Restored::NotFound => refused.push("One of them is restored already, or its 48 hours are over.".to_owned()),
            Restored::Full => refused.push(
                "This project would have more metrics than it may. Delete another metric first, then restore this one."
                    .to_owned(),
            ),
            Restored::MergedElsewhere(name) => refused.push(format!(
                "“{name}” has been published again, and the new metric is merged into another. Separate it there first, \
                 then restore this one."
            )),
        }
    }
    app.catalog.forget(project).await;
    app.live.touched(project);
    refused.dedup();
    if !refused.is_empty() {
        return page(&app, &at, refused).await;
    }
    let (to, said) = match &back[..] {
        [] => (
            format!("/projects/{project}/deleted-metrics"),
            "Nothing was selected, so nothing happened.".to_owned(),
        ),
        [one] => (
            format!("/projects/{project}/metrics/{}", one.id),
            format!("“{}” is back, with its data points.", one.title()),
        ),
        several => (
            format!("/projects/{project}/metrics"),
            counted(several.len(), ("1 metric is back", "metrics are back")),
        ),
    };
    Ok(redirect(to).notice(&app, &said).into_response())
}
