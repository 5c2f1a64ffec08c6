//! Series: a metric's numbers, bucket by bucket.

use domain::id::MetricId;
use domain::range::Buckets;
use domain::time::{HOUR, Micros};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

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
    /// Median. Quantiles are nearest-rank: of n sorted values the ⌈q·n⌉-th, so always a value that was measured.
    pub p50: Option<f64>,
    /// 75th percentile.
    pub p75: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// The buckets, as a table `b (i, start, stop)`. Times travel as one JSON list, so that any number of them is one text.
macro_rules! with_buckets {
    ($rest:literal) => {
        concat!(
            "with b (i, start, stop) as materialized (select key, value, lead(value) over (order by key) from json_each(?1)) ",
            $rest
        )
    };
}
pub(crate) use with_buckets;

const FROM_HOURS: &str = with_buckets!(
    "select b.i, sum(amount), sum(total), min(minimum), max(maximum)
    from b cross join hours on metric = ?2 and hour >= b.start and hour < b.stop group by b.i"
);
const FROM_DATA_POINTS: &str = with_buckets!(
    "select b.i, sum(case typeof(value) when 'integer' then value else 1 end),
        sum(case typeof(value) when 'real' then value end), min(case typeof(value) when 'real' then value end),
        max(case typeof(value) when 'real' then value end)
    from b cross join data_points on metric = ?2 and at >= b.start and at < b.stop group by b.i"
);
pub(crate) const QUANTILES: &str = with_buckets!(
    "select i, rank, n, value from (
        select b.i as i, value, row_number() over (partition by b.i order by value) as rank,
            count(*) over (partition by b.i) as n
        from b cross join data_points on metric = ?2 and at >= b.start and at < b.stop and typeof(value) = 'real')
    where rank in ((n * 50 + 99) / 100, (n * 75 + 99) / 100, (n * 95 + 99) / 100, (n * 99 + 99) / 100)"
);

/// The edges of buckets as one JSON list.
pub(crate) fn edges(buckets: &Buckets) -> String {
    let times: Vec<String> = buckets
        .starts()
        .iter()
        .chain([&buckets.end()])
        .map(|time| time.0.to_string())
        .collect();
    format!("[{}]", times.join(","))
}

/// The place a row's first column names among `n` buckets.
pub(crate) fn place(row: &SqliteRow) -> Result<usize, sqlx::Error> {
    Ok(usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or(usize::MAX))
}

impl Points {
    /// A metric's buckets, every one of them, empty ones with a count of 0; quantiles only if asked for, since they
    /// have to look at every data point.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn series(&self, metric: MetricId, buckets: &Buckets, quantiles: bool) -> Result<Vec<Bucket>, Error> {
        let mut series: Vec<Bucket> = buckets
            .starts()
            .iter()
            .map(|start| Bucket {
                start: *start,
                ..Bucket::default()
            })
            .collect();
        let edges = edges(buckets);
        let text = if buckets.aligned_to(HOUR) {
            FROM_HOURS
        } else {
            FROM_DATA_POINTS
        };
        for row in sqlx::query(text)
            .bind(&edges)
            .bind(metric.0)
            .fetch_all(&self.readers)
            .await?
        {
            if let Some(bucket) = series.get_mut(place(&row)?) {
                fill(bucket, &row)?;
            }
        }
        if quantiles && series.iter().any(|bucket| bucket.min.is_some()) {
            for row in sqlx::query(QUANTILES)
                .bind(&edges)
                .bind(metric.0)
                .fetch_all(&self.readers)
                .await?
            {
                if let Some(bucket) = series.get_mut(place(&row)?) {
                    fill_quantiles(bucket, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
                }
            }
        }
        Ok(series)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no metric has 2^53 data points in a bucket")]
pub(crate) fn fill(bucket: &mut Bucket, row: &SqliteRow) -> Result<(), sqlx::Error> {
    bucket.count = row.try_get::<i64, _>(1)?.cast_unsigned();
    // A sum past the greatest number there is says nothing.
    bucket.sum = row.try_get::<Option<f64>, _>(2)?.filter(|sum| sum.is_finite());
    bucket.min = row.try_get(3)?;
    bucket.max = row.try_get(4)?;
    bucket.avg = bucket.sum.map(|sum| sum / bucket.count as f64);
    Ok(())
}

pub(crate) fn fill_quantiles(bucket: &mut Bucket, rank: i64, n: i64, value: f64) {
    let quantiles = [
        (50, &mut bucket.p50),
        (75, &mut bucket.p75),
        (95, &mut bucket.p95),
        (99, &mut bucket.p99),
    ];
    for (percent, quantile) in quantiles {
        if rank == (n * percent + 99) / 100 {
            *quantile = Some(value);
        }
    }
}
