//! InfluxDB 1, by its line protocol. It syncs before it answers.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use super::http;
use super::packages::Packages;
use super::running::Running;
use crate::Failure;
use crate::data_points::DataPoint;
use crate::load::{Patch, Request, Unit, What};

pub(super) async fn start(packages: &Packages) -> Result<Running, Failure> {
    let root = packages.unpack("influxdb")?;
    let mut running = Running::prepare()?;
    let (folder, address) = (running.folder().display(), running.address);
    let config = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n\
         [meta]\ndir = \"{folder}/meta\"\n\
         [data]\ndir = \"{folder}/data\"\nwal-dir = \"{folder}/wal\"\nquery-log-enabled = false\n\
         [http]\nbind-address = \"{address}\"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n"
    );
    let file = running.folder().join("influxdb.conf");
    fs::write(&file, config)?;
    running.start(Command::new(root.join("usr/bin/influxd")).arg("-config").arg(file))?;
    running.ready("/ping").await?;
    running.say("/query?q=create+database+bench", "").await?;
    Ok(running)
}

/// Of two values with one time it keeps one, so each gets a nanosecond of its own.
pub(super) fn request(points: &[DataPoint]) -> Request {
    let (mut body, mut patches) = (String::new(), Vec::new());
    for (after, point) in (0..).zip(points) {
        let value = point
            .word()
            .map_or_else(|| point.number(), |word| format!("\"{word}\""));
        let _ = write!(body, "metric_{} value={value} ", point.metric);
        patches.push(Patch {
            at: body.len(),
            what: What::Digits { after },
        });
        body += "0000000000000000000\n";
    }
    let head = "POST /write?db=bench HTTP/1.1\r\n";
    let span = u64::try_from(points.len()).unwrap_or(u64::MAX);
    http::patched(head, body.as_bytes(), patches, points.len(), Unit::Nanoseconds, span)
}
