//! "Rejected data points", a card of "Your Project": an app that ignores answers can't tell its people what it loses.

use domain::reason::Reason;
use store::projects::Project;
use store::rejections::Rejected;

use crate::error::AppError;
use crate::state::App;

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
