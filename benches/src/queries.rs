//! Ten million data points over 30 days, and what it takes to ask about them: through HTTP, with a token, and as pages.

pub(crate) mod asking;
pub(crate) mod filling;
pub(crate) mod pages;
pub(crate) mod past;

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use self::past::Past;
use crate::Failure;
use crate::machine;
use crate::server::Server;
use crate::table::{Table, float, short, verdict, whole};

const GOAL_BYTES: f64 = 2.5;
const GOAL_START_MB: f64 = 60.0;
const GOAL_PEAK_MB: f64 = 200.0;
const OVERNIGHT: usize = 1_000_000_000;

/// How many there are, and how often is asked.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Data points to publish first
    #[arg(long, default_value_t = 10_000_000)]
    data_points: usize,
    /// The same as --data-points 1000000000
    #[arg(long, conflicts_with = "data_points")]
    overnight: bool,
    /// Requests of each kind
    #[arg(long, default_value_t = 300)]
    requests: usize,
    /// How many data points share a millisecond, as those of one batch of an app do
    #[arg(long, default_value_t = 1)]
    together: usize,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let machine = machine::description();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let past = Past {
        end_ms: u64::try_from(now)?,
        points: if options.overnight {
            OVERNIGHT
        } else {
            options.data_points.max(10_000)
        },
        together: options.together.max(1),
    };
    let mut server = Server::start().await?;
    let empty_mb = server.process.memory_mb()?;
    let cpu_s = server.process.cpu_s()?;
    let seconds = filling::publish(&server, past).await?;
    filling::quiet(&server).await?;
    let cpu_s = (server.process.cpu_s()? - cpu_s) / float(past.points) * 1e6;
    let bytes = filling::bytes_in(&server.installation.data())?;
    let fill_peak_mb = server.process.peak_mb()?;
    // nothing is in the program's memory any more, so that first requests are first ones
    server.process.kill();
    server.start_again()?;
    server.ready().await?;
    let start_mb = server.process.memory_mb()?;
    let token = server.installation.token()?;
    asking::check(&server, &token, past).await?;
    let questions = asking::questions(&server, &token, past).await?;
    asking::ask(&server, &token, &questions, options.requests).await?;
    pages::open(&server, &token, options.requests).await?;
    let mut table = Table::new(&["", "reached", "goal", ""]);
    let mut row = |label: &str, reached: f64, goal: Option<(&str, f64)>| {
        let wanted = goal.map_or("–".to_owned(), |(sign, most)| format!("{sign} {most}"));
        let is_met = goal.map_or(String::new(), |(_, most)| verdict(reached <= most));
        table.row(vec![label.to_owned(), short(Some(reached)), wanted, is_met]);
    };
    let each = |bytes: u64| usize::try_from(bytes).map_or(f64::NAN, float) / float(past.points);
    let bytes_each = each(bytes.iter().map(|(_, bytes)| bytes).sum());
    row(
        "bytes on disk a data point, everything included",
        bytes_each,
        Some(("≤", GOAL_BYTES)),
    );
    row("memory after the first start, MB", empty_mb, Some(("<", GOAL_START_MB)));
    row(
        "memory after a start with these data points, MB",
        start_mb,
        Some(("<", GOAL_START_MB)),
    );
    row(
        "peak memory while publishing, MB",
        fill_peak_mb,
        Some(("<", GOAL_PEAK_MB)),
    );
    row(
        "peak memory while asking, MB",
        server.process.peak_mb()?,
        Some(("<", GOAL_PEAK_MB)),
    );
    row(
        "data points a second while publishing",
        float(past.points) / seconds,
        None,
    );
    row("server CPU s a million, sealing included", cpu_s, None);
    table.print();
    let parts = bytes.iter().filter(|(_, bytes)| each(*bytes) >= 0.005);
    let parts: Vec<_> = parts
        .map(|(name, bytes)| format!("{name} {:.2}", each(*bytes)))
        .collect();
    println!("\nBytes a data point by file: {}.", parts.join(", "));
    println!(
        "{} data points over 30 days in 100 metrics, {} to a millisecond; {} requests of each kind, one at a time.\n{machine}",
        whole(Some(float(past.points))),
        past.together,
        options.requests
    );
    Ok(())
}
