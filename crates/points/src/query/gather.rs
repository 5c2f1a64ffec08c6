//! What buckets are gathered from: days, hours or data points, whichever is the coarsest that fits.

use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, Micros};
use rusqlite::OptionalExtension;

use super::reading::{Reading, Sealed, shared, whole_day};
use crate::Error;
use crate::kind::{Kind, Raw};
use crate::rollup::{Day, Hour, sketches};
use crate::schema::day_key;
use crate::sketch::Sketch;

/// How values are spread: those looked at one by one, and sketches of others.
#[derive(Debug, Default)]
pub(super) struct Spread {
    values: Vec<f64>,
    sketch: Sketch,
}

/// What was gathered of each bucket.
pub(super) struct Gathered<'b> {
    buckets: &'b Buckets,
    range: Range,
    pub(super) sums: Vec<Hour>,
    /// Empty if quantiles weren't asked for.
    pub(super) spreads: Vec<Spread>,
}

impl Spread {
    fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The values at some quantiles, ascending: nearest-rank, of n sorted values the ⌈q·n⌉-th. Exact if every value was
    /// looked at, else within 1 % of itself and within the extremes.
    pub(super) fn quantiles<const N: usize>(&mut self, quantiles: [f64; N], sum: &Hour) -> [Option<f64>; N] {
        let sketched = self.sketch.count();
        let n = self.values.len() as u64 + sketched;
        if n == 0 {
            return [None; N];
        }
        let ranks = quantiles.map(|quantile| rank(quantile, n));
        if sketched == 0 {
            return exact(&mut self.values, ranks);
        }
        let mut sketch = self.sketch.clone();
        sketch.merge(&Sketch::of(&self.values));
        sketch
            .at_ranks(ranks)
            .map(|found| found.map(|value| value.clamp(sum.min, sum.max)))
    }
}

/// The rank, from 1, of a quantile among n values.
fn rank(quantile: f64, n: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "nobody has 2^53 data points in a bucket"
    )]
    // So little less that 0.95 of 100 is the 95th and not, by the last bit of a double, the 96th.
    let rank = (quantile * n as f64 * (1.0 - f64::EPSILON)).ceil() as u64;
    rank.clamp(1, n)
}

/// The values at ascending ranks.
fn exact<const N: usize>(values: &mut [f64], ranks: [u64; N]) -> [Option<f64>; N] {
    let mut done = 0;
    ranks.map(|rank| {
        let place = usize::try_from(rank).ok()?.checked_sub(1)?;
        let rest = values.get_mut(done..)?;
        if place >= done {
            rest.select_nth_unstable_by(place - done, f64::total_cmp);
            done = place;
        }
        values.get(place).copied()
    })
}

impl<'b> Gathered<'b> {
    /// Gathers a metric's buckets.
    pub(super) fn of(
        reading: &Reading<'_>,
        metric: domain::id::MetricId,
        buckets: &'b Buckets,
        quantiles: bool,
    ) -> Result<Self, Error> {
        let n = buckets.starts().len();
        let mut gathered = Self {
            buckets,
            range: buckets.range(),
            sums: vec![Hour::default(); n],
            spreads: if quantiles {
                (0..n).map(|_| Spread::default()).collect()
            } else {
                Vec::new()
            },
        };
        if let Some(sealed) = reading.find(metric)? {
            gathered.quantiles_only_of_numbers(sealed.kind);
            let by_hour = buckets.aligned_to(HOUR);
            reading.each_day(&sealed, gathered.range, |day, data| {
                gathered.day(reading, &sealed, day, data, by_hour)
            })?;
        }
        reading.each_unsealed(metric, |recent| {
            gathered.quantiles_only_of_numbers(recent.kind);
            for point in recent.between(gathered.range.from().0, gathered.range.to().0) {
                gathered.point(recent.kind, point);
            }
        });
        Ok(gathered)
    }

    fn quantiles_only_of_numbers(&mut self, kind: Kind) {
        if kind != Kind::Number {
            self.spreads.clear();
        }
    }

