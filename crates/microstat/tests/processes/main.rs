//! Several processes are one installation: real ones, behind a real load balancer, on a real PostgreSQL and a real
//! ClickHouse of two shards, which stop and start under load.

mod balancer;
mod http;
mod load;
mod node;
mod postgres;
#[path = "../../../points/src/tests/clickhouse/server.rs"]
#[expect(dead_code, reason = "the other crate's tests use the rest")]
mod server;
#[path = "../../../points/src/tests/clickhouse/shards.rs"]
mod shards;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use balancer::Balancer;
use http::Client;
use load::{BATCH, Book, Door};
use node::{Node, Shared};
use postgres::Postgres;
use server::{Server, free_ports};
use shards::Shards;
use tempfile::TempDir;
use waiting::{now, until};

/// Apps that publish and people who look, at once.
const APPS: usize = 4;
const READERS: usize = 2;
/// Where data points are.
const DATABASE: &str = "stat";
/// How long everything goes well before and between, how long ClickHouse is away or one of its shards, how long one says
/// nothing (`ZooKeeper` gives it up after six seconds, and old versions take long to notice), and how long PostgreSQL is away.
const CALM: Duration = Duration::from_secs(4);
const CLICKHOUSE_AWAY: Duration = Duration::from_secs(8);
const CUT_OFF: Duration = Duration::from_secs(4);
const POSTGRES_AWAY: Duration = Duration::from_secs(30);

/// The whole of it.
struct Installation {
    postgres: Postgres,
    clickhouse: Shards,
    nodes: Vec<Node>,
    balancer: Balancer,
    door: Door,
    book: Arc<Book>,
    /// What is printed at the end.
    rows: Vec<String>,
    _folder: TempDir,
}

impl Installation {
    fn start() -> Self {
        let [database, front, a, b, c] = free_ports();
        let folder = TempDir::new().expect("a folder");
        let postgres = Postgres::start(database);
        let clickhouse = Shards::start(&[1, 1]);
        let shared = Shared {
            folder: folder.path().to_owned(),
            database: postgres.url(),
            clickhouse: clickhouse.address(DATABASE),
            cluster: Shards::NAME,
        };
        shared.write_key();
        let mut nodes: Vec<Node> = [a, b, c]
            .into_iter()
            .enumerate()
            .map(|(nth, port)| Node::new(&shared, nth, port))
            .collect();
        nodes.iter_mut().for_each(Node::start);
        let balancer = Balancer::start(front, [a, b, c]);
        let create = ["user", "create", "--email", "ada@example.com", "--name", "Ada"];
        let made = nodes[0].run(&create, "granite-otter-fjord-31\n");
        let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
        let word = |name: &str| made[name].as_str().expect("an id").to_owned();
        let token = nodes[0].run(&["token", "create", "--email", "ada@example.com", "--name", "T"], "");
        let door = Door {
            through: balancer.address,
            publish: format!("/api/v1/ingest?dsn={}", word("dsn")),
            totals: format!("/api/v1/projects/{}/totals?step=1h", word("project")),
            token,
        };
        Self {
            postgres,
            clickhouse,
            nodes,
            balancer,
            door,
            book: Arc::default(),
            rows: Vec::new(),
            _folder: folder,
        }
    }

    /// Waits until every process answers with what is acknowledged now.
    fn until_caught_up(&self) {
        let least = self.book.acknowledged();
        for node in &self.nodes {
            let mut client = Client::of(node.address);
            until("everything acknowledged is in answers", || {
                let reply = client.get(&self.door.totals, &self.door.token);
                let counted = reply.as_ref().ok().and_then(load::counted);
                counted.is_some_and(|(count, _)| count >= least)
            });
        }
    }

    /// Notes what happened since the last row, and how long it took to be well again.
    fn row(&mut self, what: &str, serves: Duration, reads: Duration) -> load::Tally {
        let tally = self.book.tally();
        self.rows.push(format!(
            "| {what} | {:.1} s | {:.1} s | {} | {} | {} | {} | {} | {:.1} s |",
            serves.as_secs_f64(),
            reads.as_secs_f64(),
            tally.tries,
            tally.replayed,
            tally.read,
            tally.unread,
            tally.said_stale,
            tally.stalest.as_secs_f64(),
        ));
        tally
    }

    fn kill_one(&mut self) {
        let began = now();
        self.nodes[0].kill();
        self.nodes[0].start();
        let serves = began.elapsed();
        self.until_caught_up();
        let reads = began.elapsed();
        self.row("a process is killed (-9) and started again", serves, reads);
    }

