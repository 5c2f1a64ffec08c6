//! How long queries take.

use domain::range::Range;
use domain::time::DAY;
use points::Points;

use crate::data::{Dice, NOW, PROJECT, id};
use crate::figures::{times, times_head};

/// Asks everything that pages ask, of so many metrics.
pub(crate) async fn queries(points: &Points, metrics: u64) {
    times_head();
    let utc = &jiff::tz::TimeZone::UTC;
    let day = Range::new(NOW - DAY, NOW).unwrap();
    let month = Range::new(NOW - 30 * DAY, NOW).unwrap();
    let cut = |range: Range, step: &str| range.buckets(step.parse().unwrap(), utc).unwrap();
    let mut dice = Dice(9);
    let mut timer = || id(dice.below(metrics.div_ceil(4)) * 4 + 1);
    let (fives, hours) = (cut(day, "5m"), cut(month, "1h"));
    for (name, buckets, quantiles) in [
        ("one metric, 24 h by 5 min", &fives, false),
        ("one metric, 24 h by 5 min, with quantiles", &fives, true),
        ("one metric, 30 d by hour", &hours, false),
        ("one metric, 30 d by hour, with quantiles", &hours, true),
    ] {
        times(name, || {
            let metric = timer();
            async move { drop(points.series(metric, buckets, quantiles).await.unwrap()) }
        })
        .await;
    }
    for (name, range) in [("p95, 24 h", day), ("p95, 30 d", month)] {
        times(name, || {
            let metric = timer();
            async move { drop(points.quantiles(metric, range, &[0.95]).await.unwrap()) }
        })
        .await;
    }
    let (quarters, sixths) = (cut(day, "15m"), cut(month, "6h"));
    for (name, buckets) in [
        ("distributions, 24 h by 15 min", &quarters),
        ("distributions, 30 d by 6 h", &sixths),
    ] {
        times(name, || {
            let metric = timer();
            async move {
                let spreads = points.distributions(metric, buckets).await.unwrap();
                let edges = spreads[0].edges(20);
                drop(spreads.iter().map(|spread| spread.bins(&edges)).collect::<Vec<_>>());
            }
        })
        .await;
    }
    of_a_day(points).await;
    times("ten busiest, 30 d", || async {
        points.busiest(PROJECT, month, 10).await.unwrap();
    })
    .await;
    times("words, 24 h", || async {
        points.words(id(3), day, 50).await.unwrap();
    })
    .await;
    times("words, 30 d", || async {
        points.words(id(3), month, 50).await.unwrap();
    })
    .await;
    times("newest 100 data points", || async {
        points.data_points(id(1), month, 100, None).await.unwrap();
    })
    .await;
}

/// Asks of all metrics what the Dashboard and the list of metrics ask of the last day.
pub(crate) async fn of_a_day(points: &Points) {
    let day = Range::new(NOW - DAY, NOW).unwrap();
    let hours = day.buckets("1h".parse().unwrap(), &jiff::tz::TimeZone::UTC).unwrap();
    times("all metrics, count an hour, 24 h", || async {
        points.totals(PROJECT, &hours).await.unwrap();
    })
    .await;
    times("all metrics, each by hour, 24 h (summaries)", || async {
        points.summaries(PROJECT, NOW).await.unwrap();
    })
    .await;
    times("ten busiest, 24 h", || async {
        points.busiest(PROJECT, day, 10).await.unwrap();
    })
    .await;
}
