//! Erasing a deleted metric's data points once more, a minute after it was deleted: another process may just then
//! have been storing some, and a crash may have left some behind.

use domain::id::{JobId, MetricId};
use domain::time::{MINUTE, Micros};
use store::Tx;
use store::jobs::Job;

use crate::error::AppError;
use crate::state::App;

/// The kind of job that does so. Its payload is the metric's id.
pub(crate) const KIND: &str = "erase-metric";

/// Queues it.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn queue(tx: &mut Tx, id: JobId, metric: MetricId, now: Micros) -> Result<(), AppError> {
    store::jobs::enqueue(tx, id, KIND, &metric.0.to_string(), now, now + MINUTE).await?;
    Ok(())
}

/// Does it, and takes the job from the queue. It may be done again.
///
/// # Errors
/// If the payload is no id, or data points can't be written.
pub(crate) async fn run(app: &App, job: &Job) -> Result<(), AppError> {
    let metric: i64 = serde_json::from_str(&job.payload)?;
    app.points.delete_metric(MetricId(metric)).await?;
    let mut tx = app.db.begin().await?;
    store::jobs::finish(&mut tx, job).await?;
    Ok(tx.commit().await?)
}
