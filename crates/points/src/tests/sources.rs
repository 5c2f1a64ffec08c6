//! Several metrics that are read as one say what one metric would that had all their data points.

use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE, Micros};
use domain::value::Value;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{NOW, batch, buckets, open, point, range};
use crate::{Bucket, Cursor, DataPoint, Distribution, Options, Points, Sources};

/// The one that has all.
const ALL: MetricId = MetricId(40);
const ALL_WORDS: MetricId = MetricId(41);
const PARTS: [MetricId; 3] = [MetricId(9), MetricId(7), MetricId(8)];
const WORDS: [MetricId; 2] = [MetricId(6), MetricId(5)];

/// Which part, how long ago, and the value.
type Published = Vec<(usize, i64, i16)>;

fn published() -> impl Strategy<Value = Published> {
    let ago = prop_oneof![0..3 * DAY, (0_i64..40).prop_map(|hours| hours * HOUR), Just(0)];
    prop::collection::vec((0..3_usize, ago, -99_i16..99), 1..120)
}

fn numbers(of: &Published) -> Vec<DataPoint> {
    let both = |(part, ago, value): &(usize, i64, i16)| {
        let value = Value::Number(f64::from(*value));
        [PARTS[*part], ALL].map(|metric| point(metric, NOW - *ago, value.clone()))
    };
    of.iter().flat_map(both).collect()
}

fn words(of: &Published) -> Vec<DataPoint> {
    let both = |(part, ago, value): &(usize, i64, i16)| {
        let word = Value::Word((value % 5).to_string());
        [WORDS[part % 2], ALL_WORDS].map(|metric| point(metric, NOW - *ago, word.clone()))
    };
    of.iter().flat_map(both).collect()
}

/// Sums depend on the order they are added in.
fn rounded(bucket: Bucket) -> Bucket {
    let round = |value: Option<f64>| value.map(|value| (value * 1e6).round() / 1e6);
    Bucket {
        sum: round(bucket.sum),
        avg: round(bucket.avg),
        ..bucket
    }
}

async fn pages(points: &Points, sources: &Sources, limit: u32) -> Vec<(Micros, Cursor, f64)> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let all = range(NOW - 9 * DAY, NOW + 1);
        let page = points.data_points(sources, all, limit, before).await.unwrap();
        found.extend(page.data_points.into_iter().map(|kept| match kept.value {
            Value::Number(number) => (kept.at, kept.cursor, number),
            _ => unreachable!("only numbers were published"),
        }));
        before = page.next.map(|next| next.to_string().parse().unwrap());
        if before.is_none() {
            return found;
        }
    }
}

async fn agree(first: Published, second: Published, dense: u64, limit: u32) {
    let dir = TempDir::new().unwrap();
    let options = Options {
        dense,
        ..Options::default()
    };
    let points = Points::open(dir.path(), options).await.unwrap();
    points.append(batch(numbers(&first)), NOW).await.unwrap();
    points.append(batch(words(&first)), NOW).await.unwrap();
    points.seal().await.unwrap();
    points.append(batch(numbers(&second)), NOW).await.unwrap();
    let (parts, said) = (Sources::from(&PARTS[..]), Sources::from(WORDS.to_vec()));
    for step in ["1h", "1d", "17m"] {
        let buckets = buckets(NOW - 2 * DAY, NOW, step);
        let one = points.series(ALL, &buckets, true).await.unwrap();
        let several = points.series(&parts, &buckets, true).await.unwrap();
        // Where minutes are kept, one metric has sketches where its parts, each with fewer, have the values themselves.
        let exact = dense == u64::MAX;
        let comparable = |bucket: &Bucket| {
            let quantiles = if exact {
                [bucket.p50, bucket.p75, bucket.p95, bucket.p99]
            } else {
                [None; 4]
            };
            let [p50, p75, p95, p99] = quantiles;
            rounded(Bucket {
                p50,
                p75,
                p95,
                p99,
                ..*bucket
            })
        };
        assert!(
            several.iter().map(comparable).eq(one.iter().map(comparable)),
            "{several:?}\n{one:?}"
        );
        let one = points.distributions(ALL, &buckets).await.unwrap();
        let several = points.distributions(&parts, &buckets).await.unwrap();
        let comparable = |spread: &Distribution| {
            let counts = spread.bins(&[-100.0, 0.0, 100.0]);
            (spread.count(), spread.min(), spread.max(), counts)
        };
        assert!(several.iter().map(comparable).eq(one.iter().map(comparable)));
        let names = ["1".to_owned(), "-3".to_owned()];
        let one = points.word_series(ALL_WORDS, &names, &buckets).await.unwrap();
        assert_eq!(points.word_series(&said, &names, &buckets).await.unwrap(), one);
    }
    let part = range(NOW - 2 * DAY + MINUTE, NOW - 7 * MINUTE);
    let one = points.whole(ALL, part, false).await.unwrap();
    assert_eq!(rounded(points.whole(&parts, part, false).await.unwrap()), rounded(one));
    assert_eq!(
        points.words(&said, part, 9).await.unwrap(),
        points.words(ALL_WORDS, part, 9).await.unwrap()
    );
    assert_eq!(points.seen(&parts).await.unwrap(), points.seen(ALL).await.unwrap());
    pages_agree(&points, &parts, limit).await;
}

