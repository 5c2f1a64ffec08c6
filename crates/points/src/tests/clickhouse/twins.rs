//! The same data points in the embedded engine and in ClickHouse, and the same questions to both.

use domain::id::{MetricId, ProjectId};
use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, MINUTE, Micros};
use domain::value::Value;
use jiff::tz::TimeZone;
use tempfile::TempDir;

use super::{Server, open};
use crate::tests::model::plain::nearly;
use crate::tests::{NOW, PROJECT, fresh, point, range};
use crate::{Batch, Bucket, DataPoint, Points, Sources};

const OTHERS: ProjectId = ProjectId(8);
const CARTS: MetricId = MetricId(11);
const MORE_CARTS: MetricId = MetricId(12);
const HITS: MetricId = MetricId(13);
const WORDS: MetricId = MetricId(14);
const RARE: MetricId = MetricId(15);
/// Words as nobody would quote them.
const ODD: [&str; 9] = [
    "it's",
    "a\\b",
    "\\'",
    "\"",
    "tab\tnew\nline",
    "\0",
    "ü🦀",
    "{a}%20&x=1",
    "(other)",
];

/// Numbers that look as if they were random, the same each time.
fn noise(seed: i64) -> impl FnMut(i64) -> i64 {
    let mut state = seed.cast_unsigned();
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 11).unwrap() % below
    }
}

fn data_points(count: i64) -> Vec<DataPoint> {
    let mut noise = noise(count);
    let number = |below: i64| Value::Number(f64::from(i32::try_from(below).unwrap() - 500) / 7.0);
    let mut points = Vec::new();
    for _ in 0..count {
        // Some fall together, some lie ahead of now.
        let at = match noise(4) {
            0 => NOW - noise(40) * HOUR,
            _ => NOW + 5 * MINUTE - noise(40 * DAY),
        };
        points.push(match noise(6) {
            0 => point(HITS, at, Value::Hits(u32::try_from(1 + noise(9)).unwrap())),
            1 => point(
                WORDS,
                at,
                Value::Word(ODD[usize::try_from(noise(9)).unwrap()].to_owned()),
            ),
            2 => point(MORE_CARTS, at, number(noise(1_000))),
            _ => point(CARTS, at, number(noise(1_000))),
        });
    }
    points
}

async fn store(points: &Points, project: ProjectId, of: Vec<DataPoint>) {
    let batch = Batch {
        project,
        key: None,
        points: of,
        note: Vec::new(),
    };
    points.append(batch, NOW).await.unwrap();
}

async fn twins(server: &Server, database: &str) -> ([TempDir; 2], [Points; 2]) {
    let (ours, embedded) = fresh().await;
    let theirs = TempDir::new().unwrap();
    let shipping = open(&theirs, server.address(database)).await;
    for points in [&embedded, &shipping] {
        for part in data_points(4_000).chunks(700) {
            store(points, PROJECT, part.to_vec()).await;
        }
        store(points, OTHERS, vec![point(RARE, NOW - 3 * DAY, Value::Hits(5))]).await;
        points.seal().await.unwrap();
    }
    ([ours, theirs], [embedded, shipping])
}

/// Sums of doubles depend on the order they are added in; and of days with many values the embedded engine has sketches,
/// where ClickHouse looks at each.
fn alike(embedded: &[Bucket], shipping: &[Bucket]) {
    assert_eq!(embedded.len(), shipping.len());
    for (embedded, shipping) in embedded.iter().zip(shipping) {
        assert!(nearly(embedded, shipping, 0.010_000_001), "{embedded:?}\n{shipping:?}");
    }
}

async fn alike_series(twins: &[Points; 2], sources: &Sources, buckets: &Buckets) -> Vec<Bucket> {
    let [embedded, shipping] = twins;
    let series = embedded.series(sources, buckets, true).await.unwrap();
    alike(&series, &shipping.series(sources, buckets, true).await.unwrap());
    series
}

macro_rules! same {
    ($twins:expr, |$points:ident| $asked:expr) => {{
        let [$points, other] = &$twins;
        let embedded = $asked;
        let $points = other;
        let shipping = $asked;
        assert_eq!(embedded, shipping, "{}", stringify!($asked));
        embedded
    }};
}

#[tokio::test]
async fn metrics_and_projects_add_up_alike() {
    let server = Server::start();
    let (_folders, twins) = twins(&server, "adding").await;
    let metrics = [CARTS, MORE_CARTS, HITS, WORDS, RARE, MetricId(99)];
    for project in [PROJECT, OTHERS, ProjectId(9)] {
        same!(twins, |points| points.summaries(project, NOW).await.unwrap());
        same!(twins, |points| points.lifespans(project).await.unwrap());
        same!(twins, |points| points.first_data_point(project).await.unwrap());
        same!(twins, |points| points.last_data_point(project).await.unwrap());
        same!(twins, |points| points.any(project).await.unwrap());
        for asked in [range(NOW - DAY, NOW), range(NOW - 9 * DAY + 7, NOW - 13), Range::EVER] {
            same!(twins, |points| points.busiest(project, asked, 3).await.unwrap());
            same!(twins, |points| points.total(project, asked).await.unwrap());
        }
    }
    same!(twins, |points| points.sparklines(&metrics, NOW).await.unwrap());
    same!(twins, |points| points
        .overview(&[OTHERS, PROJECT, ProjectId(9)], NOW)
        .await
        .unwrap());
    same!(twins, |points| points.metrics().await.unwrap());
    for metric in metrics {
        same!(twins, |points| points.seen(metric).await.unwrap());
    }
    same!(twins, |points| points.seen(vec![RARE, MetricId(99)]).await.unwrap());
}

