//! Measures the program as people run it: the release binary on loopback, in a folder that is removed afterwards.

#![expect(clippy::disallowed_methods, reason = "who measures time has to ask what time it is")]

mod clickhouse;
mod crash;
mod data_points;
mod flood;
mod http;
mod ingest;
mod load;
mod machine;
mod memory;
mod peers;
mod process;
mod queries;
mod restart;
mod server;
mod table;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures micro stat; benches/README.md says what each figure means
#[derive(Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Data points a second at the strict door, by batches of 1, 20 and 1,000
    Ingest(ingest::Options),
    /// Load for a server that runs already, to look at it meanwhile
    Flood(flood::Options),
    /// The same beside other servers, out of Debian's packages, with the goals of ingestion
    Peers(peers::Options),
    /// Questions and pages at 10 million data points, bytes on disk, memory
    Queries(queries::Options),
    /// The same in ClickHouse, beside the embedded engine and plain inserts, and with 1, 2 and 3 processes
    Clickhouse(clickhouse::Options),
    /// Memory by number of metrics
    Memory(memory::Options),
    /// Time to serve again after `kill -9` under full load, and what is there then
    Restart(restart::Options),
    /// Hundreds of `kill -9` at random moments, and whether what was acknowledged is there once
    Crash(crash::Options),
    /// A server that answers 204 and reads nothing, for `peers`
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        listen: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = tokio::select! {
        done = run(Cli::parse().what) => done,
        stopped = stopped() => stopped,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(what: What) -> Result<(), Failure> {
    match what {
        What::Ingest(options) => ingest::run(&options).await,
        What::Flood(options) => flood::run(&options).await,
        What::Peers(options) => peers::run(&options).await,
        What::Queries(options) => queries::run(&options).await,
        What::Clickhouse(options) => clickhouse::run(&options).await,
        What::Memory(options) => memory::run(&options).await,
        What::Restart(options) => restart::run(&options).await,
        What::Crash(options) => crash::run(&options).await,
        What::Bare { listen } => peers::bare(listen).await,
    }
}

/// Waits to be told to stop. What was started ends with the values that stand for it.
async fn stopped() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt?,
        _ = terminate.recv() => {}
    }
    Err("stopped; everything that was started has been ended".into())
}
