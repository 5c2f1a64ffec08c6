//! Columns of whole numbers: written out if they are few, by pco if that is shorter.

use pco::standalone::{simple_compress, simple_decompress};
use pco::{ChunkConfig, DeltaSpec, ModeSpec};

use super::MOST;
use crate::bytes::{Damaged, Reader, put_bytes, put_u64};

const SAME: u8 = 0;
const WRITTEN_OUT: u8 = 1;
const PACKED_32: u8 = 2;
const PACKED_64: u8 = 3;

/// Below this pco's own head is longer than what it saves.
const WORTH_PACKING: usize = 24;

/// What pco is told: the columns have no order worth looking for, since times are given to it as gaps.
/// Levels above 6 take twice the time for less than 0.5 %.
fn config() -> ChunkConfig {
    ChunkConfig::default()
        .with_compression_level(6)
        .with_mode_spec(ModeSpec::Classic)
        .with_delta_spec(DeltaSpec::NoOp)
}

/// Writes a column of any length; how long it is must be known when it is read.
pub(crate) fn encode(column: &[u64], to: &mut Vec<u8>) {
    let Some(first) = column.first() else { return };
    if column.iter().all(|value| value == first) {
        to.push(SAME);
        put_u64(to, *first);
        return;
    }
    let written_out = to.len();
    to.push(WRITTEN_OUT);
    for value in column {
        put_u64(to, *value);
    }
    if column.len() < WORTH_PACKING {
        return;
    }
    let narrow: Option<Vec<u32>> = column.iter().map(|value| u32::try_from(*value).ok()).collect();
    let (tag, packed) = match narrow {
        Some(narrow) => (PACKED_32, simple_compress(&narrow, &config())),
        None => (PACKED_64, simple_compress(column, &config())),
    };
    // It refuses only settings it doesn't know; then the column stays as it is.
    if let Ok(packed) = packed
        && packed.len() + 4 < to.len() - written_out
    {
        to.truncate(written_out);
        to.push(tag);
        put_bytes(to, &packed);
    }
}

/// Reads a column of `n` numbers.
pub(crate) fn decode(from: &mut Reader<'_>, n: usize) -> Result<Vec<u64>, Damaged> {
    if n == 0 {
        return Ok(Vec::new());
    }
    if n > MOST {
        return Err(Damaged);
    }
    let column: Vec<u64> = match from.byte()? {
        SAME => vec![from.u64()?; n],
        WRITTEN_OUT => (0..n).map(|_| from.u64()).collect::<Result<_, _>>()?,
        PACKED_32 => {
            let narrow: Vec<u32> = simple_decompress(from.bytes()?).map_err(|_| Damaged)?;
            narrow.into_iter().map(u64::from).collect()
        }
        PACKED_64 => simple_decompress(from.bytes()?).map_err(|_| Damaged)?,
        _ => return Err(Damaged),
    };
    if column.len() == n { Ok(column) } else { Err(Damaged) }
}
