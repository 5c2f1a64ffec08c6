//! VictoriaMetrics, by both its doors. It answers before it has written anything.

use std::fmt::Write;
use std::process::Command;

use super::packages::Packages;
use super::running::Running;
use super::{http, series};
use crate::Failure;
use crate::data_points::DataPoint;
use crate::load::{Patch, Request, Unit, What};

pub(super) async fn start(packages: &Packages) -> Result<Running, Failure> {
    let root = packages.unpack("victoria-metrics")?;
    let mut running = Running::prepare()?;
    let mut command = Command::new(root.join("usr/bin/victoria-metrics"));
    command
        .arg(format!("-storageDataPath={}", running.folder().join("data").display()))
        .arg(format!("-httpListenAddr={}", running.address))
        .arg("-retentionPeriod=3");
    running.start(&mut command)?;
    running.ready("/health").await?;
    Ok(running)
}

/// InfluxDB's line protocol, without times: those of arrival, as with micro stat.
pub(super) fn line(points: &[DataPoint]) -> Request {
    let lines = points.iter().map(|point| {
        let word = point
            .word()
            .map_or(String::new(), |word| format!(",word={}", word.replace(' ', "\\ ")));
        format!("metric_{}{word} value={}", point.metric, point.number())
    });
    http::fixed("/write", &lines.collect::<Vec<_>>().join("\n"), points.len())
}

/// Its own JSON lines, one a series, which need times.
pub(super) fn json(points: &[DataPoint]) -> Request {
    let (mut body, mut patches, mut span) = (String::new(), Vec::new(), 1);
    for series in series::of(points) {
        let metric = series.metric;
        let word = series.word.map_or(String::new(), |word| format!(r#","word":"{word}""#));
        let values = series.values.join(",");
        let _ = write!(
            body,
            r#"{{"metric":{{"__name__":"metric_{metric}"{word}}},"values":[{values}],"timestamps":["#
        );
        for (after, _) in (0..).zip(&series.values) {
            body += if after > 0 { "," } else { "" };
            patches.push(Patch {
                at: body.len(),
                what: What::Digits { after },
            });
            body += "0000000000000";
            span = span.max(after + 1);
        }
        body += "]}\n";
    }
    let head = "POST /api/v1/import HTTP/1.1\r\n";
    http::patched(head, body.as_bytes(), patches, points.len(), Unit::Milliseconds, span)
}
