//! Memory by number of metrics: what each costs a server that has just seen it.

use clap::Args;

use crate::Failure;
use crate::data_points::type_of;
use crate::http::{Connection, post};
use crate::machine;
use crate::server::{Installation, Server};
use crate::table::{Table, float, short, verdict, whole};

/// The most a batch may hold.
const BATCH: usize = 1_000;
/// The most a project may have, unless its limit is changed.
const A_PROJECT: usize = 2_000;
/// KiB a metric, where there are as many as [`MANY`].
const GOAL_KIB: f64 = 2.0;
const MANY: usize = 100_000;

/// How many metrics.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Numbers of metrics, separated by commas; each gets a fresh server
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, MANY])]
    metrics: Vec<usize>,
    /// Data points a metric, after the first
    #[arg(long, default_value_t = 10)]
    more: usize,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let machine = machine::description();
    let more = format!("with {} more each, MB", options.more);
    let head = [
        "metrics",
        "after start, MB",
        "with a data point each, MB",
        &more,
        "peak, MB",
        "KiB a metric",
        "goal",
        "",
    ];
    let mut table = Table::new(&head);
    for &metrics in &options.metrics {
        let installation = Installation::create()?;
        let dsns = projects(&installation, metrics)?;
        let server = installation.serve().await?;
        let start_mb = server.process.memory_mb()?;
        publish(&server, &dsns, metrics, 1).await?;
        let first_mb = server.process.memory_mb()?;
        publish(&server, &dsns, metrics, options.more).await?;
        let more_mb = server.process.memory_mb()?;
        let peak_mb = server.process.peak_mb()?;
        let kib_each = (peak_mb - start_mb) * 1e6 / 1_024.0 / float(metrics);
        let has_goal = metrics >= MANY;
        table.row(vec![
            whole(Some(float(metrics))),
            short(Some(start_mb)),
            short(Some(first_mb)),
            short(Some(more_mb)),
            short(Some(peak_mb)),
            short(Some(kib_each)),
            if has_goal {
                format!("≤ {GOAL_KIB}")
            } else {
                "–".to_owned()
            },
            if has_goal {
                verdict(kib_each <= GOAL_KIB)
            } else {
                String::new()
            },
        ]);
    }
    table.print();
    println!(
        "\nKiB a metric: what the peak has over the memory after start, whole server included, by metrics.\n{machine}"
    );
    Ok(())
}

/// DSNs for so many metrics. A project has a limit of them, so there are as many projects as it takes.
fn projects(installation: &Installation, metrics: usize) -> Result<Vec<String>, Failure> {
    let more = (1..metrics.div_ceil(A_PROJECT)).map(|n| installation.another(&format!("bench-{n}@example.com")));
    let first = Ok(installation.dsn.clone());
    std::iter::once(first).chain(more).collect()
}

/// So many data points for every metric, all metrics in turn.
async fn publish(server: &Server, dsns: &[String], metrics: usize, each: usize) -> Result<(), Failure> {
    let mut connection = Connection::open(server.address).await?;
    for turn in 0..each {
        for first in (0..metrics).step_by(BATCH) {
            let path = format!("/api/v1/ingest?dsn={}", dsns[first / A_PROJECT]);
            let points: Vec<String> = (first..(first + BATCH).min(metrics))
                .map(|metric| point(metric, turn))
                .collect();
            let status = connection
                .send(&post(&path, &format!("[{}]", points.join(","))))
                .await?;
            if status != 201 {
                return Err(format!("publishing answers {status}: {}", connection.text()).into());
            }
        }
    }
    Ok(())
}

fn point(metric: usize, turn: usize) -> String {
    let type_name = type_of(metric);
    let value = match metric % 4 {
        0 => "1".to_owned(),
        3 => format!("\"word {}\"", turn % 20),
        _ => ((metric + turn * 37) % 1_000).to_string(),
    };
    format!(r#"{{"name":"Metric number {metric}","type":"{type_name}","value":{value}}}"#)
}
