//! Every metric of a project in a line: what the list of metrics shows.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, Micros};
use sqlx::Row;

use crate::series::place;
use crate::{Error, Points};

/// A metric in a line. Amounts are hits for a Hit Counter, data points for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The metric.
    pub metric: MetricId,
    /// The earliest time of a data point it ever had.
    pub first_seen: Micros,
    /// The latest.
    pub last_seen: Micros,
    /// Data points of the last 24 hours.
    pub data_points_24h: u64,
    /// Amount of the last 24 hours.
    pub last_24h: u64,
    /// Amount of the 24 hours before those.
    pub previous_24h: u64,
}

/// Whole hours after ?2: those after ?3 are of the last 24 hours, those before it of the 24 before.
const HOURS: &str = "select m.metric, coalesce(sum(data_points) filter (where hour > ?3), 0),
    coalesce(sum(amount) filter (where hour > ?3), 0), coalesce(sum(amount) filter (where hour < ?3), 0)
    from metrics m cross join hours h on h.metric = m.metric and hour > ?2 where project = ?1 group by m.metric";

/// What lies between two times that are not whole hours.
const EDGE: &str = "select m.metric, count(*), sum(case typeof(value) when 'integer' then value else 1 end)
    from metrics m cross join data_points d on d.metric = m.metric and at >= ?2 and at < ?3
    where project = ?1 group by m.metric";

/// The amounts of each hour from ?2 on, a day long, of the metrics in the list ?1.
const SPARKLINES: &str = "select w.key, (hour - ?2) / ?3, amount from json_each(?1) w cross join hours h
    on h.metric = w.value and hour >= ?2 and hour < ?2 + 24 * ?3";

impl Points {
    /// A summary of every metric of a project that has or had data points, ordered by id.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn summaries(&self, project: ProjectId, now: Micros) -> Result<Vec<Summary>, Error> {
        let (day, two_days) = (now - DAY, now - 2 * DAY);
        // The two hours of the clock that are only partly in their 24 hours are looked at data point by data point.
        let (split, first) = (day.floor(HOUR), two_days.floor(HOUR));
        let mut summaries = self.lines(project).await?;
        let rows = sqlx::query(HOURS)
            .bind(project.0)
            .bind(first.0)
            .bind(split.0)
            .fetch_all(&self.readers)
            .await?;
        for row in rows {
            if let Some(summary) = summaries.get_mut(&row.try_get(0)?) {
                summary.data_points_24h = row.try_get::<i64, _>(1)?.cast_unsigned();
                summary.last_24h = row.try_get::<i64, _>(2)?.cast_unsigned();
                summary.previous_24h = row.try_get::<i64, _>(3)?.cast_unsigned();
            }
        }
        self.edge(
            project,
            (day, split + HOUR),
            &mut summaries,
            |summary, data_points, amount| {
                summary.data_points_24h += data_points;
                summary.last_24h += amount;
            },
        )
        .await?;
        for part in [(split, day), (two_days, first + HOUR)] {
            self.edge(project, part, &mut summaries, |summary, _, amount| {
                summary.previous_24h += amount;
            })
            .await?;
        }
        Ok(summaries.into_values().collect())
    }

    /// Amounts of the last 24 hours of the clock (UTC), the current one last: a list a metric, in the metrics' order.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn sparklines(&self, metrics: &[MetricId], now: Micros) -> Result<Vec<[u64; 24]>, Error> {
        let ids: Vec<i64> = metrics.iter().map(|metric| metric.0).collect();
        let rows = sqlx::query(SPARKLINES)
            .bind(serde_json::Value::from(ids).to_string())
            .bind((now.floor(HOUR) - 23 * HOUR).0)
            .bind(HOUR)
            .fetch_all(&self.readers)
            .await?;
        let mut sparklines = vec![[0; 24]; metrics.len()];
        for row in rows {
            let hour = usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX);
            if let Some(amount) = sparklines.get_mut(place(&row)?).and_then(|hours| hours.get_mut(hour)) {
                *amount = row.try_get::<i64, _>(2)?.cast_unsigned();
            }
        }
        Ok(sparklines)
    }

    async fn lines(&self, project: ProjectId) -> Result<BTreeMap<i64, Summary>, Error> {
        let rows = sqlx::query("select metric, first_at, last_at from metrics where project = ?1")
            .bind(project.0)
            .fetch_all(&self.readers)
            .await?;
        let mut lines = BTreeMap::new();
        for row in rows {
            let summary = Summary {
                metric: MetricId(row.try_get(0)?),
                first_seen: Micros(row.try_get(1)?),
                last_seen: Micros(row.try_get(2)?),
                data_points_24h: 0,
                last_24h: 0,
                previous_24h: 0,
            };
            lines.insert(summary.metric.0, summary);
        }
        Ok(lines)
    }

    async fn edge(
        &self,
        project: ProjectId,
        (from, to): (Micros, Micros),
        summaries: &mut BTreeMap<i64, Summary>,
        add: impl Fn(&mut Summary, u64, u64),
    ) -> Result<(), Error> {
        let rows = sqlx::query(EDGE)
            .bind(project.0)
            .bind(from.0)
            .bind(to.0)
            .fetch_all(&self.readers)
            .await?;
        for row in rows {
            if let Some(summary) = summaries.get_mut(&row.try_get(0)?) {
                add(
                    summary,
                    row.try_get::<i64, _>(1)?.cast_unsigned(),
                    row.try_get::<i64, _>(2)?.cast_unsigned(),
                );
            }
        }
        Ok(())
    }
}
