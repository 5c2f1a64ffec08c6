//! Nothing acknowledged is lost, and nothing is there twice, whatever stops.

use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE, Micros};
use tempfile::TempDir;

use super::super::{METRIC, NOW, number, range, store, total, word};
use super::{Between, Fault, SOURCE, Server, counted, mended, open, server};
use crate::{Address, Error, Options, Points};

pub(super) const WORDS: MetricId = MetricId(71);

/// Data points of the last day and a half.
fn numbers(count: i64) -> Vec<crate::DataPoint> {
    let value = |nth: i64| f64::from(i32::try_from(nth % 100).unwrap());
    (0..count)
        .map(|nth| number(NOW - nth % 2_000 * MINUTE, value(nth)))
        .collect()
}

#[tokio::test]
async fn what_is_appended_is_there_by_itself() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let points = open(&dir, server.address("own")).await;
    store(&points, numbers(500)).await;
    let mut looks = 0;
    while points.backlog().data_points > 0 {
        looks += 1;
        assert!(looks < 10_000, "nothing is shipped");
        // Takes as long as ClickHouse takes to answer.
        total(&points, "1h").await;
    }
    assert_eq!(total(&points, "1h").await, 500);
    assert_eq!(counted(&server, "own", METRIC), [500; 4]);
}

#[tokio::test]
async fn it_waits_for_clickhouse_and_catches_up() {
    let mut server = Server::start();
    let to: Address = server.address("away");
    server.kill();
    let dir = TempDir::new().unwrap();
    let points = open(&dir, to.clone()).await;
    store(&points, numbers(1_000)).await;
    let why = points.seal().await.unwrap_err();
    assert!(why.to_string().contains("ClickHouse can't be reached"), "{why}");
    store(&points, numbers(700)).await;
    let backlog = points.backlog();
    assert_eq!(backlog.data_points, 1_700);
    assert!(backlog.failing.unwrap().contains("ClickHouse can't be reached"));
    assert!(backlog.failing_for.is_some() && backlog.done_ago.is_none());
    assert_eq!(backlog.oldest, Some(NOW));
    assert!(
        (1..=backlog.journal_most).contains(&backlog.journal),
        "{}",
        backlog.journal
    );
    drop(points);
    // A process that starts while ClickHouse is away has all that waited before it.
    let points = open(&dir, to).await;
    store(&points, numbers(300)).await;
    assert_eq!(points.backlog().data_points, 2_000);
    server.again();
    points.seal().await.unwrap();
    assert_eq!(counted(&server, "away", METRIC), [2_000; 4]);
    let backlog = points.backlog();
    assert_eq!((backlog.failing, backlog.failing_for), (None, None));
    assert!(backlog.oldest.is_none() && backlog.done_ago.is_some());
}

#[tokio::test]
async fn what_waits_is_bounded_and_refused_beyond() {
    let mut server = Server::start();
    let to = server.address("bound");
    server.kill();
    let dir = TempDir::new().unwrap();
    let options = Options {
        unsealed: 1_000,
        ..Options::shipping(4 << 20)
    };
    let points = Points::open_shipping(dir.path(), options, to, SOURCE).await.unwrap();
    let mut stored = 0;
    let why = loop {
        assert!(stored < 5_000, "it is never full");
        match points.append(super::super::batch(numbers(500)), NOW).await {
            Ok(_) => stored += 500,
            Err(why) => break why,
        }
    };
    assert!(
        matches!(&why, Error::Unavailable(why) if why.contains("ClickHouse")),
        "{why}"
    );
    server.again();
    points.seal().await.unwrap();
    assert_eq!(counted(&server, "bound", METRIC), [stored; 4]);
    store(&points, numbers(500)).await;
}

/// A batch of which everything is there, but nobody was told.
#[tokio::test]
async fn a_batch_that_is_whole_is_not_shipped_again() {
    let server = Server::start();
    let between = Between::start(&server);
    let dir = TempDir::new().unwrap();
    let points = open(&dir, between.address("whole")).await;
    between.fail("INSERT INTO batches VALUES", Fault::Silenced);
    store(&points, numbers(100)).await;
    points.seal().await.unwrap_err();
    assert!(between.mend());
    // Neither by this process nor by the next one.
    points.seal().await.unwrap();
    between.fail("INSERT INTO batches VALUES", Fault::Silenced);
    store(&points, numbers(50)).await;
    points.seal().await.unwrap_err();
    drop(points);
    assert!(between.mend());
    let points = open(&dir, between.address("whole")).await;
    store(&points, numbers(7)).await;
    points.seal().await.unwrap();
    assert_eq!(counted(&server, "whole", METRIC), [157; 4]);
}

