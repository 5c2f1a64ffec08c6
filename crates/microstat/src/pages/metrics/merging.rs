//! "Merge into another metric": chosen among those of its type, after the page has said what will happen. Data points stay
//! under the names they came by; only reading puts them together.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::{MetricId, ProjectId};
use domain::metric::MetricType;
use domain::role::Role;
use serde::Deserialize;
use store::audit_events::Action;
use store::metrics::{Merge, Metric};

use super::index::contains;
use super::selection::Fields;
use super::{InMetric, subject, tag};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::pages::frame::{Frame, Tab};
use crate::pages::{html_with, redirect};
use crate::state::Shared;
use crate::web::Client;

/// So many metrics are offered at once; a search finds the others.
const OFFERED: usize = 50;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    into: String,
}

#[derive(Template)]
#[template(path = "metrics/merging.html")]
struct MergingPage {
    frame: Frame,
    project: ProjectId,
    /// Where whoever changed their mind goes.
    back: String,
    /// Those that will be part of another.
    from: Vec<Metric>,
    kind: MetricType,
    tag: &'static str,
    step: Step,
}

/// How far the choice has come.
enum Step {
    /// Among these, searched by these words.
    Choose {
        action: String,
        q: String,
        offered: Vec<Metric>,
        more: bool,
    },
    /// Among those that were selected.
    Keep,
    /// This one.
    Confirm(Metric),
}

impl MergingPage {
    /// The others, once it is known which one stays.
    fn others(&self) -> String {
        let names: Vec<String> = self.from.iter().map(|metric| format!("“{}”", metric.title())).collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, before)) => format!("{} and {last}", before.join(", ")),
            None => String::new(),
        }
    }
}

pub(super) async fn new(
    State(app): State<Shared>,
    of: InMetric,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    let InMetric { at, metric, .. } = of;
    let path = format!("/projects/{}/metrics/{}", at.project.id, metric.id);
    let mut others = store::metrics::of_project(&app.db, at.project.id).await?;
    others.retain(|other| other.kind == metric.kind && other.id != metric.id);
    let chosen = others.iter().position(|other| other.id.to_string() == asked.into);
    let step = if let Some(chosen) = chosen {
        Step::Confirm(others.swap_remove(chosen))
    } else {
        let q = asked.q.trim().to_owned();
        others.retain(|other| contains(other.title(), &q) || contains(other.name.as_str(), &q));
        others.sort_by_cached_key(|other| other.title().to_lowercase());
        let more = others.len() > OFFERED;
        others.truncate(OFFERED);
        Step::Choose {
            action: format!("{path}/merging"),
            q,
            offered: others,
            more,
        }
    };
    page(&app, &at, StatusCode::OK, vec![metric], step, format!("{path}/edit")).await
}

async fn page(
    app: &Shared,
    at: &InProject,
    status: StatusCode,
    from: Vec<Metric>,
    step: Step,
    back: String,
) -> Result<Response, AppError> {
    let kind = from.first().map_or(MetricType::HitCounter, |metric| metric.kind);
    let view = MergingPage {
        frame: Frame::project(app, at, Tab::Metrics, "Merge metrics").await?,
        project: at.project.id,
        back,
        kind,
        tag: tag(kind),
        from,
        step,
    };
    html_with(status, &view)
}

/// Asks which of several selected metrics stays.
pub(super) async fn keep(
    app: &Shared,
    at: &InProject,
    selected: Vec<Metric>,
    back: &str,
) -> Result<Response, AppError> {
    page(app, at, StatusCode::OK, selected, Step::Keep, back.to_owned()).await
}

pub(super) async fn create(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(form): Checked<Fields>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    let project = &at.project;
    let into = form.value("into").and_then(|into| into.parse().ok());
    let into: MetricId = into.ok_or_else(|| AppError::Invalid("Choose which metric stays.".to_owned()))?;
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, project.organisation).await?;
    let target = store::metrics::find(&mut tx, project.id, into).await?;
    let target = target.filter(|target| target.id == into).ok_or(AppError::NotFound)?;
    let by = actor(&at.signed.user, &client);
    let mut merged = Vec::new();
    for id in form.ids().into_iter().filter(|id| *id != into) {
        let Some(metric) = store::metrics::find(&mut tx, project.id, id).await? else {
            return Err(AppError::NotFound);
        };
        match store::metrics::merge(&mut tx, project.id, id, into).await? {
            Merge::Merged => {}
            Merge::NotFound => return Err(AppError::NotFound),
            Merge::Unlike => return Err(AppError::Invalid(UNLIKE.to_owned())),
        }
        let detail = format!("into {}", target.name);
        let (organisation, what) = (project.organisation, subject(&metric));
        audit(&mut tx, &app, &by, organisation, Action::MetricMerged, &what, &detail).await?;
        merged.push(metric);
    }
    if merged.is_empty() {
        return Err(AppError::Invalid("Choose a metric to merge.".to_owned()));
    }
    tx.commit().await?;
    app.live.touched(project.id);
    let what = match &merged[..] {
        [one] => format!("“{}” is", one.title()),
        several => format!("{} metrics are", several.len()),
    };
    let said = format!(
        "{what} part of “{}” now. Edit metric has “Separate again”.",
        target.title()
    );
    Ok(redirect(format!("/projects/{}/metrics/{into}", project.id))
        .notice(&app, &said)
        .into_response())
}

/// Why two metrics can't be one.
pub(super) const UNLIKE: &str = "Only metrics of one type can be merged. Go back and select some of the same type.";
