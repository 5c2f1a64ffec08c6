//! "Rejected data points", a page and a card of "Your Project": an app that ignores answers can't tell its people what
//! it loses.

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use charts::{Svg, sparkline};
use domain::id::ProjectId;
use domain::reason::Reason;
use domain::role::Role;
use domain::time::{DAY, Micros};
use store::audit_events::Action;
use store::projects::Project;
use store::rejections::{OfDay, Rejected, SAMPLES, Sample};

use super::change::float;
use super::frame::{Frame, Tab};
use super::{html, redirect};
use crate::auth::actor::{actor, audit};
use crate::auth::csrf::{Checked, Nothing};
use crate::auth::member::InProject;
use crate::error::AppError;
use crate::router::Table;
use crate::state::{App, Shared};
use crate::web::Client;

pub(crate) fn routes(table: Table) -> Table {
    table.route(Method::GET, "/projects/{project}/rejections", index).route(
        Method::POST,
        "/projects/{project}/rejections/deletion",
        delete,
    )
}

/// Days that are shown.
const DAYS: i64 = store::rejections::SHOWN_FOR / DAY;

#[derive(Template)]
#[template(path = "rejections/index.html")]
struct RejectionsPage {
    frame: Frame,
    project: Project,
    rejections: Rejections,
    reasons: Vec<Shown>,
}

/// What is shown of a reason.
struct Shown {
    rejected: Rejected,
    /// Day by day, and the same in words.
    days: Svg,
    today: i64,
    samples: Vec<Sample>,
}

async fn index(State(app): State<Shared>, at: InProject) -> Result<Response, AppError> {
    let rejections = Rejections::of(&app, &at.project).await?;
    let (project, now) = (at.project.id, app.now());
    let days = store::rejections::by_day(&app.db, project, now).await?;
    let samples = store::rejections::samples(&app.db, project, now).await?;
    let reasons = rejections.rejected.iter().map(|rejected| {
        let of_reason = samples.iter().filter(|(reason, _)| *reason == rejected.reason);
        let counts = by_day(&days, rejected.reason, now);
        Shown {
            days: line(&counts),
            today: counts.last().copied().unwrap_or(0),
            samples: of_reason.map(|(_, sample)| sample.clone()).take(SAMPLES).collect(),
            rejected: rejected.clone(),
        }
    });
    html(&RejectionsPage {
        reasons: reasons.collect(),
        frame: Frame::project(&app, &at, Tab::Project, "Rejected data points").await?,
        rejections,
        project: at.project,
    })
}

/// Of each day that is shown, today last.
fn by_day(days: &[OfDay], reason: Reason, now: Micros) -> Vec<i64> {
    let first = now.floor(DAY) - (DAYS - 1) * DAY;
    (0..DAYS)
        .map(|day| {
            let day = first + day * DAY;
            let found = days.iter().filter(|of| of.reason == reason && of.day == day);
            found.map(|of| of.data_points).sum()
        })
        .collect()
}

fn line(counts: &[i64]) -> Svg {
    let most = counts.iter().copied().max().unwrap_or(0);
    let label = format!("The last {DAYS} days, at most {} on one", Rejections::count(&most));
    let values: Vec<Option<f64>> = counts.iter().map(|count| Some(float(count.unsigned_abs()))).collect();
    sparkline(&values, true, &label)
}

/// Forgets what was counted and kept until now.
async fn delete(
    State(app): State<Shared>,
    at: InProject,
    client: Client,
    Checked(Nothing {}): Checked<Nothing>,
) -> Result<Response, AppError> {
    at.require(Role::Member)?;
    app.tally.flush(&app.db, app.now()).await?;
    let (project, organisation) = (&at.project, at.project.organisation);
    let mut tx = app.db.begin().await?;
    store::organisations::lock(&mut tx, organisation).await?;
    store::rejections::clear(&mut tx, project.id).await?;
    let by = actor(&at.signed.user, &client);
    audit(
        &mut tx,
        &app,
        &by,
        organisation,
        Action::RejectionsCleared,
        &project.name,
        "",
    )
    .await?;
    tx.commit().await?;
    Ok(redirect(format!("/projects/{}/rejections", project.id))
        .notice(
            &app,
            "Counts and samples are cleared. What is rejected from now on is shown here.",
        )
        .into_response())
}

