//! The column of times: the first, the unit they are all whole multiples of, the gaps between them in that unit.
//!
//! Most clocks tell milliseconds or seconds: dividing by what all times have in common saves the ten bits a data point
//! that microseconds would cost.

use super::{MOST, numbers};
use crate::bytes::{Damaged, Reader, put_u64};
use crate::kind::Raw;

pub(super) fn encode(points: &[Raw], start: i64, to: &mut Vec<u8>) {
    let mut before = start;
    let mut gaps: Vec<u64> = points
        .iter()
        .map(|point| {
            let gap = (point.at - before).cast_unsigned();
            before = point.at;
            gap
        })
        .collect();
    let unit = gaps.iter().fold(0, |unit, gap| divisor(unit, *gap)).max(1);
    if unit > 1 {
        for gap in &mut gaps {
            *gap /= unit;
        }
    }
    put_u64(to, unit);
    put_u64(to, gaps[0]);
    numbers::encode(&gaps[1..], to);
}

/// The greatest common one; of 0 and x it is x.
const fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

pub(super) fn decode(from: &mut Reader<'_>, start: i64) -> Result<Vec<i64>, Damaged> {
    let n = usize::try_from(from.u64()?).map_err(|_| Damaged)?;
    if n == 0 || n > MOST {
        return Err(Damaged);
    }
    let (unit, first) = (from.u64()?, from.u64()?);
    let gaps = numbers::decode(from, n - 1)?;
    let mut times = Vec::with_capacity(n);
    let mut at = start;
    for gap in std::iter::once(first).chain(gaps) {
        let gap = i64::try_from(gap.checked_mul(unit).ok_or(Damaged)?).map_err(|_| Damaged)?;
        at = at.checked_add(gap).ok_or(Damaged)?;
        times.push(at);
    }
    Ok(times)
}
