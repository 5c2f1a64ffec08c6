//! All data points of a metric, newest first, page by page.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::metric::MetricType;
use domain::range::Range;
use domain::time::Micros;
use points::Cursor;
use serde::Deserialize;

use super::{InMetric, tag, value};
use crate::error::AppError;
use crate::pages::frame::{Frame, Tab};
use crate::pages::html;
use crate::state::Shared;

/// Data points a page.
const PER_PAGE: u32 = 100;

#[derive(Deserialize)]
pub(super) struct Asked {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "metrics/data_points.html")]
struct DataPointsPage {
    frame: Frame,
    path: String,
    name: String,
    kind: MetricType,
    tag: &'static str,
    data_points: Vec<(Micros, String)>,
    /// Whether this isn't the first page.
    is_later: bool,
    next: Option<Cursor>,
}

pub(super) async fn index(
    State(app): State<Shared>,
    of: InMetric,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let before: Option<Cursor> = asked.before.as_deref().map(str::parse).transpose().map_err(|_| {
        AppError::Invalid("This page of data points could not be found. Start from the newest ones.".to_owned())
    })?;
    let (metric, kind) = (&of.metric, of.metric.kind);
    let page = app
        .points
        .data_points(&metric.sources[..], Range::EVER, PER_PAGE, before)
        .await?;
    let listed = page
        .data_points
        .into_iter()
        .map(|kept| (kept.at, value(metric, kept.value)));
    html(&DataPointsPage {
        frame: Frame::project(&app, &of.at, Tab::Metrics, metric.title()).await?,
        path: of.path(),
        name: metric.title().to_owned(),
        kind,
        tag: tag(kind),
        data_points: listed.collect(),
        is_later: before.is_some(),
        next: page.next,
    })
}