/// Whether data points were rejected in the last 24 hours: then pages people open often say so.
pub(crate) async fn lately(app: &App, project: ProjectId) -> Result<bool, AppError> {
    Ok(store::rejections::any_since(&app.db, project, app.now() - DAY).await?)
}

/// The card.
pub(crate) struct Rejections {
    /// What was rejected in the last 30 days, the most frequent first.
    pub(crate) rejected: Vec<Rejected>,
    /// Most metrics the project may have, if it has them.
    pub(crate) full_at: Option<i64>,
}

impl Rejections {
    /// What the card of a project shows. What is still being counted is written first, so that it is all there.
    pub(crate) async fn of(app: &App, project: &Project) -> Result<Self, AppError> {
        app.tally.flush(&app.db, app.now()).await?;
        let metrics = store::metrics::count(&app.db, project.id).await?;
        Ok(Self {
            rejected: store::rejections::of_project(&app.db, project.id, app.now()).await?,
            full_at: (metrics >= project.metric_limit).then_some(project.metric_limit),
        })
    }

    /// A whole number with its thousands separated.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    pub(crate) fn count(number: &i64) -> String {
        charts::number::count(u64::try_from(*number).unwrap_or(0))
    }

    /// What happened, and what to do about it.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    pub(crate) const fn advice(reason: &Reason) -> (&'static str, &'static str) {
        match reason {
            Reason::InvalidJson => (
                "No data point",
                "The body was no JSON, or something in it was no object. Send a JSON array of data points.",
            ),
            Reason::MissingName => (
                "No name",
                "Give every data point a name: 1 to 255 characters, none of them a control character.",
            ),
            Reason::NameTooLong => ("Name too long", "Use a name of at most 255 characters."),
            Reason::UnknownType => ("Unknown type", "Use Hit Counter, Counter, Timer or Word Web."),
            Reason::MissingValue => ("No value", "Only a Hit Counter may do without a value."),
            Reason::InvalidValue => (
                "Wrong value",
                "The value doesn't fit its type, or the timestamp can't be read. A null often was Infinity or NaN.",
            ),
            Reason::TimestampInFuture => (
                "From the future",
                "The timestamp was more than 10 minutes ahead of this server. Check the clock of the sender.",
            ),
            Reason::TimestampTooOld => (
                "Too old",
                "The timestamp was older than this project keeps. Publish sooner, or change the retention.",
            ),
            Reason::MetricLimit => (
                "Too many names",
                "The project had as many metrics as it may. What varies, an id say, belongs in the value of a Word Web.",
            ),
            Reason::TooManyDataPoints => (
                "Batch too large",
                "At /api/v1/ingest a batch has at most 1,000 data points and 2 MiB, anywhere 10 MiB. Send smaller ones.",
            ),
            Reason::InvalidDsn => ("Unknown DSN", "Copy the DSN from this page."),
            Reason::QuotaExceeded => ("Over the quota", "More was published than this project may."),
            Reason::RateLimited => ("Too fast", "Send fewer and larger batches."),
            Reason::ProjectPaused => ("Project paused", "Whatever was published in the meantime was dropped."),
            Reason::ProjectDeleted => (
                "DSN turned off",
                "An app still publishes with a DSN that is turned off, or did while the project was deleted.",
            ),
            Reason::OriginNotAllowed => (
                "Origin not allowed",
                "A page published from an origin that is not among the allowed ones.",
            ),
            Reason::Unavailable => (
                "Could not be stored",
                "The disk was full, the server had too much to do, or the data arrived too slowly.",
            ),
        }
    }
}
