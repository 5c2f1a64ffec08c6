//! Reading what is exported: metric after metric, a page of rows at a time.

use domain::export::Detail;
use domain::metric::MetricType;
use domain::period;
use domain::range::{Buckets, Range};
use domain::retention::Level;
use domain::step::{Asked, Step};
use domain::time::Micros;
use jiff::tz::TimeZone;
use points::{Bucket, Cursor, Kept, Points};
use store::metrics::Metric;

use super::Wanted;
use crate::error::AppError;

/// Data points read at once.
const DATA_POINTS: u32 = 10_000;
/// Buckets read at once.
const BUCKETS: i64 = 500;
/// Buckets of words read at once: each is a row a word.
const BUCKETS_OF_WORDS: i64 = 12;
/// More than a metric has words in a day.
const WORDS: u32 = 10_000;

/// Some rows of one metric.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) name: String,
    pub(super) kind: MetricType,
    pub(super) rows: Rows,
}

/// Rows of one sort.
#[derive(Debug)]
pub(super) enum Rows {
    /// Newest first.
    DataPoints(Vec<Kept>),
    /// Oldest first; those that nothing fell into are left out.
    Buckets(Vec<Row>),
}

/// A bucket; of a Word Web, one word of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) start: Micros,
    pub(super) word: Option<String>,
    /// Hits of a Hit Counter, data points of anything else.
    pub(super) count: u64,
    /// As [`FIGURES`] names them.
    pub(super) figures: [Option<f64>; 8],
}

/// What is known of a bucket of numbers.
pub(super) const FIGURES: [&str; 8] = ["sum", "min", "avg", "max", "p50", "p75", "p95", "p99"];

/// What is still to be read.
pub(super) struct Reader {
    points: Points,
    wanted: Wanted,
    /// The metric that is read, by its place.
    metric: usize,
    /// How far it is read; `None`: not at all.
    place: Option<Place>,
}

enum Place {
    /// Of its data points, what is before this one.
    Before(Cursor),
    /// Of its buckets, those from here to there.
    From(Micros, Micros),
}

impl Reader {
    pub(super) const fn new(points: Points, wanted: Wanted) -> Self {
        Self {
            points,
            wanted,
            metric: 0,
            place: None,
        }
    }

    /// The next page; `None` once there is no more.
    pub(super) async fn next(&mut self) -> Result<Option<Page>, AppError> {
        let Some(metric) = self.wanted.metrics.get(self.metric).cloned() else {
            return Ok(None);
        };
        let rows = match self.wanted.detail {
            Detail::DataPoints => self.data_points(&metric).await?,
            Detail::Shown => Rows::Buckets(self.shown(&metric).await?),
            Detail::Minutes | Detail::Hours | Detail::Days => Rows::Buckets(self.buckets(&metric).await?),
        };
        if self.place.is_none() {
            self.metric += 1;
        }
        Ok(Some(Page {
            name: metric.name.to_string(),
            kind: metric.kind,
            rows,
        }))
    }

    async fn data_points(&mut self, metric: &Metric) -> Result<Rows, AppError> {
        let before = match self.place.take() {
            Some(Place::Before(cursor)) => Some(cursor),
            _ => None,
        };
        let page = self
            .points
            .data_points(self.wanted.sources(metric), self.wanted.range, DATA_POINTS, before);
        let page = page.await?;
        self.place = page.next.map(Place::Before);
        Ok(Rows::DataPoints(page.data_points))
    }

    /// The buckets of a while, oldest first.
    async fn buckets(&mut self, metric: &Metric) -> Result<Vec<Row>, AppError> {
        let Some(step) = self.wanted.detail.step() else {
            return Ok(Vec::new());
        };
        let (from, end) = match self.place.take() {
            Some(Place::From(from, end)) => (from, end),
            _ => match self.points.seen(self.wanted.sources(metric)).await? {
                Some((first, last)) => (
                    first.max(self.wanted.range.from()).floor(step),
                    (last + 1).min(self.wanted.range.to()),
                ),
                None => return Ok(Vec::new()),
            },
        };
        let most = match metric.kind {
            MetricType::WordWeb => BUCKETS_OF_WORDS,
            _ => BUCKETS,
        };
        let to = (from + most * step).min(end);
        let Ok(range) = Range::new(from, to) else {
            return Ok(Vec::new());
        };
        if to < end {
            self.place = Some(Place::From(to, end));
        }
        let buckets = range.buckets(Asked::Step(Step::Fixed(step)), &TimeZone::UTC)?;
        self.rows(metric, &buckets).await
    }

    /// The buckets that a metric's page shows.
    async fn shown(&mut self, metric: &Metric) -> Result<Vec<Row>, AppError> {
        let Some((first, last)) = self.points.seen(self.wanted.sources(metric)).await? else {
            return Ok(Vec::new());
        };
        let range = self.wanted.range;
        let Ok(range) = Range::new(range.from().max(first), range.to().min(last.max(self.wanted.now) + 1)) else {
            return Ok(Vec::new());
        };
        let level = self.wanted.retention().finest(range.from(), self.wanted.now);
        let shortest = level.unwrap_or(Level::Days).length();
        let count = self
            .points
            .whole(self.wanted.sources(metric), range, false)
            .await?
            .count;
        let each = if metric.kind == MetricType::WordWeb { 80 } else { 10 };
        let buckets = period::buckets(range, count, each, shortest, &self.wanted.zone)?;
        self.rows(metric, &buckets).await
    }

    async fn rows(&self, metric: &Metric, buckets: &Buckets) -> Result<Vec<Row>, AppError> {
        let with_quantiles = matches!(metric.kind, MetricType::Counter | MetricType::Timer);
        let series = self
            .points
            .series(self.wanted.sources(metric), buckets, with_quantiles)
            .await?;
        let mut rows = Vec::new();
        for (place, bucket) in series.iter().enumerate() {
            if bucket.count == 0 {
                continue;
            }
            if metric.kind == MetricType::WordWeb {
                rows.extend(self.words(metric, buckets.at(place)).await?);
            } else {
                rows.push(Row::from(bucket));
            }
        }
        Ok(rows)
    }

    /// A row a word. Where only the number of data points is known, that alone.
    async fn words(&self, metric: &Metric, bucket: Range) -> Result<Vec<Row>, AppError> {
        let words = self
            .points
            .words(self.wanted.sources(metric), bucket, WORDS)
            .await?
            .words;
        let row = |word: points::WordCount| Row {
            start: bucket.from(),
            word: Some(word.word),
            count: word.count,
            figures: [None; 8],
        };
        Ok(words.into_iter().map(row).collect())
    }
}

impl From<&Bucket> for Row {
    fn from(bucket: &Bucket) -> Self {
        let Bucket { sum, min, avg, max, .. } = *bucket;
        Self {
            start: bucket.start,
            word: None,
            count: bucket.count,
            figures: [sum, min, avg, max, bucket.p50, bucket.p75, bucket.p95, bucket.p99],
        }
    }
}
