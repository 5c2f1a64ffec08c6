//! Series: a metric's numbers, bucket by bucket.

use domain::id::MetricId;
use domain::range::Buckets;
use domain::time::Micros;

use super::gather::{Gathered, Spread};
use crate::rollup::Hour;
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
    /// measured, where every value is looked at; of buckets made of whole days (UTC) with many values, and where data
    /// points are not kept any more, they are within 1 % of that.
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
    pub async fn series(&self, metric: MetricId, buckets: &Buckets, quantiles: bool) -> Result<Vec<Bucket>, Error> {
        let buckets = buckets.clone();
        self.read(move |reading| {
            let mut gathered = Gathered::of(reading, metric, &buckets, quantiles)?;
            let sums = buckets.starts().iter().zip(&gathered.sums);
            let mut series: Vec<Bucket> = sums.map(|(start, sum)| bucket(*start, sum)).collect();
            for ((bucket, spread), sum) in series.iter_mut().zip(&mut gathered.spreads).zip(&gathered.sums) {
                fill_quantiles(bucket, spread, sum);
            }
            Ok(series)
        })
        .await
    }
}

#[expect(clippy::cast_precision_loss, reason = "no metric has 2^53 data points in a bucket")]
pub(super) fn bucket(start: Micros, sum: &Hour) -> Bucket {
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
    bucket
}

pub(super) fn fill_quantiles(bucket: &mut Bucket, spread: &mut Spread, sum: &Hour) {
    [bucket.p50, bucket.p75, bucket.p95, bucket.p99] = spread.quantiles([0.5, 0.75, 0.95, 0.99], sum);
}
