//! Prints what the engine takes and gives: data points a second, bytes a data point, memory, query and start times.
//!
//! `cargo run --release -p points --example measure [ingest|fill|together|dense|threshold|kill|metrics]…`; without
//! arguments, all of them.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures to read"
)]

mod data;
mod dense;
mod figures;
mod fill;
mod ingest;
mod kill;
mod metrics;
mod queries;

use std::path::Path;

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let [what, dir] = &asked[..]
        && (what == "victim" || what == "rest")
    {
        if what == "victim" {
            kill::victim(Path::new(dir)).await;
        }
        return metrics::rest(Path::new(dir)).await;
    }
    let all = asked.is_empty();
    let is = |what: &str| all || asked.iter().any(|asked| asked == what);
    if is("ingest") {
        ingest::ingest().await;
    }
    if is("fill") {
        fill::fill(10_000_000, true).await;
    }
    if is("together") {
        fill::fill(10_000_000, false).await;
    }
    if is("dense") {
        dense::dense().await;
    }
    if is("threshold") {
        dense::threshold().await;
    }
    if is("kill") {
        kill::kill().await;
    }
    if is("metrics") {
        metrics::metrics().await;
    }
}
