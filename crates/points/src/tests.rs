//! On real files in folders that are removed afterwards.

pub(crate) mod clickhouse;
mod crash;
mod damage;
mod erasing;
mod full;
mod guests;
mod keys;
mod model;
mod pages;
mod power;
mod retention;
mod sealing;
mod sources;
mod summaries;
mod upgrade;
mod vocabulary;

use domain::id::{MetricId, ProjectId};
use domain::range::{Buckets, Range};
use domain::time::{DAY, Micros};
use domain::value::Value;
use tempfile::TempDir;

use crate::{Batch, DataPoint, Options, Points};

/// 2026-11-24T10:20:30Z.
const NOW: Micros = Micros(1_795_515_630_000_000);
const PROJECT: ProjectId = ProjectId(7);
const METRIC: MetricId = MetricId(70);

async fn open(dir: &TempDir) -> Points {
    Points::open(dir.path(), Options::default()).await.unwrap()
}

async fn fresh() -> (TempDir, Points) {
    let dir = TempDir::new().unwrap();
    let points = open(&dir).await;
    (dir, points)
}

fn point(metric: MetricId, at: Micros, value: Value) -> DataPoint {
    DataPoint {
        metric,
        at,
        value,
        id: None,
    }
}

fn number(at: Micros, number: f64) -> DataPoint {
    point(METRIC, at, Value::Number(number))
}

fn word(at: Micros, word: &str) -> DataPoint {
    point(METRIC, at, Value::Word(word.to_owned()))
}

fn batch(points: Vec<DataPoint>) -> Batch {
    Batch {
        project: PROJECT,
        key: None,
        points,
        note: Vec::new(),
    }
}

fn range(from: Micros, to: Micros) -> Range {
    Range::new(from, to).unwrap()
}

fn buckets(from: Micros, to: Micros, step: &str) -> Buckets {
    range(from, to)
        .buckets(step.parse().unwrap(), &jiff::tz::TimeZone::UTC)
        .unwrap()
}

async fn store(points: &Points, of: Vec<DataPoint>) {
    let count = of.len() as u64;
    assert_eq!(points.append(batch(of), NOW).await.unwrap().stored, count);
}

/// Data points of the last day, added up from buckets of this length.
async fn total(points: &Points, step: &str) -> u64 {
    points
        .totals(PROJECT, &buckets(NOW - DAY, NOW + 1, step))
        .await
        .unwrap()
        .into_iter()
        .sum()
}
