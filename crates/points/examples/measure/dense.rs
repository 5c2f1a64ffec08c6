//! A thousand million data points in thirty days, scaled down to what of them a query looks at; and from how many data
//! points a day on minutes are worth it.

use std::time::Instant;

use domain::id::MetricId;
use domain::range::Range;
use domain::time::{DAY, HOUR, Micros};
use points::{Options, Points};

use crate::data::{Dice, METRICS, NOW, PROJECT, batch, id, point};
use crate::figures::{size, status, times, times_head};
use crate::queries::{of_a_day, queries};

/// Data points of a metric and a day, of 1,000 million in 100 metrics and 30 days.
const A_DAY: u64 = 333_333;

pub(crate) async fn dense() {
    println!("\n## Metrics of {A_DAY} data points a day, as 100 metrics have of 1,000 million in 30 days\n");
    println!(
        "A query of one metric looks at nothing of others: its rows are found by keys. So 6 metrics for 30 days show what \
         it takes with 100. Rankings and totals look at every metric, but of its hours alone, which are in memory, and of \
         the two hours that a window cuts: so 100 metrics for 25 hours show what they take with 30 days."
    );
    few_metrics_for_long().await;
    many_metrics_for_a_day().await;
}

async fn few_metrics_for_long() {
    const FEW: u64 = 6;
    let dir = tempfile::tempdir().unwrap();
    let points = Points::open(dir.path(), Options::default()).await.unwrap();
    let n = store(&points, FEW, 30 * DAY, A_DAY * 30).await;
    let bytes = size(dir.path());
    println!(
        "\n{FEW} metrics, 30 days: {:.2} bytes a data point, everything included\n",
        bytes as f64 / n as f64
    );
    queries(&points, FEW).await;
}

async fn many_metrics_for_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let points = Points::open(dir.path(), Options::default()).await.unwrap();
    store(&points, METRICS, 25 * HOUR, A_DAY * 25 / 24).await;
    println!("\n{METRICS} metrics, 25 hours\n");
    let day = Range::new(NOW - DAY, NOW).unwrap();
    let fives = day.buckets("5m".parse().unwrap(), &jiff::tz::TimeZone::UTC).unwrap();
    times_head();
    of_a_day(&points).await;
    times("all metrics, count by 5 min, 24 h", || async {
        points.totals(PROJECT, &fives).await.unwrap();
    })
    .await;
}

/// Stores so many data points of each metric, evenly over the time before now; says how many that are.
async fn store(points: &Points, metrics: u64, span: i64, each: u64) -> u64 {
    let (n, began) = (metrics * each, Instant::now());
    let mut dice = Dice(1);
    let mut sent = tokio::task::JoinSet::new();
    for chunk in 0..n / 1_000 {
        let of = (0..1_000).map(|place| {
            let ago = u128::from(n - chunk * 1_000 - place) * u128::from(span.unsigned_abs()) / u128::from(n);
            let at = NOW - i64::try_from(ago).unwrap();
            point(dice.below(metrics), at.floor(1_000), &mut dice)
        });
        let (points, of) = (points.clone(), batch(of.collect()));
        sent.spawn(async move { points.append(of, NOW).await.unwrap() });
        if sent.len() > 16 {
            sent.join_next().await.unwrap().unwrap();
        }
    }
    sent.join_all().await;
    points.seal().await.unwrap();
    println!(
        "\n{n} data points in {:.1} s; peak {} MB",
        began.elapsed().as_secs_f64(),
        status("VmHWM")
    );
    n
}

/// A Timer and a day, with and without minutes.
pub(crate) async fn threshold() {
    println!("\n| data points a day | minutes | bytes each | 24 h by 5 min, ms | with quantiles, ms |");
    println!("|---|---|---|---|---|");
    let midnight = NOW.floor(DAY) - DAY;
    let day = Range::new(midnight, midnight + DAY).unwrap();
    let fives = day.buckets("5m".parse().unwrap(), &jiff::tz::TimeZone::UTC).unwrap();
    for n in [8_192, 16_384, 32_768, 65_536, 131_072, 262_144] {
        for (dense, kept) in [(u64::MAX, "no"), (1, "yes")] {
            let dir = tempfile::tempdir().unwrap();
            let options = Options {
                dense,
                ..Options::default()
            };
            let points = Points::open(dir.path(), options).await.unwrap();
            let metric = one_day(&points, midnight, n).await;
            let plain = p50(&points, metric, &fives, false).await;
            let quantiles = p50(&points, metric, &fives, true).await;
            let bytes = size(&dir.path().join("points.db"));
            println!(
                "| {n} | {kept} | {:.2} | {plain:.2} | {quantiles:.2} |",
                bytes as f64 / n as f64
            );
        }
    }
}

async fn one_day(points: &Points, midnight: Micros, n: i64) -> MetricId {
    let mut dice = Dice(3);
    let mut all = Vec::new();
    for k in 0..n {
        all.push(point(1, (midnight + DAY / n * k).floor(1_000), &mut dice));
    }
    for chunk in all.chunks(10_000) {
        points.append(batch(chunk.to_vec()), NOW).await.unwrap();
    }
    points.seal().await.unwrap();
    id(1)
}

async fn p50(points: &Points, metric: MetricId, buckets: &domain::range::Buckets, quantiles: bool) -> f64 {
    let mut took = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        points.series(metric, buckets, quantiles).await.unwrap();
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}
