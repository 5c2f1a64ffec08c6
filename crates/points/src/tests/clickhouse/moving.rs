//! Data points that are moved to ClickHouse and back: stopped anywhere, changed meanwhile, refused, and of all ages.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{DAY, HOUR, MINUTE};
use domain::value::Value;
use tempfile::TempDir;

use super::between::{Between, Fault};
use super::{Server, open};
use crate::moving::{self, AtOnce};
use crate::tests::model::plain::nearly;
use crate::tests::{METRIC, NOW, PROJECT, batch, buckets, fresh, number, point, range, store};
use crate::{Batch, Error, Moved, Options, Points, Progress, Retention, Whereabouts};

const OURS: [u8; 32] = [7; 32];
/// So few at once that most of what is stopped has been sent in part.
const FEW: AtOnce = AtOnce { rows: 5, parts: 2 };
const OTHERS: ProjectId = ProjectId(8);
const HITS: MetricId = MetricId(71);
const WORDS: MetricId = MetricId(72);
const THEIRS: MetricId = MetricId(73);

/// Moves, telling `tell`, on a thread that may wait.
async fn brings(
    from: Whereabouts,
    to: Whereabouts,
    tell: impl FnMut(Progress) -> ControlFlow<()> + Send + 'static,
) -> Result<Moved, Error> {
    let moving = move || Points::bring(&from, &to, OURS, tell);
    tokio::task::spawn_blocking(moving).await.unwrap()
}

async fn bring(from: impl Into<Whereabouts>, to: impl Into<Whereabouts>) -> Moved {
    let moved = brings(from.into(), to.into(), |_| ControlFlow::Continue(()))
        .await
        .unwrap();
    assert_eq!((&moved.differences[..], moved.there), (&[][..], moved.all));
    moved
}

async fn refused(from: impl Into<Whereabouts>, to: impl Into<Whereabouts>) -> String {
    let refused = brings(from.into(), to.into(), |_| ControlFlow::Continue(())).await;
    refused.unwrap_err().to_string()
}

fn folder(dir: &TempDir) -> Whereabouts {
    dir.path().to_owned().into()
}

/// Six parts: three days of two projects, all sealed.
async fn filled() -> (TempDir, Points) {
    let (dir, points) = fresh().await;
    for nth in 0..30_i64 {
        let at = NOW - nth % 3 * DAY - nth * MINUTE;
        store(&points, vec![number(at, 0.5), point(HITS, at, Value::Hits(3))]).await;
        let theirs = Batch {
            project: OTHERS,
            ..batch(vec![point(THEIRS, at, Value::Word(format!("w{}", nth % 4)))])
        };
        points.append(theirs, NOW).await.unwrap();
    }
    points.seal().await.unwrap();
    (dir, points)
}

/// Rows of every table, as sums: nothing may be there twice, in no rollup.
fn everywhere(server: &Server, database: &str) -> Vec<u64> {
    let mut counts = vec![server.number(database, "SELECT count() FROM points")];
    for (table, units) in [("sums", 3), ("bins", 3), ("words", 2)] {
        for unit in [86_400_000_000_u64, 3_600_000_000, 60_000_000].into_iter().take(units) {
            let text = format!("SELECT sumMerge(points) FROM {table} WHERE unit = {unit}");
            counts.push(server.number(database, &text));
        }
    }
    counts
}

const ONCE: [u64; 9] = [90, 90, 90, 90, 30, 30, 30, 30, 30];

