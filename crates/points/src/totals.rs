//! Totals: how many data points a whole project got, bucket by bucket.

use domain::id::ProjectId;
use domain::range::Buckets;
use domain::time::HOUR;
use sqlx::Row;

use crate::series::{edges, place, with_buckets};
use crate::{Error, Points};

const FROM_HOURS: &str = with_buckets!(
    "select b.i, sum(data_points) from b cross join project_hours
    on project = ?2 and hour >= b.start and hour < b.stop group by b.i"
);
const FROM_DATA_POINTS: &str = with_buckets!(
    "select b.i, count(*) from metrics cross join b cross join data_points d
    on d.metric = metrics.metric and at >= b.start and at < b.stop where project = ?2 group by b.i"
);

impl Points {
    /// Data points of all metrics of a project in each bucket: published values, whatever they say. A data point that
    /// stands for five hits is one here, and five in its metric's own series.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn totals(&self, project: ProjectId, buckets: &Buckets) -> Result<Vec<u64>, Error> {
        let text = if buckets.aligned_to(HOUR) {
            FROM_HOURS
        } else {
            FROM_DATA_POINTS
        };
        let mut totals = vec![0; buckets.starts().len()];
        for row in sqlx::query(text)
            .bind(edges(buckets))
            .bind(project.0)
            .fetch_all(&self.readers)
            .await?
        {
            if let Some(total) = totals.get_mut(place(&row)?) {
                *total = row.try_get::<i64, _>(1)?.cast_unsigned();
            }
        }
        Ok(totals)
    }
}
