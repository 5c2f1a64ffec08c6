//! A sketch: how values are spread, in few bytes, so that any quantile can be told within 1 % of itself, and that of
//! several sketches together as well.
//!
//! It is `DDSketch` (Masson, Rim, Lee: "`DDSketch`: a fast and fully-mergeable quantile sketch with relative-error
//! guarantees", VLDB 2019): a value v > 0 is counted in bin `⌈log_γ v⌉` with γ = (1 + α) / (1 − α), and a bin stands for
//! `2γ^i / (γ + 1)`, which is at most α of v away from any v in it. Negative values mirror that, zeros are counted alone.
//! Bins are never collapsed: a sorted list of those that are not empty is never longer than the data points are many.

use crate::bytes::{Damaged, Reader, put_i64, put_u64};

#[cfg(test)]
mod tests;

/// The relative error.
const ALPHA: f64 = 0.01;
/// How much greater each bin's upper edge is than the one below.
const GAMMA: f64 = (1.0 + ALPHA) / (1.0 - ALPHA);

/// No double's bin is as far from the first.
const FARTHEST: u32 = 1 << 17;

/// Bins that are not empty, by index, and how many values each has.
type Bins = Vec<(i32, u64)>;

/// How values are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    negative: Bins,
    zeros: u64,
    positive: Bins,
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

    /// Adds another sketch's values.
    pub(crate) fn merge(&mut self, other: &Self) {
        merge(&mut self.negative, &other.negative);
        self.zeros += other.zeros;
        merge(&mut self.positive, &other.positive);
    }

    /// How many values were counted.
    pub(crate) fn count(&self) -> u64 {
        let sum = |bins: &Bins| bins.iter().map(|(_, count)| count).sum::<u64>();
        sum(&self.negative) + self.zeros + sum(&self.positive)
    }

    /// The value at each of these ranks (1 is the least), which must ascend.
    pub(crate) fn at_ranks<const N: usize>(&self, ranks: [u64; N]) -> [Option<f64>; N] {
        let negative = self.negative.iter().rev().map(|(bin, count)| (-value(*bin), *count));
        let positive = self.positive.iter().map(|(bin, count)| (value(*bin), *count));
        let mut bins = negative.chain([(0.0, self.zeros)]).chain(positive);
        let (mut seen, mut reached) = (0, None);
        ranks.map(|rank| {
            while seen < rank {
                let (value, count) = bins.next()?;
                seen += count;
                reached = Some(value);
            }
            reached
        })
    }

    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        encode(&self.negative, to);
        put_u64(to, self.zeros);
        encode(&self.positive, to);
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            negative: decode(from)?,
            zeros: from.u64()?,
            positive: decode(from)?,
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

/// As runs of adjoining bins: how many runs, and for each the gap before it, how many bins, their counts.
fn encode(bins: &Bins, to: &mut Vec<u8>) {
    let runs: Vec<&[(i32, u64)]> = bins.chunk_by(|a, b| a.0 + 1 == b.0).collect();
    put_u64(to, runs.len() as u64);
    let mut end = 0;
    for run in runs {
        put_i64(to, i64::from(run[0].0) - end);
        put_u64(to, run.len() as u64);
        for (bin, count) in run {
            put_u64(to, *count);
            end = i64::from(*bin);
        }
    }
}

fn decode(from: &mut Reader<'_>) -> Result<Bins, Damaged> {
    let mut bins = Bins::new();
    let mut end = 0_i64;
    for _ in 0..from.length()? {
        let first = end.checked_add(from.i64()?).ok_or(Damaged)?;
        let first = i32::try_from(first)
            .ok()
            .filter(|first| first.abs_diff(0) <= FARTHEST)
            .ok_or(Damaged)?;
        for (bin, _) in (first..).zip(0..from.length()?) {
            bins.push((bin, from.u64()?));
            end = bin.into();
        }
    }
    if bins.is_sorted_by(|a, b| a.0 < b.0) {
        Ok(bins)
    } else {
        Err(Damaged)
    }
}
