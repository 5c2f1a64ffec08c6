//! What the pages of a Hit Counter, a Counter and a Timer show.

use charts::{Band, Bars, Bucket, HEIGHT, Percentile, number};
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

/// Percentiles have to look at every data point: of more than these they would keep people waiting.
const TOO_MANY: u64 = 200_000;

/// The buckets of a metric in the time shown, with percentiles where they make sense.
pub(super) async fn series(app: &Shared, metric: &Metric, shown: &Shown) -> Result<Vec<points::Bucket>, AppError> {
    Ok(app
        .points
        .series(metric.id, &shown.buckets, has_percentiles(shown))
        .await?)
}

const fn has_percentiles(shown: &Shown) -> bool {
    shown.count <= TOO_MANY
}

pub(super) async fn hits(app: &Shared, metric: &Metric, shown: &Shown) -> Result<Picture, AppError> {
    let count = shown.count;
    let before = match shown.previous() {
        Some(range) => Some(app.points.whole(metric.id, range, false).await?.count),
        None => None,
    };
    let series = series(app, metric, shown).await?;
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
        before: &[],
        marks: &[],
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
    let percentiles = has_percentiles(shown);
    let whole = async |range| app.points.whole(metric.id, range, percentiles).await;
    let before = async {
        match shown.previous() {
            Some(range) => whole(range).await.map(Some),
            None => Ok(None),
        }
    };
    // Each looks at every data point: side by side, people wait less.
    let series = app.points.series(metric.id, &shown.buckets, percentiles);
    let (now, before, series) = tokio::try_join!(whole(shown.range), before, series)?;
    let buckets: Vec<Bucket> = series.iter().map(bucket).collect();
    // A single value has no spread to show.
    let lines = if now.count > 1 {
        percentile_lines(&series)
    } else {
        Vec::new()
    };
    let lines: Vec<Percentile<'_>> = lines
        .iter()
        .map(|(label, values)| Percentile { label, values })
        .collect();
    let band = Band {
        title: metric.name.as_str(),
        unit: unit(metric.kind),
        axis: &shown.axis,
        buckets: &buckets,
        percentiles: &lines,
        before: &[],
        few: 0,
        marks: &[],
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
    let mut figures = vec![figure("Average", |bucket| bucket.avg)];
    if now.p50.is_some() {
        figures.push(figure("Median (p50)", |bucket| bucket.p50));
        if kind == MetricType::Timer {
            figures.push(figure("p75", |bucket| bucket.p75));
        }
        figures.push(figure("p95", |bucket| bucket.p95));
        figures.push(figure("p99", |bucket| bucket.p99));
    }
    figures.push(figure("Minimum", |bucket| bucket.min));
    figures.push(figure("Maximum", |bucket| bucket.max));
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
        MANY..=TOO_MANY => Vec::new(),
        _ => vec![format!(
            "These are {} data points. Percentiles are shown of up to {}: choose a shorter time to see them.",
            number::count(count),
            number::count(TOO_MANY)
        )],
    }
}

fn bucket(from: &points::Bucket) -> Bucket {
    Bucket {
        start: from.start,
        count: from.count,
        min: from.min,
        max: from.max,
        avg: from.avg,
    }
}

/// The percentiles that buckets have, if any does.
fn percentile_lines(series: &[points::Bucket]) -> Vec<(&'static str, Vec<Option<f64>>)> {
    if series.iter().all(|bucket| bucket.p50.is_none()) {
        return Vec::new();
    }
    let line = |of: fn(&points::Bucket) -> Option<f64>| series.iter().map(of).collect();
    vec![
        ("p50", line(|bucket| bucket.p50)),
        ("p75", line(|bucket| bucket.p75)),
        ("p95", line(|bucket| bucket.p95)),
        ("p99", line(|bucket| bucket.p99)),
    ]
}

#[cfg(test)]
mod tests {
    use domain::metric::MetricType;

    use super::{TOO_MANY, figures, notes};

    #[test]
    fn where_there_are_too_many_data_points_for_percentiles_it_is_said_and_the_rest_is_shown() {
        assert_eq!(notes(TOO_MANY), Vec::<String>::new());
        assert!(notes(TOO_MANY + 1)[0].starts_with("These are 200,001 data points. Percentiles are shown of up to"));
        let bucket = points::Bucket {
            count: TOO_MANY + 1,
            sum: Some(4.0),
            min: Some(1.0),
            max: Some(3.0),
            avg: Some(2.0),
            ..points::Bucket::default()
        };
        let labels = |kind| {
            let figures = figures(kind, &bucket, None).into_iter();
            figures.map(|figure| figure.label).collect::<Vec<_>>()
        };
        assert_eq!(
            labels(MetricType::Timer),
            ["Average", "Minimum", "Maximum", "Data points"]
        );
        assert_eq!(
            labels(MetricType::Counter),
            ["Average", "Minimum", "Maximum", "Sum", "Data points"]
        );
    }
}
