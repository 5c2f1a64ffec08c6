//! What buckets are gathered from: days, hours, minutes or data points, whichever is the coarsest that fits.
//!
//! Where it is neither a day nor an hour nor a minute that lies in one bucket, data points are looked at. Where those
//! are gone, what there is counts as if all of it were in the bucket it begins in.

mod spread;

use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, MINUTE, Micros};
use rusqlite::OptionalExtension;

use super::reading::{Reading, Sealed, between, shared};
use super::sources::Sources;
use crate::Error;
use crate::bytes::Reader;
use crate::head::recent::Recent;
use crate::kind::{Kind, Raw};
use crate::rollup::day::{HOURS, start_of};
use crate::rollup::{Day, Hour, Minutes, sketches};
use crate::schema::day_key;
use crate::sketch::{Adder, Sketch};

pub(crate) use spread::Spread;

/// Values that are looked at one by one, of all buckets together; 8 bytes each.
const VALUES: usize = 1 << 20;

/// Which quantiles are wanted of each bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantiles {
    None,
    /// Those that hours have ready.
    Usual,
    Any,
}

/// What was gathered of each bucket.
pub(crate) struct Gathered<'b> {
    buckets: &'b Buckets,
    range: Range,
    quantiles: Quantiles,
    pub(super) sums: Vec<Hour>,
    /// Empty if quantiles weren't asked for.
    pub(super) spreads: Vec<Spread>,
    /// Sketches that are being added up, and of which bucket they are.
    open: (usize, Adder),
}

/// A day that is being looked at.
struct Looking<'r> {
    reading: &'r Reading<'r>,
    metric: &'r Sealed,
    day: i64,
    rollup: Day,
    /// Sketches of its hours, once they were asked for, and how many bytes of them are passed.
    sketches: Option<(Vec<u8>, usize)>,
    /// Stretches of which data points have to be looked at, earliest first.
    stretches: Vec<(i64, i64)>,
}

impl<'b> Gathered<'b> {
    /// Nothing yet.
    pub(super) fn new(buckets: &'b Buckets, quantiles: Quantiles) -> Self {
        let n = buckets.starts().len();
        let spreads = if quantiles == Quantiles::None { 0 } else { n };
        Self {
            buckets,
            range: buckets.range(),
            quantiles,
            sums: vec![Hour::default(); n],
            spreads: (0..spreads).map(|_| Spread::default()).collect(),
            open: (0, Adder::default()),
        }
    }

    /// What somebody else has gathered.
    pub(crate) fn filled(buckets: &'b Buckets, sums: Vec<Hour>, spreads: Vec<Spread>) -> Self {
        Self {
            sums,
            spreads,
            ..Self::new(buckets, Quantiles::None)
        }
    }

    /// Gathers the buckets of what is read as one metric.
    pub(super) fn of(
        reading: &Reading<'_>,
        sources: &Sources,
        buckets: &'b Buckets,
        quantiles: Quantiles,
    ) -> Result<Self, Error> {
        let quantiles = match quantiles {
            // What hours have ready can't be put together.
            Quantiles::Usual if sources.several() => Quantiles::Any,
            quantiles => quantiles,
        };
        let mut gathered = Self::new(buckets, quantiles);
        // First, so that what hours have ready is only taken if nothing comes to it.
        for metric in sources.metrics() {
            reading.each_unsealed(*metric, |recent| gathered.unsealed(recent));
        }
        for metric in sources.metrics() {
            if let Some(sealed) = reading.find(*metric)? {
                gathered.sealed(reading, &sealed)?;
            }
        }
        Ok(gathered)
    }

    /// Adds what is not sealed.
    pub(super) fn unsealed(&mut self, recent: &Recent) {
        self.quantiles_only_of_numbers(recent.kind);
        for point in recent.between(self.range.from().0, self.range.to().0) {
            if let Some(place) = self.buckets.find(Micros(point.at)) {
                self.point(place, recent.kind, point);
            }
        }
    }

    /// Adds what is sealed.
    pub(super) fn sealed(&mut self, reading: &Reading<'_>, metric: &Sealed) -> Result<(), Error> {
        self.quantiles_only_of_numbers(metric.kind);
        reading.each_day(metric, self.range, |day, data| {
            let rollup = Day::decode_hours(data)?;
            let mut looking = Looking {
                reading,
                metric,
                day,
                rollup,
                sketches: None,
                stretches: Vec::new(),
            };
            self.day(&mut looking, data)
        })?;
        self.close();
        Ok(())
    }

    fn quantiles_only_of_numbers(&mut self, kind: Kind) {
        if kind != Kind::Number {
            self.spreads.clear();
        }
    }

    fn point(&mut self, place: usize, kind: Kind, point: Raw) {
        self.sums[place].add(kind, point.bits);
        let most = VALUES / self.sums.len();
        if let Some(spread) = self.spreads.get_mut(place) {
            spread.add(f64::from_bits(point.bits), most);
        }
    }

    /// Adds a sealed day.
    fn day(&mut self, looking: &mut Looking<'_>, data: &[u8]) -> Result<(), Error> {
        let start = looking.day * DAY;
        let place = if looking.rollup.by_hour {
            self.only_bucket(start, DAY)
        } else {
            self.buckets.find(Micros(start))
        };
        if let Some(place) = place {
            let sketch = if self.spreads.is_empty() {
                None
            } else {
                Day::decode(data)?.sketch
            };
            if self.spreads.is_empty() || sketch.is_some() {
                self.sums[place].merge(&looking.rollup.whole());
                if let Some(sketch) = sketch {
                    self.spreads[place].merge(sketch);
                }
                return Ok(());
            }
        }
        if looking.rollup.by_hour {
            for hour in 0..HOURS {
                if looking.rollup.hours[hour].count > 0 {
                    self.hour(looking, hour)?;
                }
            }
        }
        self.stretches(looking)
    }

