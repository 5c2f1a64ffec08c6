//! Whatever is stored, sealed, erased and restarted, every read says what a plain list in memory says.

pub(super) mod plain;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::id::MetricId;
use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, MINUTE, Micros};
use domain::value::Value;
use proptest::prelude::*;

use tempfile::TempDir;

use super::{NOW, PROJECT, batch, buckets, point, range};
use crate::{Address, Bucket, DataPoint, Options, Points, Retention, Whereabouts};
use plain::{bucket, each, hits_of, nearly, of, text};

const NUMBERS: MetricId = MetricId(1);
const HITS: MetricId = MetricId(2);
const WORDS: MetricId = MetricId(3);

fn data_points() -> impl Strategy<Value = Vec<DataPoint>> {
    let value = prop_oneof![
        (-1e6_f64..1e6).prop_map(|number| (NUMBERS, Value::Number(number))),
        (-3_i32..3).prop_map(|number| (NUMBERS, Value::Number(number.into()))),
        (1_u32..1_000).prop_map(|hits| (HITS, Value::Hits(hits))),
        "[a-d]".prop_map(|word| (WORDS, Value::Word(word))),
    ];
    let ago = prop_oneof![0..3 * DAY, (0_i64..72).prop_map(|hours| hours * HOUR), Just(0)];
    prop::collection::vec(
        (value, ago).prop_map(|((metric, value), ago)| point(metric, NOW - ago, value)),
        1..150,
    )
}

/// What is done to a store.
#[derive(Clone, Debug)]
pub(super) enum Done {
    Append(Vec<DataPoint>),
    Seal,
    Restart,
    DeleteRange(MetricId, i64, i64),
    DeleteMetric(MetricId),
    Forget(i64),
    /// Data points older than so many days go, what they add up to stays.
    Outlive(i64),
    /// All is moved to ClickHouse, beside the store, which goes on.
    Bring,
}

/// Where its data points are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Engine<'e> {
    Embedded,
    ClickHouse(&'e Address),
    /// In a folder, moved to ClickHouse at the end, and into another folder.
    Moved(&'e Address),
}

/// A store that is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    /// Data points a day from which minutes are kept.
    dense: u64,
    /// Whether minutes are all that is left of some days: then nothing finer is asked for.
    outlive: bool,
    /// Whether it is moved.
    moved: bool,
}

impl Engine<'_> {
    async fn open(self, tried: Tried, dir: &TempDir) -> Points {
        match self {
            Self::Embedded | Self::Moved(_) => {
                let options = Options {
                    dense: tried.dense,
                    ..Options::default()
                };
                Points::open(dir.path(), options).await.unwrap()
            }
            Self::ClickHouse(to) => {
                let options = Options::shipping(64 << 20);
                Points::open_shipping(dir.path(), options, to.clone(), 1).await.unwrap()
            }
        }
    }
}

impl Tried {
    /// How far quantiles may be off.
    fn off(self) -> f64 {
        if self.outlive || self.dense < u64::MAX {
            0.010_000_001
        } else {
            0.0
        }
    }

    /// What can be told of it.
    fn finest(self) -> i64 {
        if self.outlive { MINUTE } else { 1 }
    }
}

pub(super) fn done(tried: Tried) -> impl Strategy<Value = Vec<Done>> {
    let metric = || prop_oneof![Just(NUMBERS), Just(HITS), Just(WORDS)];
    let done = prop_oneof![
        6 => data_points().prop_map(Done::Append),
        4 => Just(Done::Seal),
        2 => Just(Done::Restart),
        1 => (metric(), 0..3 * DAY, 1..2 * DAY).prop_map(|(metric, ago, length)| Done::DeleteRange(metric, ago, length)),
        1 => metric().prop_map(Done::DeleteMetric),
        1 => (0..4_i64).prop_map(Done::Forget),
        if tried.outlive { 3 } else { 0 } => (0..3_i64).prop_map(Done::Outlive),
        if tried.moved { 3 } else { 0 } => Just(Done::Bring),
    ];
    prop::collection::vec(done, 1..9)
}

