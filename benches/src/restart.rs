//! `kill -9` in the middle of full load: how long until it serves again, and whether what it acknowledged is there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::task::JoinSet;

use crate::Failure;
use crate::http::{Connection, post};
use crate::machine;
use crate::server::Server;
use crate::table::{Table, float, short, verdict, whole};

/// Seconds until it is ready again.
const GOAL_S: f64 = 2.0;

/// How often, and under which load.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Times it is killed; what was published stays from one to the next
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of load before it is killed
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections at once, each with a metric of its own
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Data points a batch
    #[arg(long, default_value_t = 100)]
    batch: usize,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let machine = machine::description();
    let mut server = Server::start().await?;
    let token = server.installation.token()?;
    let mut acknowledged = vec![0; options.connections];
    let head = [
        "round",
        "acknowledged so far",
        "there",
        "lost",
        "twice",
        "/healthz after, s",
        "first answer after, s",
        "",
    ];
    let mut table = Table::new(&head);
    for round in 1..=options.rounds {
        let load = start_load(&server, options);
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        server.process.kill();
        for (place, accepted) in load.join_all().await {
            acknowledged[place] += accepted?;
        }
        let started = Instant::now();
        server.start_again()?;
        server.ready().await?;
        let healthy_s = started.elapsed().as_secs_f64();
        let there = count(&server, &token, options.connections).await?;
        let answered_s = started.elapsed().as_secs_f64();
        // an unanswered batch may be there; nothing else may
        let pairs = || acknowledged.iter().zip(&there);
        let lost: usize = pairs().map(|(said, there)| said.saturating_sub(*there)).sum();
        let twice: usize = pairs()
            .map(|(said, there)| there.saturating_sub(said + options.batch))
            .sum();
        let is_met = answered_s < GOAL_S && lost == 0 && twice == 0;
        table.row(vec![
            round.to_string(),
            whole(Some(float(acknowledged.iter().sum()))),
            whole(Some(float(there.iter().sum()))),
            lost.to_string(),
            twice.to_string(),
            short(Some(healthy_s)),
            short(Some(answered_s)),
            verdict(is_met),
        ]);
        acknowledged = there;
    }
    table.print();
    println!(
        "\nGoal: ready in under {GOAL_S} s, nothing acknowledged lost, nothing twice. {} s of batches of {} over {} \
         connections before each kill -9. A batch that was not answered may be there, so \"there\" may be more.\n{machine}",
        options.seconds, options.batch, options.connections
    );
    Ok(())
}

/// Each connection publishes to its own metric until it breaks; gives its place and how much was acknowledged.
fn start_load(server: &Server, options: &Options) -> JoinSet<(usize, Result<usize, Failure>)> {
    let mut load = JoinSet::new();
    for place in 0..options.connections {
        let point = format!(r#"{{"name":"Connection {place}","type":"Hit Counter"}}"#);
        let body = format!("[{}]", vec![point; options.batch].join(","));
        let request: Arc<[u8]> = post(&format!("/api/v1/ingest?dsn={}", server.dsn), &body).into();
        let (address, batch) = (server.address, options.batch);
        load.spawn(async move { (place, publish(address, &request, batch).await) });
    }
    load
}

/// # Errors
/// If it is answered, but not by acceptance: a broken connection is what is waited for.
async fn publish(address: SocketAddr, request: &[u8], batch: usize) -> Result<usize, Failure> {
    let mut acknowledged = 0;
    let Ok(mut connection) = Connection::open(address).await else {
        return Ok(acknowledged);
    };
    while let Ok(status) = connection.send(request).await {
        if status != 201 {
            return Err(format!("publishing answers {status}: {}", connection.text()).into());
        }
        acknowledged += batch;
    }
    Ok(acknowledged)
}

/// How many data points each connection's metric has.
async fn count(server: &Server, token: &str, connections: usize) -> Result<Vec<usize>, Failure> {
    let answer = server
        .ask(
            token,
            &format!("/api/v1/projects/{}/metrics", server.installation.project),
        )
        .await?;
    let mut counts = vec![0; connections];
    for metric in answer["metrics"].as_array().ok_or("no metrics")? {
        let place = metric["name"]
            .as_str()
            .and_then(|name| name.strip_prefix("Connection ")?.parse().ok());
        let place: usize = place.ok_or("a metric that nobody published")?;
        let number = metric["data_points_24h"].as_u64().ok_or("no count")?;
        *counts.get_mut(place).ok_or("a metric that nobody published")? = usize::try_from(number)?;
    }
    Ok(counts)
}
