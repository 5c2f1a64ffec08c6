//! Counts: how many data points some metrics got together, bucket by bucket.

use domain::id::MetricId;
use domain::range::Buckets;

use super::gather::{Gathered, Quantiles};
use crate::{Error, Points};

impl Points {
    /// Data points of these metrics together in each bucket: what they add to their projects' totals.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn counts(&self, metrics: &[MetricId], buckets: &Buckets) -> Result<Vec<u64>, Error> {
        if let Some(clickhouse) = self.clickhouse() {
            return clickhouse.counts(metrics, buckets).await;
        }
        let (metrics, buckets) = (metrics.to_vec(), buckets.clone());
        self.read(move |reading| {
            let mut gathered = Gathered::new(&buckets, Quantiles::None);
            for metric in metrics {
                reading.each_unsealed(metric, |recent| gathered.unsealed(recent));
                if let Some(sealed) = reading.find(metric)? {
                    gathered.sealed(reading, &sealed)?;
                }
            }
            Ok(gathered.sums.into_iter().map(|sum| sum.count).collect())
        })
        .await
    }
}
