//! Memory, processor time, disk, time.

use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) fn status(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

pub(crate) fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Bytes of a file, or of all in a folder.
pub(crate) fn size(path: &Path) -> u64 {
    let meta = std::fs::metadata(path).unwrap();
    if !meta.is_dir() {
        return meta.len();
    }
    let entries = std::fs::read_dir(path).unwrap();
    entries.map(|entry| size(&entry.unwrap().path())).sum()
}

/// Prints the head of a table of query times.
pub(crate) fn times_head() {
    println!("| query | p50 ms | p99 ms | first ms | CPU ms |");
    println!("|---|---|---|---|---|");
}

pub(crate) async fn times<F: Future<Output = ()>>(name: &str, mut query: impl FnMut() -> F) {
    let mut took = Vec::new();
    let before = cpu();
    for _ in 0..400 {
        let began = Instant::now();
        query().await;
        took.push(began.elapsed());
    }
    let first = took.remove(0);
    took.sort();
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    let cpu = ms(cpu().saturating_sub(before)) / 400.0;
    println!(
        "| {name} | {:.2} | {:.2} | {:.2} | {cpu:.2} |",
        ms(took[took.len() / 2]),
        ms(took[took.len() * 99 / 100]),
        ms(first)
    );
}
