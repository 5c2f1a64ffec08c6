use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE, Micros};
use domain::value::Value;

use super::{METRIC, NOW, PROJECT, buckets, fresh, number, point, range, store};
use crate::{Options, Points, Retention};

const WORDS: MetricId = MetricId(71);

async fn filled() -> (tempfile::TempDir, Points) {
    let (dir, points) = fresh().await;
    let value = |n: i32| f64::from(n * 37 % 1_009) / 4.0;
    store(
        &points,
        (0..6_000_i32)
            .map(|n| number(NOW - i64::from(n) * MINUTE, value(n)))
            .collect(),
    )
    .await;
    let words = (0..1_000_i64).map(|n| point(WORDS, NOW - n * 6 * MINUTE, Value::Word(format!("w{}", n % 7))));
    store(&points, words.collect()).await;
    points.seal().await.unwrap();
    (dir, points)
}

fn retention(raw: i64, hours: i64, days: i64) -> Retention {
    let ago = |days: i64| NOW.floor(DAY) - days * DAY;
    Retention {
        raw: ago(raw),
        minutes: ago(raw),
        hours: ago(hours),
        days: ago(days),
    }
}

fn span() -> (Micros, Micros) {
    (NOW.floor(DAY) - 4 * DAY, NOW.floor(DAY) + DAY)
}

#[tokio::test]
async fn hours_and_days_outlive_their_data_points() {
    let (_dir, points) = filled().await;
    let (from, to) = span();
    let series = async |step: &str| points.series(METRIC, &buckets(from, to, step), true).await.unwrap();
    let words = async || points.words(WORDS, range(from, to), 9).await.unwrap();
    let (hours, days, said) = (series("1h").await, series("1d").await, words().await);

    let erased = points.retain(PROJECT, retention(1, 5, 9)).await.unwrap();
    let left = points
        .data_points(METRIC, range(from, to), 9_999, None)
        .await
        .unwrap()
        .data_points;
    assert!(left.iter().all(|kept| kept.at >= NOW.floor(DAY) - DAY));
    assert!(erased > 3_000 && left.len() > 2_000, "{erased} {}", left.len());
    for (now, before) in series("1h")
        .await
        .into_iter()
        .zip(&hours)
        .chain(series("1d").await.into_iter().zip(&days))
    {
        assert_eq!(
            (now.count, now.sum, now.min, now.max),
            (before.count, before.sum, before.min, before.max)
        );
        for (now, before) in [(now.p50, before.p50), (now.p95, before.p95)] {
            assert_eq!(now.is_some(), before.is_some());
            let (now, before) = (now.unwrap_or(0.0), before.unwrap_or(0.0));
            assert!((now - before).abs() <= before.abs() * 0.0201, "{now} for {before}");
        }
    }
    assert_eq!(words().await, said);
    assert_eq!(
        points.retain(PROJECT, retention(1, 5, 9)).await.unwrap(),
        0,
        "again does no harm"
    );

    // Late data of a day whose data points are gone still counts.
    store(&points, vec![number(from + HOUR, 5_000.0)]).await;
    points.seal().await.unwrap();
    let late = series("1h").await[1];
    assert_eq!((late.count, late.max), (hours[1].count + 1, Some(5_000.0)));
}

