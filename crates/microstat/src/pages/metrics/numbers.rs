//! What the pages of a Hit Counter, a Counter and a Timer show.

use charts::{Band, Bars, Bucket, HEIGHT, Percentiles, number};
use domain::metric::MetricType;
use domain::time::{DAY, HOUR, MINUTE, Micros};
use store::metrics::Metric;

use super::figure::Figure;
use super::shown::Shown;
use super::unit;
use super::words::Row;
use crate::error::AppError;
use crate::pages::change::float;
use crate::pages::chart::Chart;
use crate::state::Shared;

/// What a metric's page shows of a stretch of time.
pub(super) struct Picture {
    pub(super) figures: Vec<Figure>,
    pub(super) chart: Chart,
    /// What must be known to read them rightly.
    pub(super) notes: Vec<String>,
    /// The ranking of a Word Web.
    pub(super) words: Vec<Row>,
}

/// From here on the 99th percentile can be another than the maximum: it is the ⌈0.99·n⌉-th of n values.
const MANY: u64 = 100;

/// The buckets of a metric in the time shown.
pub(super) async fn series(
    app: &Shared,
    metric: &Metric,
    shown: &Shown,
    percentiles: bool,
) -> Result<Vec<points::Bucket>, AppError> {
    Ok(app.points.series(metric.id, &shown.buckets, percentiles).await?)
}

pub(super) async fn hits(app: &Shared, metric: &Metric, shown: &Shown) -> Result<Picture, AppError> {
    let count = shown.count;
    let before = match shown.previous() {
        Some(range) => Some(app.points.whole(metric.id, range, false).await?.count),
        None => None,
    };
    let series = series(app, metric, shown, false).await?;
    let buckets: Vec<Bucket> = series
        .iter()
        .map(|bucket| Bucket::counting(bucket.start, bucket.count))
        .collect();
    let mut figures = vec![Figure::count("Hits", count, before), rate(count, shown)];
    figures.extend(busiest(&buckets, shown));
    let bars = Bars {
        title: metric.name.as_str(),
        measure: "Hits",
        axis: &shown.axis,
        buckets: &buckets,
        height: HEIGHT,
    };
    Ok(Picture {
        figures,
        chart: Chart {
            svg: bars.svg(),
            legend: None,
            table: bars.table(),
        },
        notes: Vec::new(),
        words: Vec::new(),
    })
}

/// How many a minute, an hour or a day, whichever is read best.
fn rate(count: u64, shown: &Shown) -> Figure {
    let length = shown.range.length();
    let (label, each) = if length <= 2 * HOUR {
        ("Per minute", MINUTE)
    } else if length <= 2 * DAY {
        ("Per hour", HOUR)
    } else {
        ("Per day", DAY)
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "a length of time in microseconds is below 2^53"
    )]
    let times = length as f64 / each as f64;
    let rate = float(count) / times;
    // Hits are whole: what there is to say of many is said without a fraction.
    let rate = if rate < 100.0 {
        (rate * 100.0).round() / 100.0
    } else {
        rate.round()
    };
    Figure::plain(label, number::number(rate), "on average".to_owned())
}

fn busiest(buckets: &[Bucket], shown: &Shown) -> Option<Figure> {
    let ends = buckets.iter().skip(1).map(|bucket| bucket.start);
    let ends: Vec<Micros> = ends.chain([shown.buckets.end()]).collect();
    let (most, end) = buckets
        .iter()
        .zip(ends.iter().copied())
        .rev()
        .max_by_key(|(bucket, _)| bucket.count)?;
    let when = shown.axis.words(most.start, end);
    (most.count > 0).then(|| Figure::plain("Busiest", number::count(most.count), when))
}

pub(super) async fn numbers(app: &Shared, metric: &Metric, shown: &Shown) -> Result<Picture, AppError> {
    let now = app.points.whole(metric.id, shown.range, true).await?;
    let before = match shown.previous() {
        Some(range) => Some(app.points.whole(metric.id, range, true).await?),
        None => None,
    };
    let series = series(app, metric, shown, true).await?;
    let buckets: Vec<Bucket> = series.iter().map(bucket).collect();
    let band = Band {
        title: metric.name.as_str(),
        unit: unit(metric.kind),
        axis: &shown.axis,
        buckets: &buckets,
        // A single value has no spread to show.
        percentiles: now.count > 1,
        height: HEIGHT,
    };
    Ok(Picture {
        figures: figures(metric.kind, &now, before.as_ref()),
        chart: Chart {
            svg: band.svg(),
            legend: (now.count > 1).then(|| band.legend()),
            table: band.table(),
        },
        notes: notes(now.count),
        words: Vec::new(),
    })
}

fn figures(kind: MetricType, now: &points::Bucket, before: Option<&points::Bucket>) -> Vec<Figure> {
    let unit = unit(kind);
    if now.count == 1 {
        return vec![Figure::value("Value", unit, |bucket| bucket.avg, now, None)];
    }
    let figure = |label, of| Figure::value(label, unit, of, now, before);
    let mut figures = vec![
        figure("Average", |bucket| bucket.avg),
        figure("Median (p50)", |bucket| bucket.p50),
    ];
    if kind == MetricType::Timer {
        figures.push(figure("p75", |bucket| bucket.p75));
    }
    figures.extend([
        figure("p95", |bucket| bucket.p95),
        figure("p99", |bucket| bucket.p99),
        figure("Minimum", |bucket| bucket.min),
        figure("Maximum", |bucket| bucket.max),
    ]);
    if kind == MetricType::Counter {
        figures.push(figure("Sum", |bucket| bucket.sum));
    }
    figures.push(Figure::count(
        "Data points",
        now.count,
        before.map(|before| before.count),
    ));
    figures
}

fn notes(count: u64) -> Vec<String> {
    match count {
        1 => vec!["One data point in this time: with more, there are averages and percentiles here.".to_owned()],
        2..MANY => vec![format!(
            "These are {count} data points. With fewer than {MANY}, p99 is the same as the maximum."
        )],
        _ => Vec::new(),
    }
}

fn bucket(from: &points::Bucket) -> Bucket {
    let percentiles = || {
        Some(Percentiles {
            p50: from.p50?,
            p75: from.p75?,
            p95: from.p95?,
            p99: from.p99?,
        })
    };
    Bucket {
        start: from.start,
        count: from.count,
        min: from.min,
        max: from.max,
        avg: from.avg,
        percentiles: percentiles(),
    }
}
