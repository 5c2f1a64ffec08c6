//! Quantiles of any stretch of time.

use domain::range::{Buckets, Range};

use super::gather::{Gathered, Quantiles};
use super::sources::Sources;
use crate::{Error, Points};

impl Points {
    /// The values of a metric at some quantiles (0 to 1, in any order) of a range, as [`Bucket`](crate::Bucket) has
    /// them; nothing where there are no numbers.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn quantiles(
        &self,
        sources: impl Into<Sources>,
        range: Range,
        quantiles: &[f64],
    ) -> Result<Vec<Option<f64>>, Error> {
        let (sources, quantiles) = (sources.into(), quantiles.to_vec());
        let whole = Buckets::only(range);
        if let Some(clickhouse) = self.clickhouse() {
            let gathered = clickhouse.gathered(sources.metrics(), &whole, true).await?;
            return Ok(of(gathered, &quantiles));
        }
        self.read(move |reading| {
            let gathered = Gathered::of(reading, &sources, &whole, Quantiles::Any)?;
            Ok(of(gathered, &quantiles))
        })
        .await
    }
}

fn of(mut gathered: Gathered<'_>, quantiles: &[f64]) -> Vec<Option<f64>> {
    let sum = gathered.sums[0];
    let mut spread = gathered.spreads.pop();
    let mut one = |quantile: &f64| {
        let found = spread.as_mut()?.quantiles([*quantile], &sum)?;
        Some(found[0])
    };
    quantiles.iter().map(&mut one).collect()
}
