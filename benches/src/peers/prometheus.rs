//! Prometheus, by remote write. It writes its log, but doesn't sync it before it answers.
//!
//! It takes a series' samples in the order of their times only, so every connection has a label of its own, as every
//! process that sends to it has.

use std::fs;
use std::process::Command;

use super::packages::Packages;
use super::running::Running;
use super::{http, series};
use crate::Failure;
use crate::data_points::DataPoint;
use crate::load::{Patch, Request, Unit, What};

pub(super) async fn start(packages: &Packages) -> Result<Running, Failure> {
    let root = packages.unpack("prometheus")?;
    let mut running = Running::prepare()?;
    let config = running.folder().join("prometheus.yml");
    fs::write(&config, "")?;
    let mut command = Command::new(root.join("usr/bin/prometheus"));
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            running.folder().join("data").display()
        ))
        .arg(format!("--web.listen-address={}", running.address))
        .args(["--web.enable-remote-write-receiver", "--log.level=warn"]);
    running.start(&mut command)?;
    running.ready("/-/ready").await?;
    Ok(running)
}

/// `WriteRequest { timeseries: [{ labels: [{ name, value }], samples: [{ value, timestamp }] }] }`
pub(super) fn request(points: &[DataPoint]) -> Request {
    let (mut message, mut patches, mut span) = (Message::default(), Vec::new(), 1);
    for series in series::of(points) {
        let mut inner = Message::default();
        inner.label("__name__", &format!("metric_{}", series.metric));
        let connection = inner.label("instance", "00");
        if let Some(word) = &series.word {
            inner.label("word", word);
        }
        let mut places = vec![(connection, What::Connection)];
        for (after, value) in (0..).zip(&series.values) {
            let mut sample = vec![0x09];
            sample.extend(value.parse::<f64>().unwrap_or(0.0).to_le_bytes());
            sample.extend([0x10, 0, 0, 0, 0, 0, 0]);
            let end = inner.field(0x12, &sample);
            places.push((end - 6, What::Varint { after }));
            span = span.max(after + 1);
        }
        let start = message.field(0x0a, &inner.bytes) - inner.bytes.len();
        patches.extend(places.into_iter().map(|(at, what)| Patch { at: at + start, what }));
    }
    let (body, before) = snappy(&message.bytes);
    for patch in &mut patches {
        patch.at += before;
    }
    let head = "POST /api/v1/write HTTP/1.1\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
                X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
    http::patched(head, &body, patches, points.len(), Unit::Milliseconds, span)
}

/// A protobuf message being written.
#[derive(Default)]
struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// Adds bytes under a tag; tells where they end.
    fn field(&mut self, tag: u8, bytes: &[u8]) -> usize {
        self.bytes.push(tag);
        varint(bytes.len(), &mut self.bytes);
        self.bytes.extend_from_slice(bytes);
        self.bytes.len()
    }

    /// Adds a label; tells where its value begins.
    fn label(&mut self, name: &str, value: &str) -> usize {
        let mut label = Self::default();
        label.field(0x0a, name.as_bytes());
        label.field(0x12, value.as_bytes());
        self.field(0x0a, &label.bytes) - value.len()
    }
}

fn varint(mut number: usize, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or(0));
}

/// Snappy's block format with everything as it is, so that times can be set in it; and where it begins.
fn snappy(message: &[u8]) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    varint(message.len(), &mut bytes);
    // a literal whose length less one follows in four bytes
    bytes.push(63 << 2);
    let length = u32::try_from(message.len().saturating_sub(1)).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
    let before = bytes.len();
    bytes.extend_from_slice(message);
    (bytes, before)
}

#[cfg(test)]
mod tests {
    use super::request;
    use crate::data_points::batch;

    #[test]
    fn every_data_point_gets_its_time_and_every_series_its_connection() {
        let points = batch(1_000, 1);
        let request = request(&points);
        // each of the 25 Word Webs has two words; each series has a place for the connection
        assert_eq!(request.patches.len(), 1_000 + 125);
        for patch in &request.patches {
            assert!(request.bytes[patch.at..].starts_with(b"00") || request.bytes[patch.at..].starts_with(&[0; 6]));
        }
    }
}
