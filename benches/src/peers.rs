//! micro stat beside others, side by side in one run: every round starts each server once, on an empty folder, and
//! publishes the same data points to it. Only ratios inside one run count: machines drift.

mod bare;
mod clickhouse;
mod contestant;
mod goals;
mod http;
mod influx;
mod microstat;
mod packages;
mod postgres;
mod prometheus;
mod report;
mod running;
mod series;
mod victoria;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

pub(crate) use self::bare::serve as bare;
pub(crate) use self::clickhouse::serve as clickhouse;
use self::contestant::Contestant;
pub(crate) use self::packages::Packages;
use self::report::{Cell, Round};
pub(crate) use self::running::Running;
use crate::Failure;
use crate::data_points::batch;
use crate::load::{self, Outcome, Request, Target};
use crate::machine;

/// Data points a batch.
const BATCHES: [usize; 3] = [1, 20, 1_000];
/// Different requests that are sent in turn.
const REQUESTS: usize = 50;

/// How much load, for how long, on whom.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Rounds; the median of each figure is printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of measuring, for each server and size of batch
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections at once
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Threads that make the load
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Measure these alone, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Contestant>,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let machine = machine::description();
    let packages = Packages::new()?;
    let mut rounds: Vec<Round> = Contestant::of(&options.only).into_iter().map(Round::new).collect();
    for number in 1..=options.rounds.max(1) {
        for round in rounds.iter_mut().filter(|round| round.missing.is_none()) {
            eprintln!("round {number} of {}: {}", options.rounds, round.contestant.label());
            if let Err(error) = measure(round, &packages, options).await {
                eprintln!("{}: {error}", round.contestant.label());
                round.missing = Some(error.to_string());
            }
        }
    }
    report::print(&rounds);
    goals::print(&rounds);
    println!(
        "\n{} rounds of {} s a cell, {} connections, {} thread(s) of load.\n{machine}",
        options.rounds, options.seconds, options.connections, options.threads,
    );
    Ok(())
}

/// One round of one server.
async fn measure(round: &mut Round, packages: &Packages, options: &Options) -> Result<(), Failure> {
    let contestant = round.contestant;
    let running = contestant.start(packages).await?;
    let mut peak_mb = 0_f64;
    for (place, size) in BATCHES.into_iter().enumerate() {
        if !contestant.takes(size) {
            continue;
        }
        let requests = (0..REQUESTS).map(|n| contestant.request(&running.path, &batch(size, n)));
        let target = target(&running, requests.collect());
        // makes metrics, files and buffers, and is not measured
        load(&target, options, Duration::from_millis(500)).await?;
        let cpu_s = running.process()?.cpu_s()?;
        let outcome = load(&target, options, Duration::from_secs(options.seconds)).await?;
        let cpu_s = running.process()?.cpu_s()? - cpu_s;
        let mut cell = Cell::of(&outcome, cpu_s);
        if contestant == Contestant::Microstat {
            cell.half_load_p99_ms = Some(at_half_load(&target, options, size, &outcome).await?);
        }
        round.cells[place].push(cell);
        peak_mb = peak_mb.max(running.process()?.peak_mb()?);
    }
    round.peaks_mb.push(peak_mb);
    Ok(())
}

fn target(running: &Running, requests: Vec<Request>) -> Target {
    Target {
        address: running.address,
        protocol: running.protocol,
        greeting: running.greeting.clone(),
        requests: Arc::from(requests),
    }
}

async fn load(target: &Target, options: &Options, lasts: Duration) -> Result<Outcome, Failure> {
    let (target, connections, threads) = (target.clone(), options.connections, options.threads.max(1));
    let load = move || load::closed(&target, connections, threads, lasts);
    Ok(tokio::task::spawn_blocking(load).await??)
}

/// The 99th percentile of answer times at half of what was reached.
async fn at_half_load(target: &Target, options: &Options, size: usize, most: &Outcome) -> Result<f64, Failure> {
    let (target, connections) = (target.clone(), options.connections);
    let a_second = most.points_a_second() / crate::table::float(size) / 2.0;
    let lasts = Duration::from_secs(options.seconds);
    let load = move || load::open(&target, connections, a_second, lasts);
    let outcome = tokio::task::spawn_blocking(load).await??;
    Ok(outcome.percentile_ms(99))
}
