//! Measures the program as people run it: the release binary on loopback, in a folder that is removed afterwards.

#![expect(clippy::disallowed_methods, reason = "who measures time has to ask what time it is")]

mod http;
mod ingest;
mod server;

use clap::{Parser, Subcommand};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Data points a second at the strict door, by batches of 1, 20 and 1,000
    Ingest(ingest::Options),
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    match Cli::parse().what {
        What::Ingest(options) => ingest::run(&options).await,
    }
}
