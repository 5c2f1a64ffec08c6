//! Publishes the past through the strict door, as a program that catches up would.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::past::Past;
use crate::Failure;
use crate::http::{Connection, post};
use crate::server::Server;
use crate::table::{float, whole};

/// The most a batch may hold.
const BATCH: usize = 1_000;
const CONNECTIONS: usize = 8;
/// How often it says how far it is, and what counts as quiet afterwards.
const TELL: Duration = Duration::from_secs(30);
const QUIET_CPU_S: f64 = 0.02;
/// How often a batch that is refused for now is sent again, and after how long.
const TRIES: usize = 600;
const AGAIN: Duration = Duration::from_millis(100);
/// How long it may take until everything is sealed, in seconds.
const PATIENCE: usize = 600;

/// Publishes everything; tells how many seconds it took.
pub(crate) async fn publish(server: &Server, past: Past) -> Result<f64, Failure> {
    send_all(server.address, server.dsn.clone(), past).await
}

/// Publishes everything to a server; tells how many seconds it took.
pub(crate) async fn send_all(address: SocketAddr, dsn: String, past: Past) -> Result<f64, Failure> {
    let next = Arc::new(AtomicUsize::new(0));
    let path: Arc<str> = format!("/api/v1/ingest?dsn={dsn}").into();
    let started = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..CONNECTIONS {
        senders.spawn(send(address, Arc::clone(&path), past, Arc::clone(&next)));
    }
    loop {
        tokio::select! {
            done = senders.join_next() => match done {
                Some(done) => done??,
                None => return Ok(started.elapsed().as_secs_f64()),
            },
            () = tokio::time::sleep(TELL) => {
                let done = (next.load(Ordering::Relaxed) * BATCH).min(past.points);
                eprintln!("{} of {} data points are published", whole(Some(float(done))), whole(Some(float(past.points))));
            }
        }
    }
}

async fn send(address: SocketAddr, path: Arc<str>, past: Past, next: Arc<AtomicUsize>) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    loop {
        let first = next.fetch_add(1, Ordering::Relaxed) * BATCH;
        if first >= past.points {
            return Ok(());
        }
        let body = past.json(first..(first + BATCH).min(past.points));
        let request = post(&path, &body);
        let mut tries = 0;
        loop {
            match connection.send(&request).await? {
                201 => break,
                // As much waits to go to ClickHouse as may.
                503 if tries < TRIES => tokio::time::sleep(AGAIN).await,
                status => return Err(format!("publishing answers {status}: {}", connection.text()).into()),
            }
            tries += 1;
        }
    }
}

/// Waits until the server has nothing left to do in the background.
pub(crate) async fn quiet(server: &Server) -> Result<(), Failure> {
    let mut quiet = 0;
    for _ in 0..PATIENCE {
        let before = server.process.cpu_s()?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let is_quiet = server.process.cpu_s()? - before <= QUIET_CPU_S;
        quiet = if is_quiet { quiet + 1 } else { 0 };
        if quiet == 3 {
            return Ok(());
        }
    }
    Err("the server is still busy after ten minutes".into())
}

/// Bytes on the disk of everything in a folder, as `du` counts them, by what lies in it.
pub(crate) fn bytes_in(folder: &Path) -> Result<Vec<(String, u64)>, Failure> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let bytes = match entry.metadata()? {
            data if data.is_dir() => bytes_in(&entry.path())?.iter().map(|(_, bytes)| bytes).sum(),
            data => data.blocks() * 512,
        };
        all.push((entry.file_name().to_string_lossy().into_owned(), bytes));
    }
    all.sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
    Ok(all)
}
