//! Nothing acknowledged is lost, and nothing is there twice, whatever stops.

use std::time::Duration;

use domain::time::{DAY, MINUTE, Micros};
use tempfile::TempDir;

use super::super::{METRIC, NOW, number, range, store, total};
use super::{Between, Fault, SOURCE, Server, counted, mended, open};
use crate::{Address, Error, Options, Points};

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

/// Others would answer without what is made anew, and not say so. Takes as long as they are given to look.
#[tokio::test]
async fn a_batch_is_taken_back_once_other_processes_know_that_answers_lack_its_day() {
    let server = Server::start();
    let between = Between::start(&server);
    let dir = TempDir::new().unwrap();
    let options = Options {
        shared: true,
        ..Options::shipping(64 << 20)
    };
    let points = Points::open_shipping(dir.path(), options, between.address("known"), SOURCE)
        .await
        .unwrap();
    between.fail("INSERT%20INTO%20points", Fault::Silenced);
    store(&points, numbers(100)).await;
    points.seal().await.unwrap_err();
    assert!(between.mend());
    let mut sealing = tokio::spawn({
        let points = points.clone();
        async move { points.seal().await }
    });
    let day = NOW.floor(DAY);
    while points.behind_since() != Some(day) {
        tokio::task::yield_now().await;
    }
    points.noted_behind(day + 1);
    let waits = tokio::time::timeout(Duration::from_millis(300), &mut sealing).await;
    assert!(waits.is_err(), "{waits:?}");
    assert_eq!(counted(&server, "known", METRIC), [100; 4]);
    points.noted_behind(day);
    sealing.await.unwrap().unwrap();
    assert_eq!(counted(&server, "known", METRIC), [100; 4]);
    assert_eq!(points.behind_since(), None);
}

/// A batch that never came, or is there without the line that says it is whole, or with rollups that lack it.
#[tokio::test]
async fn a_batch_that_is_not_whole_is_shipped_anew() {
    let server = Server::start();
    let between = Between::start(&server);
    for (nth, (text, fault, breakage)) in [
        ("INSERT%20INTO%20points", Fault::Lost, None),
        ("INSERT%20INTO%20points", Fault::Silenced, None),
        ("INSERT%20INTO%20points", Fault::Silenced, Some("TRUNCATE TABLE sums")),
        (
            "INSERT%20INTO%20points",
            Fault::Silenced,
            Some("ALTER TABLE points DELETE WHERE number < 50"),
        ),
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
                while server.number("system", "SELECT count() FROM mutations WHERE is_done = 0") > 0 {}
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

/// Taking back is begun again if it doesn't come to its end, and others' rows of the same hours stay.
#[tokio::test]
async fn taking_back_may_stop_anywhere() {
    let server = Server::start();
    let between = Between::start(&server);
    for (nth, text) in [
        "ALTER TABLE sums",
        "ALTER TABLE bins",
        "ALTER TABLE points",
        "INSERT INTO sums",
        "INSERT INTO bins",
    ]
    .into_iter()
    .enumerate()
    {
        for fault in [Fault::Silenced, Fault::Lost] {
            let database = format!("back_{nth}_{fault:?}");
            let (others, dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
            let to = server.address(&database);
            let other = Points::open_shipping(others.path(), Options::shipping(4 << 20), to, 1)
                .await
                .unwrap();
            store(&other, numbers(1_000)).await;
            other.seal().await.unwrap();
            let mut points = open(&dir, between.address(&database)).await;
            store(&points, numbers(500)).await;
            points.seal().await.unwrap();
            between.fail("INSERT%20INTO%20points", Fault::Silenced);
            store(&points, numbers(2_000)).await;
            points.seal().await.unwrap_err();
            between.fail(text, fault);
            points.seal().await.unwrap_err();
            drop(points);
            assert!(between.mend());
            points = open(&dir, between.address(&database)).await;
            points.seal().await.unwrap();
            assert_eq!(counted(&server, &database, METRIC), [3_500; 4], "{text} {fault:?}");
        }
    }
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
