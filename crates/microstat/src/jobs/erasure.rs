//! Erasing a range of data points that was deleted and may not be: a crash may have come before it was written down among
//! data points. Then it is withdrawn from the queue, so that only what wasn't is found here.

use domain::id::{JobId, MetricId};
use domain::range::Range;
use domain::time::{MINUTE, Micros};
use points::Erasing;
use store::Tx;
use store::jobs::Job;

use crate::error::AppError;
use crate::state::App;

/// The kind of job that does so. Its payload is the id that data points are stored under, and both times.
pub(crate) const RANGE: &str = "erase-range";

/// Queues it.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn queue(tx: &mut Tx, id: JobId, metric: MetricId, range: Range, now: Micros) -> Result<(), AppError> {
    let payload = serde_json::to_string(&(metric.0, range.from().0, range.to().0))?;
    store::jobs::enqueue(tx, id, RANGE, &payload, now, now + MINUTE).await?;
    Ok(())
}

/// Writes down among data points what a job was queued for, and withdraws it: done again it would take what is published
/// into the range from now on.
///
/// # Errors
/// If one of the two can't be written.
pub(crate) async fn begin(app: &App, job: JobId, metric: MetricId, range: Range) -> Result<Erasing, AppError> {
    let erasing = app.points.begin_to_delete_range(metric, range).await?;
    let mut tx = app.db.begin().await?;
    store::jobs::withdraw(&mut tx, job).await?;
    tx.commit().await?;
    Ok(erasing)
}

/// Queues once more what was written down and failed: a disk that is full, say.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn again(app: &App, metric: MetricId, range: Range) -> Result<(), AppError> {
    let id = JobId::from_random(app.random.bits());
    let mut tx = app.db.begin().await?;
    queue(&mut tx, id, metric, range, app.now()).await?;
    Ok(tx.commit().await?)
}

/// Does it, and takes the job from the queue.
///
/// # Errors
/// If the payload can't be read, or it can't be written down.
pub(crate) async fn run(app: &App, job: &Job) -> Result<(), AppError> {
    let (metric, from, to) = serde_json::from_str(&job.payload)?;
    let (metric, range) = (MetricId(metric), Range::new(Micros(from), Micros(to))?);
    match begin(app, job.id, metric, range).await?.done().await {
        Ok(_) | Err(points::Error::Later(_)) => Ok(()),
        Err(error) => {
            tracing::error!(%error, %metric, "data points of a range can't be deleted; it is tried again");
            again(app, metric, range).await
        }
    }
}
