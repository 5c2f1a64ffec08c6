//! An installation whose data points are in ClickHouse: served, stopped, killed and drained.

#[path = "../../../points/src/tests/clickhouse/server.rs"]
#[expect(dead_code, reason = "the other crate's tests use the rest")]
mod server;

use std::sync::Arc;

use crate::harness::PASSWORD;
use crate::installation::{Installation, account, ready, text};
use crate::wire::Wire;
pub(crate) use server::{Server as ClickHouse, free_ports};

async fn publish(server: std::net::SocketAddr, dsn: &Arc<str>, count: usize) {
    let point = r#"{"name": "Cart", "type": "Counter", "value": 7}"#;
    let batch = format!("[{}]", vec![point; count].join(","));
    let mut wire = Wire::to(server).await.unwrap();
    let reply = wire
        .post(&format!("/api/v1/ingest?dsn={dsn}"), "", &batch)
        .await
        .unwrap();
    assert_eq!(reply.status, 201, "{}", reply.body);
}

fn shipped(clickhouse: &ClickHouse) -> u64 {
    clickhouse.number("stat", "SELECT sumMerge(points) FROM sums WHERE unit = 60000000")
}

#[tokio::test]
async fn what_is_published_is_in_the_api_and_handed_over_at_the_end() {
    let clickhouse = ClickHouse::start();
    let installation = Installation::shipping(clickhouse.address("stat")).await;
    let migrated = installation.run(&["migrate"], "");
    assert!(migrated.status.success(), "{}", text(&migrated.stderr));
    let (project, dsn) = account(&installation);
    let token = ["token", "create", "--email", "ada@example.com", "--name", "T"];
    let token = text(&installation.run(&token, PASSWORD).stdout).trim().to_owned();
    let server = installation.serve();
    ready(server.address()).await;
    publish(server.address(), &dsn, 20).await;
    let path = format!("/api/v1/projects/{project}/metrics");
    let mut looks = 0;
    while !server.get(&path, &token).contains("\"data_points_24h\":20") {
        looks += 1;
        assert!(looks < 10_000, "{}", server.get(&path, &token));
    }
    publish(server.address(), &dsn, 22).await;
    // Beside a server: it has the folder, so nobody else may ship.
    let drained = installation.run(&["points", "drain"], "");
    assert_eq!(drained.status.code(), Some(1));
    assert!(text(&drained.stderr).contains("a server has the data points open"));
    assert!(installation.run(&["migrate"], "").status.success());
    server.stop();
    assert_eq!(shipped(&clickhouse), 42);
    let drained = installation.run(&["points", "drain"], "");
    assert_eq!(
        text(&drained.stdout),
        "0 data points handed over. Nothing waits any more.\n"
    );
}

#[tokio::test]
async fn what_a_killed_server_had_is_drained_once_clickhouse_is_there() {
    let mut clickhouse = ClickHouse::start();
    let installation = Installation::shipping(clickhouse.address("stat")).await;
    clickhouse.kill();
    let (_, dsn) = account(&installation);
    let server = installation.serve();
    ready(server.address()).await;
    publish(server.address(), &dsn, 30).await;
    publish(server.address(), &dsn, 31).await;
    drop(server);
    let away = installation.run(&["points", "drain"], "");
    assert_eq!(away.status.code(), Some(1));
    assert!(
        text(&away.stderr).contains("ClickHouse can't be reached"),
        "{}",
        text(&away.stderr)
    );
    clickhouse.again();
    let drained = installation.run(&["points", "drain"], "");
    assert_eq!(
        text(&drained.stdout),
        "61 data points handed over. Nothing waits any more.\n"
    );
    assert_eq!(shipped(&clickhouse), 61);
}

#[tokio::test]
async fn what_cannot_be_drained_is_said() {
    let installation = Installation::new().await;
    let refused = installation.run(&["points", "drain"], "");
    assert!(text(&refused.stderr).contains("points drain needs --clickhouse"));
    let installation = Installation::shipping("http://127.0.0.1:1/stat".to_owned()).await;
    let refused = installation.run(&["points", "drain"], "");
    assert!(
        text(&refused.stderr).contains("there are no data points in"),
        "{}",
        text(&refused.stderr)
    );
    let wrong = Installation::shipping("http://u:secret@host:x".to_owned()).await;
    let refused = wrong.run(&["migrate"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("--clickhouse is not understood"),
        "{}",
        text(&refused.stderr)
    );
    assert!(!text(&refused.stderr).contains("secret"), "{}", text(&refused.stderr));
}
