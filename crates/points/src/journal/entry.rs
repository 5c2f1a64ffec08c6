//! What a record says: batches as they were decided (no duplicates left in them, words settled), or an erasure.
//!
//! Everything that could be decided otherwise a second time was decided before it was written, so replaying is plain
//! repeating.

use domain::id::{MetricId, ProjectId};

use crate::bytes::{Damaged, Reader, put_bytes, put_i64, put_u64};
use crate::kind::Kind;
use crate::seen::{Answer, Seen};

const BATCH: u8 = 1;
const ERASURE: u8 = 2;

const KIND: u8 = 0b11;
const SAME_METRIC: u8 = 1 << 2;
const HAS_ID: u8 = 1 << 3;

/// What is erased, and for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Erasure {
    /// A metric with all that is known of it.
    Metric(MetricId),
    /// A project with all its metrics and keys.
    Project(ProjectId),
    /// A metric's data points from one time up to another.
    Range(MetricId, i64, i64),
    /// Of a project, what is older than each of these: data points, minutes, hours, days.
    Older(ProjectId, Horizons),
}

/// How far back each kind of record is kept: times (multiples of a day) before which it is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Horizons {
    pub(crate) raw: i64,
    pub(crate) minutes: i64,
    pub(crate) hours: i64,
    pub(crate) days: i64,
}

/// A decided data point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decided<'a> {
    pub(crate) metric: MetricId,
    pub(crate) at: i64,
    pub(crate) value: Stored<'a>,
    pub(crate) id: Option<Seen>,
}

/// A value, not owned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stored<'a> {
    Hits(u32),
    Number(f64),
    Word(&'a str),
}

impl Stored<'_> {
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Hits(_) => Kind::Hits,
            Self::Number(_) => Kind::Number,
            Self::Word(_) => Kind::Word,
        }
    }
}

/// A batch without its data points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BatchHead {
    pub(crate) project: ProjectId,
    /// When it came.
    pub(crate) now: i64,
    /// Its key, and what was answered.
    pub(crate) key: Option<(Seen, Answer)>,
}

/// Writes batches into a record. Data points go to a buffer of their own first, since how many there are is only
/// known when all are decided.
#[derive(Debug, Default)]
pub(crate) struct BatchWriter {
    points: Vec<u8>,
    count: u64,
    metric: Option<MetricId>,
    at: i64,
}

impl BatchWriter {
    /// Begins the next batch.
    pub(crate) fn begin(&mut self, now: i64) {
        self.points.clear();
        self.count = 0;
        self.metric = None;
        self.at = now;
    }

    pub(crate) fn push(&mut self, point: Decided<'_>) {
        let same = self.metric == Some(point.metric);
        let flags = point.value.kind().code()
            | if same { SAME_METRIC } else { 0 }
            | if point.id.is_some() { HAS_ID } else { 0 };
        let to = &mut self.points;
        to.push(flags);
        if !same {
            to.extend_from_slice(&point.metric.0.to_le_bytes());
            self.metric = Some(point.metric);
        }
        put_i64(to, point.at.wrapping_sub(self.at));
        self.at = point.at;
        match point.value {
            Stored::Hits(hits) => put_u64(to, hits.into()),
            Stored::Number(number) => to.extend_from_slice(&number.to_le_bytes()),
            Stored::Word(word) => put_bytes(to, word.as_bytes()),
        }
        if let Some(Seen(id)) = point.id {
            to.extend_from_slice(&id.to_le_bytes());
        }
        self.count += 1;
    }

    pub(crate) fn finish(&self, head: &BatchHead, record: &mut Vec<u8>) {
        record.push(BATCH);
        put_i64(record, head.project.0);
        put_i64(record, head.now);
        if let Some((Seen(key), answer)) = &head.key {
            record.push(1);
            record.extend_from_slice(&key.to_le_bytes());
            put_i64(record, answer.at);
            put_u64(record, answer.stored);
            put_u64(record, answer.duplicates);
            put_bytes(record, &answer.note);
        } else {
            record.push(0);
        }
        put_u64(record, self.count);
        record.extend_from_slice(&self.points);
    }
}

