//! A cluster of two shards, one of which has two replicas.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use domain::id::MetricId;
use domain::time::{DAY, HOUR, MINUTE};
use domain::value::Value;
use tempfile::TempDir;

use super::contract::agrees;
use super::server::{Server, free_ports, today};
use super::{SOURCE, counted};
use crate::tests::model::{Engine, MOVED, OUTLIVING, PLAIN};
use crate::tests::{NOW, PROJECT, point, range, store};
use crate::{Address, DataPoint, Error, Options, Points};

const CASES: u32 = 2;

/// Servers, and what they agree by.
struct Cluster {
    servers: Vec<Server>,
    keeper: Child,
    _folder: TempDir,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

impl Cluster {
    /// Starts one; none of today's engine, which is alone as a library.
    fn start() -> Option<Self> {
        if today().is_some() {
            return None;
        }
        let folder = TempDir::new().unwrap();
        let [keeper_port, ports @ ..] = free_ports::<10>();
        let keeper = keeper(&folder, keeper_port);
        let replica = |port: u16| format!("<replica><host>127.0.0.1</host><port>{port}</port></replica>");
        let shard = |replicas: &[u16]| {
            let replicas: String = replicas.iter().copied().map(replica).collect();
            format!("<shard><internal_replication>true</internal_replication>{replicas}</shard>")
        };
        let shards = shard(&[ports[1], ports[4]]) + &shard(&[ports[7]]);
        let server = |nth: usize| {
            let more = format!(
                "<interserver_http_port>{}</interserver_http_port>\
                 <interserver_http_host>127.0.0.1</interserver_http_host>\
                 <zookeeper><node><host>127.0.0.1</host><port>{keeper_port}</port></node></zookeeper>\
                 <macros><shard>{}</shard><replica>{nth}</replica></macros>\
                 <remote_servers><both>{shards}</both></remote_servers>\
                 <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>",
                ports[3 * nth + 2],
                nth / 2
            );
            Server::on([ports[3 * nth], ports[3 * nth + 1]], &more)
        };
        let cluster = Self {
            servers: (0..3).map(server).collect(),
            keeper,
            _folder: folder,
        };
        Some(cluster)
    }

    /// Starts one of them again, and waits until it has a database.
    fn again(&mut self, nth: usize, database: &str) {
        self.servers[nth].again();
        let mut looks = 0;
        while !self.servers[nth].knows(database) {
            looks += 1;
            assert!(looks < 600, "{database} isn't there");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn address(&self, database: &str) -> Address {
        let hosts: Vec<String> = self
            .servers
            .iter()
            .map(|server| format!("127.0.0.1:{}", server.port()))
            .collect();
        let address: Address = format!("http://{}/{database}", hosts.join(",")).parse().unwrap();
        address.on_cluster("both").unwrap()
    }
}

/// `ZooKeeper`, as Debian has it.
fn keeper(folder: &TempDir, port: u16) -> Child {
    let config = folder.path().join("zoo.cfg");
    let text = format!(
        "tickTime=500\ndataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nmaxSessionTimeout=6000\n",
        folder.path().join("data").display()
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new("java");
    command.args(["-cp", "/etc/zookeeper/conf:/usr/share/java/*"]);
    command
        .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
        .arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let keeper = command.spawn();
    let keeper = keeper.expect("ZooKeeper is needed: install Debian's package zookeeper");
    let mut looks = 0;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        looks += 1;
        assert!(looks < 600, "ZooKeeper doesn't listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    keeper
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
    let Some(cluster) = Cluster::start() else { return };
    let shipped: for<'e> fn(&'e Address) -> Engine<'e> = |to| Engine::ClickHouse(to);
    agrees(CASES, PLAIN, shipped, |nth| cluster.address(&format!("plain_{nth}")));
    agrees(CASES, OUTLIVING, shipped, |nth| {
        cluster.address(&format!("outliving_{nth}"))
    });
    let moved: for<'e> fn(&'e Address) -> Engine<'e> = |to| Engine::Moved(to);
    agrees(1, MOVED, moved, |nth| cluster.address(&format!("moved_{nth}")));
}

#[tokio::test]
async fn a_replica_that_is_lost_is_no_loss() {
    let Some(mut cluster) = Cluster::start() else { return };
    let to = cluster.address("lost");
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
    let Some(mut cluster) = Cluster::start() else { return };
    let to = cluster.address("cut");
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
}

#[tokio::test]
async fn a_replica_that_lags_is_not_asked_if_another_does_not() {
    let Some(cluster) = Cluster::start() else { return };
    let dir = TempDir::new().unwrap();
    let points = open(&dir, &cluster.address("lags")).await;
    store(&points, numbers(300)).await;
    points.seal().await.unwrap();
    cluster.servers[1].ask("lags", "SYSTEM STOP FETCHES");
    store(&points, numbers(200)).await;
    points.seal().await.unwrap();
    let lags = cluster.servers[1].number("lags", "SELECT count() FROM points_local");
    let hosts = format!("127.0.0.1:{0},127.0.0.1:{0},127.0.0.1:{0}", cluster.servers[1].port());
    let only: Address = format!("http://{hosts}/lags").parse().unwrap();
    let asking = TempDir::new().unwrap();
    let asking = open(&asking, &only.on_cluster("both").unwrap()).await;
    let day = range(NOW - DAY, NOW + 1);
    assert_eq!(asking.total(PROJECT, day).await.unwrap(), 8 * 500);
    let still = cluster.servers[1].number("lags", "SELECT count() FROM points_local");
    assert_eq!(still, lags, "it has fetched what it lacked before it was asked");
}

#[tokio::test]
async fn tables_are_made_on_each_server_however_many_make_them() {
    let Some(mut cluster) = Cluster::start() else { return };
    let to = cluster.address("several");
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
    let unnamed = why(one.clone().on_cluster("both").unwrap()).await;
    assert!(unnamed.contains("3 servers, of which 1 are named"), "{unnamed}");
    let unknown = why(one.on_cluster("neither").unwrap()).await;
    assert!(unknown.contains("no cluster neither"), "{unknown}");
    // With one away they are not made anew; what was made is found.
    cluster.servers[1].kill();
    Points::migrate(to).await.unwrap();
    let away = why(cluster.address("others")).await;
    assert!(away.contains("can't be reached"), "{away}");
}