/// Rows of the minutes of hours, and of days with sketches of their hours.
fn rows(dir: &tempfile::TempDir) -> (i64, i64) {
    let connection = crate::schema::reading(&dir.path().join("points.db")).unwrap();
    let text = "select (select count(*) from minutes), (select count(*) from sketches)";
    connection
        .query_row(text, (), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

#[tokio::test]
async fn minutes_outlive_their_data_points_and_go_before_hours() {
    let (dir, points) = filled().await;
    let (from, to) = span();
    let series = async |step: &str| points.series(METRIC, &buckets(from, to, step), true).await.unwrap();
    let said = async || points.words(WORDS, range(from + HOUR, to), 9).await.unwrap();
    let before = (series("5m").await, series("1h").await, said().await);
    assert_eq!(rows(&dir), (0, 0), "the days are not dense");

    let keep = |raw, minutes| Retention {
        minutes: NOW.floor(DAY) - minutes * DAY,
        ..retention(raw, 9, 9)
    };
    points.retain(PROJECT, keep(0, 9)).await.unwrap();
    let (minutes, sketches) = rows(&dir);
    assert!(minutes > 150 && sketches == 4, "{minutes} {sketches}");
    for (now, then) in series("5m").await.into_iter().zip(&before.0) {
        assert_eq!((now.count, now.min, now.max), (then.count, then.min, then.max));
        let (now, then) = (now.p95.unwrap_or(0.0), then.p95.unwrap_or(0.0));
        assert!((now - then).abs() <= then.abs() * 0.0101, "{now} for {then}");
    }
    let hours = series("1h").await;
    assert!(
        hours.iter().zip(&before.1).all(|(now, then)| now.p50 == then.p50),
        "still exact"
    );
    assert_eq!(said().await, before.2, "words by the hour");

    points.retain(PROJECT, keep(0, 0)).await.unwrap();
    assert_eq!(rows(&dir), (0, 4));
    assert_eq!(series("1h").await, hours);
    let fives = series("5m").await;
    assert_eq!(fives[12].count, hours[1].count, "an hour counts where it begins");
    assert_eq!(fives[13].count, 0);
}

#[tokio::test]
async fn minutes_kept_shorter_than_data_points_go_alone() {
    let dir = tempfile::TempDir::new().unwrap();
    let options = Options {
        dense: 100,
        ..Options::default()
    };
    let points = Points::open(dir.path(), options).await.unwrap();
    let value = |n: i32| number(NOW - i64::from(n) * MINUTE, f64::from(n % 50));
    store(&points, (0..2_000).map(value).collect()).await;
    points.seal().await.unwrap();
    assert!(rows(&dir).0 > 30 && rows(&dir).1 == 2);
    let (from, to) = span();
    let series = async || points.series(METRIC, &buckets(from, to, "5m"), false).await.unwrap();
    let before = series().await;
    let shorter = Retention {
        minutes: NOW.floor(DAY) + DAY,
        ..retention(3, 3, 3)
    };
    assert_eq!(points.retain(PROJECT, shorter).await.unwrap(), 0);
    assert_eq!(rows(&dir), (0, 0));
    assert_eq!(series().await, before);
    // Late data finds data points, and minutes are made of them again.
    store(&points, vec![number(NOW - DAY, 1.0)]).await;
    points.seal().await.unwrap();
    assert!(rows(&dir).0 > 10);
    let all = |series: Vec<crate::Bucket>| series.iter().map(|bucket| bucket.count).sum::<u64>();
    assert_eq!(all(series().await), all(before) + 1);
}

#[tokio::test]
async fn days_outlive_their_hours() {
    let (_dir, points) = filled().await;
    let (from, to) = span();
    let series = async |step: &str| points.series(METRIC, &buckets(from, to, step), true).await.unwrap();
    let days = series("1d").await;
    points.retain(PROJECT, retention(1, 2, 3)).await.unwrap();
    let now = series("1d").await;
    assert_eq!(
        now[0].count + now[1].count.abs_diff(days[1].count),
        0,
        "older than days are kept"
    );
    assert_eq!(
        (now[1].count, now[1].sum, now[1].max),
        (days[1].count, days[1].sum, days[1].max)
    );
    assert!(now[1].p95.is_some());
    let hours = series("1h").await;
    assert_eq!(hours[24].count, days[1].count, "a day counts where it begins");
    assert_eq!(hours[48].count, 60, "hours are there where they are kept");
    let total: u64 = points
        .totals(PROJECT, &buckets(from, to, "1d"))
        .await
        .unwrap()
        .into_iter()
        .sum();
    let words = points.words(WORDS, range(from, to), 9).await.unwrap().total;
    assert_eq!(total, now.iter().map(|day| day.count).sum::<u64>() + words);
}

#[tokio::test]
async fn a_range_of_a_day_without_data_points_goes_by_hours() {
    let (_dir, points) = filled().await;
    let (from, to) = span();
    points.retain(PROJECT, retention(1, 9, 9)).await.unwrap();
    let gone = range(from + DAY + HOUR + MINUTE, from + DAY + 2 * HOUR + MINUTE);
    assert_eq!(
        points.delete_range(METRIC, gone).await.unwrap(),
        0,
        "data points of it there are none"
    );
    let hours = points.series(METRIC, &buckets(from, to, "1h"), true).await.unwrap();
    let counts: Vec<u64> = hours[24..28].iter().map(|hour| hour.count).collect();
    assert_eq!(counts, [60, 0, 0, 60]);
    let day = points.series(METRIC, &buckets(from, to, "1d"), true).await.unwrap()[1];
    assert_eq!(day.count, 22 * 60);
}

#[tokio::test]
async fn space_is_given_back() {
    let (dir, points) = fresh().await;
    let noise = |n: i64| number(NOW - n * n * 7_919 % (20 * HOUR), 1.0);
    store(&points, (0..100_000_i64).map(noise).collect()).await;
    points.seal().await.unwrap();
    let connection = crate::schema::reading(&dir.path().join("points.db")).unwrap();
    let pages = || {
        connection
            .query_row("pragma page_count", (), |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let before = pages();
    points.delete_metric(METRIC).await.unwrap();
    assert!(before > 60 && pages() < before / 2, "{} of {before}", pages());
}
