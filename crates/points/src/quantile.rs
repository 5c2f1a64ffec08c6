//! Quantiles: nearest-rank, of n sorted values the ⌈q·n⌉-th.

use crate::rollup::Hour;
use crate::sketch::Sketch;

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

/// The values at some quantiles, ascending; of no values, none.
pub(crate) fn exact<const N: usize>(values: &mut [f64], quantiles: [f64; N]) -> Option<[f64; N]> {
    let n = values.len() as u64;
    if n == 0 {
        return None;
    }
    let mut done = 0;
    Some(quantiles.map(|quantile| {
        let place = usize::try_from(rank(quantile, n) - 1).unwrap_or(0);
        if place >= done {
            values[done..].select_nth_unstable_by(place - done, f64::total_cmp);
            done = place;
        }
        values[place]
    }))
}

/// The value at a quantile of values that are sorted.
pub(crate) fn sorted(values: &[f64], quantile: f64) -> Option<f64> {
    let n = values.len() as u64;
    let place = usize::try_from(rank(quantile, n.max(1)) - 1).unwrap_or(0);
    values.get(place).copied()
}

/// The same as [`exact`] of values that are sketched and add up to `sum`: each within 1 % of itself, and within the extremes.
pub(crate) fn sketched<const N: usize>(sketch: &Sketch, quantiles: [f64; N], sum: &Hour) -> Option<[f64; N]> {
    let n = sketch.count();
    if n == 0 {
        return None;
    }
    let ranks = quantiles.map(|quantile| rank(quantile, n));
    let mut found = sketch.at_ranks(ranks);
    for (value, rank) in found.iter_mut().zip(ranks) {
        // The extremes are known.
        if rank == 1 {
            *value = Some(sum.min);
        }
        if rank == n {
            *value = Some(sum.max);
        }
    }
    // All ranks are among those counted.
    Some(found.map(|value| value.unwrap_or(sum.max).clamp(sum.min, sum.max)))
}
