//! Loads a server that runs already, so that it can be looked at meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::Failure;
use crate::ingest::target;
use crate::load;
use crate::table::{short, whole};

/// Whom, and how much.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    to: SocketAddr,
    /// The project to publish to
    #[arg(long)]
    dsn: String,
    /// Data points a batch
    #[arg(long, default_value_t = 20)]
    batch: usize,
    /// Connections at once
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let target = target(options.to, &options.dsn, options.batch);
    let (connections, lasts) = (options.connections, Duration::from_secs(options.seconds));
    let outcome = tokio::task::spawn_blocking(move || load::closed(&target, connections, 1, lasts)).await??;
    println!(
        "{} data points a second, p50 {} ms, p99 {} ms",
        whole(Some(outcome.points_a_second())),
        short(Some(outcome.percentile_ms(50))),
        short(Some(outcome.percentile_ms(99))),
    );
    Ok(())
}
