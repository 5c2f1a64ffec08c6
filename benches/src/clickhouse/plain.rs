//! The very rows that micro stat shipped, as they are, into a table like `points` that no views look at.

use std::time::{Duration, Instant};

use super::Taken;
use super::host::Host;
use crate::Failure;
use crate::queries::past::{Past, SPAN_MS};
use crate::table::float;

/// About so many rows an insert.
const ROWS: usize = 400_000;

/// Inserts them one block after the other; what reading them takes beforehand is not counted.
pub(super) async fn insert(host: &Host, past: Past) -> Result<Taken, Failure> {
    host.run("CREATE DATABASE plain").await?;
    host.run(
        "CREATE TABLE plain.points AS shipped.points ENGINE = MergeTree() \
         PARTITION BY intDiv(at, 2592000000000) ORDER BY (project, metric, at, source, place)",
    )
    .await?;
    let blocks = u64::try_from(past.points.div_ceil(ROWS))?;
    let (from, span) = ((past.end_ms - SPAN_MS) * 1_000, SPAN_MS * 1_000 + 1_000);
    let (mut took, mut cpu_s) = (Duration::ZERO, 0.0);
    for block in 0..blocks {
        let (first, next) = (from + span * block / blocks, from + span * (block + 1) / blocks);
        let rows = read(host, first, next).await?;
        let (before, started) = (host.cpu_s()?, Instant::now());
        write(host, &rows).await?;
        took += started.elapsed();
        cpu_s += host.cpu_s()? - before;
    }
    // What is merged later was put off by inserting.
    let before = host.cpu_s()?;
    host.merged().await?;
    cpu_s += host.cpu_s()? - before;
    let points = float(past.points);
    let there = host.number("SELECT count() FROM plain.points").await?;
    if there != past.points {
        return Err(format!("{there} of {} rows are in the plain table", past.points).into());
    }
    Ok(Taken {
        label: "plain inserts of the same rows, without views".to_owned(),
        acknowledged: None,
        there: points / took.as_secs_f64(),
        cpu_s: [None, Some(cpu_s / points * 1e6)],
        bytes: host.bytes("plain").await? / points,
    })
}

async fn read(host: &Host, first: u64, next: u64) -> Result<Vec<u8>, Failure> {
    let text = format!(
        "SELECT * FROM shipped.points WHERE at >= {first} AND at < {next} ORDER BY metric, at FORMAT RowBinary"
    );
    let mut connection = host.connection().await?;
    // It answers with a length only if it has buffered everything.
    let request = format!(
        "POST /?buffer_size=268435456&wait_end_of_query=1 HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let status = connection.send_until_end(request.as_bytes()).await?;
    match status {
        200 => Ok(connection.body().to_vec()),
        status => Err(format!("reading rows answers {status}: {}", connection.text()).into()),
    }
}

async fn write(host: &Host, rows: &[u8]) -> Result<(), Failure> {
    let mut request = format!(
        "POST /?query=INSERT+INTO+plain.points+FORMAT+RowBinary HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        rows.len()
    )
    .into_bytes();
    request.extend_from_slice(rows);
    let mut connection = host.connection().await?;
    match connection.send(&request).await? {
        200 => Ok(()),
        status => Err(format!("inserting rows answers {status}: {}", connection.text()).into()),
    }
}
