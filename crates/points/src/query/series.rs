//! Series: a metric's numbers, bucket by bucket.

use domain::range::Buckets;
use domain::time::Micros;

use super::gather::{Gathered, Quantiles};
use super::sources::Sources;
use crate::rollup::hour::USUAL;
use crate::{Error, Points};

/// A stretch of time of one metric.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// Where it starts.
    pub start: Micros,
    /// Hits of a Hit Counter, data points of any other type.
    pub count: u64,
    /// Sum of a Counter's or Timer's values. A Hit Counter has none: its hits are the count.
    pub sum: Option<f64>,
    /// Least value of a Counter or Timer.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// Arithmetic mean.
    pub avg: Option<f64>,
    /// Median. Quantiles are nearest-rank: of n sorted values the ⌈q·n⌉-th. They are exact, so always a value that was
    /// measured, where every value is looked at; of buckets made of whole days (UTC) with many values, of metrics with
    /// very many, and where data points are not kept any more, they are within 1 % of that.
    pub p50: Option<f64>,
    /// 75th percentile.
    pub p75: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

impl Points {
    /// A metric's buckets, every one of them, empty ones with a count of 0; quantiles only if asked for, since they
    /// have to look at more.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn series(
        &self,
        sources: impl Into<Sources>,
        buckets: &Buckets,
        quantiles: bool,
    ) -> Result<Vec<Bucket>, Error> {
        let (sources, buckets) = (sources.into(), buckets.clone());
        if let Some(clickhouse) = self.clickhouse() {
            let gathered = clickhouse.gathered(sources.metrics(), &buckets, quantiles).await?;
            return Ok(each(gathered, &buckets));
        }
        self.read(move |reading| {
            let gathered = Gathered::of(reading, &sources, &buckets, asked(quantiles))?;
            Ok(each(gathered, &buckets))
        })
        .await
    }
}

fn each(mut gathered: Gathered<'_>, buckets: &Buckets) -> Vec<Bucket> {
    let starts = buckets.starts().iter().enumerate();
    starts
        .map(|(place, start)| bucket(*start, place, &mut gathered))
        .collect()
}

/// What to gather for quantiles as buckets have them, or for none.
pub(super) const fn asked(quantiles: bool) -> Quantiles {
    if quantiles { Quantiles::Usual } else { Quantiles::None }
}

/// What was gathered of one bucket.
#[expect(clippy::cast_precision_loss, reason = "no metric has 2^53 data points in a bucket")]
pub(super) fn bucket(start: Micros, place: usize, gathered: &mut Gathered<'_>) -> Bucket {
    let sum = gathered.sums[place];
    let mut bucket = Bucket {
        start,
        count: sum.amount,
        ..Bucket::default()
    };
    if sum.min <= sum.max {
        // A sum past the greatest number there is says nothing.
        bucket.sum = Some(sum.sum).filter(|sum| sum.is_finite());
        bucket.avg = bucket.sum.map(|total| total / sum.count as f64);
        (bucket.min, bucket.max) = (Some(sum.min), Some(sum.max));
    }
    if let Some(spread) = gathered.spreads.get_mut(place)
        && let Some(found) = sum.quantiles.or_else(|| spread.quantiles(USUAL, &sum))
    {
        [bucket.p50, bucket.p75, bucket.p95, bucket.p99] = found.map(Some);
    }
    bucket
}
