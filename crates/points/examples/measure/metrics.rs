//! Memory by the number of metrics.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use domain::id::ProjectId;
use domain::time::HOUR;
use points::{Batch, Options, Points};

use crate::data::{Dice, NOW, batch, point};

pub(crate) async fn metrics() {
    println!("| metrics | MB after start | bytes a metric |");
    println!("|---|---|---|");
    for n in [1_000_u64, 100_000] {
        let dir = tempfile::tempdir().unwrap();
        let points = Points::open(dir.path(), Options::default()).await.unwrap();
        for project in 0..n / 1_000 {
            let mut dice = Dice(project);
            let of = (0..1_000).flat_map(|metric| (0..3).map(move |k| (metric, k)));
            let of = of
                .map(|(metric, k)| point(project * 1_000 + metric, NOW - k * 10 * HOUR, &mut dice))
                .collect();
            let batch = Batch {
                project: ProjectId(project.cast_signed()),
                ..batch(of)
            };
            points.append(batch, NOW).await.unwrap();
        }
        points.seal().await.unwrap();
        drop(points);
        let out = Command::new(std::env::current_exe().unwrap())
            .arg("rest")
            .arg(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8(out.stdout).unwrap();
        let mut fields = said.split_whitespace().map(|field| field.parse::<f64>().unwrap());
        let (kb, empty, seconds) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        println!(
            "| {n} | {:.1} | {:.0} | (opened in {seconds:.2} s)",
            kb / 1_024.0,
            (kb - empty) * 1_024.0 / n as f64
        );
    }
}

/// What a store that was just opened takes.
pub(crate) async fn rest(dir: &Path) {
    let rss = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = rss();
    let began = Instant::now();
    let points = Points::open(dir, Options::default()).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    points.summaries(ProjectId(0), NOW).await.unwrap();
    println!("{} {before} {took}", rss());
}
