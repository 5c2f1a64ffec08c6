//! The words of a Word Web.

use domain::id::MetricId;
use domain::range::{Buckets, Range};
use domain::time::DAY;
use domain::value::OTHER;
use sqlx::Row;

use crate::hours::parts;
use crate::series::{edges, place, with_buckets};
use crate::{Error, Points};

/// How often a word came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordCount {
    /// The word.
    pub word: String,
    /// How often it came.
    pub count: u64,
}

/// What was said in a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// How many words came, all counted.
    pub total: u64,
    /// How many distinct ones; "(other)", which stands for any number of them, is not counted.
    pub distinct: u64,
    /// The most popular, with "(other)" in its place among them.
    pub words: Vec<WordCount>,
}

const WORDS: &str = "with counts (word, n) as (
    select word, amount from words where metric = ?1 and day >= ?2 and day < ?3
    union all select value, count(*) from data_points
        where metric = ?1 and at >= ?4 and at < ?5 and typeof(value) = 'text' group by value
    union all select value, count(*) from data_points
        where metric = ?1 and at >= ?6 and at < ?7 and typeof(value) = 'text' group by value),
    sums (word, n) as (select word, sum(n) from counts group by word)
    select word, n, sum(n) over (), count(*) filter (where word <> ?8) over ()
    from sums order by n desc, word limit ?9";

const SERIES_FROM_DAYS: &str = with_buckets!(
    "select b.i, w.key, sum(amount) from b cross join json_each(?3) w cross join words
    on metric = ?2 and day >= b.start and day < b.stop and word = w.value group by b.i, w.key"
);
const SERIES_FROM_DATA_POINTS: &str = with_buckets!(
    "select b.i, w.key, count(*) from b cross join data_points d
    on metric = ?2 and at >= b.start and at < b.stop join json_each(?3) w on w.value = d.value
    where typeof(d.value) = 'text' group by b.i, w.key"
);

impl Points {
    /// The most popular words of a range.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn words(&self, metric: MetricId, range: Range, limit: u32) -> Result<Words, Error> {
        let parts = parts(range, DAY);
        let rows = sqlx::query(WORDS)
            .bind(metric.0)
            .bind(parts.whole.0)
            .bind(parts.whole.1)
            .bind(parts.before.0)
            .bind(parts.before.1)
            .bind(parts.after.0)
            .bind(parts.after.1)
            .bind(OTHER)
            .bind(limit.max(1))
            .fetch_all(&self.readers)
            .await?;
        let mut found = Words::default();
        for row in rows {
            found.words.push(WordCount {
                word: row.try_get(0)?,
                count: row.try_get::<i64, _>(1)?.cast_unsigned(),
            });
            found.total = row.try_get::<i64, _>(2)?.cast_unsigned();
            found.distinct = row.try_get::<i64, _>(3)?.cast_unsigned();
        }
        Ok(found)
    }

    /// How often each of these words came in each bucket: a list a word, in the words' order.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn word_series(
        &self,
        metric: MetricId,
        words: &[String],
        buckets: &Buckets,
    ) -> Result<Vec<Vec<u64>>, Error> {
        let text = if buckets.aligned_to(DAY) {
            SERIES_FROM_DAYS
        } else {
            SERIES_FROM_DATA_POINTS
        };
        let mut series = vec![vec![0; buckets.starts().len()]; words.len()];
        let rows = sqlx::query(text)
            .bind(edges(buckets))
            .bind(metric.0)
            .bind(serde_json::Value::from(words).to_string())
            .fetch_all(&self.readers)
            .await?;
        for row in rows {
            let word = usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX);
            if let Some(count) = series
                .get_mut(word)
                .and_then(|counts| counts.get_mut(place(&row).ok()?))
            {
                *count = row.try_get::<i64, _>(2)?.cast_unsigned();
            }
        }
        Ok(series)
    }
}