pub(super) async fn agree(engine: Engine<'_>, tried: Tried, steps: Vec<Done>, asked: &[(i64, i64, &str)]) {
    let dir = TempDir::new().unwrap();
    let mut points = engine.open(tried, &dir).await;
    let mut all: Vec<DataPoint> = Vec::new();
    for step in steps {
        let before = all.len();
        match step {
            Done::Append(chunk) => {
                points.append(batch(chunk.clone()), NOW).await.unwrap();
                all.extend(chunk);
            }
            Done::Seal => points.seal().await.unwrap(),
            Done::Restart => {
                drop(points);
                points = engine.open(tried, &dir).await;
            }
            Done::DeleteRange(metric, ago, length) => {
                // Words outlive their data points by the hour.
                let unit = if metric == WORDS { HOUR } else { MINUTE }.min(tried.finest() * HOUR);
                let from = (NOW - ago).floor(unit);
                let gone = range(from, (from + length + (unit - 1)).floor(unit));
                all.retain(|point| point.metric != metric || !gone.contains(point.at));
                let erased = points.delete_range(metric, gone).await.unwrap();
                assert!(tried.outlive || erased == (before - all.len()) as u64);
            }
            Done::DeleteMetric(metric) => {
                all.retain(|point| point.metric != metric);
                let erased = points.delete_metric(metric).await.unwrap();
                assert!(tried.outlive || erased == (before - all.len()) as u64);
            }
            Done::Forget(days) => {
                let horizon = NOW - days * DAY;
                all.retain(|point| point.at >= horizon.floor(DAY));
                let erased = points.forget_before(PROJECT, horizon).await.unwrap();
                assert!(tried.outlive || erased == (before - all.len()) as u64);
            }
            Done::Outlive(days) => {
                // What is that old and not sealed goes without a trace.
                points.seal().await.unwrap();
                let retention = Retention {
                    raw: NOW - days * DAY,
                    minutes: Micros(0),
                    hours: Micros(0),
                    days: Micros(0),
                };
                points.retain(PROJECT, retention).await.unwrap();
            }
            Done::Bring => {
                if let Engine::Moved(to) = engine {
                    bring(dir.path().to_owned().into(), to.clone().into(), true).await;
                }
            }
        }
    }
    if let Engine::ClickHouse(_) = engine {
        // Reads see what was shipped.
        points.seal().await.unwrap();
    }
    if let Engine::Moved(to) = engine {
        points.seal().await.unwrap();
        bring(dir.path().to_owned().into(), to.clone().into(), false).await;
        let shipping = TempDir::new().unwrap();
        let there = Engine::ClickHouse(to).open(tried, &shipping).await;
        answers(tried, &there, &all, asked).await;
        drop(there);
        let back = TempDir::new().unwrap();
        bring(to.clone().into(), back.path().to_owned().into(), false).await;
        points = engine.open(tried, &back).await;
        answers(tried, &points, &all, asked).await;
        return;
    }
    answers(tried, &points, &all, asked).await;
}

/// Moves all there is; what is not sealed yet comes with a later run.
async fn bring(from: Whereabouts, to: Whereabouts, is_used: bool) {
    let told = format!("{from:?} to {to:?}");
    let moving = move || Points::bring(&from, &to, [7; 32], |_| ControlFlow::Continue(()));
    let moved = tokio::task::spawn_blocking(moving).await.unwrap().unwrap();
    assert!(is_used || moved.differences.is_empty(), "{moved:?} from {told}");
}

async fn answers(tried: Tried, points: &Points, all: &[DataPoint], asked: &[(i64, i64, &str)]) {
    for (ago, length, step) in asked {
        let from = (NOW - *ago).floor(tried.finest());
        let to = (from + *length + (tried.finest() - 1)).floor(tried.finest());
        agrees(tried, points, all, from, to, step).await;
    }
}