/// Nobody asks for it to be sealed, and while it isn't nothing else is.
#[tokio::test]
async fn a_batch_that_is_in_doubt_at_the_start_is_settled_at_once() {
    let server = Server::start();
    let between = Between::start(&server);
    let dir = TempDir::new().unwrap();
    let points = open(&dir, between.address("doubt")).await;
    between.fail("INSERT%20INTO%20points", Fault::Silenced);
    store(&points, numbers(100)).await;
    points.seal().await.unwrap_err();
    drop(points);
    assert!(between.mend());
    let points = open(&dir, between.address("doubt")).await;
    store(&points, numbers(7)).await;
    let mut looks = 0;
    while counted(&server, "doubt", METRIC) != [107; 4] {
        looks += 1;
        assert!(looks < 2_000, "{:?}", counted(&server, "doubt", METRIC));
    }
}

/// A batch that never came, or is there without the line that says it is whole, or with rollups that lack it.
#[tokio::test]
async fn a_batch_that_is_not_whole_is_completed() {
    let server = Server::start();
    let between = Between::start(&server);
    for (nth, (text, fault, breakage)) in [
        ("INSERT%20INTO%20points", Fault::Lost, None),
        ("INSERT%20INTO%20points", Fault::Silenced, None),
        ("INSERT%20INTO%20points", Fault::Silenced, Some("TRUNCATE TABLE sums")),
        ("INSERT INTO batches VALUES", Fault::Lost, None),
    ]
    .into_iter()
    .enumerate()
    {
        for restart in [false, true] {
            let database = format!("part_{nth}_{restart}");
            let dir = TempDir::new().unwrap();
            let mut points = open(&dir, between.address(&database)).await;
            between.fail(text, fault);
            store(&points, numbers(3_000)).await;
            points.seal().await.unwrap_err();
            if let Some(breakage) = breakage {
                server.ask(&database, breakage);
            }
            points = mended(points, restart, &dir, &between, &database).await;
            store(&points, numbers(40)).await;
            points.seal().await.unwrap();
            assert_eq!(
                counted(&server, &database, METRIC),
                [3_040; 4],
                "{text} {fault:?} {breakage:?}"
            );
        }
    }
}

/// Numbers, and words of the same minutes.
pub(super) fn of_all_kinds(count: i64) -> Vec<crate::DataPoint> {
    let words = ["ash", "birch", "cedar"];
    let words = (0..count).map(|nth| crate::DataPoint {
        metric: WORDS,
        ..word(NOW - nth % 300 * MINUTE, words[usize::try_from(nth % 3).unwrap()])
    });
    numbers(count).into_iter().chain(words).collect()
}

/// What each rollup counts, of each length.
pub(super) fn rolled_up(server: &Server, database: &str) -> Vec<u64> {
    let all = [
        ("sums", [MINUTE, HOUR, DAY].as_slice()),
        ("bins", &[MINUTE, HOUR, DAY]),
        ("words", &[HOUR, DAY]),
    ];
    let counts = all.iter().flat_map(|(table, units)| {
        let count = |unit: &i64| {
            let text = format!("SELECT sumMerge(points) FROM {table} WHERE unit = {unit}");
            server.number(database, &text)
        };
        units.iter().map(count).collect::<Vec<_>>()
    });
    counts.collect()
}

pub(super) fn of_each(sums: u64, bins: u64, words: u64) -> Vec<u64> {
    [[sums; 3].as_slice(), &[bins; 3], &[words; 2]].concat()
}

