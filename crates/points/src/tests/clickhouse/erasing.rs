//! What is erased stays so, and what is published again stays too, whatever is away meanwhile.

use domain::id::MetricId;
use domain::time::{DAY, HOUR};
use tempfile::TempDir;

use super::{Between, Fault, Server, counted, mended, open};
use crate::tests::{METRIC, NOW, PROJECT, number, point, range, store};
use crate::{Address, DataPoint, Error, Options, Points, Retention};

fn numbers(count: i64) -> Vec<DataPoint> {
    (0..count).map(|nth| number(NOW - nth % 90 * HOUR / 2, 1.0)).collect()
}

#[tokio::test]
async fn what_is_erased_while_clickhouse_is_away_is_erased_before_what_came_after_it() {
    let mut server = Server::start();
    let to: Address = server.address("later");
    let dir = TempDir::new().unwrap();
    let points = open(&dir, to.clone()).await;
    store(&points, numbers(300)).await;
    points.seal().await.unwrap();
    server.kill();
    store(&points, numbers(200)).await;
    let refused = points
        .delete_range(METRIC, range(NOW - DAY, NOW + 1))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Later(_)), "{refused}");
    // Published again into the range, it has to stay.
    store(&points, numbers(7)).await;
    drop(points);
    let points = open(&dir, to.clone()).await;
    store(&points, numbers(5)).await;
    server.again();
    points.seal().await.unwrap();
    let older = |of: Vec<DataPoint>| of.iter().filter(|point| point.at < NOW - DAY).count() as u64;
    let stays = older(numbers(300)) + older(numbers(200)) + 7 + 5;
    assert_eq!(counted(&server, "later", METRIC), [stays; 4]);
    assert_eq!(points.delete_metric(METRIC).await.unwrap(), stays);
    assert_eq!(counted(&server, "later", METRIC), [0; 4]);
    assert!(points.metrics().await.unwrap().is_empty());
}

/// A batch that is in doubt when something of it is erased.
#[tokio::test]
async fn what_is_erased_of_a_batch_in_doubt_is_gone_however_it_ends() {
    let server = Server::start();
    let between = Between::start(&server);
    for (nth, (text, fault)) in [
        ("INSERT%20INTO%20points", Fault::Lost),
        ("INSERT%20INTO%20points", Fault::Silenced),
        ("INSERT INTO batches VALUES", Fault::Silenced),
    ]
    .into_iter()
    .enumerate()
    {
        for restart in [false, true] {
            let database = format!("doubt_{nth}_{restart}");
            let dir = TempDir::new().unwrap();
            let mut points = open(&dir, between.address(&database)).await;
            between.fail(text, fault);
            store(&points, numbers(300)).await;
            points.seal().await.unwrap_err();
            points
                .delete_range(METRIC, range(NOW - DAY, NOW + 1))
                .await
                .unwrap_err();
            store(&points, numbers(7)).await;
            points = mended(points, restart, &dir, &between, &database).await;
            points.seal().await.unwrap();
            let older = numbers(300).iter().filter(|point| point.at < NOW - DAY).count() as u64;
            assert_eq!(counted(&server, &database, METRIC), [older + 7; 4], "{text} {fault:?}");
        }
    }
}

#[tokio::test]
async fn several_processes_erase_what_all_of_them_shipped() {
    let server = Server::start();
    let to: Address = server.address("several");
    let dirs = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let mut all = Vec::new();
    for (dir, source) in dirs.iter().zip(1..) {
        let options = Options::shipping(4 << 20);
        let points = Points::open_shipping(dir.path(), options, to.clone(), source)
            .await
            .unwrap();
        store(&points, numbers(100)).await;
        let other = point(MetricId(71), NOW - DAY, domain::value::Value::Word("w".to_owned()));
        store(&points, vec![other; 10]).await;
        points.seal().await.unwrap();
        all.push(points);
    }
    let asked = range(NOW - DAY / 2, NOW - HOUR);
    let gone = 2 * numbers(100).iter().filter(|point| asked.contains(point.at)).count() as u64;
    assert_eq!(all[0].delete_range(METRIC, asked).await.unwrap(), gone);
    assert_eq!(counted(&server, "several", METRIC), [200 - gone; 4]);
    // Each answers what both have.
    for points in &all {
        assert_eq!(
            points.total(PROJECT, range(NOW - 9 * DAY, NOW + 1)).await.unwrap(),
            220 - gone
        );
        assert_eq!(
            points
                .words(MetricId(71), range(NOW - 9 * DAY, NOW), 3)
                .await
                .unwrap()
                .total,
            20
        );
    }
    assert_eq!(all[1].delete_project(PROJECT).await.unwrap(), 220 - gone);
    assert_eq!(all[0].total(PROJECT, range(NOW - 9 * DAY, NOW + 1)).await.unwrap(), 0);
    for table in ["points", "sums", "bins", "words", "metrics"] {
        assert_eq!(
            server.number("several", &format!("SELECT count() FROM {table}")),
            0,
            "{table}"
        );
    }
}

#[tokio::test]
async fn what_needn_t_be_kept_goes_the_finest_first() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let points = open(&dir, server.address("kept")).await;
    let of: Vec<DataPoint> = (0..10)
        .flat_map(|ago| [number(NOW - ago * DAY, 1.0), number(NOW - ago * DAY, 3.0)])
        .collect();
    store(&points, of).await;
    points.seal().await.unwrap();
    let keeps = Retention {
        raw: NOW - DAY,
        minutes: NOW - 3 * DAY,
        hours: NOW - 5 * DAY,
        days: NOW - 7 * DAY,
    };
    for _ in 0..2 {
        points.retain(PROJECT, keeps).await.unwrap();
        assert_eq!(counted(&server, "kept", METRIC), [4, 8, 12, 16]);
        let asked = range(NOW - 20 * DAY, NOW + 1);
        let whole = points.whole(METRIC, asked, true).await.unwrap();
        assert_eq!((whole.count, whole.min, whole.max), (16, Some(1.0), Some(3.0)));
        let page = points.data_points(METRIC, asked, 99, None).await.unwrap();
        assert_eq!(page.data_points.len(), 4);
    }
}