async fn agrees(tried: Tried, points: &Points, all: &[DataPoint], from: Micros, to: Micros, step: &str) {
    let asked = range(from, to);
    let buckets = buckets(from, to, step);
    numbers_agree(tried, points, all, asked, &buckets).await;
    distributions_agree(tried, points, all, &buckets).await;
    counts_agree(points, all, asked, &buckets).await;
    // Words outlive their data points by the hour.
    if !tried.outlive || (from.floor(HOUR) == from && to.floor(HOUR) == to) {
        words_agree(points, all, asked).await;
    }
    if !tried.outlive || buckets.aligned_to(HOUR) {
        word_series_agree(points, all, &buckets).await;
    }
    if !tried.outlive {
        pages_agree(points, all, asked).await;
    }
}

async fn numbers_agree(tried: Tried, points: &Points, all: &[DataPoint], asked: Range, buckets: &Buckets) {
    let series = points.series(NUMBERS, buckets, true).await.unwrap();
    for (found, range) in series.iter().zip(each(buckets)) {
        let expected = bucket(all, range);
        assert!(nearly(found, &expected, tried.off()), "{found:?}\n{expected:?}");
    }
    let expected = bucket(all, asked);
    let whole = points.whole(NUMBERS, asked, true).await.unwrap();
    assert!(nearly(&whole, &expected, tried.off()), "{whole:?}\n{expected:?}");
    let [median] = points.quantiles(NUMBERS, asked, &[0.5]).await.unwrap()[..] else {
        panic!("one was asked for")
    };
    assert!(
        nearly(
            &Bucket {
                p50: median,
                ..expected
            },
            &expected,
            tried.off()
        ),
        "{median:?}\n{expected:?}"
    );
}

async fn distributions_agree(tried: Tried, points: &Points, all: &[DataPoint], buckets: &Buckets) {
    let spreads = points.distributions(NUMBERS, buckets).await.unwrap();
    assert_eq!(spreads.len(), buckets.starts().len());
    for (found, range) in spreads.iter().zip(each(buckets)) {
        let expected = bucket(all, range);
        assert_eq!((found.start(), found.count()), (range.from(), expected.count));
        assert_eq!((found.min(), found.max()), (expected.min, expected.max));
        let quantiles = Bucket {
            sum: found.sum(),
            avg: found.avg(),
            p50: found.quantile(0.5),
            p75: found.quantile(0.75),
            p95: found.quantile(0.95),
            p99: found.quantile(0.99),
            ..expected
        };
        assert!(
            nearly(&quantiles, &expected, tried.off()),
            "{quantiles:?}\n{expected:?}"
        );
        for limit in [-10.0, 0.0, 1.0, expected.p50.unwrap_or(7.0)] {
            let is_above = |point: &&DataPoint| matches!(point.value, Value::Number(number) if number > limit);
            let lies = of(all, NUMBERS, range).filter(is_above).count() as u64;
            let above = found.above(limit);
            assert!(
                (above.least..=above.most).contains(&lies),
                "{above:?} for {lies} above {limit}"
            );
            assert!(above.is_exact() || !found.is_exact());
        }
    }
    let hits = points.distributions(HITS, buckets).await.unwrap();
    assert!(
        hits.iter().all(|spread| spread.count() == 0),
        "hits have no distribution"
    );
}

async fn counts_agree(points: &Points, all: &[DataPoint], asked: Range, buckets: &Buckets) {
    let hits = points.series(HITS, buckets, false).await.unwrap();
    for (found, range) in hits.iter().zip(each(buckets)) {
        assert_eq!(found.count, of(all, HITS, range).map(hits_of).sum::<u64>());
    }
    let expected = of(all, HITS, asked).map(hits_of).sum::<u64>();
    assert_eq!(points.whole(HITS, asked, true).await.unwrap().count, expected);
    assert_eq!(
        points.total(PROJECT, asked).await.unwrap(),
        all.iter().filter(|point| asked.contains(point.at)).count() as u64
    );
    let totals: Vec<u64> = each(buckets)
        .into_iter()
        .map(|range| all.iter().filter(|point| range.contains(point.at)).count() as u64)
        .collect();
    assert_eq!(points.totals(PROJECT, buckets).await.unwrap(), totals);

    let mut busiest: Vec<(MetricId, u64)> = [NUMBERS, HITS, WORDS]
        .map(|metric| (metric, of(all, metric, asked).count() as u64))
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    busiest.sort_by_key(|(metric, count)| (std::cmp::Reverse(*count), *metric));
    assert_eq!(points.busiest(PROJECT, asked, 9).await.unwrap(), busiest);
}