    fn hour(&mut self, looking: &mut Looking<'_>, hour: usize) -> Result<(), Error> {
        let start = start_of(looking.day, hour);
        let sum = looking.rollup.hours[hour];
        if let Some(place) = self.only_bucket(start, HOUR) {
            if self.spreads.is_empty() || self.has_ready(place, start, &sum) {
                self.sums[place].merge(&sum);
                return Ok(());
            }
            if looking.rollup.sketched_by_hour() {
                self.sums[place].merge(&sum);
                return self.sketch_of_hour(looking, place, hour);
            }
        } else if looking.rollup.by_minute && self.touches(start, HOUR) {
            return self.minutes(looking, hour, start);
        }
        if looking.rollup.raw {
            looking.stretch(start, HOUR);
        } else if let Some(place) = self.buckets.find(Micros(start)) {
            self.sums[place].merge(&sum);
            self.sketch_of_hour(looking, place, hour)?;
        }
        Ok(())
    }

    /// Whether a bucket is this hour, and has nothing else.
    fn has_ready(&self, place: usize, start: i64, sum: &Hour) -> bool {
        self.quantiles == Quantiles::Usual
            && sum.quantiles.is_some()
            && self.sums[place].count == 0
            && self.buckets.at(place) == between(Micros(start), Micros(start + HOUR))
    }

    fn sketch_of_hour(&mut self, looking: &mut Looking<'_>, place: usize, hour: usize) -> Result<(), Error> {
        if self.spreads.is_empty() {
            return Ok(());
        }
        let (data, passed) = looking.sketches()?;
        let mut from = Reader(&data[*passed..]);
        if sketches::seek(&mut from, hour)? {
            self.adder(place).add(&mut from)?;
        }
        *passed = data.len() - from.0.len();
        Ok(())
    }

    fn minutes(&mut self, looking: &mut Looking<'_>, hour: usize, start: i64) -> Result<(), Error> {
        let (reading, metric, kind) = (looking.reading, looking.metric, looking.rollup.kind);
        reading.minutes(metric, looking.day, hour, |data| {
            let (sums, mut from) = Minutes::head(kind, data)?;
            for (minute, sum) in sums.iter().enumerate().filter(|(_, sum)| sum.count > 0) {
                let at = start + i64::try_from(minute).unwrap_or(0) * MINUTE;
                let mut place = self.only_bucket(at, MINUTE);
                if place.is_none() && looking.rollup.raw {
                    looking.stretch(at, MINUTE);
                } else if place.is_none() {
                    place = self.buckets.find(Micros(at));
                }
                if let Some(place) = place {
                    self.sums[place].merge(sum);
                }
                match place.filter(|_| !self.spreads.is_empty()) {
                    Some(place) => self.adder(place).add(&mut from)?,
                    None if kind == Kind::Number && !self.spreads.is_empty() => Sketch::skip(&mut from)?,
                    None => {}
                }
            }
            Ok(())
        })
    }

    /// Looks at the data points of the stretches that were noted.
    fn stretches(&mut self, looking: &Looking<'_>) -> Result<(), Error> {
        for (from, to) in &looking.stretches {
            let Some(range) = shared(self.range, between(Micros(*from), Micros(*to))) else {
                continue;
            };
            looking
                .reading
                .each_block(looking.metric, looking.day, range, |points| {
                    let mut place = 0;
                    for point in points {
                        // They come in order, so mostly in the same bucket as the one before.
                        if !self.buckets.at(place).contains(Micros(point.at)) {
                            let Some(found) = self.buckets.find(Micros(point.at)) else {
                                continue;
                            };
                            place = found;
                        }
                        self.point(place, looking.metric.kind, *point);
                    }
                    Ok(())
                })?;
        }
        Ok(())
    }

    fn only_bucket(&self, start: i64, length: i64) -> Option<usize> {
        only_bucket(self.buckets, start, length)
    }

    fn touches(&self, start: i64, length: i64) -> bool {
        start < self.range.to().0 && self.range.from().0 < start + length
    }

    /// What adds up the sketches of a bucket. There is one, for sketches come in the order of time.
    fn adder(&mut self, place: usize) -> &mut Adder {
        if self.open.0 != place {
            self.close();
            self.open.0 = place;
        }
        &mut self.open.1
    }

    fn close(&mut self) {
        if let Some(spread) = self.spreads.get_mut(self.open.0) {
            spread.merge(self.open.1.take());
        }
    }
}

/// The bucket that all of a stretch of time lies in, if one does.
pub(super) fn only_bucket(buckets: &Buckets, start: i64, length: i64) -> Option<usize> {
    let place = buckets.find(Micros(start))?;
    (buckets.find(Micros(start + (length - 1))) == Some(place)).then_some(place)
}

impl Looking<'_> {
    fn stretch(&mut self, start: i64, length: i64) {
        match self.stretches.last_mut() {
            Some((_, end)) if *end == start => *end = start + length,
            _ => self.stretches.push((start, start + length)),
        }
    }

    fn sketches(&mut self) -> Result<&mut (Vec<u8>, usize), Error> {
        if self.sketches.is_none() {
            let mut select = self
                .reading
                .tx
                .prepare_cached("select data from sketches where key = ?1")?;
            let key = day_key(self.day, self.metric.number);
            let data: Option<Vec<u8>> = select.query_row([key], |row| row.get(0)).optional()?;
            self.sketches = data.map(|data| (data, 0));
        }
        Ok(self.sketches.get_or_insert_default())
    }
}
