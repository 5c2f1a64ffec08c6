//! A sketch: how values are spread, in few bytes, so that any quantile can be told within 1 % of itself, and that of
//! several sketches together as well.
//!
//! It is `DDSketch` (Masson, Rim, Lee: "`DDSketch`: a fast and fully-mergeable quantile sketch with relative-error
//! guarantees", VLDB 2019): a value v > 0 is counted in bin `⌈log_γ v⌉` with γ = (1 + α) / (1 − α), and a bin stands for
//! `2γ^i / (γ + 1)`, which is at most α of v away from any v in it. Negative values mirror that, zeros are counted alone.
//! Bins are never collapsed: a sorted list of those that are not empty is never longer than the data points are many.

use crate::bytes::{Damaged, Reader, put_i64, put_u64};
use crate::kind::Raw;

mod adder;

pub(crate) use adder::Adder;

#[cfg(test)]
mod tests;

/// The relative error.
const ALPHA: f64 = 0.01;
/// How much greater each bin's upper edge is than the one below.
const GAMMA: f64 = (1.0 + ALPHA) / (1.0 - ALPHA);

/// No double's bin is as far from the first.
const FARTHEST: i64 = 1 << 17;

/// Bins that are not empty, by index, and how many values each has.
type Bins = Vec<(i32, u64)>;

/// How values are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    negative: Bins,
    zeros: u64,
    positive: Bins,
}

/// Where a value lies among those of a sketch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Beside {
    /// How many are surely less.
    pub(crate) below: u64,
    /// How many are in the same bin, and from where to where that is.
    pub(crate) within: u64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The bin a value above 0 is counted in.
#[expect(clippy::cast_possible_truncation, reason = "within ±40,000 for every double")]
fn index(value: f64) -> i32 {
    (value.ln() / GAMMA.ln()).ceil() as i32
}

/// What the values of a bin are taken for. In two steps, for γ^i alone may be past the greatest number there is.
fn value(index: i32) -> f64 {
    let half = f64::from(index) / 2.0 * GAMMA.ln();
    (half.exp() * (2.0 / (1.0 + GAMMA)) * half.exp()).min(f64::MAX)
}

/// The upper edge of a bin; the lower one is the upper one of the bin below.
fn edge(index: i32) -> f64 {
    let half = f64::from(index) / 2.0 * GAMMA.ln();
    (half.exp() * half.exp()).min(f64::MAX)
}

/// How far bins of values above 0 are moved up where one number tells the bin: then none of them is 0, which is the bin of
/// zeros, and those of values below 0 have the same numbers with a minus.
const MOVED: i32 = 1 << 17;

/// The bin of any value in one number.
pub(crate) fn bin(value: f64) -> i32 {
    if value > 0.0 {
        index(value) + MOVED
    } else if value < 0.0 {
        -(index(-value) + MOVED)
    } else {
        0
    }
}

fn sum<'b>(bins: impl IntoIterator<Item = &'b (i32, u64)>) -> u64 {
    bins.into_iter().map(|(_, count)| count).sum()
}

impl Sketch {
    /// The sketch of some values, all finite.
    pub(crate) fn of(values: &[f64]) -> Self {
        let side = |sign: f64| {
            let mut indexes: Vec<i32> = values
                .iter()
                .map(|value| value * sign)
                .filter(|value| *value > 0.0)
                .map(index)
                .collect();
            indexes.sort_unstable();
            let runs = indexes.chunk_by(|a, b| a == b);
            runs.map(|run| (run[0], run.len() as u64)).collect()
        };
        Self {
            negative: side(-1.0),
            zeros: values.iter().filter(|value| **value == 0.0).count() as u64,
            positive: side(1.0),
        }
    }