#[tokio::test]
async fn buckets_of_any_zone_are_alike() {
    let server = Server::start();
    let (_folders, twins) = twins(&server, "zones").await;
    let carts: Sources = vec![CARTS, MORE_CARTS].into();
    for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu"] {
        let zone = TimeZone::get(zone).unwrap();
        for (length, step) in [
            (40 * DAY, "1d"),
            (40 * DAY, "auto"),
            (3 * DAY, "1h"),
            (DAY, "5m"),
            (300 * DAY, "1mo"),
        ] {
            let Ok(step) = step.parse() else { continue };
            let buckets = range(NOW - length, NOW + DAY).buckets(step, &zone).unwrap();
            for metric in [CARTS, HITS, WORDS, RARE, MetricId(99)] {
                alike_series(&twins, &metric.into(), &buckets).await;
            }
            alike_series(&twins, &carts, &buckets).await;
            same!(twins, |points| points
                .counts(&[CARTS, RARE, HITS], &buckets)
                .await
                .unwrap());
            same!(twins, |points| points.totals(PROJECT, &buckets).await.unwrap());
            let odd = ODD.map(str::to_owned);
            same!(twins, |points| points.word_series(WORDS, &odd, &buckets).await.unwrap());
            same!(twins, |points| {
                let spread = points.distributions(&carts, &buckets).await.unwrap();
                spread
                    .iter()
                    .map(|of| (of.count(), of.min(), of.max()))
                    .collect::<Vec<_>>()
            });
        }
    }
    // Clocks are set back on 25 October.
    let autumn = range(Micros(1_792_800_000_000_000), NOW);
    let buckets = autumn
        .buckets("1d".parse().unwrap(), &TimeZone::get("Europe/Berlin").unwrap())
        .unwrap();
    let series = alike_series(&twins, &CARTS.into(), &buckets).await;
    assert!(
        series.iter().filter(|bucket| bucket.count > 0).count() > 25,
        "{series:?}"
    );
}

#[tokio::test]
async fn words_and_data_points_come_back_as_they_were() {
    let server = Server::start();
    let (_folders, twins) = twins(&server, "words").await;
    for asked in [range(NOW - 30 * DAY, NOW), range(NOW - DAY, NOW - HOUR + 1)] {
        let words = same!(twins, |points| points.words(WORDS, asked, 5).await.unwrap());
        assert!(words.total > 10 && words.distinct == 8, "{words:?}");
        let [embedded, shipping] = &twins;
        let whole = embedded.whole(CARTS, asked, true).await.unwrap();
        alike(&[whole], &[shipping.whole(CARTS, asked, true).await.unwrap()]);
        for sources in [
            Sources::from(CARTS),
            WORDS.into(),
            HITS.into(),
            vec![MORE_CARTS, CARTS].into(),
        ] {
            for limit in [1, 7, 1_000] {
                // Each goes on from its own cursor.
                let mut before = [None; 2];
                for _ in 0..30 {
                    let mut pages = Vec::new();
                    for (points, before) in twins.iter().zip(&mut before) {
                        let page = points.data_points(&sources, asked, limit, *before).await.unwrap();
                        let kept = page.data_points.into_iter().map(|kept| (kept.at, kept.value));
                        pages.push((kept.collect::<Vec<_>>(), page.next.is_some()));
                        *before = page.next;
                    }
                    assert_eq!(pages[0], pages[1], "{sources:?} by {limit}");
                    if !pages[0].1 {
                        break;
                    }
                }
            }
        }
    }
}

/// Where there are too many values to look at each, quantiles are within 1 % of them.
#[tokio::test]
async fn quantiles_of_very_many_values_are_sketched() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let points = open(&dir, server.address("many")).await;
    let mut noise = noise(3);
    let mut values: Vec<f64> = Vec::new();
    for _ in 0..3 {
        let value = |_| f64::from(i32::try_from(noise(1_000_000)).unwrap()) / 8.0 - 20_000.0;
        let more: Vec<f64> = (0..50_000).map(value).collect();
        let of = more
            .iter()
            .zip(0..)
            .map(|(value, nth)| point(CARTS, NOW - nth * 1_000_000, Value::Number(*value)));
        store(&points, PROJECT, of.collect()).await;
        values.extend(more);
    }
    points.seal().await.unwrap();
    values.sort_unstable_by(f64::total_cmp);
    let asked = [0.0, 0.001, 0.05, 0.1, 0.5, 0.75, 0.95, 0.99, 1.0];
    // Of whole hours, and cut anywhere.
    for whole in [
        range(NOW - 3 * DAY, NOW + DAY),
        range((NOW - 3 * DAY).floor(DAY), NOW.floor(DAY) + DAY),
    ] {
        let found = points.quantiles(CARTS, whole, &asked).await.unwrap();
        for (quantile, found) in asked.into_iter().zip(found) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let rank = ((quantile * 150_000.0).ceil() as usize).max(1);
            let (found, expected) = (found.unwrap(), values[rank - 1]);
            assert!(
                (found - expected).abs() <= expected.abs() * 0.010_000_001,
                "{quantile}: {found}, {expected}"
            );
        }
    }
    let spread = points
        .distributions(CARTS, &Buckets::only(range(NOW - 3 * DAY, NOW + 1)))
        .await
        .unwrap();
    assert!(!spread[0].is_exact() && spread[0].count() == 150_000);
}
