//! Data points in ClickHouse: shipped there, asked for, and beside what they would cost elsewhere, in one run: in the
//! embedded engine, and as plain inserts of the very same rows into a table without views.

mod host;
mod plain;
mod processes;
mod questions;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::Args;

use self::host::Host;
use self::questions::Asked;
use crate::Failure;
use crate::machine;
use crate::queries::past::Past;
use crate::queries::{asking, filling};
use crate::server::{Installation, Server};
use crate::table::{Table, float, short, whole};

/// How much, and how often is asked.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Data points to publish first
    #[arg(long, default_value_t = 100_000_000)]
    points: usize,
    /// Requests of each kind
    #[arg(long, default_value_t = 100)]
    requests: usize,
}

/// What it took to take data points in.
struct Taken {
    label: String,
    /// A second: until all were acknowledged, and until all were where they are asked for.
    acknowledged: Option<f64>,
    there: f64,
    /// Seconds of processor for a million: of micro stat, and of ClickHouse.
    cpu_s: [Option<f64>; 2],
    bytes: f64,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let machine = machine::description();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let past = Past {
        end_ms: u64::try_from(now)?,
        points: options.points.max(10_000),
        together: 1,
    };
    eprintln!("the embedded engine");
    let (embedded, by_itself) = embedded(past, options.requests).await?;
    eprintln!("through micro stat into ClickHouse");
    let host = Host::start().await?;
    let (shipped, by_clickhouse) = shipped(&host, past, options.requests).await?;
    eprintln!("plain inserts of the same rows");
    let plain = plain::insert(&host, past).await?;
    taken(&[embedded, shipped, plain]);
    questions::print(&by_itself, &by_clickhouse);
    processes::measure(&host, past).await?;
    println!(
        "\n{} data points over 30 days in 100 metrics; {} requests of each kind, one at a time. The load, micro stat and \
         ClickHouse share the machine.\n{machine}",
        whole(Some(float(past.points))),
        options.requests
    );
    Ok(())
}

async fn embedded(past: Past, requests: usize) -> Result<(Taken, Vec<Asked>), Failure> {
    let server = Server::start().await?;
    let started = Instant::now();
    let seconds = filling::publish(&server, past).await?;
    filling::quiet(&server).await?;
    let points = float(past.points);
    let bytes = filling::bytes_in(&server.installation.data())?;
    let bytes: u64 = bytes.iter().map(|(_, bytes)| bytes).sum();
    let taken = Taken {
        label: "the embedded engine".to_owned(),
        acknowledged: Some(points / seconds),
        // less the three seconds in which nothing had to happen
        there: points / (started.elapsed().as_secs_f64() - 3.0).max(seconds),
        cpu_s: [Some(server.process.cpu_s()? / points * 1e6), None],
        bytes: float(usize::try_from(bytes)?) / points,
    };
    let asked = questions::ask(&server, past, requests).await?;
    Ok((taken, asked))
}

async fn shipped(host: &Host, past: Past, requests: usize) -> Result<(Taken, Vec<Asked>), Failure> {
    let server = Installation::create()?
        .told(&["--clickhouse", &host.address("shipped")])
        .serve()
        .await?;
    let (cpu_s, started) = (host.cpu_s()?, Instant::now());
    let seconds = filling::publish(&server, past).await?;
    host.has("shipped", past.points).await?;
    let there = started.elapsed().as_secs_f64();
    let own = server.process.cpu_s()?;
    let points = float(past.points);
    host.merged().await?;
    let taken = Taken {
        label: "**micro stat, shipping to ClickHouse**".to_owned(),
        acknowledged: Some(points / seconds),
        there: points / there,
        cpu_s: [own, host.cpu_s()? - cpu_s].map(|seconds| Some(seconds / points * 1e6)),
        bytes: host.bytes("shipped").await? / points,
    };
    asking::check(&server, &server.installation.token()?, past).await?;
    let asked = questions::ask(&server, past, requests).await?;
    Ok((taken, asked))
}

fn taken(all: &[Taken]) {
    let head = [
        "",
        "acknowledged a second",
        "there a second",
        "micro stat CPU s a million",
        "ClickHouse CPU s a million",
        "bytes on disk a data point",
        "to plain inserts",
    ];
    let mut table = Table::new(&head);
    let plain = all.last().map_or(f64::NAN, |plain| plain.there);
    for one in all {
        table.row(vec![
            one.label.clone(),
            whole(one.acknowledged),
            whole(Some(one.there)),
            short(one.cpu_s[0]),
            short(one.cpu_s[1]),
            short(Some(one.bytes)),
            format!("{:.2}", one.there / plain),
        ]);
    }
    table.print();
}
