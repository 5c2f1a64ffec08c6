//! What is shown of a metric in a stretch of time: figures, a chart, and what else its type has. The same on the metric's
//! page, on a board and where it is shared.

mod figure;
mod hits;
mod marks;
mod numbers;
mod several;
mod shown;
mod spread;
mod words;

use charts::{Mark, Unit};
use domain::id::{MetricId, ProjectId};
use domain::metric::MetricType;
use domain::retention::Retention;
use domain::zone::Zone;
use points::Sources;
use store::metrics::Metric;
use store::projects::Project;

pub(crate) use self::figure::Figure;
pub(crate) use self::marks::{annotations, marks};
pub(crate) use self::several::statistic;
pub(crate) use self::shown::{Fields, Shown};
pub(crate) use self::spread::Spread;
pub(crate) use self::words::Ranking;
use super::chart::Chart;
use super::view::View;
use crate::error::AppError;
use crate::state::Shared;

/// A metric, as far as its pictures need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) metric: &'a Metric,
    /// It and all that were merged into it.
    pub(crate) sources: Sources,
    pub(crate) project: ProjectId,
    /// How long its project keeps what.
    pub(crate) keeps: Retention,
    /// Whose clock and calendar.
    pub(crate) zone: Zone,
    /// How high charts are, in pixels.
    pub(crate) height: u32,
}

impl<'a> Subject<'a> {
    /// A metric of a project, read by this clock.
    pub(crate) async fn new(app: &Shared, project: &Project, metric: &'a Metric, zone: Zone) -> Result<Self, AppError> {
        Ok(Self {
            metric,
            sources: sources(app, metric).await?,
            project: project.id,
            keeps: project.retention,
            zone,
            height: charts::HEIGHT,
        })
    }
}

/// What is read as the data points of a metric.
async fn sources(app: &Shared, metric: &Metric) -> Result<Sources, AppError> {
    Ok(store::metrics::sources(&app.db, metric.id).await?.into())
}

/// What is shown of a metric in a stretch of time.
pub(crate) struct Picture {
    pub(crate) figures: Vec<Figure>,
    /// What the chart is of, as its heading.
    pub(crate) heading: String,
    pub(crate) chart: Chart,
    /// What must be known to read them rightly.
    pub(crate) notes: Vec<String>,
    /// How the values of a Counter or Timer are spread.
    pub(crate) spread: Option<Spread>,
    /// The words of a Word Web.
    pub(crate) words: Option<Ranking>,
}

/// Draws it. There is something to draw: `shown.count` isn't 0.
pub(crate) async fn of(
    app: &Shared,
    subject: &Subject<'_>,
    view: &View,
    shown: &Shown,
    marks: &[Mark<'_>],
) -> Result<Picture, AppError> {
    let mut picture = match subject.metric.kind {
        MetricType::HitCounter => hits::picture(app, subject, shown, marks).await,
        MetricType::Counter | MetricType::Timer => numbers::picture(app, subject, view, shown, marks).await,
        MetricType::WordWeb => words::picture(app, subject, view, shown, marks).await,
    }?;
    if !view.others.is_empty() {
        let several = several::chart(app, subject, view, shown, marks).await?;
        picture.heading = several.heading;
        picture.chart = several.chart;
        picture.notes.splice(0..0, several.notes);
    }
    Ok(picture)
}

/// Other metrics of the project that stand in the same chart, in the order of the link.
pub(crate) async fn others(app: &Shared, project: ProjectId, view: &View) -> Result<Vec<Metric>, AppError> {
    let mut found = Vec::new();
    for id in &view.others {
        found.extend(find(app, project, *id).await?);
    }
    Ok(found)
}

async fn find(app: &Shared, project: ProjectId, id: MetricId) -> Result<Option<Metric>, AppError> {
    Ok(store::metrics::find(&app.db, project, id).await?)
}

/// What the values of a metric are.
pub(crate) fn unit(metric: &Metric) -> Unit {
    match metric.kind {
        MetricType::HitCounter | MetricType::WordWeb => Unit::Count,
        MetricType::Counter => metric
            .unit
            .as_ref()
            .map_or(Unit::Number, |unit| Unit::named(unit.as_str())),
        MetricType::Timer => Unit::Milliseconds,
    }
}
