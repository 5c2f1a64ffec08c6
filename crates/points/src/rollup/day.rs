//! What a UTC day of a metric adds up to: its hours, a sketch of its numbers, its words.
//!
//! ```text
//! day = flags, hours (which there are, then each), [sketch], [words]
//! ```

use domain::time::{DAY, HOUR};

use super::Hour;
use crate::bytes::{Damaged, Reader, put_bytes, put_u64};
use crate::kind::{Kind, Raw};
use crate::sketch::Sketch;

/// Hours a day.
pub(crate) const HOURS: usize = 24;

/// Up to so many numbers a day have no sketch of their own: reading them takes no longer, and tells quantiles exactly.
pub(crate) const SKETCHED_FROM: u64 = 256;

const KIND: u8 = 0b11;
const SKETCH: u8 = 1 << 2;
const RAW: u8 = 1 << 3;
const BY_HOUR: u8 = 1 << 4;
const BY_MINUTE: u8 = 1 << 5;
const QUANTILES: u8 = 1 << 6;

/// A UTC day of a metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) kind: Kind,
    /// Whether its data points themselves are still there.
    pub(crate) raw: bool,
    /// Its hours; those without data points have a count of 0. If only the whole day is known any more, its first.
    pub(crate) hours: [Hour; HOURS],
    pub(crate) by_hour: bool,
    /// Whether what its minutes add up to is there too.
    pub(crate) by_minute: bool,
    /// How its numbers are spread, if there are enough of them.
    pub(crate) sketch: Option<Sketch>,
    /// Its words and how often each came, in the order they first did: a block's word is its place here.
    pub(crate) words: Vec<(String, u64)>,
}

/// The hour of its day a time lies in.
pub(crate) fn hour_of(at: i64) -> usize {
    usize::try_from(at.rem_euclid(DAY) / HOUR).unwrap_or(0)
}

/// Where an hour of a day starts.
pub(crate) fn start_of(day: i64, hour: usize) -> i64 {
    day * DAY + i64::try_from(hour).unwrap_or(0) * HOUR
}

impl Day {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            raw: true,
            hours: [Hour::default(); HOURS],
            by_hour: true,
            by_minute: false,
            sketch: None,
            words: Vec::new(),
        }
    }

    /// Counts data points into their hours, and words.
    pub(crate) fn add(&mut self, points: &[Raw]) {
        for point in points {
            let hour = if self.by_hour { hour_of(point.at) } else { 0 };
            self.hours[hour].add(self.kind, point.bits);
            if self.kind == Kind::Word
                && let Some(word) = usize::try_from(point.bits)
                    .ok()
                    .and_then(|place| self.words.get_mut(place))
            {
                word.1 += 1;
            }
        }
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Hour {
        Hour::all(&self.hours)
    }

    /// Whether sketches of its hours are there.
    pub(crate) fn sketched_by_hour(&self) -> bool {
        self.kind == Kind::Number && self.by_hour && (self.by_minute || !self.raw)
    }

    /// Its hours that have data points.
    pub(crate) fn there(&self) -> impl Iterator<Item = usize> + Clone {
        (0..HOURS).filter(|hour| self.hours[*hour].count > 0)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut to = Vec::with_capacity(512);
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        let quantiles = self.there().all(|hour| self.hours[hour].quantiles.is_some());
        to.push(
            self.kind.code()
                | flag(self.sketch.is_some(), SKETCH)
                | flag(self.raw, RAW)
                | flag(self.by_hour, BY_HOUR)
                | flag(self.by_minute, BY_MINUTE)
                | flag(quantiles, QUANTILES),
        );
        let mask = self.there().fold(0_u32, |mask, hour| mask | 1 << hour);
        to.extend(&mask.to_le_bytes()[..3]);
        for hour in self.there() {
            self.hours[hour].encode(self.kind, quantiles, &mut to);
        }
        if let Some(sketch) = &self.sketch {
            sketch.encode(&mut to);
        }
        if self.kind == Kind::Word {
            put_u64(&mut to, self.words.len() as u64);
            for (word, count) in &self.words {
                put_bytes(&mut to, word.as_bytes());
                put_u64(&mut to, *count);
            }
        }
        to
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut from = Reader(bytes);
        let (mut day, flags) = Self::head(&mut from)?;
        if flags & SKETCH != 0 {
            day.sketch = Some(Sketch::decode(&mut from)?);
        }
        if day.kind == Kind::Word {
            for _ in 0..from.length()? {
                day.words.push((from.text()?.to_owned(), from.u64()?));
            }
        }
        if from.is_empty() { Ok(day) } else { Err(Damaged) }
    }

    /// The day without its sketch and its words.
    pub(crate) fn decode_hours(bytes: &[u8]) -> Result<Self, Damaged> {
        Self::head(&mut Reader(bytes)).map(|(day, _)| day)
    }

    /// Calls `each` with the day's words, as they lie there.
    pub(crate) fn each_word<'b>(bytes: &'b [u8], mut each: impl FnMut(&'b str, u64)) -> Result<(), Damaged> {
        let mut from = Reader(bytes);
        let (day, _) = Self::head(&mut from)?;
        if day.kind == Kind::Word {
            for _ in 0..from.length()? {
                each(from.text()?, from.u64()?);
            }
        }
        Ok(())
    }

    fn head(from: &mut Reader<'_>) -> Result<(Self, u8), Damaged> {
        let flags = from.byte()?;
        let mut day = Self::new(Kind::from_code(flags & KIND)?);
        day.raw = flags & RAW != 0;
        day.by_hour = flags & BY_HOUR != 0;
        day.by_minute = flags & BY_MINUTE != 0;
        let [a, b, c] = from.array()?;
        let mask = u32::from_le_bytes([a, b, c, 0]);
        for (hour, place) in day.hours.iter_mut().enumerate() {
            if mask & 1 << hour != 0 {
                *place = Hour::decode(day.kind, flags & QUANTILES != 0, from)?;
            }
        }
        Ok((day, flags))
    }
}
