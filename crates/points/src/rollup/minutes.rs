//! What the minutes of an hour of a metric add up to, how the numbers of each are spread, and the hour's words.
//!
//! ```text
//! minutes = which there are, each of those, [their sketches], [words]
//! ```

use std::collections::BTreeMap;

use domain::time::{HOUR, MINUTE};

use super::Hour;
use crate::bytes::{Damaged, Reader, put_u64};
use crate::kind::{Kind, Raw};
use crate::sketch::Sketch;

/// Minutes an hour.
pub(crate) const MINUTES: usize = 60;

/// The minutes of an hour.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Minutes {
    pub(crate) kind: Kind,
    /// What each adds up to; those without data points have a count of 0.
    pub(crate) sums: [Hour; MINUTES],
    /// How the numbers of each are spread.
    sketches: BTreeMap<usize, Sketch>,
    /// How often each word came in the hour, by its place in the day's list.
    pub(crate) words: BTreeMap<u64, u64>,
}

/// The minute of its hour a time lies in.
fn minute_of(at: i64) -> usize {
    usize::try_from(at.rem_euclid(HOUR) / MINUTE).unwrap_or(0)
}

impl Minutes {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            sums: [Hour::default(); MINUTES],
            sketches: BTreeMap::new(),
            words: BTreeMap::new(),
        }
    }

    /// Adds data points of the hour, sorted by time.
    pub(crate) fn add(&mut self, points: &[Raw]) {
        for of_minute in points.chunk_by(|a, b| minute_of(a.at) == minute_of(b.at)) {
            let minute = minute_of(of_minute[0].at);
            for point in of_minute {
                self.sums[minute].add(self.kind, point.bits);
                if self.kind == Kind::Word {
                    *self.words.entry(point.bits).or_default() += 1;
                }
            }
            if self.kind == Kind::Number {
                self.sketches
                    .entry(minute)
                    .or_default()
                    .merge(&Sketch::of_points(of_minute));
            }
        }
    }

    /// Says what the minute of a time adds up to.
    pub(crate) fn sum(&mut self, at: i64, sum: Hour) {
        self.sums[minute_of(at)] = sum;
    }

    /// Says how the numbers of the minute of a time are spread.
    pub(crate) fn put_sketch(&mut self, at: i64, sketch: Sketch) {
        self.sketches.insert(minute_of(at), sketch);
    }

    /// Minutes that have numbers, and how these are spread.
    pub(crate) fn sketches(&self) -> impl Iterator<Item = (usize, &Sketch)> {
        self.sketches.iter().map(|(minute, sketch)| (*minute, sketch))
    }

    /// Forgets a minute.
    pub(crate) fn forget(&mut self, minute: usize) {
        self.sums[minute] = Hour::default();
        self.sketches.remove(&minute);
    }

    /// How the numbers of the whole hour are spread.
    pub(crate) fn sketch(&self) -> Sketch {
        let mut all = Sketch::default();
        for sketch in self.sketches.values() {
            all.merge(sketch);
        }
        all
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let there = (0..MINUTES).filter(|minute| self.sums[*minute].count > 0);
        let mask = there.clone().fold(0_u64, |mask, minute| mask | 1 << minute);
        let mut to = mask.to_le_bytes().to_vec();
        for minute in there {
            self.sums[minute].encode(self.kind, false, &mut to);
        }
        match self.kind {
            Kind::Number => self.sketches.values().for_each(|sketch| sketch.encode(&mut to)),
            Kind::Word => {
                put_u64(&mut to, self.words.len() as u64);
                for (place, count) in &self.words {
                    put_u64(&mut to, *place);
                    put_u64(&mut to, *count);
                }
            }
            Kind::Hits => {}
        }
        to
    }

    pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, Damaged> {
        let mut minutes = Self::new(kind);
        let mut from = Reader(bytes);
        minutes.sums = sums(kind, &mut from)?;
        if kind == Kind::Number {
            for minute in (0..MINUTES).filter(|minute| minutes.sums[*minute].count > 0) {
                minutes.sketches.insert(minute, Sketch::decode(&mut from)?);
            }
        }
        if kind == Kind::Word {
            each_word(&mut from, |place, count| {
                minutes.words.insert(place, count);
            })?;
        }
        if from.is_empty() { Ok(minutes) } else { Err(Damaged) }
    }

    /// What each minute adds up to, and where their sketches, or the words, begin.
    pub(crate) fn head(kind: Kind, bytes: &[u8]) -> Result<([Hour; MINUTES], Reader<'_>), Damaged> {
        let mut from = Reader(bytes);
        let sums = sums(kind, &mut from)?;
        Ok((sums, from))
    }

    /// Calls `each` with the place of every word of the hour, and how often it came.
    pub(crate) fn each_word(bytes: &[u8], each: impl FnMut(u64, u64)) -> Result<(), Damaged> {
        let (_, mut from) = Self::head(Kind::Word, bytes)?;
        each_word(&mut from, each)
    }
}

fn sums(kind: Kind, from: &mut Reader<'_>) -> Result<[Hour; MINUTES], Damaged> {
    let mask = u64::from_le_bytes(from.array()?);
    let mut sums = [Hour::default(); MINUTES];
    for (minute, sum) in sums.iter_mut().enumerate() {
        if mask & 1 << minute != 0 {
            *sum = Hour::decode(kind, false, from)?;
        }
    }
    Ok(sums)
}

fn each_word(from: &mut Reader<'_>, mut each: impl FnMut(u64, u64)) -> Result<(), Damaged> {
    for _ in 0..from.length()? {
        each(from.u64()?, from.u64()?);
    }
    Ok(())
}