    /// The sketch of what was counted by [`bin`], each of them once.
    pub(crate) fn of_bins(bins: impl IntoIterator<Item = (i32, u64)>) -> Self {
        let mut sketch = Self::default();
        for (bin, count) in bins {
            match bin.cmp(&0) {
                std::cmp::Ordering::Greater => sketch.positive.push((bin - MOVED, count)),
                std::cmp::Ordering::Less => sketch.negative.push((-bin - MOVED, count)),
                std::cmp::Ordering::Equal => sketch.zeros += count,
            }
        }
        sketch.positive.sort_unstable();
        sketch.negative.sort_unstable();
        sketch
    }

    /// Its bins as [`bin`] tells them, and how many values each has.
    pub(crate) fn bins(&self) -> impl Iterator<Item = (i32, u64)> {
        let negative = self.negative.iter().map(|(bin, count)| (-(bin + MOVED), *count));
        let positive = self.positive.iter().map(|(bin, count)| (bin + MOVED, *count));
        let zeros = (self.zeros > 0).then_some((0, self.zeros));
        negative.chain(zeros).chain(positive)
    }

    /// The sketch of data points that are numbers.
    pub(crate) fn of_points(points: &[Raw]) -> Self {
        let values: Vec<f64> = points.iter().map(|point| f64::from_bits(point.bits)).collect();
        Self::of(&values)
    }

    /// Passes over one.
    pub(crate) fn skip(from: &mut Reader<'_>) -> Result<(), Damaged> {
        for side in 0..2 {
            for _ in 0..from.length()? {
                from.i64()?;
                for _ in 0..from.length()? {
                    from.u64()?;
                }
            }
            if side == 0 {
                from.u64()?;
            }
        }
        Ok(())
    }

    /// Adds another sketch's values.
    pub(crate) fn merge(&mut self, other: &Self) {
        merge(&mut self.negative, &other.negative);
        self.zeros += other.zeros;
        merge(&mut self.positive, &other.positive);
    }

    /// How many values were counted.
    pub(crate) fn count(&self) -> u64 {
        sum(&self.negative) + self.zeros + sum(&self.positive)
    }

    /// Where a value lies. The edge of a bin is only worked out for the one bin that it is in.
    pub(crate) fn beside(&self, value: f64) -> Beside {
        let (side, sign) = if value > 0.0 {
            (&self.positive, 1.0)
        } else {
            (&self.negative, -1.0)
        };
        if value == 0.0 || value.is_nan() {
            // Nothing is as near to zero as zero.
            return Beside {
                below: sum(&self.negative),
                within: self.zeros,
                low: 0.0,
                high: 0.0,
            };
        }
        let bin = index(value * sign);
        let place = side.partition_point(|(other, _)| *other < bin);
        let within = side
            .get(place)
            .filter(|(other, _)| *other == bin)
            .map_or(0, |(_, count)| *count);
        let ends = [edge(bin - 1) * sign, edge(bin) * sign];
        let below = if value > 0.0 {
            sum(&self.negative) + self.zeros + sum(&side[..place])
        } else {
            sum(&side[place..]) - within
        };
        Beside {
            below,
            within,
            low: ends[0].min(ends[1]),
            high: ends[0].max(ends[1]),
        }
    }

    /// Whether all values are whole numbers, as far as can be told: of many others some would be where none is.
    pub(crate) fn seems_whole(&self) -> bool {
        let whole = |(bin, _): &(i32, u64)| edge(*bin).floor() > edge(*bin - 1) || edge(*bin).floor() >= 50.0;
        let bins = || self.positive.iter().chain(&self.negative);
        // Only small ones tell: from 50 on, each bin has a whole number in it.
        let telling = bins().filter(|(bin, _)| edge(*bin) < 50.0).count();
        bins().all(whole) && (telling > 0 || self.zeros > 0)
    }

