//! "Delete data points": those of a metric between two times, after the page has said how many they are.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use charts::number;
use domain::id::{JobId, MetricId, ProjectId};
use domain::metric::MetricType;
use domain::period::{self, BadPeriod};
use domain::range::Range;
use domain::role::Role;
use domain::time::Micros;
use domain::zone::Zone;
use serde::Deserialize;
use store::audit_events::Action;

use super::{InMetric, subject, tag};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::Checked;
use crate::error::AppError;
use crate::jobs::erasure;
use crate::pages::frame::{Frame, Tab};
use crate::pages::{html, html_with, redirect};
use crate::sources;
use crate::state::Shared;
use crate::web::Client;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Between {
    from: Option<String>,
    to: Option<String>,
    /// The time zone both are typed in; the reader's, unless it is said.
    zone: String,
}

impl Between {
    fn by_clock_of(&mut self, reader: &InMetric) {
        if self.zone.is_empty() {
            reader.at.zone().name().clone_into(&mut self.zone);
        }
    }

    fn range(&self) -> Result<Range, BadPeriod> {
        let typed = |text: &Option<String>| text.clone().unwrap_or_default();
        period::between_in(
            &typed(&self.from),
            &typed(&self.to),
            Zone::from_stored(&self.zone).zone(),
        )
    }
}

#[derive(Template)]
#[template(path = "metrics/range_deletion.html")]
struct RangeDeletionPage {
    frame: Frame,
    path: String,
    name: String,
    kind: MetricType,
    tag: &'static str,
    asked: Between,
    from_error: Option<&'static str>,
    to_error: Option<&'static str>,
    chosen: Option<Chosen>,
}

/// What would be deleted.
struct Chosen {
    range: Range,
    data_points: u64,
}

impl Chosen {
    fn counted(&self) -> String {
        counted(self.data_points)
    }
}

fn counted(data_points: u64) -> String {
    match data_points {
        1 => "1 data point".to_owned(),
        n => format!("{} data points", number::count(n)),
    }
}

fn when(range: Range) -> String {
    format!("{} – {}", range.from().day_and_clock(), range.to().day_and_clock())
}

const NO_TIME: &str = "Enter a day and a time, like 2026-11-24T14:00.";

async fn blank(app: &Shared, of: &InMetric, asked: Between) -> Result<RangeDeletionPage, AppError> {
    Ok(RangeDeletionPage {
        frame: Frame::project(app, &of.at, Tab::Metrics, "Delete data points").await?,
        path: of.path(),
        name: of.metric.title().to_owned(),
        kind: of.metric.kind,
        tag: tag(of.metric.kind),
        asked,
        from_error: None,
        to_error: None,
        chosen: None,
    })
}

async fn page(app: &Shared, of: &InMetric, asked: Between) -> Result<Response, AppError> {
    let range = asked.range();
    let mut view = blank(app, of, asked).await?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    match range {
        Ok(range) => {
            let data_points = count(app, of, range).await?;
            view.chosen = Some(Chosen { range, data_points });
            status = StatusCode::OK;
        }
        Err(BadPeriod::From) => view.from_error = Some(NO_TIME),
        Err(BadPeriod::To) => view.to_error = Some(NO_TIME),
        Err(BadPeriod::Empty) => view.to_error = Some("Enter a time after the first."),
        Err(BadPeriod::TooLong) => {
            view.from_error = Some("Enter a later time: at most ten years can be deleted at once.");
        }
    }
    html_with(status, &view)
}

/// How many data points that is, by what is known of them.
async fn count(app: &Shared, of: &InMetric, range: Range) -> Result<u64, AppError> {
    let counts = app.points.busiest(of.at.project.id, range, u32::MAX).await?;
    let of_metric = counts
        .into_iter()
        .filter(|(metric, _)| of.metric.sources.contains(metric));
    Ok(of_metric.map(|(_, count)| count).sum())
}

/// Asks between which times, or what was chosen is to be deleted.
pub(super) async fn new(
    State(app): State<Shared>,
    of: InMetric,
    Query(mut asked): Query<Between>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    asked.by_clock_of(&of);
    if asked.from.is_some() || asked.to.is_some() {
        return page(&app, &of, asked).await;
    }
    html(&blank(&app, &of, asked).await?)
}

pub(super) async fn create(
    State(app): State<Shared>,
    of: InMetric,
    client: Client,
    Checked(mut form): Checked<Between>,
) -> Result<Response, AppError> {
    of.at.require(Role::Member)?;
    form.by_clock_of(&of);
    let Ok(range) = form.range() else {
        return page(&app, &of, form).await;
    };
    let (project, metric) = (&of.at.project, &of.metric);
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, project.organisation).await?;
    let by = actor(&of.at.signed.user, &client);
    let subject = subject(metric);
    let detail = format!("{}: {}", project.name, when(range));
    let organisation = project.organisation;
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::DataPointsDeleted,
        &subject,
        &detail,
    )
    .await?;
    let mut jobs = Vec::new();
    let now = app.now();
    for source in &metric.sources {
        let job = JobId::from_random(app.random.bits());
        erasure::queue(&mut tx, job, *source, range, now).await?;
        jobs.push((*source, job));
    }
    tx.commit().await?;
    // Whether or not the client waits for it: else it might be done, and then once more.
    let deleting = tokio::spawn(delete(Arc::clone(&app), project.id, jobs, range, now));
    let deleting = deleting.await.map_err(|panic| AppError::Internal(Box::new(panic)));
    let Deleted {
        data_points,
        others_shipped,
    } = deleting??;
    let mut said = match data_points {
        Some(data_points) => format!("Deleted: {} of {}.", counted(data_points), when(range)),
        None => format!(
            "Deleting what there is of {} goes on by itself: ClickHouse can’t do it just now. What is \
             published into it until then may go with it.",
            when(range)
        ),
    };
    if !others_shipped {
        said.push_str(" More of it may still be on its way to ClickHouse: look again once charts are up to date.");
    }
    Ok(redirect(of.path()).notice(&app, &said).into_response())
}

/// What was deleted.
struct Deleted {
    /// How many; none if it is done later.
    data_points: Option<u64>,
    /// Whether other processes have shipped what came to them before.
    others_shipped: bool,
}

/// Deletes what jobs were queued for at a time.
async fn delete(
    app: Shared,
    project: ProjectId,
    jobs: Vec<(MetricId, JobId)>,
    range: Range,
    queued_at: Micros,
) -> Result<Deleted, AppError> {
    let others_shipped = sources::shipped_soon(&app, queued_at).await?;
    let mut all = Some(0);
    for (source, job) in jobs {
        let deleted = match erasure::begin(&app, job, source, range).await?.done().await {
            Ok(data_points) => Some(data_points),
            Err(points::Error::Later(why)) => {
                tracing::warn!(why, metric = %source, "data points of a range are deleted later");
                None
            }
            Err(error) => {
                erasure::again(&app, source, range).await?;
                return Err(error.into());
            }
        };
        all = all.zip(deleted).map(|(all, more)| all + more);
    }
    app.live.touched(project);
    Ok(Deleted {
        data_points: all,
        others_shipped,
    })
}
