//! Publishing to this server alone: how many data points a second, how long an answer takes, what it costs.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::Failure;
use crate::data_points::{batch, json};
use crate::http::post;
use crate::load::{self, Outcome, Protocol, Request, Target};
use crate::machine;
use crate::server::Server;
use crate::table::{Table, float, median, short, whole};

/// Data points a batch.
const BATCHES: [usize; 3] = [1, 20, 1_000];
/// Different bodies that are sent in turn.
const BODIES: usize = 50;

/// How much load, and for how long.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Connections at once
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Threads that make the load
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Seconds of measuring, for each size of batch
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds, each on a fresh server; the median of each figure is printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What was measured of one size of batch: the load's outcome, and seconds of the server's processor.
type Figures = (Outcome, f64);

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let machine = machine::description();
    let mut rounds = Vec::new();
    let mut peak_mb = 0_f64;
    for _ in 0..options.rounds.max(1) {
        let server = Server::start().await?;
        let mut figures = Vec::new();
        for batch in BATCHES {
            figures.push(measure(&server, options, batch).await?);
        }
        peak_mb = peak_mb.max(server.process.peak_mb()?);
        rounds.push(figures);
    }
    let head = [
        "batch",
        "data points a second",
        "p50 ms",
        "p99 ms",
        "server CPU s a million",
    ];
    let mut table = Table::new(&head);
    for (place, batch) in BATCHES.into_iter().enumerate() {
        let middle =
            |figure: &dyn Fn(&Figures) -> f64| median(rounds.iter().map(|round| figure(&round[place])).collect());
        table.row(vec![
            whole(Some(float(batch))),
            whole(middle(&|(load, _)| load.points_a_second())),
            short(middle(&|(load, _)| load.percentile_ms(50))),
            short(middle(&|(load, _)| load.percentile_ms(99))),
            short(middle(&|(load, cpu_s)| cpu_s / float(load.points) * 1e6)),
        ]);
    }
    table.print();
    println!(
        "\n{} connections, {} s a cell, {} rounds; most memory {peak_mb:.0} MB.\n{machine}",
        options.connections,
        options.seconds,
        rounds.len()
    );
    Ok(())
}

async fn measure(server: &Server, options: &Options, size: usize) -> Result<Figures, Failure> {
    let target = target(server.address, &server.dsn, size);
    // makes metrics and buffers, and is not measured
    load(&target, options, Duration::from_millis(500)).await?;
    let cpu_s = server.process.cpu_s()?;
    let outcome = load(&target, options, Duration::from_secs(options.seconds)).await?;
    Ok((outcome, server.process.cpu_s()? - cpu_s))
}

/// The strict door, with batches of this size.
pub(crate) fn target(address: SocketAddr, dsn: &str, size: usize) -> Target {
    let path = format!("/api/v1/ingest?dsn={dsn}");
    let requests = (0..BODIES).map(|n| Request::fixed(post(&path, &json(&batch(size, n))), size));
    Target {
        address,
        protocol: Protocol::Http,
        greeting: Vec::new(),
        requests: requests.collect::<Vec<_>>().into(),
    }
}

async fn load(target: &Target, options: &Options, lasts: Duration) -> Result<Outcome, Failure> {
    let (target, connections, threads) = (target.clone(), options.connections, options.threads.max(1));
    let load = move || load::closed(&target, connections, threads, lasts);
    Ok(tokio::task::spawn_blocking(load).await??)
}
