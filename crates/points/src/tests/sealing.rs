use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use domain::value::Value;
use tempfile::TempDir;

use super::{METRIC, NOW, PROJECT, batch, buckets, fresh, number, open, point, range, store};
use crate::{Options, Points};

/// Small generations, so that sealing goes on all the time.
fn busy(dense: u64) -> Options {
    Options {
        generation: 300,
        dense,
        ..Options::default()
    }
}

/// Every way to count all data points.
async fn counts(points: &Points) -> Vec<u64> {
    let (from, to) = (NOW - 2 * DAY, NOW + HOUR);
    let all = range(from, to);
    let totals = |step| buckets(from, to, step);
    let words = MetricId(71);
    let series = points.series(METRIC, &totals("1h"), false).await.unwrap();
    let said = points.words(words, all, 9).await.unwrap().total;
    vec![
        points.totals(PROJECT, &totals("1h")).await.unwrap().into_iter().sum(),
        points.totals(PROJECT, &totals("7m")).await.unwrap().into_iter().sum(),
        points
            .busiest(PROJECT, all, 9)
            .await
            .unwrap()
            .into_iter()
            .map(|(_, count)| count)
            .sum(),
        points
            .summaries(PROJECT, NOW)
            .await
            .unwrap()
            .into_iter()
            .map(|line| line.last_24h + line.previous_24h)
            .sum(),
        series.into_iter().map(|bucket| bucket.count).sum::<u64>() + said,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_misses_or_doubles_anything_while_it_is_sealed() {
    nothing_is_missed(u64::MAX).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_does_one_of_minutes() {
    nothing_is_missed(500).await;
}

async fn nothing_is_missed(dense: u64) {
    let dir = TempDir::new().unwrap();
    let points = Points::open(dir.path(), busy(dense)).await.unwrap();
    let (sent, kept) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let writing = {
        let (points, sent, kept) = (points.clone(), sent.clone(), kept.clone());
        tokio::spawn(async move {
            for n in 0..400_i64 {
                let some = (0..50_i64).map(|k| {
                    let at = NOW - (n * 7_919 + k * 104_729) % (47 * HOUR);
                    if k % 2 == 0 {
                        number(at, 1.5)
                    } else {
                        point(MetricId(71), at, Value::Word(format!("w{}", k % 5)))
                    }
                });
                let some: Vec<_> = some.collect();
                sent.fetch_add(some.len() as u64, Ordering::SeqCst);
                let outcome = points.append(batch(some), NOW).await.unwrap();
                kept.fetch_add(outcome.stored, Ordering::SeqCst);
            }
        })
    };
    let mut reads = 0;
    while !writing.is_finished() {
        let least = kept.load(Ordering::SeqCst);
        let found = counts(&points).await;
        let most = sent.load(Ordering::SeqCst);
        assert!(
            found.iter().all(|count| (least..=most).contains(count)),
            "{found:?} of {least} to {most}"
        );
        reads += 1;
    }
    writing.await.unwrap();
    assert!(reads > 3, "{reads}");
    assert!(points.inner.head.state().sealed > 10, "it was sealed meanwhile");
    assert_eq!(counts(&points).await, [20_000; 5]);
    points.seal().await.unwrap();
    assert_eq!(counts(&points).await, [20_000; 5]);
    drop(points);
    assert_eq!(counts(&open(&dir).await).await, [20_000; 5]);
}

/// Parts of a metric's day: how many data points each has.
fn parts(dir: &TempDir) -> Vec<i64> {
    let connection = crate::schema::reading(&dir.path().join("points.db")).unwrap();
    let mut select = connection.prepare("select points from blocks order by key").unwrap();
    select
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[tokio::test]
async fn parts_of_a_day_stay_full_whatever_comes_late() {
    let (dir, points) = fresh().await;
    let midnight = NOW.floor(DAY);
    for step in 0..5_i64 {
        store(
            &points,
            (0..4_000)
                .map(|n| number(midnight + step * HOUR + n * SECOND / 2, 1.0))
                .collect(),
        )
        .await;
        points.seal().await.unwrap();
    }
    assert_eq!(parts(&dir), [8_192, 8_192, 3_616]);
    store(
        &points,
        vec![number(midnight + MINUTE, 7.0), number(midnight + 4 * HOUR, 7.0)],
    )
    .await;
    points.seal().await.unwrap();
    assert_eq!(parts(&dir), [8_192, 8_192, 3_618]);
    let page = points
        .data_points(METRIC, range(midnight, midnight + HOUR), 9_000, None)
        .await
        .unwrap();
    assert_eq!(page.data_points.len(), 4_001);
    assert!(page.data_points.is_sorted_by(|a, b| a.cursor > b.cursor));
}

#[tokio::test]
async fn days_of_many_numbers_have_quantiles_within_one_percent() {
    let (_dir, points) = fresh().await;
    let midnight = NOW.floor(DAY) - DAY;
    let value = |n: i64| f64::from(u32::try_from(n * n % 10_007).unwrap()) / 10.0;
    for part in 0..4_i64 {
        let all = (0..1_000_i64).map(|n| number(midnight + (n * 4 + part) * 20 * SECOND, value(n * 4 + part)));
        store(&points, all.collect()).await;
        points.seal().await.unwrap();
    }
    let mut sorted: Vec<f64> = (0..4_000).map(value).collect();
    sorted.sort_by(f64::total_cmp);
    let day = points
        .series(METRIC, &buckets(midnight, midnight + DAY, "1d"), true)
        .await
        .unwrap()[0];
    let whole = points
        .quantiles(METRIC, range(midnight, midnight + DAY), &[0.99, 0.5])
        .await
        .unwrap();
    for (found, rank) in [
        (day.p50, 2_000),
        (day.p75, 3_000),
        (day.p95, 3_800),
        (whole[0], 3_960),
        (whole[1], 2_000),
    ] {
        let expected = sorted[rank - 1];
        assert!(
            (found.unwrap() - expected).abs() <= expected * 0.01,
            "{found:?} for {expected}"
        );
    }
    // Hours are exact.
    let hour = points
        .series(METRIC, &buckets(midnight, midnight + HOUR, "1h"), true)
        .await
        .unwrap()[0];
    let mut first: Vec<f64> = (0..180).map(value).collect();
    first.sort_by(f64::total_cmp);
    assert_eq!(
        (hour.count, hour.p50, hour.p99),
        (180, Some(first[89]), Some(first[178]))
    );
}

/// A day with so many data points of one metric that blocks of the usual size would have no keys any more.
#[tokio::test]
async fn a_day_that_runs_out_of_keys_has_larger_blocks() {
    let (dir, points) = fresh().await;
    let numbers = |from: i32, count: i32| {
        (from..from + count)
            .map(|n| number(NOW - HOUR + i64::from(n), n.into()))
            .collect()
    };
    store(&points, numbers(0, 9_000)).await;
    points.seal().await.unwrap();
    drop(points);
    let file = rusqlite::Connection::open(dir.path().join("points.db")).unwrap();
    assert_eq!(file.execute("update blocks set key = key + 65532", ()).unwrap(), 2);
    let points = open(&dir).await;
    for (from, count) in [(9_000, 50_000), (59_000, 41_000)] {
        store(&points, numbers(from, count)).await;
        points.seal().await.unwrap();
    }
    // One that comes late, into the first block.
    store(&points, vec![number(NOW - HOUR + 1, 0.5)]).await;
    points.seal().await.unwrap();
    let all = range(NOW - DAY, NOW + 1);
    assert_eq!(points.total(PROJECT, all).await.unwrap(), 100_001);
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = points.data_points(METRIC, all, 30_000, before).await.unwrap();
        seen.extend(page.data_points.into_iter().map(|kept| kept.value));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    seen.reverse();
    let mut expected: Vec<_> = (0..100_000).map(|n| Value::Number(f64::from(n))).collect();
    expected.insert(2, Value::Number(0.5));
    assert!(seen == expected);
}
