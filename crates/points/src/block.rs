//! Blocks: some data points of one metric and one UTC day, oldest first, as two compressed columns.
//!
//! ```text
//! block = number of data points, times, values
//! ```
//!
//! A block knows neither its metric nor its day: both are in the key it is kept under. FORMAT.md has every byte.

mod numbers;
mod times;
mod values;

use crate::bytes::{Damaged, Reader, put_u64};
use crate::kind::{Kind, Raw};

/// Data points of a full block: enough for the columns' own overhead not to count, few enough to be read at once.
pub(crate) const FULL: usize = 8_192;
/// The most that a block may have, where few keys of a day are left.
pub(crate) const MOST: usize = 64 * FULL;

/// Compresses data points, at least one, sorted by time; `start` is where their day starts.
pub(crate) fn encode(points: &[Raw], kind: Kind, start: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(points.len() * 4 + 32);
    put_u64(&mut bytes, points.len() as u64);
    times::encode(points, start, &mut bytes);
    values::encode(points, kind, &mut bytes);
    bytes
}

/// Appends a block's data points to `to`.
pub(crate) fn decode(block: &[u8], kind: Kind, start: i64, to: &mut Vec<Raw>) -> Result<(), Damaged> {
    let mut reader = Reader(block);
    let times = times::decode(&mut reader, start)?;
    let values = values::decode(&mut reader, kind, times.len())?;
    if !reader.is_empty() {
        return Err(Damaged);
    }
    to.extend(times.into_iter().zip(values).map(|(at, bits)| Raw { at, bits }));
    Ok(())
}

#[cfg(test)]
mod tests;
