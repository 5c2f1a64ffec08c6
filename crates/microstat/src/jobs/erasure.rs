//! Erasing data points once more, a minute after they were deleted.
//!
//! Of a deleted metric another process may just then have been storing some, and a crash may have left some behind. A
//! deleted range is withdrawn from the queue once it is erased, so that only a crash in between leaves it here.

use domain::id::{JobId, MetricId};
use domain::range::Range;
use domain::time::{MINUTE, Micros};
use store::Tx;
use store::jobs::Job;

use crate::error::AppError;
use crate::state::App;

/// The kind of job that does so for a metric. Its payload is the metric's id.
pub(crate) const METRIC: &str = "erase-metric";
/// The kind for a range. Its payload is the metric's id and both times.
pub(crate) const RANGE: &str = "erase-range";

/// What was deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Erased {
    /// A metric.
    Metric(MetricId),
    /// A metric's data points from one time up to another.
    Range(MetricId, Micros, Micros),
}

/// Queues it.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn queue(tx: &mut Tx, id: JobId, erased: Erased, now: Micros) -> Result<(), AppError> {
    let (kind, payload) = match erased {
        Erased::Metric(metric) => (METRIC, metric.0.to_string()),
        Erased::Range(metric, from, to) => (RANGE, serde_json::to_string(&(metric.0, from.0, to.0))?),
    };
    store::jobs::enqueue(tx, id, kind, &payload, now, now + MINUTE).await?;
    Ok(())
}

/// Does it, and takes the job from the queue. It may be done again.
///
/// # Errors
/// If the payload can't be read, or data points can't be written.
pub(crate) async fn run(app: &App, job: &Job) -> Result<(), AppError> {
    if job.kind == RANGE {
        let (metric, from, to) = serde_json::from_str(&job.payload)?;
        if let Ok(range) = Range::new(Micros(from), Micros(to)) {
            app.points.delete_range(MetricId(metric), range).await?;
        }
    } else {
        let metric: i64 = serde_json::from_str(&job.payload)?;
        app.points.delete_metric(MetricId(metric)).await?;
    }
    let mut tx = app.db.begin().await?;
    store::jobs::finish(&mut tx, job).await?;
    Ok(tx.commit().await?)
}