    fn restart_clickhouse(&mut self) {
        self.clickhouse.servers.iter_mut().for_each(Server::kill);
        std::thread::sleep(CLICKHOUSE_AWAY);
        for nth in 0..self.clickhouse.servers.len() {
            self.clickhouse.again(nth, DATABASE);
        }
        self.reads_again("ClickHouse is killed, and back after 8 s");
    }

    /// What is shipped meanwhile gets to the other shard alone.
    fn kill_a_shard(&mut self) {
        self.clickhouse.servers[1].kill();
        std::thread::sleep(CLICKHOUSE_AWAY);
        self.clickhouse.again(1, DATABASE);
        self.reads_again("one shard is killed, and back after 8 s");
    }

    fn cut_a_shard_off(&mut self) {
        self.clickhouse.servers[1].freeze();
        std::thread::sleep(CUT_OFF);
        self.clickhouse.servers[1].thaw();
        self.reads_again("one shard says nothing for 4 s");
    }

    /// Notes how long it takes from now on until everything acknowledged is in answers.
    fn reads_again(&mut self, after: &str) {
        let back = now();
        self.until_caught_up();
        let reads = back.elapsed();
        self.row(after, Duration::ZERO, reads);
    }

    fn stop_postgres(&mut self) {
        self.postgres.stop();
        std::thread::sleep(POSTGRES_AWAY);
        self.postgres.again();
        let back = now();
        let nodes = &self.nodes;
        until("all are ready", || nodes.iter().all(Node::is_ready));
        let serves = back.elapsed();
        self.until_caught_up();
        let reads = back.elapsed();
        self.row("PostgreSQL is stopped for 30 s", serves, reads);
    }

    fn renew_each(&mut self) {
        for nth in 0..self.nodes.len() {
            let began = now();
            self.nodes[nth].stop();
            self.nodes[nth].start();
            let serves = began.elapsed();
            self.until_caught_up();
            let reads = began.elapsed();
            let tally = self.row(&format!("process {} is renewed", nth + 1), serves, reads);
            // What is asked to stop in order is missed by nobody.
            let (told, log) = (self.book.refusal(), self.balancer.log());
            assert_eq!((tally.tries, tally.unread), (0, 0), "{told}: {log}");
        }
    }

    /// What ClickHouse has at the end: every data point, and as many in each of the rollups.
    fn check(&self) {
        let acknowledged = self.book.acknowledged();
        let number = |text: &str| self.clickhouse.servers[0].number(DATABASE, text);
        assert_eq!(number("SELECT uniqExact(number) FROM points"), acknowledged);
        // Batches have keys, so whichever process nginx gives one to, it is there once.
        assert_eq!(number("SELECT count() FROM points"), acknowledged);
        for unit in [60_000_000_u64, 3_600_000_000, 86_400_000_000] {
            for rollup in ["sums", "bins"] {
                let rolled_up = number(&format!("SELECT sumMerge(points) FROM {rollup} WHERE unit = {unit}"));
                assert_eq!(rolled_up, acknowledged, "{rollup} {unit}");
            }
        }
        assert_eq!(self.book.wrong(), Vec::<String>::new());
        assert!(acknowledged > 500 * BATCH, "{acknowledged}");
    }
}

#[test]
#[ignore = "takes minutes and needs nginx: bin/test runs it by name"]
fn nothing_acknowledged_is_lost_or_there_twice_whatever_stops() {
    let mut installation = Installation::start();
    let book = &installation.book;
    let door = &installation.door;
    let apps = (0..APPS).map(|_| load::app(door.clone(), Arc::clone(book)));
    let readers = (0..READERS).map(|_| load::reader(door.clone(), Arc::clone(book)));
    let all: Vec<_> = apps.chain(readers).collect();
    std::thread::sleep(CALM);
    installation.until_caught_up();
    installation.row("nothing", Duration::ZERO, Duration::ZERO);
    for fault in [
        Installation::kill_one,
        Installation::restart_clickhouse,
        Installation::kill_a_shard,
        Installation::cut_a_shard_off,
        Installation::stop_postgres,
        Installation::renew_each,
    ] {
        fault(&mut installation);
        std::thread::sleep(CALM);
        installation.row("in the 4 s after", Duration::ZERO, Duration::ZERO);
    }
    installation.book.end();
    for one in all {
        one.join().expect("an app");
    }
    installation.until_caught_up();
    println!(
        "| what happens | serves again | reads all | tries in vain | answered again | reads | not read | said stale | stalest else |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    println!("{}", installation.rows.join("\n"));
    println!("{} data points acknowledged", installation.book.acknowledged());
    for (nth, node) in installation.nodes.iter().enumerate() {
        println!("process {} complained:\n{}", nth + 1, node.complaints());
    }
    installation.check();
}
