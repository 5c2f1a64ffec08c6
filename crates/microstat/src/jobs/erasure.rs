//! Erasing a range of data points that was deleted and may not be: a crash may have come in between. It is withdrawn from
//! the queue once it is erased, or written down to be, so that only then it is found here.

use domain::id::{JobId, MetricId};
use domain::range::Range;
use domain::time::{MINUTE, Micros};
use store::Tx;
use store::jobs::Job;

use crate::error::AppError;
use crate::state::App;

/// The kind of job that does so. Its payload is the id that data points are stored under, and both times.
pub(crate) const RANGE: &str = "erase-range";

/// By when it is erased if nothing came in between: a ClickHouse that is busy takes minutes.
const LATER: i64 = 10 * MINUTE;

/// Queues it.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn queue(tx: &mut Tx, id: JobId, metric: MetricId, range: Range, now: Micros) -> Result<(), AppError> {
    let payload = serde_json::to_string(&(metric.0, range.from().0, range.to().0))?;
    store::jobs::enqueue(tx, id, RANGE, &payload, now, now + LATER).await?;
    Ok(())
}

/// Does it, and takes the job from the queue. It may be done again.
///
/// # Errors
/// If the payload can't be read, or data points can't be written.
pub(crate) async fn run(app: &App, job: &Job) -> Result<(), AppError> {
    let (metric, from, to) = serde_json::from_str(&job.payload)?;
    if let Ok(range) = Range::new(Micros(from), Micros(to)) {
        match app.points.delete_range(MetricId(metric), range).await {
            // Written down it is done by itself; written down again, it would take what came in between.
            Ok(_) | Err(points::Error::Later(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut tx = app.db.begin().await?;
    store::jobs::finish(&mut tx, job).await?;
    Ok(tx.commit().await?)
}
