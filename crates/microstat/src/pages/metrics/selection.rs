//! What is done with several metrics of the list at once. Deleting and merging ask first.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::{MetricId, ProjectId};
use domain::role::Role;
use serde::Deserialize;
use store::Tx;
use store::audit_events::{Action, Actor};
use store::metrics::Metric;

use super::{merging, subject, tag};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::pages::arrival::local_path;
use crate::pages::frame::{Frame, Tab};
use crate::pages::{html_with, redirect};
use crate::state::Shared;
use crate::web::Client;

/// Fields of a form of which some are there more than once.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every `id`, once, in their order; what can't be one is passed over.
    pub(super) fn ids(&self) -> Vec<MetricId> {
        let mut ids: Vec<MetricId> = Vec::new();
        for id in self.0.iter().filter(|(field, _)| field == "id") {
            if let Ok(id) = id.1.parse()
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        }
        ids
    }
}

/// What a button of the list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Hide,
    Show,
    Favourite,
    NoFavourite,
}

impl Deed {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "hide" => Self::Hide,
            "show" => Self::Show,
            "favourite" => Self::Favourite,
            "no-favourite" => Self::NoFavourite,
            _ => return None,
        })
    }

    const fn done(self) -> (&'static str, &'static str) {
        match self {
            Self::Hide => ("1 metric is hidden", "metrics are hidden"),
            Self::Show => ("1 metric is shown in lists", "metrics are shown in lists"),
            Self::Favourite => ("1 metric is a favourite", "metrics are favourites"),
            Self::NoFavourite => ("1 metric is no favourite", "metrics are no favourites"),
        }
    }
}

/// "3 metrics are hidden."
pub(super) fn counted(count: usize, (one, many): (&str, &str)) -> String {
    match count {
        1 => format!("{one}."),
        n => format!("{n} {many}."),
    }
}

pub(super) async fn update(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Fields>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let list = format!("/projects/{}/metrics", at.project.id);
    let back = form.value("return").and_then(local_path).unwrap_or(&list).to_owned();
    let selected = selected(&app, &at, &form).await?;
    if selected.is_empty() {
        return Ok(redirect(back)
            .notice(&app, "Nothing was selected, so nothing happened.")
            .into_response());
    }
    match form.value("action").unwrap_or_default() {
        "delete" => ask(&app, &at, selected, None, &back).await,
        "merge" => {
            let kind = selected[0].kind;
            if selected.len() < 2 {
                return Err(AppError::Invalid(
                    "Select two metrics or more to merge them.".to_owned(),
                ));
            }
            if selected.iter().any(|metric| metric.kind != kind) {
                return Err(AppError::Invalid(merging::UNLIKE.to_owned()));
            }
            merging::keep(&app, &at, selected, &back).await
        }
        action => {
            let deed = Deed::named(action);
            let deed = deed.ok_or_else(|| AppError::Invalid("Choose what to do with them.".to_owned()))?;
            let mut tx = app.db.begin().await?;
            store::organisations::lock(&mut tx, at.project.organisation).await?;
            let by = actor(&at.signed.user, &client);
            for metric in &selected {
                deed.act(&app, &at, &by, metric, &mut tx).await?;
            }
            tx.commit().await?;
            app.live.touched(at.project.id);
            Ok(redirect(back)
                .notice(&app, &counted(selected.len(), deed.done()))
                .into_response())
        }
    }
}

impl Deed {
    async fn act(self, app: &Shared, at: &InProject, by: &Actor, metric: &Metric, tx: &mut Tx) -> Result<(), AppError> {
        let (project, user, now) = (&at.project, at.signed.user.id, app.now());
        let hidden = self == Self::Hide;
        match self {
            Self::Favourite => {
                store::favourites::add(tx, user, project.id, metric.id, now).await?;
            }
            Self::NoFavourite => {
                store::favourites::remove(tx, user, metric.id).await?;
            }
            Self::Hide | Self::Show => {
                if store::metrics::set_hidden(tx, project.id, metric.id, hidden, now).await? {
                    let detail = if hidden { "hidden from lists" } else { "shown in lists" };
                    let what = subject(metric);
                    audit(tx, app, by, project.organisation, Action::MetricChanged, &what, detail).await?;
                }
            }
        }
        Ok(())
    }
}

/// Those of the selected that are there, in the list's order.
async fn selected(app: &Shared, at: &InProject, form: &Fields) -> Result<Vec<Metric>, AppError> {
    let ids = form.ids();
    let mut metrics = store::metrics::of_project(&app.db, at.project.id).await?;
    metrics.retain(|metric| ids.contains(&metric.id));
    Ok(metrics)
}

#[derive(Template)]
#[template(path = "metrics/deletions.html")]
struct DeletionsPage {
    frame: Frame,
    project: ProjectId,
    metrics: Vec<(Metric, &'static str)>,
    back: String,
    typed: Option<String>,
}

async fn ask(
    app: &Shared,
    at: &InProject,
    metrics: Vec<Metric>,
    typed: Option<String>,
    back: &str,
) -> Result<Response, AppError> {
    let status = if typed.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let view = DeletionsPage {
        frame: Frame::project(app, at, Tab::Metrics, "Delete metrics").await?,
        project: at.project.id,
        metrics: metrics
            .into_iter()
            .map(|metric| {
                let tag = tag(metric.kind);
                (metric, tag)
            })
            .collect(),
        back: back.to_owned(),
        typed,
    };
    html_with(status, &view)
}

/// Deletes what was selected, once their number was typed.
pub(super) async fn delete(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Fields>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let project = &at.project;
    let list = format!("/projects/{}/metrics", project.id);
    let selected = selected(&app, &at, &form).await?;
    if selected.is_empty() {
        return Ok(redirect(list)
            .notice(&app, "Nothing was selected, so nothing happened.")
            .into_response());
    }
    let typed = form.value("number").unwrap_or_default();
    if typed.trim() != selected.len().to_string() {
        let back = form.value("return").and_then(local_path).unwrap_or(&list);
        return ask(&app, &at, selected, Some(typed.to_owned()), back).await;
    }
    let by = actor(&at.signed.user, &client);
    let organisation = project.organisation;
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, organisation).await?;
    let mut deleted = 0;
    for metric in &selected {
        if store::metrics::delete(&mut tx, project.id, metric.id, app.now()).await? {
            deleted += 1;
            let (action, what) = (Action::MetricDeleted, subject(metric));
            audit(&mut tx, &app, &by, organisation, action, &what, &project.name).await?;
        }
    }
    tx.commit().await?;
    app.catalog.forget(project.id).await;
    app.live.touched(project.id);
    let said = counted(deleted, ("1 metric is deleted", "metrics are deleted"));
    let said = format!("{said} For 48 hours that can be undone, under “Deleted metrics”.");
    Ok(redirect(list).notice(&app, &said).into_response())
}
