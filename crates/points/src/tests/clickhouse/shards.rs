//! A cluster of ClickHouse servers for a test: shards of one or more replicas, and the `ZooKeeper` they agree by.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::server::{Server, free_ports};

/// How long something takes to start at most, and how long between two looks.
const STARTING: u32 = 600;
const LOOKING: Duration = Duration::from_millis(50);

/// Servers, those of one shard after the other.
pub(crate) struct Shards {
    pub(crate) servers: Vec<Server>,
    keeper: Child,
    _folder: TempDir,
}

impl Drop for Shards {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

impl Shards {
    /// What the cluster is called.
    pub(crate) const NAME: &'static str = "both";

    /// Starts so many replicas of each shard.
    pub(crate) fn start(replicas: &[usize]) -> Self {
        let folder = TempDir::new().unwrap();
        let [keeper_port] = free_ports();
        let keeper = keeper(&folder, keeper_port);
        // Of each server: for HTTP, for queries of others, for what replicas fetch.
        let ports: Vec<Vec<[u16; 3]>> = replicas
            .iter()
            .map(|replicas| (0..*replicas).map(|_| free_ports()).collect())
            .collect();
        let replica =
            |[_, native, _]: &[u16; 3]| format!("<replica><host>127.0.0.1</host><port>{native}</port></replica>");
        let shard = |ports: &Vec<[u16; 3]>| {
            let replicas: String = ports.iter().map(replica).collect();
            format!("<shard><internal_replication>true</internal_replication>{replicas}</shard>")
        };
        let shards: String = ports.iter().map(shard).collect();
        let server = |shard: usize, nth: usize, [http, native, fetching]: [u16; 3]| {
            let more = format!(
                "<interserver_http_port>{fetching}</interserver_http_port>\
                 <interserver_http_host>127.0.0.1</interserver_http_host>\
                 <zookeeper><node><host>127.0.0.1</host><port>{keeper_port}</port></node></zookeeper>\
                 <macros><shard>{shard}</shard><replica>{nth}</replica></macros>\
                 <remote_servers><{name}>{shards}</{name}></remote_servers>\
                 <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>",
                name = Self::NAME,
            );
            Server::on([http, native], &more)
        };
        let servers = ports.iter().enumerate().flat_map(|(shard, replicas)| {
            let of_shard = replicas.iter().enumerate();
            of_shard.map(move |(nth, ports)| (shard, nth, *ports))
        });
        Self {
            servers: servers.map(|(shard, nth, ports)| server(shard, nth, ports)).collect(),
            keeper,
            _folder: folder,
        }
    }

    /// Starts one of them again, and waits until it has a database.
    pub(crate) fn again(&mut self, nth: usize, database: &str) {
        self.servers[nth].again();
        let mut looks = 0;
        while !self.servers[nth].knows(database) {
            looks += 1;
            assert!(looks < STARTING, "{database} isn't there");
            std::thread::sleep(LOOKING);
        }
    }

    /// Where one of its databases is: at each of the servers.
    pub(crate) fn address(&self, database: &str) -> String {
        let host = |server: &Server| format!("127.0.0.1:{}", server.port());
        let hosts: Vec<String> = self.servers.iter().map(host).collect();
        format!("http://{}/{database}", hosts.join(","))
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
        assert!(looks < STARTING, "ZooKeeper doesn't listen");
        std::thread::sleep(LOOKING);
    }
    keeper
}
