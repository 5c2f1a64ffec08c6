//! Every metric of a project in a line: what the list of metrics shows.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, Micros};
use sqlx::Row;

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
    /// Amounts of the last 24 hours of the clock (UTC), the current one last.
    pub sparkline: [u64; 24],
}

/// Whole hours since ?2.
const HOURS: &str = "select m.metric, hour, data_points, amount from metrics m cross join hours h
    on h.metric = m.metric and hour >= ?2 where project = ?1";

/// What lies between two times that are not whole hours.
const EDGE: &str = "select m.metric, count(*), sum(case typeof(value) when 'integer' then value else 1 end)
    from metrics m cross join data_points d on d.metric = m.metric and at >= ?2 and at < ?3
    where project = ?1 group by m.metric";

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
            .fetch_all(&self.readers)
            .await?;
        let oldest_bar = now.floor(HOUR) - 23 * HOUR;
        for row in rows {
            let (hour, amount) = (Micros(row.try_get(1)?), row.try_get::<i64, _>(3)?.cast_unsigned());
            let Some(summary) = summaries.get_mut(&row.try_get(0)?) else {
                continue;
            };
            if hour > split {
                summary.last_24h += amount;
                summary.data_points_24h += row.try_get::<i64, _>(2)?.cast_unsigned();
            } else if first < hour && hour < split {
                summary.previous_24h += amount;
            }
            let bar = usize::try_from((hour - oldest_bar).div_euclid(HOUR)).ok();
            if let Some(bar) = bar.and_then(|bar| summary.sparkline.get_mut(bar)) {
                *bar = amount;
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
                sparkline: [0; 24],
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