    /// The value at each of these ranks (1 is the least), which must ascend.
    pub(crate) fn at_ranks<const N: usize>(&self, ranks: [u64; N]) -> [Option<f64>; N] {
        let negative = self
            .negative
            .iter()
            .rev()
            .map(|(bin, count)| (Some((-1.0, *bin)), *count));
        let positive = self.positive.iter().map(|(bin, count)| (Some((1.0, *bin)), *count));
        let mut bins = negative.chain([(None, self.zeros)]).chain(positive);
        let (mut seen, mut reached) = (0, None);
        ranks.map(|rank| {
            while seen < rank {
                let (bin, count) = bins.next()?;
                seen += count;
                reached = Some(bin);
            }
            // Only what is asked for is worked out: it takes longer than to pass a hundred bins.
            reached.map(|bin| bin.map_or(0.0, |(sign, bin)| sign * value(bin)))
        })
    }

    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        encode(&self.negative, to);
        put_u64(to, self.zeros);
        encode(&self.positive, to);
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut counts = Vec::new();
        let mut side = |from: &mut Reader<'_>| {
            let mut bins = Bins::new();
            decode(from, &mut counts, |first, counts| {
                let there = (first..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0);
                bins.extend(there);
            })?;
            Ok(bins)
        };
        Ok(Self {
            negative: side(from)?,
            zeros: from.u64()?,
            positive: side(from)?,
        })
    }
}

fn merge(into: &mut Bins, other: &Bins) {
    if into.is_empty() {
        into.clone_from(other);
        return;
    }
    let ours = std::mem::take(into);
    into.reserve(ours.len() + other.len());
    let (mut ours, mut others) = (ours.into_iter().peekable(), other.iter().copied().peekable());
    loop {
        let next = match (ours.peek(), others.peek()) {
            (Some(a), Some(b)) if a.0 == b.0 => {
                let sum = (a.0, a.1 + b.1);
                others.next();
                ours.next();
                Some(sum)
            }
            (Some(a), Some(b)) if a.0 < b.0 => ours.next(),
            (_, Some(_)) => others.next(),
            (_, None) => ours.next(),
        };
        let Some(bin) = next else { return };
        into.push(bin);
    }
}

/// A gap of no more bins than this is written as so many of nothing: a new run would take as many bytes.
const BRIDGED: i32 = 2;

/// As runs of bins: how many runs, and for each the gap before it, how many bins, their counts.
fn encode(bins: &Bins, to: &mut Vec<u8>) {
    let runs: Vec<&[(i32, u64)]> = bins.chunk_by(|a, b| b.0 - a.0 <= 1 + BRIDGED).collect();
    put_u64(to, runs.len() as u64);
    let mut end = 0;
    for run in runs {
        let (first, last) = (run[0].0, run[run.len() - 1].0);
        put_i64(to, i64::from(first) - end);
        put_u64(to, u64::from(last.abs_diff(first)) + 1);
        let mut next = first;
        for (bin, count) in run {
            to.extend((next..*bin).map(|_| 0));
            put_u64(to, *count);
            next = bin + 1;
        }
        end = last.into();
    }
}

/// Calls `each` with the first bin of every run, lowest first, and the counts of its bins, which are put into `counts`.
fn decode(from: &mut Reader<'_>, counts: &mut Vec<u64>, mut each: impl FnMut(i32, &[u64])) -> Result<(), Damaged> {
    let mut end = None;
    for _ in 0..from.length()? {
        let first = end.unwrap_or(0_i64).checked_add(from.i64()?).ok_or(Damaged)?;
        let length = from.length()?;
        let last = first
            .checked_add(i64::try_from(length).map_err(|_| Damaged)? - 1)
            .ok_or(Damaged)?;
        if length == 0 || first < -FARTHEST || last > FARTHEST || end.is_some_and(|end| first <= end) {
            return Err(Damaged);
        }
        counts.clear();
        for _ in 0..length {
            counts.push(from.u64()?);
        }
        each(i32::try_from(first).map_err(|_| Damaged)?, counts);
        end = Some(last);
    }
    Ok(())
}
