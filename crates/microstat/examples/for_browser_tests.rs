//! What the browser tests need of the program and nobody else does: `routes` prints every route; anything else is the
//! program itself at a time that stands still, and with the same ids each time, so that its pages can be compared.

use std::sync::Arc;

use clap::Parser;
use domain::time::Micros;
use microstat::clock::{Clock, Random};
use microstat::commands::{Outcome, demo};
use microstat::config::{Cli, Command};
use microstat::router;
use microstat::serve;
use microstat::state::App;

/// Friday, 20 November 2026, 16:20 UTC: `NOW` in `tests/browser/harness.js`.
const NOW: Micros = Micros(1_795_191_600_000_000);

#[tokio::main]
async fn main() -> Outcome {
    if std::env::args().nth(1).as_deref() == Some("routes") {
        for (method, path) in router::routes() {
            println!("{method} {path}");
        }
        return Ok(());
    }
    let cli = Cli::parse();
    let open = |seed| App::open(cli.config.clone(), Clock::fixed(NOW), Random::seeded(seed));
    match cli.command {
        Some(Command::Demo) => demo::fill(&open(1).await?).await,
        _ => Ok(serve::serve(Arc::new(open(2).await?)).await?),
    }
}