    fn point(&mut self, kind: Kind, point: Raw) {
        if let Some(place) = self.buckets.find(Micros(point.at)) {
            self.sums[place].add(kind, point.bits);
            if let Some(spread) = self.spreads.get_mut(place) {
                spread.add(f64::from_bits(point.bits));
            }
        }
    }

    /// Adds a sealed day.
    fn day(
        &mut self,
        reading: &Reading<'_>,
        metric: &Sealed,
        day: i64,
        data: &[u8],
        by_hour: bool,
    ) -> Result<(), Error> {
        let rollup = Day::decode_hours(data)?;
        // Where data points are gone, an hour or a day counts as if all of it were in the bucket it begins in.
        let start = Micros(day * DAY);
        let whole = self.only_bucket(start, DAY);
        let from_hours = by_hour || whole.is_some() || !rollup.raw;
        if from_hours {
            self.hours(day, &rollup);
        } else {
            self.blocks(reading, metric, day, Into::Sums)?;
        }
        if self.spreads.is_empty() {
            return Ok(());
        }
        let place = if rollup.by_hour {
            whole
        } else {
            self.buckets.find(start)
        };
        let sketch = if place.is_some() {
            Day::decode(data)?.sketch
        } else {
            None
        };
        if let (Some(place), Some(sketch)) = (place, sketch) {
            self.spreads[place].sketch.merge(&sketch);
        } else if rollup.raw {
            self.blocks(reading, metric, day, Into::Spreads)?;
        } else {
            self.sketches(reading, metric, day)?;
        }
        Ok(())
    }

    /// The bucket that all of a stretch of time lies in, if one does.
    fn only_bucket(&self, start: Micros, length: i64) -> Option<usize> {
        let place = self.buckets.find(start)?;
        (self.buckets.find(start + (length - 1)) == Some(place)).then_some(place)
    }

    fn hours(&mut self, day: i64, rollup: &Day) {
        for (start, hour) in (day * DAY..).step_by(HOUR_STEP).zip(&rollup.hours) {
            if hour.count > 0
                && let Some(place) = self.buckets.find(Micros(start))
            {
                self.sums[place].merge(hour);
            }
        }
    }

    /// Adds sketches of hours whose data points are gone.
    fn sketches(&mut self, reading: &Reading<'_>, metric: &Sealed, day: i64) -> Result<(), Error> {
        let mut select = reading.tx.prepare_cached("select data from sketches where key = ?1")?;
        let key = day_key(day, metric.number);
        let data: Option<Vec<u8>> = select.query_row([key], |row| row.get(0)).optional()?;
        for (hour, sketch) in data
            .map(|data| sketches::decode(&data))
            .transpose()?
            .unwrap_or_default()
        {
            let start = Micros(day * DAY + i64::try_from(hour).unwrap_or(0) * HOUR);
            if let Some(place) = self.buckets.find(start) {
                self.spreads[place].sketch.merge(&sketch);
            }
        }
        Ok(())
    }

    /// Adds the data points of a day.
    fn blocks(&mut self, reading: &Reading<'_>, metric: &Sealed, day: i64, into: Into) -> Result<(), Error> {
        let Some(range) = shared(self.range, whole_day(day)) else {
            return Ok(());
        };
        reading.each_block(metric, day, range, |points| {
            let mut place = 0;
            for point in points {
                // They come in order, so mostly in the same bucket as the one before.
                if !self.lies_in(place, point.at) {
                    let Some(found) = self.buckets.find(Micros(point.at)) else {
                        continue;
                    };
                    place = found;
                }
                match into {
                    Into::Sums => self.sums[place].add(metric.kind, point.bits),
                    Into::Spreads => self.spreads[place].add(f64::from_bits(point.bits)),
                }
            }
            Ok(())
        })
    }

    fn lies_in(&self, place: usize, at: i64) -> bool {
        let starts = self.buckets.starts();
        let end = starts.get(place + 1).copied().unwrap_or(self.buckets.end());
        starts[place].0 <= at && at < end.0
    }
}

/// What data points are added to.
#[derive(Clone, Copy)]
enum Into {
    Sums,
    Spreads,
}

/// An hour, as steps of a range are given.
const HOUR_STEP: usize = 3_600_000_000;