async fn pages_agree(points: &Points, parts: &Sources, limit: u32) {
    let mut one = pages(points, &ALL.into(), 1_000).await;
    let several = pages(points, parts, 1_000).await;
    assert_eq!(pages(points, parts, limit).await, several, "by {limit}");
    assert!(several.is_sorted_by(|a, b| a.0 >= b.0));
    let mut there: Vec<_> = several.iter().map(|(at, _, value)| (*at, *value)).collect();
    there.sort_by(|a, b| a.partial_cmp(b).unwrap());
    one.sort_by(|a, b| (a.0, a.2).partial_cmp(&(b.0, b.2)).unwrap());
    assert_eq!(
        there,
        one.iter().map(|(at, _, value)| (*at, *value)).collect::<Vec<_>>()
    );
}

fn run(first: Published, second: Published, dense: u64, limit: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(agree(first, second, dense, limit));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn several_metrics_read_as_one(first in published(), second in published(), limit in 1_u32..9) {
        run(first, second, u64::MAX, limit);
    }

    #[test]
    fn so_they_are_where_minutes_are_kept(first in published(), second in published(), limit in 1_u32..9) {
        run(first, second, 12, limit);
    }
}

#[tokio::test]
async fn a_page_goes_on_where_it_was_when_a_metric_comes_to_it_or_leaves() {
    let dir = TempDir::new().unwrap();
    let points = open(&dir).await;
    let of = |metric: MetricId| (0..4_u8).map(move |n| point(metric, NOW, Value::Number(n.into())));
    points
        .append(batch(PARTS.into_iter().flat_map(of).collect()), NOW)
        .await
        .unwrap();
    let all = range(NOW, NOW + 1);
    let alone = points.data_points(PARTS[1], all, 1, None).await.unwrap().next;
    // 7 comes last of a moment: what is left of it is all that is.
    let together = vec![PARTS[1], PARTS[0], PARTS[2]];
    let rest = points.data_points(together, all, 99, alone).await.unwrap();
    assert_eq!(rest.data_points.len(), 3);
    let within = points.data_points(&PARTS[..], all, 9, None).await.unwrap().next;
    assert_eq!(
        points
            .data_points(PARTS[1], all, 99, within)
            .await
            .unwrap()
            .data_points
            .len(),
        3
    );
    assert_eq!(
        points
            .data_points(PARTS[0], all, 99, within)
            .await
            .unwrap()
            .data_points
            .len(),
        0
    );
}

#[test]
fn a_metric_given_twice_counts_once() {
    let twice = Sources::from(vec![PARTS[0], PARTS[1], PARTS[0]]);
    assert_eq!(twice.metrics(), &PARTS[..2]);
}
