//! What the system says of this process. Where it says nothing, nothing is told.

use std::fs;

use super::exposition::{Text, seconds};

/// Adds Prometheus' own names for it, which every program has alike.
pub(super) fn write(text: &mut Text, started_at: u64) {
    text.gauge(
        "process_start_time_seconds",
        "When the process started, in seconds since 1970.",
        seconds(started_at),
    );
    if let Some(micros) = cpu_micros() {
        text.counter(
            "process_cpu_seconds_total",
            "Processor time used, in user and system mode.",
            seconds(micros),
        );
    }
    if let Some(bytes) = resident_bytes() {
        text.gauge("process_resident_memory_bytes", "Memory in use.", bytes);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        text.gauge("process_open_fds", "Files and connections open.", open.count());
    }
    if let Some(most) = most_fds() {
        text.gauge("process_max_fds", "Files and connections that may be open.", most);
    }
}

fn cpu_micros() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, which may have anything in it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |nth: usize| fields.get(nth)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) * 1_000_000 / rustix::param::clock_ticks_per_second())
}

fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

fn most_fds() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
