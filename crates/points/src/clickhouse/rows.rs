//! A generation as rows for ClickHouse.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::MetricId;
use hyper::body::Bytes;
use sha2::{Digest, Sha256};

use crate::bytes::put_bytes;
use crate::head::generation::Contents;
use crate::head::recent::Recent;
use crate::kind::{Kind, Raw};
use crate::schema;
use crate::sketch::bin;

/// Parts of a table that one insert may touch: servers refuse more than a hundred.
const PARTITIONS: usize = 50;
const PARTITION: i64 = 30 * domain::time::DAY;
/// Rows of an insert, so that each part of a table gets one block of it: more than a million would be cut.
const ROWS: usize = 500_000;

/// A data point's place in the order in which its source's data points came: its batch's last record, then so many.
const PLACE_BITS: u32 = 24;

/// Rows, several inserts if one would be too large.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) inserts: Vec<Bytes>,
    pub(super) count: u64,
}

/// What a batch is called: by what is in it, so that no two are called the same.
pub(super) fn name(source: u64, last: u64, attempt: u64, contents: &Contents) -> u64 {
    let mut hash = Sha256::new();
    for number in [source, last, attempt] {
        hash.update(number.to_le_bytes());
    }
    for recent in &contents.metrics {
        hash.update(recent.metric.0.to_le_bytes());
        hash.update((recent.points.len() as u64).to_le_bytes());
        for point in &recent.points {
            hash.update(point.at.to_le_bytes());
            hash.update(point.bits.to_le_bytes());
        }
        for word in &recent.words {
            hash.update((word.len() as u64).to_le_bytes());
            hash.update(word.as_bytes());
        }
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    u64::from_le_bytes(first)
}

/// What it has data points of: metrics, and the first and the last day. Nothing if it has none.
pub(super) fn touched(contents: &Contents) -> Option<(Vec<MetricId>, (i64, i64))> {
    let mut metrics = Vec::new();
    let mut days: Option<(i64, i64)> = None;
    for recent in &contents.metrics {
        let Some((first, last)) = recent.span() else { continue };
        let (first, last) = (schema::day(first), schema::day(last));
        metrics.push(recent.metric);
        let (earliest, latest) = days.unwrap_or((first, last));
        days = Some((earliest.min(first), latest.max(last)));
    }
    Some((metrics, days?))
}

/// Everything in a generation as rows of a batch.
pub(super) fn of(source: u64, batch: u64, last: u64, contents: &Contents) -> Rows {
    let points = || contents.metrics.iter().flat_map(|recent| &recent.points);
    let partitions: BTreeSet<i64> = points().map(|point| point.at / PARTITION).collect();
    let group: BTreeMap<i64, usize> = partitions
        .into_iter()
        .zip((0..).map(|nth: usize| nth / PARTITIONS))
        .collect();
    let mut rows = Rows::default();
    let mut open: BTreeMap<usize, (Vec<u8>, usize)> = BTreeMap::new();
    let first = last << PLACE_BITS;
    for recent in &contents.metrics {
        for (place, point) in (first..).zip(&recent.points) {
            let of = group.get(&(point.at / PARTITION)).copied().unwrap_or(0);
            let (bytes, count) = open.entry(of).or_default();
            for number in [source, batch] {
                bytes.extend(number.to_le_bytes());
            }
            row(recent, *point, place, bytes);
            rows.count += 1;
            *count += 1;
            if *count == ROWS {
                rows.inserts.push(std::mem::take(bytes).into());
                *count = 0;
            }
        }
    }
    let rest = open.into_values().filter(|(_, count)| *count > 0);
    rows.inserts.extend(rest.map(|(bytes, _)| Bytes::from(bytes)));
    rows
}

/// A data point as a row, but for its source and its batch, which come before.
pub(super) fn row(recent: &Recent, point: Raw, place: u64, to: &mut Vec<u8>) {
    to.extend(recent.project.0.to_le_bytes());
    to.extend(recent.metric.0.to_le_bytes());
    to.extend(point.at.to_le_bytes());
    to.extend(place.to_le_bytes());
    to.push(recent.kind.code());
    to.extend(recent.kind.amount(point.bits).to_le_bytes());
    let (number, bin, word) = match recent.kind {
        Kind::Hits => (0.0, 0, ""),
        Kind::Number => {
            let number = f64::from_bits(point.bits);
            (number, bin(number), "")
        }
        Kind::Word => (0.0, 0, recent.word(point.bits)),
    };
    to.extend(number.to_le_bytes());
    to.extend(bin.to_le_bytes());
    put_bytes(to, word.as_bytes());
}
