//! "Delete Metric": its name is typed; then it is gone with its data points, and can be restored for 48 hours. Published
//! again, it begins anew.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::ProjectId;
use domain::metric::MetricType;
use domain::name::is_typed;
use domain::role::Role;
use store::audit_events::Action;

use super::{InMetric, subject, tag};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::error::AppError;
use crate::pages::frame::{Frame, Tab};
use crate::pages::typed_name::{Form, TypedName};
use crate::pages::{html_with, redirect};
use crate::state::Shared;
use crate::web::Client;

#[derive(Template)]
#[template(path = "metrics/deletion.html")]
struct DeletionPage {
    frame: Frame,
    project: ProjectId,
    name: String,
    kind: MetricType,
    tag: &'static str,
    confirm: TypedName,
}

async fn page(app: &Shared, of: &InMetric, typed: Option<String>) -> Result<Response, AppError> {
    let status = if typed.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let view = DeletionPage {
        frame: Frame::project(app, &of.at, Tab::Metrics, "Delete Metric").await?,
        project: of.at.project.id,
        name: of.metric.title().to_owned(),
        kind: of.metric.kind,
        tag: tag(of.metric.kind),
        confirm: TypedName {
            action: format!("{}/deletion", of.path()),
            back: of.path(),
            label: "Metric name",
            name: of.metric.title().to_owned(),
            wrong: typed.is_some(),
            typed: typed.unwrap_or_default(),
            button: "Delete Metric".to_owned(),
        },
    };
    html_with(status, &view)
}

pub(super) async fn new(State(app): State<Shared>, of: InMetric) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    page(&app, &of, None).await
}

pub(super) async fn create(
    State(app): State<Shared>,
    of: InMetric,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    if !is_typed(of.metric.title(), &form.name) {
        return page(&app, &of, Some(form.name)).await;
    }
    let (project, metric) = (&of.at.project, &of.metric);
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, project.organisation).await?;
    if !store::metrics::delete(&mut tx, project.id, metric.id, app.now()).await? {
        return Err(AppError::NotFound);
    }
    let actor = actor(&of.at.signed.user, &client);
    let subject = subject(metric);
    let organisation = project.organisation;
    audit(
        &mut tx,
        &app,
        &actor,
        organisation,
        Action::MetricDeleted,
        &subject,
        &project.name,
    )
    .await?;
    tx.commit().await?;
    // What is published from now on is not to come in under the old id.
    app.catalog.forget(project.id).await;
    let said = format!(
        "“{}” is deleted. It can be restored for 48 hours, under “Deleted metrics”.",
        metric.title()
    );
    Ok(redirect(format!("/projects/{}/metrics", project.id))
        .notice(&app, &said)
        .into_response())
}
