//! Publishing: how many data points a second, how long an answer takes, what it costs the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::task::JoinSet;

use crate::Failure;
use crate::http::{Connection, post};
use crate::server::Server;

/// Data points a batch.
const BATCHES: [usize; 3] = [1, 20, 1_000];
/// Metrics that are published to.
const METRICS: usize = 100;
/// Different bodies a connection sends in turn.
const BODIES: usize = 50;

/// How much load, and for how long.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Connections at once
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of measuring, for each size of batch
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds, each on a fresh server; the median of each figure is printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What was measured of one size of batch.
#[derive(Clone, Copy, Debug)]
struct Figures {
    data_points_a_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_s_a_million: f64,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let mut rounds = Vec::new();
    let mut peak_mb = 0_f64;
    for _ in 0..options.rounds.max(1) {
        let server = Server::start().await?;
        let mut figures = Vec::new();
        for batch in BATCHES {
            figures.push(measure(&server, options, batch).await?);
        }
        peak_mb = peak_mb.max(server.peak_mb()?);
        rounds.push(figures);
    }
    println!("| batch | data points a second | p50 ms | p99 ms | server CPU s a million |");
    println!("|---|---|---|---|---|");
    for (place, batch) in BATCHES.iter().enumerate() {
        let median = |figure: fn(&Figures) -> f64| {
            let mut all: Vec<f64> = rounds.iter().map(|figures| figure(&figures[place])).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        println!(
            "| {batch} | {:.0} | {:.2} | {:.2} | {:.2} |",
            median(|f| f.data_points_a_second),
            median(|f| f.p50_ms),
            median(|f| f.p99_ms),
            median(|f| f.cpu_s_a_million),
        );
    }
    println!(
        "{} connections, {} s a cell, {} rounds; most memory {peak_mb:.0} MB",
        options.connections,
        options.seconds,
        rounds.len()
    );
    Ok(())
}

async fn measure(server: &Server, options: &Options, batch: usize) -> Result<Figures, Failure> {
    let path = format!("/api/v1/ingest?dsn={}", server.dsn);
    let requests: Arc<[Vec<u8>]> = (0..BODIES).map(|n| post(&path, &body(batch, n))).collect();
    // A first round makes the metrics and the connections' buffers, and is not measured.
    for request in requests.iter() {
        Connection::open(server.address).await?.send(request).await?;
    }
    let cpu_s = server.cpu_s()?;
    let started = Instant::now();
    let end = started + Duration::from_secs(options.seconds);
    let mut load = JoinSet::new();
    for n in 0..options.connections {
        load.spawn(publish(server.address, Arc::clone(&requests), n, end));
    }
    let mut times_ms = Vec::new();
    for done in load.join_all().await {
        times_ms.extend(done?);
    }
    let seconds = started.elapsed().as_secs_f64();
    let cpu_s = server.cpu_s()? - cpu_s;
    times_ms.sort_by(f64::total_cmp);
    let data_points = count(times_ms.len() * batch);
    Ok(Figures {
        data_points_a_second: data_points / seconds,
        p50_ms: times_ms[times_ms.len() / 2],
        p99_ms: times_ms[times_ms.len() * 99 / 100],
        cpu_s_a_million: cpu_s / data_points * 1e6,
    })
}

/// Publishes one batch after another until `end`; gives how long each took.
async fn publish(
    server: std::net::SocketAddr,
    requests: Arc<[Vec<u8>]>,
    first: usize,
    end: Instant,
) -> Result<Vec<f64>, Failure> {
    let mut connection = Connection::open(server).await?;
    let mut times_ms = Vec::new();
    for n in first.. {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        let status = connection.send(&requests[n % requests.len()]).await?;
        if status != 201 {
            return Err(format!("an answer with status {status}").into());
        }
        times_ms.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times_ms)
}

/// A batch of all four types, as a client in an app sends it.
fn body(batch: usize, n: usize) -> String {
    let points: Vec<String> = (0..batch)
        .map(|k| {
            let seed = n * 7_919 + k;
            let metric = seed % METRICS;
            match metric % 4 {
                0 => format!(r#"{{"name":"Metric {metric}","type":"Hit Counter","value":1}}"#),
                1 => format!(
                    r#"{{"name":"Metric {metric}","type":"Counter","value":{}}}"#,
                    seed % 1_000
                ),
                2 => format!(
                    r#"{{"name":"Metric {metric}","type":"Timer","value":{}.{}}}"#,
                    seed % 500,
                    seed % 10
                ),
                _ => format!(
                    r#"{{"name":"Metric {metric}","type":"Word Web","value":"word {}"}}"#,
                    seed % 200
                ),
            }
        })
        .collect();
    format!("[{}]", points.join(","))
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
