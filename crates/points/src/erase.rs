//! Erasing, a little at a time, between the batches that wait.

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, Micros};
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use crate::append::stopped;
use crate::writer::Job;
use crate::{Error, Points};

/// Data points erased in one transaction.
const STEP: i64 = 5_000;

/// One transaction's worth of erasing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Erase {
    /// All that is known of a metric but its data points.
    Metric(MetricId),
    /// Some of a metric's data points before a time.
    DataPoints(MetricId, Micros),
    /// What a project's hours and days before a time add up to.
    Sums(ProjectId, Micros),
    /// What is left of a project without metrics.
    Project(ProjectId),
}

impl Points {
    /// Erases a metric: it is out of every sum at once, its data points follow. Says how many they were.
    /// May be called again, after a crash say.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be written; then it may be half done.
    pub async fn delete_metric(&self, metric: MetricId) -> Result<u64, Error> {
        self.erase(Erase::Metric(metric)).await?;
        self.erase_data_points(metric, Micros(i64::MAX)).await
    }

    /// Erases all metrics of a project and what is remembered for it. May be called again, after a crash say.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be written; then it may be half done.
    pub async fn delete_project(&self, project: ProjectId) -> Result<u64, Error> {
        let mut erased = 0;
        for metric in self.metrics(project).await? {
            // Its data points first: while the metric is known, a project half erased can be erased again.
            erased += self.erase_data_points(metric, Micros(i64::MAX)).await?;
            erased += self.delete_metric(metric).await?;
        }
        self.erase(Erase::Project(project)).await?;
        Ok(erased)
    }

    /// Erases a project's data points of the days (UTC) that ended by `before`. Says how many they were.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be written; then it may be half done.
    pub async fn forget_before(&self, project: ProjectId, before: Micros) -> Result<u64, Error> {
        let before = before.floor(DAY);
        self.erase(Erase::Sums(project, before)).await?;
        let mut erased = 0;
        for metric in self.metrics(project).await? {
            erased += self.erase_data_points(metric, before).await?;
        }
        Ok(erased)
    }

    async fn erase_data_points(&self, metric: MetricId, before: Micros) -> Result<u64, Error> {
        let mut erased = 0;
        loop {
            match self.erase(Erase::DataPoints(metric, before)).await? {
                0 => return Ok(erased),
                some => erased += some,
            }
        }
    }

    async fn metrics(&self, project: ProjectId) -> Result<Vec<MetricId>, Error> {
        let metrics: Vec<i64> = sqlx::query_scalar("select metric from metrics where project = ?1")
            .bind(project.0)
            .fetch_all(&self.readers)
            .await?;
        Ok(metrics.into_iter().map(MetricId).collect())
    }

    async fn erase(&self, erase: Erase) -> Result<u64, Error> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Erase(erase, answer))?;
        answered.await.map_err(|_| stopped())?
    }
}

/// Does one step; says how many rows the last statement erased.
pub(crate) async fn step(connection: &mut SqliteConnection, erase: Erase) -> Result<u64, sqlx::Error> {
    let (texts, id, before): (&[&'static str], i64, i64) = match erase {
        Erase::Metric(metric) => (&METRIC, metric.0, 0),
        Erase::DataPoints(metric, before) => (&DATA_POINTS, metric.0, before.0),
        Erase::Sums(project, before) => (&SUMS, project.0, before.0),
        Erase::Project(project) => (&PROJECT, project.0, 0),
    };
    let mut erased = 0;
    for text in texts {
        let done = sqlx::query(*text)
            .bind(id)
            .bind(before)
            .bind(STEP)
            .execute(&mut *connection)
            .await?;
        erased = done.rows_affected();
    }
    Ok(erased)
}

/// ?1 is the metric.
const METRIC: [&str; 6] = [
    "update project_hours set data_points = data_points -
        (select data_points from hours where metric = ?1 and hour = project_hours.hour)
        where project = (select project from metrics where metric = ?1)
        and hour in (select hour from hours where metric = ?1)",
    "delete from project_hours where data_points <= 0
        and project = (select project from metrics where metric = ?1)",
    "delete from hours where metric = ?1",
    "delete from words where metric = ?1",
    "delete from vocabularies where metric = ?1",
    "delete from metrics where metric = ?1",
];

/// ?1 is the metric, ?2 the time, ?3 how many; data points of the same moment go together.
const DATA_POINTS: [&str; 1] = ["delete from data_points where metric = ?1 and at < ?2 and at <=
        (select max(at) from (select at from data_points where metric = ?1 and at < ?2 order by at limit ?3))"];

/// ?1 is the project, ?2 the time.
const SUMS: [&str; 4] = [
    "delete from project_hours where project = ?1 and hour < ?2",
    "delete from hours where hour < ?2 and metric in (select metric from metrics where project = ?1)",
    "delete from words where day < ?2 and metric in (select metric from metrics where project = ?1)",
    "delete from vocabularies where day < ?2 and metric in (select metric from metrics where project = ?1)",
];

/// ?1 is the project.
const PROJECT: [&str; 3] = [
    "delete from project_hours where project = ?1",
    "delete from batch_keys where project = ?1",
    "delete from point_ids where project = ?1",
];
