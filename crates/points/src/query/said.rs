//! What was said in each bucket: words of days, hours or data points, whichever is the coarsest that fits.

use domain::id::MetricId;
use domain::range::{Buckets, Range};
use domain::time::{DAY, HOUR, Micros};

use super::gather::only_bucket;
use super::reading::{Reading, Sealed, between, shared};
use super::sources::Sources;
use crate::Error;
use crate::kind::{Kind, Raw};
use crate::rollup::day::start_of;
use crate::rollup::{Day, Minutes};

/// Calls `each` with buckets, words and how often they came in them; with the same ones again and again.
pub(super) fn each(
    reading: &Reading<'_>,
    sources: &Sources,
    buckets: &Buckets,
    mut each: impl FnMut(usize, &str, u64),
) -> Result<(), Error> {
    for metric in sources.metrics() {
        of_metric(reading, *metric, buckets, &mut each)?;
    }
    Ok(())
}

fn of_metric(
    reading: &Reading<'_>,
    metric: MetricId,
    buckets: &Buckets,
    each: &mut impl FnMut(usize, &str, u64),
) -> Result<(), Error> {
    let range = buckets.range();
    reading.each_unsealed(metric, |recent| {
        if recent.kind == Kind::Word {
            let mut tally = Tally::new(recent.words.len());
            tally.points(
                buckets,
                recent.between(range.from().0, range.to().0),
                |bucket, place, count| {
                    each(bucket, recent.word(place), count);
                },
            );
        }
    });
    let Some(sealed) = reading.find(metric)?.filter(|sealed| sealed.kind == Kind::Word) else {
        return Ok(());
    };
    reading.each_day(&sealed, range, |date, data| {
        let rollup = Day::decode_hours(data)?;
        let finer = rollup.raw || rollup.by_minute;
        let bucket = match only_bucket(buckets, date * DAY, DAY) {
            None if !finer => buckets.find(Micros(date * DAY)),
            bucket => bucket,
        };
        if let Some(bucket) = bucket {
            Day::each_word(data, |word, count| {
                if count > 0 {
                    each(bucket, word, count);
                }
            })?;
        } else if finer {
            of_hours(
                reading,
                &sealed,
                date,
                &rollup,
                buckets,
                &Day::decode(data)?.words,
                each,
            )?;
        }
        Ok(())
    })
}

/// Words of a day that lies in several buckets, or in none with all of it.
fn of_hours(
    reading: &Reading<'_>,
    metric: &Sealed,
    date: i64,
    rollup: &Day,
    buckets: &Buckets,
    words: &[(String, u64)],
    each: &mut impl FnMut(usize, &str, u64),
) -> Result<(), Error> {
    let mut say = |bucket: usize, place: u64, count: u64| {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if let Some((word, _)) = words.get(place) {
            each(bucket, word, count);
        }
    };
    let mut tally = Tally::new(words.len());
    let mut stretch: Option<(i64, i64)> = None;
    for hour in rollup.there() {
        let start = start_of(date, hour);
        let bucket = match only_bucket(buckets, start, HOUR) {
            None if !rollup.raw => buckets.find(Micros(start)),
            bucket => bucket,
        };
        match bucket {
            Some(bucket) if rollup.by_minute => reading.minutes(metric, date, hour, |data| {
                Ok(Minutes::each_word(data, |place, count| say(bucket, place, count))?)
            })?,
            _ if rollup.raw => match &mut stretch {
                Some((_, end)) if *end == start => *end = start + HOUR,
                other => {
                    if let Some(stretch) = other.replace((start, start + HOUR)) {
                        tally.stretch(reading, metric, date, stretch, buckets, &mut say)?;
                    }
                }
            },
            _ => {}
        }
    }
    match stretch {
        Some(stretch) => tally.stretch(reading, metric, date, stretch, buckets, &mut say),
        None => Ok(()),
    }
}

/// Counts data points by their words' places, so that a word is looked up once a bucket and not at every data point.
struct Tally {
    counts: Vec<u64>,
    /// Places whose count is not 0.
    there: Vec<usize>,
}

impl Tally {
    fn new(words: usize) -> Self {
        Self {
            counts: vec![0; words],
            there: Vec::new(),
        }
    }

    fn stretch(
        &mut self,
        reading: &Reading<'_>,
        metric: &Sealed,
        date: i64,
        (from, to): (i64, i64),
        buckets: &Buckets,
        mut say: impl FnMut(usize, u64, u64),
    ) -> Result<(), Error> {
        let Some(range) = shared(buckets.range(), between(Micros(from), Micros(to))) else {
            return Ok(());
        };
        reading.each_block(metric, date, range, |points| {
            self.points(buckets, points.iter().copied(), &mut say);
            Ok(())
        })
    }

    fn points(&mut self, buckets: &Buckets, points: impl Iterator<Item = Raw>, mut say: impl FnMut(usize, u64, u64)) {
        let (mut bucket, mut inside) = (0, None::<Range>);
        for point in points {
            if !inside.is_some_and(|inside| inside.contains(Micros(point.at))) {
                self.say(bucket, &mut say);
                let Some(found) = buckets.find(Micros(point.at)) else {
                    continue;
                };
                (bucket, inside) = (found, Some(buckets.at(found)));
            }
            let place = usize::try_from(point.bits).unwrap_or(usize::MAX);
            if let Some(count) = self.counts.get_mut(place) {
                if *count == 0 {
                    self.there.push(place);
                }
                *count += 1;
            }
        }
        self.say(bucket, &mut say);
    }

    fn say(&mut self, bucket: usize, say: &mut impl FnMut(usize, u64, u64)) {
        for place in self.there.drain(..) {
            say(bucket, place as u64, std::mem::take(&mut self.counts[place]));
        }
    }
}
