//! The busiest metrics of a project.

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::HOUR;
use sqlx::Row;

use crate::hours::parts;
use crate::{Error, Points};

const BUSIEST: &str = "with counts (metric, n) as (
    select m.metric, sum(data_points) from metrics m cross join hours h
        on h.metric = m.metric and hour >= ?2 and hour < ?3 where project = ?1 group by m.metric
    union all select m.metric, count(*) from metrics m cross join data_points d
        on d.metric = m.metric and at >= ?4 and at < ?5 where project = ?1 group by m.metric
    union all select m.metric, count(*) from metrics m cross join data_points d
        on d.metric = m.metric and at >= ?6 and at < ?7 where project = ?1 group by m.metric)
    select metric, sum(n) as n from counts group by metric order by n desc, metric limit ?8";

impl Points {
    /// The metrics with most data points in a range, and how many each had; busiest first.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn busiest(&self, project: ProjectId, range: Range, limit: u32) -> Result<Vec<(MetricId, u64)>, Error> {
        let parts = parts(range, HOUR);
        let rows = sqlx::query(BUSIEST)
            .bind(project.0)
            .bind(parts.whole.0)
            .bind(parts.whole.1)
            .bind(parts.before.0)
            .bind(parts.before.1)
            .bind(parts.after.0)
            .bind(parts.after.1)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        let count =
            |row: sqlx::sqlite::SqliteRow| Ok((MetricId(row.try_get(0)?), row.try_get::<i64, _>(1)?.cast_unsigned()));
        rows.into_iter().map(count).collect()
    }
}
