//! Erasing: written into the journal first, so that no crash brings back what was erased.

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{DAY, Micros};
use tokio::sync::oneshot;

use crate::append::stopped;
use crate::journal::entry::{Erasure, Horizons};
use crate::queue::{Erase, Job};
use crate::{Error, Points};

/// How far back a project keeps what. Each is a time; what belongs to a day (UTC) that ended by it is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Data points themselves. Before they go, what their minutes and hours add up to, and how their numbers are spread
    /// in each, is written down, as far as that is kept longer.
    pub raw: Micros,
    /// Minutes. Kept shorter than data points they are of no use, for those tell the same; then they go first.
    pub minutes: Micros,
    /// Hours. They are known as long as anything finer is.
    pub hours: Micros,
    /// Days; with them goes everything that is left.
    pub days: Micros,
}

/// An erasure that is written down.
#[derive(Debug)]
pub struct Erasing(oneshot::Receiver<Result<u64, Error>>);

impl Erasing {
    /// Waits until it is done. Says how many data points that were.
    ///
    /// # Errors
    /// [`Error::Later`] if it will be done by itself; else as [`Points::delete_metric`].
    pub async fn done(self) -> Result<u64, Error> {
        let stopping = |_| Error::Later("micro stat is being stopped".to_owned());
        self.0.await.map_err(stopping)?
    }
}

impl Points {
    /// Erases a metric. Says how many data points it had.
    /// When this returns it is out of every answer; calling it again, after a crash say, does no harm.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be written; then it may be half done. [`Error::Later`] if it is written and will be
    /// done by itself.
    pub async fn delete_metric(&self, metric: MetricId) -> Result<u64, Error> {
        self.erase(Erasure::Metric(metric)).await
    }

    /// Erases a metric's data points of a range. Of days whose data points are kept as hours only, whole hours go.
    ///
    /// # Errors
    /// As [`Points::delete_metric`].
    pub async fn delete_range(&self, metric: MetricId, range: Range) -> Result<u64, Error> {
        self.begin_to_delete_range(metric, range).await?.done().await
    }

    /// Erases all metrics of a project and what is remembered for it.
    ///
    /// # Errors
    /// As [`Points::delete_metric`].
    pub async fn delete_project(&self, project: ProjectId) -> Result<u64, Error> {
        self.erase(Erasure::Project(project)).await
    }

    /// Erases all that a project has of the days (UTC) that ended by `before`. Says how many data points they were.
    ///
    /// # Errors
    /// As [`Points::delete_metric`].
    pub async fn forget_before(&self, project: ProjectId, before: Micros) -> Result<u64, Error> {
        let all = Retention {
            raw: before,
            minutes: before,
            hours: before,
            days: before,
        };
        self.retain(project, all).await
    }

    /// Erases what a project needn't keep any longer. Says how many data points that were.
    ///
    /// # Errors
    /// As [`Points::delete_metric`].
    pub async fn retain(&self, project: ProjectId, retention: Retention) -> Result<u64, Error> {
        let horizons = Horizons {
            raw: retention.raw.floor(DAY).0,
            minutes: retention.minutes.floor(DAY).0,
            hours: retention.hours.floor(DAY).0,
            days: retention.days.floor(DAY).0,
        };
        self.erase(Erasure::Older(project, horizons)).await
    }

    /// As [`Points::delete_range`], but returns once it is written down: then it will be done, and must not be asked for again
    /// to be sure, for that would take what has come since.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be written.
    pub async fn begin_to_delete_range(&self, metric: MetricId, range: Range) -> Result<Erasing, Error> {
        self.begin(Erasure::Range(metric, range.from().0, range.to().0)).await
    }

    async fn begin(&self, erasure: Erasure) -> Result<Erasing, Error> {
        let (written, is_written) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        self.inner.queue.push(Job::Erase(Erase {
            erasure,
            written,
            answer,
        }))?;
        match is_written.await {
            Ok(()) => Ok(Erasing(answered)),
            Err(_) => Err(answered.await.map_err(|_| stopped())?.err().unwrap_or_else(stopped)),
        }
    }

    async fn erase(&self, erasure: Erasure) -> Result<u64, Error> {
        self.begin(erasure).await?.done().await
    }

    /// Returns once all that was acknowledged is in the database, and the journal empty.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be written there; it stays in the journal then.
    pub async fn seal(&self) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        self.inner.queue.push(Job::Flush(answer))?;
        answered.await.map_err(|_| stopped())?
    }
}