#[tokio::test]
async fn stopped_after_any_part_it_goes_on_and_nothing_is_there_twice() {
    let server = Server::start();
    let (dir, _points) = filled().await;
    // Told to stop, or gone at once: then what waited to be inserted is lost as well.
    for (nth, killed) in [(0, false), (1, true)] {
        let database = format!("stopped_{nth}");
        let to: Whereabouts = server.address::<crate::Address>(&database).into();
        for parts in 1..=6 {
            let mut seen = 0;
            let stopping = move |progress| {
                seen += u32::from(matches!(progress, Progress::Bringing(..)));
                assert!(!(killed && seen > parts), "gone");
                if seen > parts {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            let (from, to) = (folder(&dir), to.clone());
            let run = move || catch_unwind(AssertUnwindSafe(|| moving::bring(&from, &to, OURS, FEW, stopping)));
            match tokio::task::spawn_blocking(run).await.unwrap() {
                Ok(Err(Error::Stopped)) => assert!(!killed),
                Ok(ended) => assert_eq!(ended.unwrap().all, 90),
                Err(_) => assert!(killed),
            }
        }
        let rest = bring(folder(&dir), to).await;
        assert!(rest.all == 90 && (killed || rest.brought == 0), "{rest:?}");
        assert_eq!(everywhere(&server, &database), ONCE);
    }
}

#[tokio::test]
async fn whatever_insert_fails_it_goes_on_and_nothing_is_there_twice() {
    let server = Server::start();
    let (dir, points) = filled().await;
    let old = NOW.floor(DAY) - DAY;
    let kept = Retention {
        raw: old,
        minutes: old,
        hours: old,
        days: old - 100 * DAY,
    };
    points.retain(PROJECT, kept).await.unwrap();
    points.seal().await.unwrap();
    let texts = [
        "INTO%20points",
        "INTO%20arriving",
        "INTO batches VALUES (",
        "), (",
        "INTO metrics",
        "INTO horizons",
    ];
    for (nth, (text, fault)) in texts
        .into_iter()
        .flat_map(|text| [(text, Fault::Lost), (text, Fault::Silenced)])
        .enumerate()
    {
        let between = Between::start(&server);
        let database = format!("faults_{nth}");
        between.fail(text, fault);
        let to = between.address(&database);
        let failed = refused(folder(&dir), to.clone()).await;
        assert!(failed.contains("ClickHouse"), "{failed}");
        assert!(between.mend(), "{text}");
        assert_eq!(bring(folder(&dir), to).await.all, 90);
        // Of one day a project has nothing finer.
        let once = [70, 90, 70, 70, 30, 20, 20, 30, 30];
        assert_eq!(everywhere(&server, &database), once, "{text} {fault:?}");
    }
}

#[tokio::test]
async fn a_later_run_brings_what_has_changed_and_takes_away_what_is_gone() {
    let server = Server::start();
    let (dir, points) = filled().await;
    let to = server.address::<crate::Address>("later");
    assert_eq!(bring(folder(&dir), to.clone()).await.brought, 90);
    assert_eq!(bring(folder(&dir), to.clone()).await.brought, 0);
    // The store is open and goes on: data points that come late, a metric that is deleted, a range.
    store(&points, vec![number(NOW - 2 * DAY, 4.0)]).await;
    points.seal().await.unwrap();
    assert_eq!(bring(folder(&dir), to.clone()).await.brought, 21);
    points.delete_metric(THEIRS).await.unwrap();
    points
        .delete_range(METRIC, range(NOW - DAY - HOUR, NOW - DAY + 1))
        .await
        .unwrap();
    points.seal().await.unwrap();
    let moved = bring(folder(&dir), to.clone()).await;
    assert_eq!((moved.all, moved.metrics), (51, 2));
    assert_eq!(everywhere(&server, "later"), [51, 51, 51, 51, 21, 21, 21, 0, 0]);
    assert_eq!(
        server.number(
            "later",
            "SELECT count() FROM (SELECT metric FROM metrics GROUP BY metric)"
        ),
        2
    );
    // And back, twice.
    let back = TempDir::new().unwrap();
    assert_eq!(bring(to.clone(), folder(&back)).await.brought, 51);
    assert_eq!(bring(to, folder(&back)).await.brought, 0);
}

#[tokio::test]
async fn what_has_other_data_points_is_left_alone() {
    let server = Server::start();
    let (dir, points) = filled().await;
    let to = |database: &str| server.address::<crate::Address>(database);
    // Of another installation, moved there.
    let (from, there) = (folder(&dir), to("moved").into());
    let moving = move || Points::bring(&from, &there, [8; 32], |_| ControlFlow::Continue(()));
    tokio::task::spawn_blocking(moving).await.unwrap().unwrap();
    assert!(
        refused(folder(&dir), to("moved"))
            .await
            .contains("another installation")
    );
    // Of a server, started after an earlier run.
    bring(folder(&dir), to("used")).await;
    let shipping = TempDir::new().unwrap();
    let used = open(&shipping, to("used")).await;
    store(&used, vec![number(NOW, 1.0)]).await;
    used.seal().await.unwrap();
    assert!(
        refused(folder(&dir), to("used"))
            .await
            .contains("a server has been started")
    );
    assert_eq!(server.number("used", "SELECT count() FROM points"), 91);
    // Of a server, whose very first batch is not whole yet.
    bring(folder(&dir), to("begun")).await;
    let (begins, between) = (TempDir::new().unwrap(), Between::start(&server));
    let begun = open(&begins, between.address("begun")).await;
    between.fail("INSERT%20INTO%20points", Fault::Silenced);
    store(&begun, vec![number(NOW, 1.0)]).await;
    begun.seal().await.unwrap_err();
    assert!(
        refused(folder(&dir), to("begun"))
            .await
            .contains("a server has been started")
    );
    assert_eq!(server.number("begun", "SELECT count() FROM points"), 91);
    // Folders: one with its own, one that a server was started on.
    assert!(
        refused(to("used"), folder(&dir))
            .await
            .contains("open in another process")
    );
    drop(points);
    assert!(
        refused(to("used"), folder(&dir))
            .await
            .contains("a server has been started")
    );
    let back = TempDir::new().unwrap();
    bring(to("moved"), folder(&back)).await;
    let (from, there) = (to("moved").into(), folder(&back));
    let moving = move || Points::bring(&from, &there, [8; 32], |_| ControlFlow::Continue(()));
    let other = tokio::task::spawn_blocking(moving).await.unwrap().unwrap_err();
    assert!(other.to_string().contains("another installation"), "{other}");
    // What goes elsewhere has none of its own.
    assert!(refused(folder(&shipping), to("new")).await.contains("go to ClickHouse"));
}

/// Data points, minutes, hours and days: of each age, as they were where it is known what they were.
#[tokio::test]
async fn days_of_every_age_say_the_same_there_and_back() {
    let server = Server::start();
    let (dir, points) = fresh().await;
    let value = |nth: i32| f64::from(nth * 37 % 1_009) / 4.0 - 20.0;
    let at = |nth: i32| NOW - i64::from(nth) * 7 * MINUTE;
    store(&points, (0..2_400).map(|nth| number(at(nth), value(nth))).collect()).await;
    let words = (0..1_200).map(|nth| point(WORDS, at(nth * 2), Value::Word(format!("ü{}", nth % 7))));
    store(&points, words.collect()).await;
    let hits = (0..1_200).map(|nth| point(HITS, at(nth * 2), Value::Hits(5)));
    store(&points, hits.collect()).await;
    points.seal().await.unwrap();
    let ago = |days: i64| NOW.floor(DAY) - days * DAY;
    let kept = Retention {
        raw: ago(3),
        minutes: ago(5),
        hours: ago(8),
        days: ago(11),
    };
    points.retain(PROJECT, kept).await.unwrap();
    points.seal().await.unwrap();
    let to = server.address::<crate::Address>("ages");
    bring(folder(&dir), to.clone()).await;
    let shipping = TempDir::new().unwrap();
    let there = open(&shipping, to.clone()).await;
    let back = TempDir::new().unwrap();
    bring(to, folder(&back)).await;
    let back = Points::open(back.path(), Options::default()).await.unwrap();
    for (from, until, step) in [
        (ago(3), ago(-1), "5m"),
        (ago(5), ago(-1), "15m"),
        (ago(8), ago(-1), "1h"),
        (ago(12), ago(-1), "1d"),
    ] {
        let asked = buckets(from, until, step);
        let names = ["ü1".to_owned(), "ü6".to_owned()];
        for other in [&there, &back] {
            for metric in [METRIC, HITS, WORDS] {
                let ours = points.series(metric, &asked, true).await.unwrap();
                let theirs = other.series(metric, &asked, true).await.unwrap();
                assert_eq!(ours.len(), theirs.len());
                assert!(metric != METRIC || ours.iter().any(|bucket| bucket.p99.is_some()));
                for (ours, theirs) in ours.iter().zip(&theirs) {
                    // One is a bin's middle, the other a value: each a part of a hundred off at most.
                    assert!(nearly(theirs, ours, 0.010_000_001), "{step}: {theirs:?}\n{ours:?}");
                }
            }
            assert_eq!(
                points.totals(PROJECT, &asked).await.unwrap(),
                other.totals(PROJECT, &asked).await.unwrap(),
                "{step}"
            );
            // Words are known by the hour as long as minutes are.
            if step != "1h" {
                let of = if step == "1d" {
                    asked.clone()
                } else {
                    buckets(from, until, "1h")
                };
                assert_eq!(
                    points.word_series(WORDS, &names, &of).await.unwrap(),
                    other.word_series(WORDS, &names, &of).await.unwrap(),
                    "{step}"
                );
            }
        }
    }
    for other in [&there, &back] {
        for metric in [METRIC, HITS, WORDS] {
            let asked = range(ago(12), ago(-1));
            let page = async |of: &Points| {
                let page = of.data_points(metric, asked, 5_000, None).await.unwrap().data_points;
                page.into_iter().map(|kept| (kept.at, kept.value)).collect::<Vec<_>>()
            };
            assert!(page(&points).await == page(other).await);
            assert_eq!(points.seen(metric).await.unwrap(), other.seen(metric).await.unwrap());
        }
        let words = async |of: &Points| of.words(WORDS, Range::EVER, 9).await.unwrap();
        let (ours, theirs) = (words(&points).await, words(other).await);
        assert_eq!((ours.total, ours.distinct), (theirs.total, theirs.distinct));
        assert_eq!(points.metrics().await.unwrap(), other.metrics().await.unwrap());
        assert_eq!(
            points.busiest(PROJECT, Range::EVER, 9).await.unwrap(),
            other.busiest(PROJECT, Range::EVER, 9).await.unwrap()
        );
    }
}

/// Of what is kept as sums alone no data point says when a metric first and last came.
#[tokio::test]
async fn more_metrics_than_one_statement_has_room_for_are_known_by_when_they_came() {
    let server = Server::start();
    let (dir, points) = fresh().await;
    let old = NOW - 5 * DAY;
    let of = |nth: i64| point(MetricId(1_000_000_000_000 + nth), old + nth, Value::Number(1.0));
    store(&points, (0..2_500).map(of).collect()).await;
    points.seal().await.unwrap();
    let day = NOW.floor(DAY);
    let kept = Retention {
        raw: day,
        minutes: day,
        hours: day,
        days: day - 100 * DAY,
    };
    points.retain(PROJECT, kept).await.unwrap();
    points.seal().await.unwrap();
    let to = server.address::<crate::Address>("many");
    assert_eq!(bring(folder(&dir), to.clone()).await.metrics, 2_500);
    let shipping = TempDir::new().unwrap();
    let there = open(&shipping, to).await;
    assert_eq!(
        points.lifespans(PROJECT).await.unwrap(),
        there.lifespans(PROJECT).await.unwrap()
    );
}

#[tokio::test]
async fn a_batch_that_comes_again_after_the_move_is_known() {
    let (dir, points) = fresh().await;
    let keyed = || Batch {
        key: Some("k1".into()),
        ..batch(vec![number(NOW, 1.0)])
    };
    assert_eq!(points.append(keyed(), NOW).await.unwrap().stored, 1);
    points.seal().await.unwrap();
    let server = Server::start();
    let to = server.address::<crate::Address>("keys");
    bring(folder(&dir), to.clone()).await;
    let new = TempDir::new().unwrap();
    for _ in 0..2 {
        Points::bring_keys(dir.path(), new.path(), OURS).unwrap();
    }
    let there = open(&new, to).await;
    let again = there.append(keyed(), NOW + MINUTE).await.unwrap();
    assert!(again.replayed.is_some(), "{again:?}");
    there.seal().await.unwrap();
    assert_eq!(server.number("keys", "SELECT count() FROM points"), 1);
}
