//! A cluster of two shards, one of which has two replicas.

use std::process::{Child, Command, Stdio};

use domain::id::MetricId;
use domain::time::MINUTE;
use domain::value::Value;
use tempfile::TempDir;

use super::server::{Server, free_ports, today};
use super::{SOURCE, counted};
use crate::tests::{NOW, point, store};
use crate::{Address, Options, Points};

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
    fn start() -> Self {
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
        Self {
            servers: (0..3).map(server).collect(),
            keeper,
            _folder: folder,
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
        "tickTime=500\ndataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n",
        folder.path().join("data").display()
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new("java");
    command.args(["-cp", "/etc/zookeeper/conf:/usr/share/java/*"]);
    command
        .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
        .arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .expect("ZooKeeper is needed: install Debian's package zookeeper")
}

#[tokio::test]
#[ignore = "three servers and ZooKeeper take minutes; the program refuses clusters until data points can be deleted there"]
async fn a_replica_that_is_lost_is_no_loss() {
    if today().is_some() {
        // As a library it is alone.
        return;
    }
    let mut cluster = Cluster::start();
    let dir = TempDir::new().unwrap();
    let options = Options::shipping(4 << 20);
    let points = Points::open_shipping(dir.path(), options, cluster.address("lost"), SOURCE)
        .await
        .unwrap();
    // Metrics lie on either shard.
    let metrics = || (70..78).map(MetricId);
    let of = |count: i64| {
        let one = move |metric| (0..count).map(move |nth| point(metric, NOW - nth * MINUTE, Value::Number(1.0)));
        metrics().flat_map(one).collect::<Vec<_>>()
    };
    let has = |server: &Server, count: u64| {
        for metric in metrics() {
            assert_eq!(counted(server, "lost", metric), [count; 4], "{metric:?}");
        }
    };
    store(&points, of(300)).await;
    points.seal().await.unwrap();
    let behind = "SELECT count() FROM system.replicas WHERE queue_size > 0 OR (log_max_index > 0 AND log_pointer <= log_max_index)";
    while cluster.servers[1].number("lost", behind) > 0 {}
    let on_first = cluster.servers[1].number("lost", "SELECT count() FROM points_local");
    assert!(
        (1..2_400).contains(&on_first),
        "{on_first} of 2400 are on the first shard"
    );
    cluster.servers[0].kill();
    store(&points, of(200)).await;
    while points.seal().await.is_err() {}
    has(&cluster.servers[1], 500);
    cluster.servers[0].again();
    while cluster.servers[0].number("lost", behind) > 0 {}
    has(&cluster.servers[0], 500);
}
