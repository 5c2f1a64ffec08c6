//! "Edit metric": what people call it, its unit, what it is about, whether lists show it, what is merged into it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::MetricId;
use domain::metric::{Description, MetricType, UnitName};
use domain::name::{BadName, Name};
use domain::role::Role;
use serde::Deserialize;
use store::audit_events::Action;
use store::metrics::{Details, Metric};

use super::{InMetric, subject, tag};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::error::AppError;
use crate::pages::frame::{Frame, Tab};
use crate::pages::{html_with, redirect};
use crate::state::Shared;
use crate::web::Client;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    display_name: String,
    unit: String,
    description: String,
}

impl Form {
    fn of(metric: &Metric) -> Self {
        Self {
            display_name: metric.display_name.as_ref().map_or_else(String::new, Name::to_string),
            unit: metric.unit.as_ref().map_or_else(String::new, UnitName::to_string),
            description: metric
                .description
                .as_ref()
                .map_or_else(String::new, |text| text.as_str().to_owned()),
        }
    }

    /// What was typed, or what is wrong with each field.
    fn read(&self, kind: MetricType) -> Result<Details, Errors> {
        let display_name = match Name::new(&self.display_name) {
            Ok(name) => Ok(Some(name)),
            Err(BadName::Missing) => Ok(None),
            Err(bad) => Err(bad.advice()),
        };
        let unit = if kind == MetricType::Counter {
            UnitName::new(&self.unit).map_err(domain::metric::BadUnit::advice)
        } else {
            Ok(None)
        };
        let description = Description::new(&self.description).map_err(domain::metric::BadDescription::advice);
        match (display_name, unit, description) {
            (Ok(display_name), Ok(unit), Ok(description)) => Ok(Details {
                display_name,
                unit,
                description,
            }),
            (display_name, unit, description) => Err(Errors {
                display_name: display_name.err(),
                unit: unit.err(),
                description: description.err(),
            }),
        }
    }
}

/// What is wrong with each field.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    display_name: Option<&'static str>,
    unit: Option<&'static str>,
    description: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "metrics/edit.html")]
struct EditPage {
    frame: Frame,
    path: String,
    metric: Metric,
    tag: &'static str,
    typed: Form,
    errors: Errors,
    /// Those that can be shown on their own again.
    merged: Vec<Metric>,
}

async fn page(app: &Shared, of: InMetric, typed: Form, errors: Option<Errors>) -> Result<Response, AppError> {
    let status = errors.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    let view = EditPage {
        frame: Frame::project(app, &of.at, Tab::Metrics, "Edit metric").await?,
        path: of.path(),
        tag: tag(of.metric.kind),
        merged: store::metrics::merged_into(&app.db, of.at.project.id, of.metric.id).await?,
        metric: of.metric,
        typed,
        errors: errors.unwrap_or_default(),
    };
    html_with(status, &view)
}

pub(super) async fn edit(State(app): State<Shared>, of: InMetric) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    let typed = Form::of(&of.metric);
    page(&app, of, typed, None).await
}

pub(super) async fn update(
    State(app): State<Shared>,
    of: InMetric,
    client: Client,
    Checked(form): Checked<Form>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    let details = match form.read(of.metric.kind) {
        Ok(details) => details,
        Err(errors) => return page(&app, of, form, Some(errors)).await,
    };
    let metric = &of.metric;
    let was = Details {
        display_name: metric.display_name.clone(),
        unit: metric.unit.clone(),
        description: metric.description.clone(),
    };
    if details != was {
        let mut tx = app.db.begin().await?;
        store::organisations::lock(&mut tx, of.at.project.organisation).await?;
        if !store::metrics::describe(&mut tx, of.at.project.id, metric.id, &details).await? {
            return Err(AppError::NotFound);
        }
        let by = actor(&of.at.signed.user, &client);
        let detail = what_changed(&was, &details);
        let organisation = of.at.project.organisation;
        audit(
            &mut tx,
            &app,
            &by,
            organisation,
            Action::MetricChanged,
            &subject(metric),
            &detail,
        )
        .await?;
        tx.commit().await?;
        app.live.touched(of.at.project.id);
    }
    let title = details.display_name.as_ref().map_or(metric.name.as_str(), Name::as_str);
    Ok(redirect(of.path())
        .notice(&app, &format!("“{title}” is saved."))
        .into_response())
}

fn what_changed(was: &Details, now: &Details) -> String {
    let mut said = Vec::new();
    if was.display_name != now.display_name {
        said.push(match &now.display_name {
            Some(name) => format!("display name “{name}”"),
            None => "no display name".to_owned(),
        });
    }
    if was.unit != now.unit {
        said.push(match &now.unit {
            Some(unit) => format!("unit “{unit}”"),
            None => "no unit".to_owned(),
        });
    }
    if was.description != now.description {
        said.push("description".to_owned());
    }
    said.join(", ")
}

#[derive(Deserialize)]
pub(super) struct Visibility {
    /// "yes" or "no": what it shall be, so that pressing twice is pressing once.
    hidden: String,
}

/// Has lists leave the metric out, or show it again.
pub(super) async fn set_visibility(
    State(app): State<Shared>,
    of: InMetric,
    client: Client,
    Checked(form): Checked<Visibility>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    let hidden = form.hidden == "yes";
    let organisation = of.at.project.organisation;
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, organisation).await?;
    if store::metrics::set_hidden(&mut tx, of.at.project.id, of.metric.id, hidden, app.now()).await? {
        let by = actor(&of.at.signed.user, &client);
        let detail = if hidden { "hidden from lists" } else { "shown in lists" };
        audit(
            &mut tx,
            &app,
            &by,
            organisation,
            Action::MetricChanged,
            &subject(&of.metric),
            detail,
        )
        .await?;
    }
    tx.commit().await?;
    app.live.touched(of.at.project.id);
    let title = of.metric.title();
    let said = if hidden {
        format!("“{title}” is hidden: lists and Busy Metrics leave it out.")
    } else {
        format!("“{title}” is shown in lists again.")
    };
    Ok(redirect(format!("{}/edit", of.path()))
        .notice(&app, &said)
        .into_response())
}

#[derive(Deserialize)]
pub(super) struct Separation {
    metric: MetricId,
}

/// Shows one that is merged into this metric on its own again.
pub(super) async fn separate(
    State(app): State<Shared>,
    of: InMetric,
    client: Client,
    Checked(form): Checked<Separation>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    let project = &of.at.project;
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, project.organisation).await?;
    let mine = store::metrics::merged_into(&mut tx, project.id, of.metric.id).await?;
    if !mine.iter().any(|metric| metric.id == form.metric) {
        return Err(AppError::NotFound);
    }
    let separated = store::metrics::separate(&mut tx, project.id, form.metric).await?;
    let separated = separated.ok_or(AppError::NotFound)?;
    let by = actor(&of.at.signed.user, &client);
    let detail = format!("from {}", of.metric.name);
    let (organisation, what) = (project.organisation, subject(&separated));
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::MetricSeparated,
        &what,
        &detail,
    )
    .await?;
    tx.commit().await?;
    app.live.touched(project.id);
    let said = format!("“{}” is a metric of its own again.", separated.title());
    Ok(redirect(format!("{}/edit", of.path()))
        .notice(&app, &said)
        .into_response())
}
