//! How throughput grows with the number of micro stat processes that ship to one ClickHouse.

use std::time::Instant;

use tokio::task::JoinSet;

use super::host::Host;
use crate::Failure;
use crate::queries::filling;
use crate::queries::past::Past;
use crate::server::Installation;
use crate::table::{Table, float, short, whole};

/// Processes at once, at most.
const MOST: usize = 3;
/// This part of all data points is published each time, or so many at most.
const PART: usize = 5;
const POINTS: usize = 6_000_000;

pub(super) async fn measure(host: &Host, past: Past) -> Result<(), Failure> {
    let head = ["processes", "acknowledged a second", "there a second", "to one process"];
    let mut table = Table::new(&head);
    let points = (past.points / PART).min(POINTS);
    let mut alone = f64::NAN;
    for processes in 1..=MOST {
        eprintln!("{processes} processes");
        let (acknowledged, there) = together(
            host,
            processes,
            Past {
                points: points / processes,
                ..past
            },
        )
        .await?;
        if processes == 1 {
            alone = there;
        }
        table.row(vec![
            processes.to_string(),
            whole(Some(acknowledged)),
            whole(Some(there)),
            short(Some(there / alone)),
        ]);
    }
    table.print();
    println!(
        "\n{} data points each time, shared by the processes.",
        whole(Some(float(points)))
    );
    Ok(())
}

/// Data points a second, acknowledged and there, of so many processes at once. Each has a folder of its own.
async fn together(host: &Host, processes: usize, each: Past) -> Result<(f64, f64), Failure> {
    let database = format!("by_{processes}");
    let mut servers = Vec::new();
    for _ in 0..processes {
        let installation = Installation::create()?.told(&["--clickhouse", &host.address(&database)]);
        servers.push(installation.serve().await?);
    }
    let started = Instant::now();
    let mut publishing = JoinSet::new();
    for server in &servers {
        publishing.spawn(filling::send_all(server.address, server.dsn.clone(), each));
    }
    while let Some(done) = publishing.join_next().await {
        done??;
    }
    let points = each.points * processes;
    let acknowledged = float(points) / started.elapsed().as_secs_f64();
    host.has(&database, points).await?;
    let there = float(points) / started.elapsed().as_secs_f64();
    drop(servers);
    host.run(&format!("DROP DATABASE {database}")).await?;
    Ok((acknowledged, there))
}
