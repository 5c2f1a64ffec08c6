//! Every metric of a project in a line: what the list of metrics shows.

use std::collections::BTreeMap;

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{DAY, HOUR, Micros};

use super::reading::{Reading, between};
use super::sums;
use crate::head::metric::Sum;
use crate::head::recent::Recent;
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

impl Summary {
    /// Both metrics as one; they are of one type.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            metric: self.metric,
            first_seen: self.first_seen.min(other.first_seen),
            last_seen: self.last_seen.max(other.last_seen),
            data_points_24h: self.data_points_24h + other.data_points_24h,
            last_24h: self.last_24h + other.last_24h,
            previous_24h: self.previous_24h + other.previous_24h,
        }
    }
}

impl Points {
    /// A summary of every metric of a project that has or had data points, ordered by id.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn summaries(&self, project: ProjectId, now: Micros) -> Result<Vec<Summary>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            let days = vec![(now - 2 * DAY).0, (now - DAY).0];
            let (spans, sums) = clickhouse.by_metric(project, days, i64::MAX).await?;
            let line =
                |(metric, sums): (MetricId, Vec<Sum>)| Some(summary(metric, *spans.get(&metric)?, sums[1], sums[0]));
            return Ok(sums.into_iter().filter_map(line).collect());
        }
        let windows = [
            // Clocks differ a little: what is ahead of ours is of the last 24 hours too.
            between(now - DAY, Micros(i64::MAX)),
            between(now - 2 * DAY, now - DAY),
        ];
        self.read_steadily(move |reading| lines(reading, project, &windows))
            .await
    }

    /// Amounts of the last 24 hours of the clock (UTC), the current one last: a list a metric, in the metrics' order.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn sparklines(&self, metrics: &[MetricId], now: Micros) -> Result<Vec<[u64; 24]>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            return clickhouse.sparklines(metrics, now.floor(HOUR) - 23 * HOUR).await;
        }
        let metrics = metrics.to_vec();
        let first = now.floor(HOUR) - 23 * HOUR;
        let windows: Vec<Range> = (0..24)
            .map(|bar| first + bar * HOUR)
            .map(|start| between(start, start + HOUR))
            .collect();
        self.read_steadily(move |reading| {
            let Some(sums) = sums::of_metrics(reading, &metrics, &windows)? else {
                return Ok(None);
            };
            let amounts = |metric: &MetricId| {
                let of = sums.get(metric);
                std::array::from_fn(|hour| of.map_or(0, |of| of[hour].amount))
            };
            Ok(Some(metrics.iter().map(amounts).collect()))
        })
        .await
    }

    /// The earliest time a data point of this project says it happened.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn first_data_point(&self, project: ProjectId) -> Result<Option<Micros>, Error> {
        Ok(self.span(project).await?.map(|(first, _)| first))
    }

    /// The latest time a data point of this project says it happened.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn last_data_point(&self, project: ProjectId) -> Result<Option<Micros>, Error> {
        Ok(self.span(project).await?.map(|(_, last)| last))
    }

    /// The earliest and the latest time a data point of each metric of a project says it happened, by the metrics' ids.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn lifespans(&self, project: ProjectId) -> Result<Vec<(MetricId, Micros, Micros)>, Error> {
        let spans = match self.clickhouse() {
            Some(clickhouse) => clickhouse.spans(project).await?,
            None => self.read_steadily(move |reading| Ok(spans(reading, project))).await?,
        };
        Ok(spans
            .into_iter()
            .map(|(metric, (first, last))| (metric, first, last))
            .collect())
    }

    async fn span(&self, project: ProjectId) -> Result<Option<(Micros, Micros)>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            let spans = clickhouse.spans(project).await?.into_values();
            return Ok(spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))));
        }
        self.read_steadily(move |reading| {
            let spans = spans(reading, project).map(BTreeMap::into_values);
            Ok(spans.map(|spans| spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))))
        })
        .await
    }

    /// Whether this project ever stored a data point that was not deleted with its metric.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn any(&self, project: ProjectId) -> Result<bool, Error> {
        self.first_data_point(project).await.map(|first| first.is_some())
    }
}

fn lines(reading: &Reading<'_>, project: ProjectId, windows: &[Range]) -> Result<Option<Vec<Summary>>, Error> {
    let Some(mut spans) = spans(reading, project) else {
        return Ok(None);
    };
    let Some(sums) = sums::of(reading, project, windows)? else {
        return Ok(None);
    };
    let line = |(metric, sums): (MetricId, Vec<Sum>)| Some(summary(metric, spans.remove(&metric)?, sums[0], sums[1]));
    Ok(Some(sums.into_iter().filter_map(line).collect()))
}

fn summary(metric: MetricId, (first_seen, last_seen): (Micros, Micros), last: Sum, previous: Sum) -> Summary {
    Summary {
        metric,
        first_seen,
        last_seen,
        data_points_24h: last.count,
        last_24h: last.amount,
        previous_24h: previous.amount,
    }
}

/// When each metric first and last came.
pub(super) fn spans(reading: &Reading<'_>, project: ProjectId) -> Option<BTreeMap<MetricId, (Micros, Micros)>> {
    let mut spans = BTreeMap::new();
    {
        let state = reading.known()?;
        for id in state.projects.get(&project).into_iter().flatten() {
            let metric = state.metrics.get(id)?;
            spans.insert(*id, metric.span());
        }
    }
    for generation in &reading.unsealed {
        let contents = generation.read();
        for id in contents.metrics_of(project) {
            let Some((first, last)) = contents.get(id).and_then(Recent::seen) else {
                continue;
            };
            let span = spans.entry(id).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
    }
    Some(spans)
}
