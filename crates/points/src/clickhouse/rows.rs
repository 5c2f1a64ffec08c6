//! A generation as rows for ClickHouse.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use domain::id::MetricId;
use domain::time::{DAY, MINUTE};
use hyper::body::Bytes;
use sha2::{Digest, Sha256};

use super::binary::listed;
use super::local::Batch;
use crate::bytes::put_bytes;
use crate::head::generation::Contents;
use crate::head::recent::Recent;
use crate::kind::{Kind, Raw};
use crate::sketch::bin;

/// Parts of a table that one insert may touch: servers refuse more than a hundred.
const PARTITIONS: usize = 50;
const PARTITION: i64 = 30 * DAY;
/// Rows of an insert, so that each part of a table gets one block of it: more than a million would be cut.
const ROWS: usize = 500_000;
/// Metrics or projects that a condition names, or it names none, and stretches of time: statements have a longest length.
const NAMED: usize = 1_000;
const STRETCHES: usize = 50;

/// A data point's place in the order in which its source's data points came: its batch's last record, then so many.
const PLACE_BITS: u32 = 24;

/// A part of a batch, so that no insert is too large.
#[derive(Debug)]
pub(super) struct Insert {
    /// What its rows are called.
    pub(super) name: u64,
    /// Those that are to be inserted.
    pub(super) rows: Bytes,
    /// How many there are once all of it is there.
    pub(super) count: u64,
}

/// Where the data points of a generation are.
#[derive(Debug)]
pub(super) struct Span {
    projects: BTreeSet<i64>,
    metrics: BTreeSet<i64>,
    /// Minutes, from one to before another: all they came in, and others only where there would be too many stretches.
    stretches: Vec<(i64, i64)>,
}

impl Span {
    pub(super) fn of(contents: &Contents) -> Self {
        let recent = || contents.metrics.iter().filter(|recent| !recent.points.is_empty());
        let points = recent().flat_map(|recent| &recent.points);
        let mut minutes: Vec<i64> = points.map(|point| point.at.div_euclid(MINUTE)).collect();
        minutes.sort_unstable();
        minutes.dedup();
        Self {
            projects: recent().map(|recent| recent.project.0).collect(),
            metrics: recent().map(|recent| recent.metric.0).collect(),
            stretches: stretches(&minutes),
        }
    }

    /// The condition for rows whose `time` is in it, made longer to whole stretches of `unit`.
    pub(super) fn condition(&self, time: &str, unit: i64) -> String {
        let mut condition = String::new();
        for (column, all) in [("project", &self.projects), ("metric", &self.metrics)] {
            if all.len() <= NAMED {
                let _ = write!(condition, "{column} IN ({}) AND ", listed(all));
            }
        }
        let whole = |(from, to): &(i64, i64)| {
            let (from, to) = (from * MINUTE, to * MINUTE);
            let (from, to) = (from.div_euclid(unit) * unit, (to - 1).div_euclid(unit) * unit + unit);
            format!("({time} >= {from} AND {time} < {to})")
        };
        let mut stretches: Vec<String> = self.stretches.iter().map(whole).collect();
        stretches.dedup();
        let _ = write!(condition, "({})", stretches.join(" OR "));
        condition
    }
}

/// Stretches that have all of these, which are sorted; the shortest gaps are left in if there were too many.
fn stretches(minutes: &[i64]) -> Vec<(i64, i64)> {
    let gap = |place: &usize| minutes[*place] - minutes[*place - 1];
    let mut begins: Vec<usize> = (1..minutes.len()).filter(|place| gap(place) > 1).collect();
    begins.sort_by_key(|place| Reverse(gap(place)));
    begins.truncate(STRETCHES - 1);
    begins.sort_unstable();
    let ends = begins.iter().copied().chain([minutes.len()]);
    let begins = [0].into_iter().chain(begins.iter().copied());
    let stretch = |(begin, end): (usize, usize)| Some((*minutes.get(begin)?, minutes.get(end.checked_sub(1)?)? + 1));
    begins.zip(ends).filter_map(stretch).collect()
}

/// What a batch is called: by what is in it, so that no two are called the same.
pub(super) fn name(source: u64, last: u64, contents: &Contents) -> u64 {
    let mut hash = Sha256::new();
    for number in [source, last] {
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

/// Everything in a generation as rows of a batch, but for those that are there already, told by their metric and place.
pub(super) fn of(batch: Batch, contents: &Contents, is_there: impl Fn(MetricId, u64) -> bool) -> Vec<Insert> {
    let points = || contents.metrics.iter().flat_map(|recent| &recent.points);
    let partitions: BTreeSet<i64> = points().map(|point| point.at / PARTITION).collect();
    let group: BTreeMap<i64, usize> = partitions
        .into_iter()
        .zip((0..).map(|nth: usize| nth / PARTITIONS))
        .collect();
    let mut inserts: Vec<(Vec<u8>, usize)> = Vec::new();
    // Of each group of partitions, the insert that is being filled.
    let mut open: BTreeMap<usize, usize> = BTreeMap::new();
    let first = batch.last << PLACE_BITS;
    for recent in &contents.metrics {
        for (place, point) in (first..).zip(&recent.points) {
            let of = group.get(&(point.at / PARTITION)).copied().unwrap_or(0);
            let nth = *open.entry(of).or_insert_with(|| {
                inserts.push((Vec::new(), 0));
                inserts.len() - 1
            });
            let (bytes, count) = &mut inserts[nth];
            if !is_there(recent.metric, place) {
                for number in [batch.source, called(batch, nth)] {
                    bytes.extend(number.to_le_bytes());
                }
                row(recent, *point, place, bytes);
            }
            *count += 1;
            if *count == ROWS {
                open.remove(&of);
            }
        }
    }
    let named = inserts.into_iter().enumerate().map(|(nth, (bytes, count))| Insert {
        name: called(batch, nth),
        rows: bytes.into(),
        count: count as u64,
    });
    named.collect()
}

/// What the rows of an insert are called: those of the first as the batch is.
const fn called(batch: Batch, nth: usize) -> u64 {
    batch.name.wrapping_add(nth as u64)
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

#[cfg(test)]
mod tests {
    use super::{STRETCHES, stretches};

    #[test]
    fn stretches_have_all_minutes_and_little_else() {
        assert!(stretches(&[]).is_empty());
        assert_eq!(stretches(&[7]), [(7, 8)]);
        assert_eq!(stretches(&[-3, -2, 4, 5, 6, 90]), [(-3, -1), (4, 7), (90, 91)]);
        // Every second one, with a long gap in the middle: that alone is kept.
        let many: Vec<i64> = (0..200).map(|nth| nth * 2 + i64::from(nth >= 100) * 1_000).collect();
        let found = stretches(&many);
        assert_eq!(found.len(), STRETCHES);
        assert!(found.iter().any(|(_, to)| *to == 199) && found.iter().any(|(from, _)| *from == 1_200));
        assert!(
            many.iter()
                .all(|minute| found.iter().any(|(from, to)| (*from..*to).contains(minute)))
        );
        let length: i64 = found.iter().map(|(from, to)| to - from).sum();
        assert!(length <= 400, "{length}");
    }
}