/// An insert that stops before one of the views, and completing it that stops anywhere. What the same source, and another,
/// shipped of the same minutes before stays as it is.
#[tokio::test]
async fn rollups_that_lack_a_batch_get_it_and_nothing_else() {
    let server = Server::start();
    let between = Between::start(&server);
    for (nth, missing) in ["sums", "bins", "words", "metrics"].into_iter().enumerate() {
        for (again, then) in [
            None,
            Some(("INSERT INTO metrics", Fault::Silenced)),
            Some(("INSERT INTO sums", Fault::Silenced)),
            Some(("INSERT INTO bins", Fault::Lost)),
            Some(("INSERT INTO words", Fault::Silenced)),
            Some(("INSERT INTO batches", Fault::Lost)),
        ]
        .into_iter()
        .enumerate()
        {
            let database = format!("lacks_{nth}_{again}");
            let (others, dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
            let to = server.address(&database);
            let other = Points::open_shipping(others.path(), Options::shipping(4 << 20), to, 1)
                .await
                .unwrap();
            store(&other, of_all_kinds(100)).await;
            other.seal().await.unwrap();
            let mut points = open(&dir, between.address(&database)).await;
            store(&points, of_all_kinds(50)).await;
            points.seal().await.unwrap();
            server.ask(&database, &format!("DETACH TABLE points_to_{missing}"));
            between.fail("INSERT INTO batches", Fault::Lost);
            store(&points, of_all_kinds(200)).await;
            points.seal().await.unwrap_err();
            // Nothing gets through yet: it would be tried again by itself.
            server.ask(&database, &format!("ATTACH TABLE points_to_{missing}"));
            let has = |table| if table == missing { 150 } else { 350 };
            let before = of_each(2 * has("sums"), has("bins"), has("words"));
            assert_eq!(rolled_up(&server, &database), before, "{missing}");
            assert!(between.mend());
            if let Some((text, fault)) = then {
                between.fail(text, fault);
                points.seal().await.unwrap_err();
                points = mended(points, again % 2 == 0, &dir, &between, &database).await;
            }
            store(&points, of_all_kinds(7)).await;
            points.seal().await.unwrap();
            let all = 357;
            assert_eq!(
                rolled_up(&server, &database),
                of_each(2 * all, all, all),
                "{missing} {then:?}"
            );
            assert_eq!(counted(&server, &database, METRIC), [all; 4]);
            let (first, last) = points.seen(METRIC).await.unwrap().unwrap();
            assert_eq!((first, last), (Micros(NOW.0 - 199 * MINUTE), NOW), "{missing} {then:?}");
        }
    }
}

/// Data points of more months than one insert may touch. To delete of as many parts of a table takes today's engine minutes,
/// as a library.
fn months(count: i64) -> Vec<crate::DataPoint> {
    (0..count).map(|nth| number(month(nth), 1.0)).collect()
}

fn month(nth: i64) -> Micros {
    NOW - nth * 31 * DAY
}

/// The second insert stops, and something is erased before the batch is completed.
#[tokio::test]
async fn a_batch_of_several_inserts_is_completed_as_it_was_on_its_way() {
    if server::today().is_some() {
        return;
    }
    let server = Server::start();
    let between = Between::start(&server);
    for (nth, (fault, restart)) in [(Fault::Silenced, true), (Fault::Lost, false), (Fault::Lost, true)]
        .into_iter()
        .enumerate()
    {
        let database = format!("several_{nth}");
        let dir = TempDir::new().unwrap();
        let points = open(&dir, between.address(&database)).await;
        store(&points, months(60)).await;
        between.fail_at("INSERT%20INTO%20points", 2, fault);
        points.seal().await.unwrap_err();
        points
            .delete_range(METRIC, range(month(25), month(5)))
            .await
            .unwrap_err();
        let points = mended(points, restart, &dir, &between, &database).await;
        store(&points, numbers(5)).await;
        points.seal().await.unwrap();
        assert_eq!(counted(&server, &database, METRIC), [45; 4], "{fault:?} {restart}");
    }
}

/// What waits behind a batch that is in doubt loses what is erased, and is then in doubt itself.
#[tokio::test]
async fn what_was_erased_before_a_batch_was_on_its_way_is_not_in_it() {
    if server::today().is_some() {
        return;
    }
    let server = Server::start();
    let between = Between::start(&server);
    for (nth, fault) in [Fault::Silenced, Fault::Lost].into_iter().enumerate() {
        let database = format!("behind_{nth}");
        let dir = TempDir::new().unwrap();
        let mut points = open(&dir, between.address(&database)).await;
        between.fail("INSERT%20INTO%20points", Fault::Lost);
        store(&points, numbers(10)).await;
        points.seal().await.unwrap_err();
        store(&points, months(80)).await;
        points.seal().await.unwrap_err();
        points
            .delete_range(METRIC, range(month(25), month(5)))
            .await
            .unwrap_err();
        assert!(between.mend());
        // One insert of the first batch, and of the second batch the second one.
        between.fail_at("INSERT%20INTO%20points", 3, fault);
        points.seal().await.unwrap_err();
        points
            .delete_range(METRIC, range(month(41), month(30)))
            .await
            .unwrap_err();
        points = mended(points, true, &dir, &between, &database).await;
        store(&points, numbers(5)).await;
        points.seal().await.unwrap();
        assert_eq!(
            counted(&server, &database, METRIC),
            [10 + 80 - 20 - 11 + 5; 4],
            "{fault:?}"
        );
    }
}

/// More data points than one insert has room for, which share rows of rollups. The first insert is whole, and the second has a
/// larger share.
#[tokio::test]
async fn an_insert_that_is_whole_is_left_alone() {
    let server = Server::start();
    let between = Between::start(&server);
    let dir = TempDir::new().unwrap();
    let points = open(&dir, between.address("left")).await;
    let mut all = numbers(500_000);
    all.extend((0..1_000).map(|_| number(NOW, 1.0)));
    store(&points, all).await;
    between.fail_at("INSERT%20INTO%20points", 2, Fault::Lost);
    points.seal().await.unwrap_err();
    server.ask("left", "DETACH TABLE points_to_sums");
    assert!(between.mend());
    // Completing both says first when metrics came.
    between.fail_at("INSERT INTO metrics", 2, Fault::Lost);
    points.seal().await.unwrap_err();
    server.ask("left", "ATTACH TABLE points_to_sums");
    assert_eq!(counted(&server, "left", METRIC), [501_000, 500_000, 500_000, 500_000]);
    assert!(between.mend());
    points.seal().await.unwrap();
    assert_eq!(counted(&server, "left", METRIC), [501_000; 4]);
}

/// What was asked for by somebody who is gone may still be under way. Today's engine as a library gives queries no names.
#[tokio::test]
async fn nothing_is_added_while_an_insert_of_the_same_source_is_under_way() {
    if server::today().is_some() {
        return;
    }
    let server = Server::start();
    let between = Between::start(&server);
    let dir = TempDir::new().unwrap();
    let points = open(&dir, between.address("busy")).await;
    between.fail("INSERT%20INTO%20points", Fault::Lost);
    store(&points, numbers(100)).await;
    points.seal().await.unwrap_err();
    let busy = server.begin(&format!("microstat-{SOURCE}-1"), "SELECT sleep(2)");
    assert!(between.mend());
    points.seal().await.unwrap();
    let still = server.number(
        "system",
        &format!("SELECT count() FROM processes WHERE query_id LIKE 'microstat-{SOURCE}-%'"),
    );
    assert_eq!(still, 0);
    drop(busy);
    assert_eq!(counted(&server, "busy", METRIC), [100; 4]);
}

/// ClickHouse is killed again and again while data points come, and ends with each of them once.
#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_killed_in_the_middle_loses_nothing_and_has_nothing_twice() {
    let mut server = Server::start();
    let dir = TempDir::new().unwrap();
    let points = open(&dir, server.address("killed")).await;
    let mut stored = 0;
    for round in 0..6_u64 {
        store(&points, numbers(60_000)).await;
        stored += 60_000;
        let shipping = tokio::spawn({
            let points = points.clone();
            async move { points.seal().await }
        });
        // Each time a bit later on its way.
        let rows = round * 12_000;
        let mut looks = 0;
        while looks < 400 && server.number("killed", "SELECT count() FROM points") + 60_000 < stored + rows {
            looks += 1;
        }
        server.kill();
        let _ = shipping.await.unwrap();
        server.again();
    }
    points.seal().await.unwrap();
    assert_eq!(counted(&server, "killed", METRIC), [stored; 4]);
    let asked = range(NOW - 2 * DAY, NOW + 1);
    assert_eq!(points.whole(METRIC, asked, false).await.unwrap().count, stored);
    let first = points.seen(METRIC).await.unwrap().unwrap();
    assert_eq!(first, (Micros(NOW.0 - 1_999 * MINUTE), NOW));
}
