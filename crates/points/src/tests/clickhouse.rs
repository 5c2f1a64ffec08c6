//! Data points in ClickHouse: a real server, started on loopback in a folder that is removed afterwards.

mod between;
mod cluster;
mod contract;
mod erasing;
mod moving;
pub(crate) mod server;
pub(crate) mod shards;
mod sharing;
mod shipping;
mod tables;
mod tls;
mod twins;

use domain::id::MetricId;
use tempfile::TempDir;

use crate::{Address, Options, Points};
use between::{Between, Fault};
use server::Server;

/// The number of the folder that ships.
const SOURCE: u64 = 7_777;

async fn open(dir: &TempDir, to: Address) -> Points {
    Points::open_shipping(dir.path(), Options::shipping(64 << 20), to, SOURCE)
        .await
        .unwrap()
}

/// The same store once requests get through again, started anew if that is asked for. A request must have been failed.
async fn mended(points: Points, restart: bool, dir: &TempDir, between: &Between, database: &str) -> Points {
    if !restart {
        assert!(between.mend());
        return points;
    }
    drop(points);
    assert!(between.mend());
    open(dir, between.address(database)).await
}

/// Data points of a metric that ClickHouse has, as each of its tables tells: themselves, and by the minute, hour and day.
fn counted(server: &Server, database: &str, metric: MetricId) -> [u64; 4] {
    let of_unit = |unit: i64| {
        let text = format!(
            "SELECT sumMerge(points) FROM sums WHERE metric = {} AND unit = {unit}",
            metric.0
        );
        server.number(database, &text)
    };
    let points = server.number(
        database,
        &format!("SELECT count() FROM points WHERE metric = {}", metric.0),
    );
    [
        points,
        of_unit(60_000_000),
        of_unit(3_600_000_000),
        of_unit(86_400_000_000),
    ]
}
