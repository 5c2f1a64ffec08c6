//! A cluster of two shards, one of which has two replicas.

use std::time::Duration;

use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE};
use domain::value::Value;
use tempfile::TempDir;

use super::contract::agrees;
use super::server::{Server, today};
use super::shards::Shards;
use super::{SOURCE, counted};
use crate::tests::model::{Engine, MOVED, OUTLIVING, PLAIN};
use crate::tests::{NOW, PROJECT, point, range, store};
use crate::{Address, DataPoint, Error, Options, Points};

const CASES: u32 = 2;

/// A cluster of two shards, the first of which has two replicas; none of today's engine, which is alone as a library.
fn start() -> Option<Shards> {
    today().is_none().then(|| Shards::start(&[2, 1]))
}

fn address(cluster: &Shards, database: &str) -> Address {
    let address: Address = cluster.address(database).parse().unwrap();
    address.on_cluster(Shards::NAME).unwrap()
}

/// Metrics that lie on either shard.
fn metrics() -> impl Iterator<Item = MetricId> {
    (70..78).map(MetricId)
}

/// So many data points of each metric, of the last hours.
fn numbers(count: i64) -> Vec<DataPoint> {
    let one = move |metric| (0..count).map(move |nth| point(metric, NOW - nth * MINUTE, Value::Number(1.0)));
    metrics().flat_map(one).collect()
}

fn has(server: &Server, database: &str, count: u64) {
    for metric in metrics() {
        assert_eq!(counted(server, database, metric), [count; 4], "{metric:?}");
    }
}

async fn open(dir: &TempDir, to: &Address) -> Points {
    let options = Options::shipping(4 << 20);
    Points::open_shipping(dir.path(), options, to.clone(), SOURCE)
        .await
        .unwrap()
}

/// What is done to a store and asked of it, as with one server; fewer of it, since each step waits for replicas.
#[test]
fn reads_say_what_a_plain_list_says() {
    let Some(cluster) = start() else { return };
    let shipped: for<'e> fn(&'e Address) -> Engine<'e> = |to| Engine::ClickHouse(to);
    agrees(CASES, PLAIN, shipped, |nth| address(&cluster, &format!("plain_{nth}")));
    agrees(CASES, OUTLIVING, shipped, |nth| {
        address(&cluster, &format!("outliving_{nth}"))
    });
    let moved: for<'e> fn(&'e Address) -> Engine<'e> = |to| Engine::Moved(to);
    agrees(1, MOVED, moved, |nth| address(&cluster, &format!("moved_{nth}")));
}

#[tokio::test]
async fn a_replica_that_is_lost_is_no_loss() {
    let Some(mut cluster) = start() else { return };
    let to = address(&cluster, "lost");
    let dir = TempDir::new().unwrap();
    let points = open(&dir, &to).await;
    store(&points, numbers(300)).await;
    points.seal().await.unwrap();
    // What is shipped the others have already.
    cluster.servers[0].kill();
    has(&cluster.servers[1], "lost", 300);
    let on_first = cluster.servers[1].number("lost", "SELECT count() FROM points_local");
    assert!(
        (1..2_400).contains(&on_first),
        "{on_first} of 2400 are on the first shard"
    );
    drop(points);
    // Shipped, read and erased without it, by who starts meanwhile too.
    let points = open(&dir, &to).await;
    store(&points, numbers(200)).await;
    points.seal().await.unwrap();
    has(&cluster.servers[1], "lost", 500);
    let hour = range(NOW - HOUR + 1, NOW + 1);
    for metric in metrics() {
        assert_eq!(points.delete_range(metric, hour).await.unwrap(), 120);
    }
    assert_eq!(points.total(PROJECT, range(NOW - DAY, NOW + 1)).await.unwrap(), 8 * 380);
    cluster.again(0, "lost");
    points.delete_metric(MetricId(70)).await.unwrap();
    store(&points, vec![point(MetricId(70), NOW, Value::Number(1.0)); 380]).await;
    points.seal().await.unwrap();
    for server in &cluster.servers {
        has(server, "lost", 380);
    }
    let alone = |nth: usize| cluster.servers[nth].number("lost", "SELECT count() FROM points_local");
    assert_eq!((alone(0), alone(0) + alone(2)), (alone(1), 8 * 380));
}

