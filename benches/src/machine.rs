//! What was measured on, and whether it had anything else to do: without that, no figure means anything.

use std::fs;

/// A load before the start from which on figures say little.
const BUSY: f64 = 0.5;

/// One line about the machine, and a warning if it is busy already. To be asked before anything is started.
pub(crate) fn description() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let line = |text: &str, label: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(label));
        line.map_or("?".to_owned(), |line| {
            line.trim_start_matches([' ', '\t', ':']).trim().to_owned()
        })
    };
    let processor = line(&read("/proc/cpuinfo"), "model name");
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = line(&read("/proc/meminfo"), "MemTotal");
    let memory = memory
        .strip_suffix(" kB")
        .and_then(|kib| kib.parse::<f64>().ok())
        .unwrap_or(f64::NAN);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg")
        .split(' ')
        .next()
        .and_then(|load| load.parse::<f64>().ok())
        .unwrap_or(f64::NAN);
    let warning = if load > BUSY {
        eprintln!("the machine is busy already (load {load}): its figures will say little");
        "; busy with other things, so these figures say little"
    } else {
        ""
    };
    format!(
        "{processors} × {processor}, {:.0} GiB, Linux {}; load {load} before the start{warning}.",
        memory / f64::from(1 << 20),
        kernel.trim()
    )
}
