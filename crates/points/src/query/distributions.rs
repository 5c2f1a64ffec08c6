//! Distributions: how a metric's numbers are spread, bucket by bucket.

use domain::range::Buckets;

use super::gather::{Gathered, Quantiles};
use super::sources::Sources;
use crate::{Distribution, Error, Points};

impl Points {
    /// How the numbers of a Counter or Timer are spread in each bucket, every one of them: from this one read come
    /// percentiles, a histogram (of [all of them together](Distribution::merge)), a heat map and shares above a value.
    /// Of other types they are empty.
    ///
    /// Exact where every value is looked at, sketches otherwise, as [`Bucket`](crate::Bucket)'s quantiles are.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn distributions(
        &self,
        sources: impl Into<Sources>,
        buckets: &Buckets,
    ) -> Result<Vec<Distribution>, Error> {
        let (sources, buckets) = (sources.into(), buckets.clone());
        if let Some(clickhouse) = self.clickhouse() {
            let gathered = clickhouse.gathered(sources.metrics(), &buckets, true).await?;
            return Ok(of(gathered, &buckets));
        }
        self.read(move |reading| {
            let gathered = Gathered::of(reading, &sources, &buckets, Quantiles::Any)?;
            Ok(of(gathered, &buckets))
        })
        .await
    }
}

fn of(gathered: Gathered<'_>, buckets: &Buckets) -> Vec<Distribution> {
    let mut spreads = gathered.spreads.into_iter().zip(gathered.sums);
    let of = |start: &domain::time::Micros| match spreads.next() {
        Some((spread, sum)) => spread.into_distribution(*start, sum),
        None => Distribution::empty(*start),
    };
    buckets.starts().iter().map(of).collect()
}
