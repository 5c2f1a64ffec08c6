//! A range as a whole: what a metric, or a project, comes to in it, cut where the range is cut and nowhere else.

use domain::id::ProjectId;
use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, Micros};

use super::gather::Gathered;
use super::series::{asked, bucket};
use super::sources::Sources;
use super::totals::of_hours;
use super::{Bucket, sums};
use crate::{Error, Points};

impl Points {
    /// What a metric comes to in a range, as one bucket that starts where the range does; quantiles only if asked for,
    /// since they have to look at more.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn whole(&self, sources: impl Into<Sources>, range: Range, quantiles: bool) -> Result<Bucket, Error> {
        let (sources, whole) = (sources.into(), Buckets::only(range));
        if let Some(clickhouse) = self.clickhouse() {
            let mut gathered = clickhouse.gathered(sources.metrics(), &whole, quantiles).await?;
            return Ok(bucket(range.from(), 0, &mut gathered));
        }
        self.read(move |reading| {
            let mut gathered = Gathered::of(reading, &sources, &whole, asked(quantiles))?;
            Ok(bucket(range.from(), 0, &mut gathered))
        })
        .await
    }

    /// Data points of all metrics of a project in a range: published values, whatever they say.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn total(&self, project: ProjectId, range: Range) -> Result<u64, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            return clickhouse.total(project, range).await;
        }
        self.read_steadily(move |reading| {
            let (first, end) = ((range.from() + (HOUR - 1)).floor(HOUR), range.to().floor(HOUR));
            let (inner, edges) = match Range::new(first, end) {
                Ok(inner) if range.length() > 2 * DAY => (Some(inner), parts(range, first, end)),
                _ => (None, vec![range]),
            };
            let Some(sums) = sums::of(reading, project, &edges)? else {
                return Ok(None);
            };
            let mut total: u64 = sums.values().flatten().map(|sum| sum.count).sum();
            if let Some(inner) = inner {
                of_hours(reading, project, inner, &mut |at, count| {
                    if inner.contains(Micros(at)) {
                        total += count;
                    }
                })?;
            }
            Ok(Some(total))
        })
        .await
    }

    /// The earliest and the latest time a data point of this metric says it happened.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn seen(&self, sources: impl Into<Sources>) -> Result<Option<(Micros, Micros)>, Error> {
        let sources = sources.into();
        if let Some(clickhouse) = self.clickhouse() {
            return clickhouse.seen(sources.metrics()).await;
        }
        self.read_steadily(move |reading| {
            let known = reading.known().map(|state| {
                let known = sources.metrics().iter().filter_map(|metric| state.metrics.get(metric));
                known.map(|known| known.span()).collect()
            });
            let Some(mut spans): Option<Vec<_>> = known else {
                return Ok(None);
            };
            for metric in sources.metrics() {
                reading.each_unsealed(*metric, |recent| spans.extend(recent.seen()));
            }
            Ok(Some(spans.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))))
        })
        .await
    }
}

/// What of a range lies before and after its middle.
fn parts(range: Range, first: Micros, end: Micros) -> Vec<Range> {
    [Range::new(range.from(), first), Range::new(end, range.to())]
        .into_iter()
        .flatten()
        .collect()
}
