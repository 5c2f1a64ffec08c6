//! "Dashboard": the last 24 hours of a project.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use charts::{Bars, Bucket, HEIGHT, Svg, number, rank, sparkline};
use domain::id::{MetricId, ProjectId};
use domain::metric::MetricType;
use domain::period::Preset;
use domain::range::Range;
use domain::step::{Asked, Step};
use domain::time::{HOUR, Micros};
use jiff::tz::TimeZone;
use points::Summary;
use store::metrics::Metric;

use super::change::{Change, float, share};
use super::chart::{Chart, axis};
use super::frame::{Frame, Tab};
use super::metrics::tag;
use super::{html, tutorials};
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::metrics::Metrics;
use crate::router::Table;
use crate::state::Shared;

/// So many busy metrics are named.
const BUSY: u32 = 10;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/projects/{project}", show)
}

#[derive(Template)]
#[template(path = "dashboards/show.html")]
struct DashboardPage {
    frame: Frame,
    project: ProjectId,
    /// When the last data point was, whichever metric's.
    last: Micros,
    /// How many there were; none if there were none.
    total: Option<String>,
    change: Change,
    chart: Chart,
    busy: Vec<Busy>,
    favourites: Vec<Favourite>,
}

/// A row of "Busy Metrics".
struct Busy {
    id: MetricId,
    name: String,
    kind: MetricType,
    tag: &'static str,
    bar: Svg,
    data_points: String,
}

/// A row of "Favourites".
struct Favourite {
    id: MetricId,
    name: String,
    line: Svg,
    last_24h: String,
    change: Change,
}

/// A project without data shows the tutorial instead of empty charts.
async fn show(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    at.remember(&app).await?;
    let project = at.project.id;
    let known = Metrics::of(&app, project).await?;
    let Some(last) = known.last_data_point().await? else {
        return tutorials::instead_of_dashboard(&app, &at).await;
    };
    let frame = Frame::project(&app, &at, Tab::Dashboard, "Dashboard").await?;
    // An app's clock may be ahead: what was just published shows all the same.
    let range = Preset::Day.ending(app.now().max(last) + 1);
    let total = known.total(range).await?;
    let before = known.total(range.previous()).await?;
    let metrics = store::metrics::of_project(&app.db, project).await?;
    let metrics: HashMap<MetricId, Metric> = metrics.into_iter().map(|metric| (metric.id, metric)).collect();
    html(&DashboardPage {
        frame,
        project,
        last,
        total: (total > 0).then(|| number::count(total)),
        change: Change::of_counts(before, total),
        chart: all_data_points(&known, range, app.now()).await?,
        busy: busy(&known, range, &metrics).await?,
        favourites: favourites(&app, &at, &known, &metrics).await?,
    })
}

async fn all_data_points(known: &Metrics<'_>, range: Range, now: Micros) -> Result<Chart, AppError> {
    let hourly = range.buckets(Asked::Step(Step::Fixed(HOUR)), &TimeZone::UTC)?;
    let totals = known.totals(&hourly).await?;
    let buckets: Vec<Bucket> = hourly
        .starts()
        .iter()
        .zip(totals)
        .map(|(start, total)| Bucket::counting(*start, total))
        .collect();
    let axis = axis(&hourly, now);
    let bars = Bars {
        title: "All Data Points",
        measure: "Data points",
        axis: &axis,
        buckets: &buckets,
        before: &[],
        marks: &[],
        height: HEIGHT,
    };
    Ok(Chart {
        svg: bars.svg(),
        legend: None,
        table: bars.table(),
    })
}

async fn busy(known: &Metrics<'_>, range: Range, metrics: &HashMap<MetricId, Metric>) -> Result<Vec<Busy>, AppError> {
    let busiest = known.busiest(range, BUSY, false).await?;
    let most = busiest.first().map_or(0, |(_, most)| *most);
    let row = |(id, data_points): (MetricId, u64)| {
        // A metric that is being deleted may still have data points.
        let metric = metrics.get(&id)?;
        Some(Busy {
            id,
            name: metric.title().to_owned(),
            kind: metric.kind,
            tag: tag(metric.kind),
            bar: rank(share(data_points, most)),
            data_points: number::count(data_points),
        })
    };
    Ok(busiest.into_iter().filter_map(row).collect())
}

async fn favourites(
    app: &Shared,
    at: &InProject,
    known: &Metrics<'_>,
    metrics: &HashMap<MetricId, Metric>,
) -> Result<Vec<Favourite>, AppError> {
    let ids = store::favourites::of_project(&app.db, at.signed.user.id, at.project.id).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let summaries = known.summaries().await?;
    let hours = known.sparklines(&ids).await?;
    let row = |(id, hours): (MetricId, [u64; 24])| {
        let metric = metrics.get(&id)?;
        let summary = summaries.get(&id);
        Some(Favourite {
            id,
            name: metric.title().to_owned(),
            line: day_line(&hours),
            last_24h: number::count(summary.map_or(0, |line| line.last_24h)),
            change: summary.map_or_else(Change::default, |line| day_change(line, app.now())),
        })
    };
    Ok(ids.into_iter().zip(hours).filter_map(row).collect())
}

/// The last 24 hours at the size of a word; decoration beside the count.
pub(crate) fn day_line(hours: &[u64; 24]) -> Svg {
    sparkline(&hours.map(|amount| Some(float(amount))), true, "")
}

/// The last 24 hours against the 24 before. A metric that wasn't there for all of these is new.
pub(crate) fn day_change(summary: &Summary, now: Micros) -> Change {
    if summary.first_seen > now - 2 * Preset::Day.length() {
        Change::words("new")
    } else if (summary.previous_24h, summary.last_24h) == (0, 0) {
        Change::words("–")
    } else {
        Change::of_counts(summary.previous_24h, summary.last_24h)
    }
}
