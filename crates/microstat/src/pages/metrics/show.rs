//! A metric's page.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::MetricId;
use domain::metric::MetricType;
use domain::period::Preset;
use domain::range::Range;
use domain::time::Micros;

use super::numbers::Picture;
use super::shown::{Asked, Chosen, Shown, Typed};
use super::{InMetric, help, numbers, tag, value, words};
use crate::error::AppError;
use crate::pages::frame::{Frame, Tab};
use crate::pages::html_with;
use crate::state::Shared;

/// So many data points are listed on the metric's own page.
const LATEST: u32 = 10;

#[derive(Template)]
#[template(path = "metrics/show.html")]
struct MetricPage {
    frame: Frame,
    path: String,
    name: String,
    kind: MetricType,
    tag: &'static str,
    help: &'static str,
    favourite: bool,
    /// Where this page is, to come back to.
    here: String,
    query: String,
    shown: Shown,
    typed: Typed,
    /// What there is in this time, if there is anything.
    picture: Option<Picture>,
    /// The shortest preset that has the last data point in it.
    reaching: Option<Preset>,
    latest: Vec<(Micros, String)>,
    more: bool,
}

impl MetricPage {
    /// The name as an app sends it.
    fn name_as_json(&self) -> String {
        serde_json::Value::from(self.name.as_str()).to_string()
    }

    fn is_current(&self, preset: Preset) -> bool {
        self.shown.chosen == Chosen::Preset(preset)
    }
}

/// A range that makes no sense is told of beside its field, above the last 24 hours.
pub(super) async fn show(
    State(app): State<Shared>,
    of: InMetric,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    of.at.remember(&app).await?;
    let (chosen, error) = match asked.chosen() {
        Ok(chosen) => (chosen, None),
        Err(error) => (Chosen::Preset(Preset::default()), Some(error)),
    };
    let status = error.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    let metric = &of.metric;
    let shown = Shown::new(&app, &of, chosen).await?;
    let (latest, more) = latest(&app, metric.id, metric.kind).await?;
    let picture = if shown.count > 0 {
        Some(picture(&app, &of, &shown).await?)
    } else {
        None
    };
    let query = asked.query();
    let view = MetricPage {
        frame: Frame::project(&app, &of.at, Tab::Metrics, metric.name.as_str()).await?,
        path: of.path(),
        name: metric.name.to_string(),
        kind: metric.kind,
        tag: tag(metric.kind),
        help: help(metric.kind),
        favourite: of.is_favourite(&app).await?,
        here: format!("{}?{query}", of.path()),
        query,
        typed: asked.typed(shown.range, error),
        reaching: shown
            .seen
            .and_then(|(_, last)| Preset::reaching(last, shown.range.to())),
        picture,
        shown,
        latest,
        more,
    };
    html_with(status, &view)
}

async fn picture(app: &Shared, of: &InMetric, shown: &Shown) -> Result<Picture, AppError> {
    match of.metric.kind {
        MetricType::HitCounter => numbers::hits(app, &of.metric, shown).await,
        MetricType::Counter | MetricType::Timer => numbers::numbers(app, &of.metric, shown).await,
        MetricType::WordWeb => words::words(app, &of.metric, shown).await,
    }
}

async fn latest(app: &Shared, metric: MetricId, kind: MetricType) -> Result<(Vec<(Micros, String)>, bool), AppError> {
    let page = app.points.data_points(metric, Range::EVER, LATEST, None).await?;
    let listed = page
        .data_points
        .into_iter()
        .map(|kept| (kept.at, value(kind, kept.value)));
    Ok((listed.collect(), page.next.is_some()))
}