#[tokio::test]
async fn a_shard_that_is_cut_off_is_waited_for_and_nothing_is_answered_in_part() {
    let Some(mut cluster) = start() else { return };
    let to = address(&cluster, "cut");
    let dir = TempDir::new().unwrap();
    let points = open(&dir, &to).await;
    store(&points, numbers(300)).await;
    points.seal().await.unwrap();
    cluster.servers[2].kill();
    // The first of them gets to one shard, so the batch is there in part.
    store(&points, numbers(200)).await;
    points.seal().await.unwrap_err();
    store(&points, numbers(50)).await;
    let day = range(NOW - DAY, NOW + 1);
    let refused = points.total(PROJECT, day).await.unwrap_err();
    assert!(matches!(refused, Error::ClickHouse(_)), "{refused}");
    let refused = points.delete_range(MetricId(70), day).await.unwrap_err();
    assert!(refused.to_string().contains("can be reached"), "{refused}");
    cluster.again(2, "cut");
    points.seal().await.unwrap();
    assert_eq!(points.total(PROJECT, day).await.unwrap(), 7 * 550);
    store(
        &points,
        numbers(550)
            .into_iter()
            .filter(|point| point.metric == MetricId(70))
            .collect(),
    )
    .await;
    points.seal().await.unwrap();
    has(&cluster.servers[0], "cut", 550);
    // One that is connected to and says nothing is waited for as well.
    cluster.servers[2].freeze();
    store(&points, numbers(10)).await;
    let mut sealing = tokio::spawn({
        let points = points.clone();
        async move { points.seal().await }
    });
    let waits = tokio::time::timeout(Duration::from_millis(500), &mut sealing).await;
    assert!(waits.is_err(), "{waits:?}");
    cluster.servers[2].thaw();
    sealing.await.unwrap().unwrap();
    has(&cluster.servers[0], "cut", 560);
}

/// Views that did not run, on one shard with two replicas and on another; each compares with what the one before it added.
#[tokio::test]
async fn rollups_that_lack_a_batch_get_it_on_every_replica() {
    let Some(cluster) = start() else { return };
    let dir = TempDir::new().unwrap();
    let points = open(&dir, &address(&cluster, "views")).await;
    store(&points, numbers(100)).await;
    points.seal().await.unwrap();
    let everywhere = |text: &str| {
        for server in &cluster.servers {
            server.ask("views", text);
        }
    };
    for view in ["sums", "bins"] {
        everywhere(&format!("DETACH TABLE points_to_{view}"));
    }
    // Nor is its line written.
    everywhere("RENAME TABLE batches TO away");
    store(&points, numbers(50)).await;
    points.seal().await.unwrap_err();
    for view in ["sums", "bins"] {
        everywhere(&format!("ATTACH TABLE points_to_{view}"));
    }
    everywhere("RENAME TABLE away TO batches");
    points.seal().await.unwrap();
    for server in &cluster.servers {
        has(server, "views", 150);
        let bins = "SELECT sumMerge(points) FROM bins WHERE unit = 86400000000";
        assert_eq!(server.number("views", bins), 8 * 150);
    }
}

#[tokio::test]
async fn a_replica_that_lags_is_not_asked_if_another_does_not() {
    let Some(cluster) = start() else { return };
    let dir = TempDir::new().unwrap();
    let points = open(&dir, &address(&cluster, "lags")).await;
    store(&points, numbers(300)).await;
    points.seal().await.unwrap();
    cluster.servers[1].ask("lags", "SYSTEM STOP FETCHES");
    store(&points, numbers(200)).await;
    points.seal().await.unwrap();
    let lags = cluster.servers[1].number("lags", "SELECT count() FROM points_local");
    let hosts = format!("127.0.0.1:{0},127.0.0.1:{0},127.0.0.1:{0}", cluster.servers[1].port());
    let only: Address = format!("http://{hosts}/lags").parse().unwrap();
    let asking = TempDir::new().unwrap();
    let asking = open(&asking, &only.on_cluster(Shards::NAME).unwrap()).await;
    let day = range(NOW - DAY, NOW + 1);
    assert_eq!(asking.total(PROJECT, day).await.unwrap(), 8 * 500);
    let still = cluster.servers[1].number("lags", "SELECT count() FROM points_local");
    assert_eq!(still, lags, "it has fetched what it lacked before it was asked");
}

#[tokio::test]
async fn tables_are_made_on_each_server_however_many_make_them() {
    let Some(mut cluster) = start() else { return };
    let to = address(&cluster, "several");
    let making: Vec<_> = (0..3).map(|_| tokio::spawn(Points::migrate(to.clone()))).collect();
    for made in making {
        made.await.unwrap().unwrap();
    }
    for server in &cluster.servers {
        let tables = server.number(
            "several",
            "SELECT count() FROM system.tables WHERE database = 'several'",
        );
        assert_eq!(tables, 19);
    }
    let why = async |to: Address| Points::migrate(to).await.unwrap_err().to_string();
    let one: Address = cluster.servers[0].address("several");
    let unnamed = why(one.clone().on_cluster(Shards::NAME).unwrap()).await;
    assert!(unnamed.contains("3 servers, of which 1 are named"), "{unnamed}");
    let unknown = why(one.on_cluster("neither").unwrap()).await;
    assert!(unknown.contains("no cluster neither"), "{unknown}");
    // With one away they are not made anew; what was made is found.
    cluster.servers[1].kill();
    Points::migrate(to).await.unwrap();
    let away = why(address(&cluster, "others")).await;
    assert!(away.contains("can't be reached"), "{away}");
}
