//! Ten million data points in a hundred metrics and thirty days: bytes each, memory, queries.

use std::path::Path;
use std::time::{Duration, Instant};

use domain::time::DAY;
use points::{Options, Points};

use crate::data::{Dice, METRICS, NOW, batch, id, point};
use crate::figures::{size, status};
use crate::queries::queries;

pub(crate) async fn fill(n: u64, apart: bool) {
    let dir = tempfile::tempdir().unwrap();
    let points = Points::open(dir.path(), Options::default()).await.unwrap();
    let span = 30 * DAY as u64;
    let began = Instant::now();
    let mut dice = Dice(1);
    let mut sent = tokio::task::JoinSet::new();
    for chunk in 0..n / 1_000 {
        let of = (0..1_000).map(|place| {
            // Apart: each data point at a millisecond of its own. Together: requests of 20 at one millisecond.
            let k = chunk * 1_000 + place;
            let k = if apart { k } else { k / 20 * 20 };
            let jitter = Dice(k).below(span / n / 1_000 * if apart { 2 } else { 40 } + 1) * 1_000;
            let at = NOW - (span - k * (span / n) + jitter).cast_signed();
            point(dice.below(METRICS), at.floor(1_000), &mut dice)
        });
        let (points, of) = (points.clone(), batch(of.collect()));
        sent.spawn(async move { points.append(of, NOW).await.unwrap() });
        if sent.len() > 16 {
            sent.join_next().await.unwrap().unwrap();
        }
    }
    while sent.join_next().await.is_some() {}
    points.seal().await.unwrap();
    println!(
        "{n} data points in {:.1} s; peak {} MB",
        began.elapsed().as_secs_f64(),
        status("VmHWM")
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    let bytes = size(dir.path());
    println!(
        "{:.2} bytes a data point, everything included ({bytes} bytes)",
        bytes as f64 / n as f64
    );
    sizes(&dir.path().join("points.db"), n);
    queries(&points, METRICS).await;
    drop(points);
    let began = Instant::now();
    let points = Points::open(dir.path(), Options::default()).await.unwrap();
    println!("opened again in {:.3} s", began.elapsed().as_secs_f64());
    drop(points);
}

pub(crate) fn sizes(file: &Path, n: u64) {
    let connection = rusqlite::Connection::open(file).unwrap();
    for table in ["blocks", "days", "sketches", "project_days", "metrics"] {
        let (rows, of): (i64, i64) = connection
            .query_row(
                &format!(
                    "select count(*), {} from {table}",
                    if table == "metrics" {
                        "0"
                    } else {
                        "coalesce(sum(length(data)), 0)"
                    }
                ),
                (),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        println!("  {table}: {rows} rows, {:.3} bytes a data point", of as f64 / n as f64);
    }
    for kind in 0..4 {
        let (of, points): (i64, i64) = connection
            .query_row(
                "select sum(length(data)), sum(points) from blocks join metrics on number = (key >> 16) & 1073741823
                    where metric in (select value from json_each(?1))",
                [format!(
                    "{:?}",
                    (0..METRICS)
                        .filter(|m| m % 4 == kind)
                        .map(|m| id(m).0)
                        .collect::<Vec<_>>()
                )],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        println!(
            "  {}: {:.3} bytes a data point",
            ["items", "milliseconds", "hits", "words"][kind as usize],
            of as f64 / points as f64
        );
    }
}
