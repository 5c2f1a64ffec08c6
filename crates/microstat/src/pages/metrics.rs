//! "Metrics": the list of them, a page for each, its data points, its export, the star beside it, "Edit metric", "Delete
//! data points", "Delete Metric" and what follows from it.

mod data_points;
mod deletion;
mod editing;
mod export;
mod favourite;
mod index;
mod merging;
mod names;
mod range_deletion;
mod restoring;
mod selection;
mod show;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use charts::number;
use domain::id::MetricId;
use domain::metric::MetricType;
use domain::value::Value;
use store::metrics::Metric;

use super::picture;
use crate::auth::member::{InProject, NotAMember, path_id};
use crate::error::AppError;
use crate::router::Table;
use crate::state::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .route(Method::GET, "/projects/{project}/metrics", index::index)
        .route(Method::GET, "/projects/{project}/metrics/names", names::index)
        .route(Method::GET, "/projects/{project}/metrics/{metric}", show::show)
        .route(
            Method::GET,
            "/projects/{project}/metrics/{metric}/series.csv",
            export::show,
        )
        .route(
            Method::GET,
            "/projects/{project}/metrics/{metric}/data-points",
            data_points::index,
        )
        .route(
            Method::GET,
            "/projects/{project}/metrics/{metric}/data-points/deletion",
            range_deletion::new,
        )
        .route(
            Method::POST,
            "/projects/{project}/metrics/{metric}/data-points/deletion",
            range_deletion::create,
        )
        .route(
            Method::POST,
            "/projects/{project}/metrics/{metric}/favourite",
            favourite::update,
        )
        .route(Method::GET, "/projects/{project}/metrics/{metric}/edit", editing::edit)
        .route(
            Method::POST,
            "/projects/{project}/metrics/{metric}/edit",
            editing::update,
        )
        .route(
            Method::POST,
            "/projects/{project}/metrics/{metric}/visibility",
            editing::set_visibility,
        )
        .route(
            Method::POST,
            "/projects/{project}/metrics/{metric}/separation",
            editing::separate,
        )
        .route(
            Method::GET,
            "/projects/{project}/metrics/{metric}/merging",
            merging::new,
        )
        .route(Method::POST, "/projects/{project}/metrics/merging", merging::create)
        .route(Method::POST, "/projects/{project}/metrics/selection", selection::update)
        .route(Method::POST, "/projects/{project}/metrics/deletion", selection::delete)
        .route(Method::GET, "/projects/{project}/deleted-metrics", restoring::index)
        .route(
            Method::POST,
            "/projects/{project}/deleted-metrics/restoration",
            restoring::create,
        )
        .route(
            Method::GET,
            "/projects/{project}/metrics/{metric}/deletion",
            deletion::new,
        )
        .route(
            Method::POST,
            "/projects/{project}/metrics/{metric}/deletion",
            deletion::create,
        )
}

/// A metric of the project that the path names, for a member of its organisation. One that is merged into another is
/// read as that other, but changed it isn't: who wants to, means what they saw before.
#[derive(Clone, Debug)]
struct InMetric {
    at: InProject,
    metric: Metric,
}

impl FromRequestParts<Shared> for InMetric {
    type Rejection = NotAMember;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, NotAMember> {
        let at = InProject::from_request_parts(parts, app).await?;
        let id: MetricId = path_id(parts, "metric").await?;
        let metric = store::metrics::find(&app.db, at.project.id, id).await?;
        let metric = metric.filter(|metric| metric.id == id || parts.method == Method::GET);
        let metric = metric.ok_or(AppError::NotFound)?;
        Ok(Self { at, metric })
    }
}

impl InMetric {
    /// The path of the metric's page.
    fn path(&self) -> String {
        format!("/projects/{}/metrics/{}", self.at.project.id, self.metric.id)
    }

    async fn is_favourite(&self, app: &Shared) -> Result<bool, AppError> {
        let mine = store::favourites::of_project(&app.db, self.at.signed.user.id, self.at.project.id).await?;
        Ok(mine.contains(&self.metric.id))
    }
}

/// A metric as the audit log names it.
fn subject(metric: &Metric) -> String {
    format!("{} ({})", metric.name, metric.kind)
}

/// The class of a type's tag.
pub(crate) const fn tag(kind: MetricType) -> &'static str {
    match kind {
        MetricType::HitCounter => "hit",
        MetricType::Counter => "counter",
        MetricType::Timer => "timer",
        MetricType::WordWeb => "words",
    }
}

/// The help page that says how to read a type's chart and figures.
const fn help(kind: MetricType) -> &'static str {
    match kind {
        MetricType::HitCounter => "/help/metric-types#time-periods",
        MetricType::Counter | MetricType::Timer => "/help/metric-types#percentiles",
        MetricType::WordWeb => "/help/metric-types#words",
    }
}

/// A value as people read it.
fn value(metric: &Metric, value: Value) -> String {
    match value {
        Value::Hits(1) => "1 hit".to_owned(),
        Value::Hits(hits) => format!("{} hits", number::count(hits.into())),
        Value::Number(number) => picture::unit(metric).show(number),
        Value::Word(word) => word,
    }
}