pub(crate) fn write_erasure(erasure: Erasure, record: &mut Vec<u8>) {
    record.push(ERASURE);
    let (code, numbers) = match erasure {
        Erasure::Metric(metric) => (1, vec![metric.0]),
        Erasure::Project(project) => (2, vec![project.0]),
        Erasure::Range(metric, from, to) => (3, vec![metric.0, from, to]),
        Erasure::Older(project, of) => (5, vec![project.0, of.raw, of.minutes, of.hours, of.days]),
    };
    record.push(code);
    for number in numbers {
        put_i64(record, number);
    }
}

/// What is called for what a record says, in its order.
pub(crate) trait Replay {
    fn batch(&mut self, head: BatchHead);
    fn point(&mut self, point: Decided<'_>);
    fn erasure(&mut self, erasure: Erasure);
}

/// Reads all that a record says.
pub(crate) fn read(says: &[u8], replay: &mut impl Replay) -> Result<(), Damaged> {
    let mut from = Reader(says);
    while !from.is_empty() {
        match from.byte()? {
            BATCH => read_batch(&mut from, replay)?,
            ERASURE => replay.erasure(read_erasure(&mut from)?),
            _ => return Err(Damaged),
        }
    }
    Ok(())
}

fn read_batch(from: &mut Reader<'_>, replay: &mut impl Replay) -> Result<(), Damaged> {
    let (project, now) = (ProjectId(from.i64()?), from.i64()?);
    let key = match from.byte()? {
        0 => None,
        1 => {
            let key = Seen(u128::from_le_bytes(from.array()?));
            let answer = Answer {
                at: from.i64()?,
                stored: from.u64()?,
                duplicates: from.u64()?,
                note: from.bytes()?.into(),
            };
            Some((key, answer))
        }
        _ => return Err(Damaged),
    };
    replay.batch(BatchHead { project, now, key });
    let (mut metric, mut at) = (None, now);
    for _ in 0..from.length()? {
        let flags = from.byte()?;
        if flags & SAME_METRIC == 0 {
            metric = Some(MetricId(i64::from_le_bytes(from.array()?)));
        }
        at = at.wrapping_add(from.i64()?);
        let value = match Kind::from_code(flags & KIND)? {
            Kind::Hits => Stored::Hits(u32::try_from(from.u64()?).map_err(|_| Damaged)?),
            Kind::Number => Stored::Number(f64::from_le_bytes(from.array()?)),
            Kind::Word => Stored::Word(from.text()?),
        };
        let id = if flags & HAS_ID == 0 {
            None
        } else {
            Some(Seen(u128::from_le_bytes(from.array()?)))
        };
        let metric = metric.ok_or(Damaged)?;
        replay.point(Decided { metric, at, value, id });
    }
    Ok(())
}

fn read_erasure(from: &mut Reader<'_>) -> Result<Erasure, Damaged> {
    Ok(match from.byte()? {
        1 => Erasure::Metric(MetricId(from.i64()?)),
        2 => Erasure::Project(ProjectId(from.i64()?)),
        3 => Erasure::Range(MetricId(from.i64()?), from.i64()?, from.i64()?),
        5 => {
            let project = ProjectId(from.i64()?);
            let horizons = Horizons {
                raw: from.i64()?,
                minutes: from.i64()?,
                hours: from.i64()?,
                days: from.i64()?,
            };
            Erasure::Older(project, horizons)
        }
        _ => return Err(Damaged),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BatchHead, Decided, Erasure, Replay, read};

    struct Nothing;

    impl Replay for Nothing {
        fn batch(&mut self, _: BatchHead) {}
        fn point(&mut self, _: Decided<'_>) {}
        fn erasure(&mut self, _: Erasure) {}
    }

    proptest! {
        #[test]
        fn noise_says_nothing_and_never_panics(mut bytes in any::<Vec<u8>>(), kind in 1_u8..3) {
            bytes.insert(0, kind);
            let _ = read(&bytes, &mut Nothing);
        }
    }
}