async fn words_agree(points: &Points, all: &[DataPoint], asked: Range) {
    let mut counts = BTreeMap::new();
    for point in of(all, WORDS, asked) {
        *counts.entry(text(point)).or_insert(0_u64) += 1;
    }
    let words = points.words(WORDS, asked, 99).await.unwrap();
    assert_eq!(
        (words.total, words.distinct),
        (counts.values().sum(), counts.len() as u64)
    );
    assert_eq!(
        words
            .words
            .into_iter()
            .map(|word| (word.word, word.count))
            .collect::<BTreeMap<_, _>>(),
        counts
    );
}

async fn word_series_agree(points: &Points, all: &[DataPoint], buckets: &Buckets) {
    let names = ["a".to_owned(), "c".to_owned()];
    let moved = points.word_series(WORDS, &names, buckets).await.unwrap();
    for (name, found) in names.iter().zip(moved) {
        let expected: Vec<u64> = each(buckets)
            .into_iter()
            .map(|range| of(all, WORDS, range).filter(|point| text(point) == *name).count() as u64)
            .collect();
        assert_eq!(found, expected);
    }
}

async fn pages_agree(points: &Points, all: &[DataPoint], asked: Range) {
    let mut newest: Vec<&DataPoint> = of(all, NUMBERS, asked).collect();
    newest.reverse();
    newest.sort_by_key(|point| std::cmp::Reverse(point.at));
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = points.data_points(NUMBERS, asked, 7, before).await.unwrap();
        seen.extend(page.data_points);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let seen: Vec<_> = seen.into_iter().map(|kept| (kept.at, kept.value)).collect();
    assert_eq!(
        seen,
        newest
            .into_iter()
            .map(|point| (point.at, point.value.clone()))
            .collect::<Vec<_>>()
    );
}

pub(super) fn asked() -> impl Strategy<Value = Vec<(i64, i64, &'static str)>> {
    let step = prop_oneof![Just("17m"), Just("1h"), Just("6h"), Just("1d"), Just("auto")];
    let unit = prop_oneof![Just(1), Just(HOUR)];
    let asked = (1..4 * DAY, 1..4 * DAY, step, unit);
    let on_the_hour = asked.prop_map(|(ago, length, step, unit)| {
        let since = NOW.0 % unit;
        (ago / unit * unit + since, (length / unit).max(1) * unit, step)
    });
    prop::collection::vec(on_the_hour, 3)
}

fn run(tried: Tried, steps: Vec<Done>, asked: &[(i64, i64, &str)]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(agree(Engine::Embedded, tried, steps, asked));
}

pub(super) const PLAIN: Tried = Tried {
    dense: u64::MAX,
    outlive: false,
    moved: false,
};
const DENSE: Tried = Tried {
    dense: 12,
    outlive: false,
    moved: false,
};
pub(super) const OUTLIVING: Tried = Tried {
    dense: 30,
    outlive: true,
    moved: false,
};
pub(super) const MOVED: Tried = Tried { moved: true, ..PLAIN };
pub(super) const MOVED_OUTLIVING: Tried = Tried {
    moved: true,
    ..OUTLIVING
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn reads_say_what_a_plain_list_says(steps in done(PLAIN), asked in asked()) {
        run(PLAIN, steps, &asked);
    }

    #[test]
    fn so_they_do_where_minutes_are_kept(steps in done(DENSE), asked in asked()) {
        run(DENSE, steps, &asked);
    }

    #[test]
    fn and_where_minutes_are_all_that_is_left(steps in done(OUTLIVING), asked in asked()) {
        run(OUTLIVING, steps, &asked);
    }
}
