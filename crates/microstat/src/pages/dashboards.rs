//! "Dashboard": what a project's apps publish, in one time range for the whole page.

mod busy;
mod favourites;
mod order;
mod turns;
mod window;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::Method;
use axum::response::Response;
use charts::{Bars, Bucket, HEIGHT, Mark, Svg, number, sparkline};
use domain::id::{MetricId, ProjectId};
use domain::period::Preset;
use domain::time::Micros;
use points::Summary;
use serde::Deserialize;
use store::metrics::Metric;

use self::favourites::Card;
use self::turns::Turn;
use self::window::Window;
use super::change::{Change, float};
use super::chart::Chart;
use super::frame::{Frame, Tab};
use super::picture::{annotations, marks};
use super::{html, tutorials};
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::metrics::Metrics;
use crate::router::Table;
use crate::state::Shared;

/// Those that a page names.
type Named = HashMap<MetricId, Metric>;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/projects/{project}", show).route(
        Method::POST,
        "/projects/{project}/favourites/order",
        order::update,
    )
}

/// What is asked for; whatever makes no sense is as if it weren't there.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    range: String,
    /// Anything at all: favourites can be moved.
    arrange: String,
}

#[derive(Template)]
#[template(path = "dashboards/show.html")]
struct DashboardPage {
    frame: Frame,
    project: ProjectId,
    rejected_lately: bool,
    choices: Vec<Choice>,
    window: Window,
    /// What goes along to a metric's page: the range.
    query: String,
    /// This page, and the same where favourites can be moved.
    here: String,
    arranging: String,
    /// When the last data point was, whichever metric's.
    last: Micros,
    all: AllDataPoints,
    busy: Vec<busy::Row>,
    favourites: Vec<Card>,
    is_arranged: bool,
    new: Vec<Turn>,
    more_new: usize,
    silent: Vec<Turn>,
    more_silent: usize,
}

/// A range that can be chosen.
struct Choice {
    name: &'static str,
    path: String,
    is_current: bool,
}

impl DashboardPage {
    /// The shortest range that has the last data point in it, if this one doesn't.
    fn reaching(&self) -> Option<&Choice> {
        let reaching = Preset::reaching(self.last, self.window.range.to())?;
        self.choices.iter().find(|choice| choice.name == reaching.name())
    }
}

/// A Dashboard in a range.
fn path(project: ProjectId, preset: Preset) -> String {
    if preset == Preset::default() {
        format!("/projects/{project}")
    } else {
        format!("/projects/{project}?range={}", preset.code())
    }
}

fn choices(project: ProjectId, current: Preset) -> Vec<Choice> {
    let choice = |preset: Preset| Choice {
        name: preset.name(),
        path: path(project, preset),
        is_current: preset == current,
    };
    Preset::ALL.into_iter().map(choice).collect()
}

/// A project without data shows the tutorial instead of empty charts.
async fn show(State(app): State<Shared>, at: InProject, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    at.remember(&app).await?;
    let project = at.project.id;
    let known = Metrics::of(&app, project).await?;
    let seen = turns::lifespans(app.points.lifespans(project).await?, &known.apart);
    let Some(last) = seen.values().map(|(_, last)| *last).max() else {
        return tutorials::instead_of_dashboard(&app, &at).await;
    };
    let first = seen.values().map(|(first, _)| *first).min().unwrap_or(last);
    let preset = Preset::from_code(&asked.range).unwrap_or_default();
    // An app's clock may be ahead: what was just published shows all the same.
    let window = Window::new(
        preset,
        app.now().max(last) + 1,
        &at.project.retention,
        at.zone(),
        app.now(),
    )?;
    let annotations = annotations(&app, project, None, window.buckets.range()).await?;
    let marks = marks(&annotations);
    let order = store::favourites::of_project(&app.db, at.signed.user.id, project).await?;
    let (all, busiest, turns) = tokio::try_join!(
        all_data_points(&known, first, &window, &marks),
        known.busiest(window.range, busy::BUSY, false),
        turns::turns(&app, &seen, &known.apart, &window),
    )?;
    let named = busiest
        .iter()
        .map(|(id, _)| *id)
        .chain(order.iter().copied())
        .chain(turns.named());
    let named = store::metrics::some(&app.db, project, &named.collect::<Vec<_>>()).await?;
    let named: Named = named.into_iter().map(|metric| (metric.id, metric)).collect();
    html(&DashboardPage {
        frame: Frame::project(&app, &at, Tab::Dashboard, "Dashboard").await?,
        project,
        rejected_lately: super::rejections::lately(&app, project).await?,
        choices: choices(project, preset),
        query: window.query(),
        here: path(project, preset),
        arranging: format!("/projects/{project}?range={}&arrange=yes", preset.code()),
        last,
        busy: busy::rows(&busiest, all.count, &named),
        favourites: favourites::cards(&app, &order, &named, &known.apart, &seen, &window).await?,
        is_arranged: !asked.arrange.is_empty(),
        new: turns.new_rows(&named),
        more_new: turns.more_new,
        silent: turns.silent_rows(&named),
        more_silent: turns.more_silent,
        all,
        window,
    })
}

/// How many data points there were, and when.
struct AllDataPoints {
    count: u64,
    total: String,
    change: Change,
    chart: Chart,
}

async fn all_data_points(
    known: &Metrics<'_>,
    first: Micros,
    window: &Window,
    marks: &[Mark<'_>],
) -> Result<AllDataPoints, AppError> {
    let earlier = async || match window.before(first) {
        Some(range) => {
            let buckets = window.buckets_before()?;
            tokio::try_join!(known.total(range), known.totals(&buckets)).map(Some)
        }
        None => Ok(None),
    };
    let (count, totals, earlier) =
        tokio::try_join!(known.total(window.range), known.totals(&window.buckets), earlier())?;
    let (change, before) = match earlier {
        Some((before, totals)) => (Change::of_counts(before, count), totals),
        None => (Change::words(""), Vec::new()),
    };
    let starts = window.buckets.starts().iter();
    let buckets: Vec<Bucket> = starts
        .zip(&totals)
        .map(|(start, total)| Bucket::counting(*start, *total))
        .collect();
    let bars = Bars {
        title: "All Data Points",
        measure: "Data points",
        axis: &window.axis,
        buckets: &buckets,
        before: &before,
        marks,
        height: HEIGHT,
    };
    Ok(AllDataPoints {
        count,
        total: number::count(count),
        change,
        chart: Chart {
            svg: bars.svg(),
            legend: bars.legend(),
            table: bars.table(),
        },
    })
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
