//! A range as a whole: what a metric, or a project, comes to in it, cut where the range is cut and nowhere else.

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{HOUR, Micros};
use sqlx::Row;

use crate::hours::parts;
use crate::series::{Bucket, QUANTILES, fill, fill_quantiles};
use crate::{Error, Points};

/// Whole hours from their sums, what is left before and after them data point by data point.
const METRIC: &str = "with parts (amount, total, minimum, maximum) as (
    select sum(amount), sum(total), min(minimum), max(maximum) from hours
        where metric = ?1 and hour >= ?2 and hour < ?3
    union all select sum(case typeof(value) when 'integer' then value else 1 end),
        sum(case typeof(value) when 'real' then value end), min(case typeof(value) when 'real' then value end),
        max(case typeof(value) when 'real' then value end) from data_points where metric = ?1 and at >= ?4 and at < ?5
    union all select sum(case typeof(value) when 'integer' then value else 1 end),
        sum(case typeof(value) when 'real' then value end), min(case typeof(value) when 'real' then value end),
        max(case typeof(value) when 'real' then value end) from data_points where metric = ?1 and at >= ?6 and at < ?7)
    select 0, coalesce(sum(amount), 0), sum(total), min(minimum), max(maximum) from parts";

const PROJECT: &str = "select coalesce((select sum(data_points) from project_hours
        where project = ?1 and hour >= ?2 and hour < ?3), 0)
    + (select count(*) from metrics m cross join data_points d on d.metric = m.metric
        where m.project = ?1 and at >= ?4 and at < ?5)
    + (select count(*) from metrics m cross join data_points d on d.metric = m.metric
        where m.project = ?1 and at >= ?6 and at < ?7)";

impl Points {
    /// What a metric comes to in a range, as one bucket that starts where the range does; quantiles only if asked for,
    /// since they have to look at every data point.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn whole(&self, metric: MetricId, range: Range, quantiles: bool) -> Result<Bucket, Error> {
        let parts = parts(range, HOUR);
        let row = sqlx::query(METRIC)
            .bind(metric.0)
            .bind(parts.whole.0)
            .bind(parts.whole.1)
            .bind(parts.before.0)
            .bind(parts.before.1)
            .bind(parts.after.0)
            .bind(parts.after.1)
            .fetch_one(&self.readers)
            .await?;
        let mut bucket = Bucket {
            start: range.from(),
            ..Bucket::default()
        };
        fill(&mut bucket, &row)?;
        if quantiles && bucket.min.is_some() {
            for row in sqlx::query(QUANTILES)
                .bind(format!("[{},{}]", range.from().0, range.to().0))
                .bind(metric.0)
                .fetch_all(&self.readers)
                .await?
            {
                fill_quantiles(&mut bucket, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            }
        }
        Ok(bucket)
    }

    /// Data points of all metrics of a project in a range: published values, whatever they say.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn total(&self, project: ProjectId, range: Range) -> Result<u64, Error> {
        let parts = parts(range, HOUR);
        let total: i64 = sqlx::query_scalar(PROJECT)
            .bind(project.0)
            .bind(parts.whole.0)
            .bind(parts.whole.1)
            .bind(parts.before.0)
            .bind(parts.before.1)
            .bind(parts.after.0)
            .bind(parts.after.1)
            .fetch_one(&self.readers)
            .await?;
        Ok(total.cast_unsigned())
    }

    /// The earliest and the latest time a data point of this metric says it happened.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn seen(&self, metric: MetricId) -> Result<Option<(Micros, Micros)>, Error> {
        let row = sqlx::query("select first_at, last_at from metrics where metric = ?1")
            .bind(metric.0)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((Micros(row.try_get(0)?), Micros(row.try_get(1)?))))
            .transpose()
    }

    /// The latest time a data point of this project says it happened.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn last_data_point(&self, project: ProjectId) -> Result<Option<Micros>, Error> {
        let last: Option<i64> = sqlx::query_scalar("select max(last_at) from metrics where project = ?1")
            .bind(project.0)
            .fetch_one(&self.readers)
            .await?;
        Ok(last.map(Micros))
    }
}
