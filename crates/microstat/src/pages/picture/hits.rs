//! What is shown of a Hit Counter.

use charts::{Bars, Bucket, Mark, number};
use domain::time::{DAY, HOUR, MINUTE, Micros};

use super::figure::Figure;
use super::shown::Shown;
use super::{Picture, Subject};
use crate::error::AppError;
use crate::pages::change::float;
use crate::pages::chart::Chart;
use crate::state::Shared;

pub(super) async fn picture(
    app: &Shared,
    of: &Subject<'_>,
    shown: &Shown,
    marks: &[Mark<'_>],
) -> Result<Picture, AppError> {
    let before = match shown.previous() {
        Some(range) => Some(app.points.whole(&of.sources, range, false).await?.count),
        None => None,
    };
    let counts = counts(app, of, shown).await?;
    let buckets: Vec<Bucket> = shown
        .buckets
        .starts()
        .iter()
        .zip(&counts.0)
        .map(|(start, count)| Bucket::counting(*start, *count))
        .collect();
    let mut figures = vec![Figure::count("Hits", shown.count, before), rate(shown.count, shown)];
    figures.extend(busiest(&buckets, shown));
    let bars = Bars {
        title: of.metric.title(),
        measure: "Hits",
        axis: &shown.axis,
        buckets: &buckets,
        before: counts.1.as_deref().unwrap_or_default(),
        marks,
        height: of.height,
    };
    Ok(Picture {
        figures,
        heading: "Hits over time".to_owned(),
        chart: Chart {
            svg: bars.svg(),
            legend: bars.legend(),
            table: bars.table(),
        },
        notes: Vec::new(),
        spread: None,
        words: None,
    })
}

/// How many in each bucket, and in each one's counterpart before, if there is something to compare with.
pub(super) async fn counts(
    app: &Shared,
    of: &Subject<'_>,
    shown: &Shown,
) -> Result<(Vec<u64>, Option<Vec<u64>>), AppError> {
    let count = async |buckets| -> Result<Vec<u64>, AppError> {
        let series = app.points.series(&of.sources, buckets, false).await?;
        Ok(series.iter().map(|bucket| bucket.count).collect())
    };
    let before = async {
        match shown.previous_buckets() {
            Some(buckets) => count(buckets).await.map(Some),
            None => Ok(None),
        }
    };
    tokio::try_join!(count(&shown.buckets), before)
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
    (most.count > 0).then(|| Figure::plain("Busiest moment", number::count(most.count), when))
}
