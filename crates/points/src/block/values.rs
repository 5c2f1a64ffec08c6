//! The column of values.
//!
//! Hits and places of words are whole numbers as they are. Numbers that have few decimals, which is most of what apps
//! measure, become whole ones too, all with the same decimals; a block of others keeps all their bits, packed by pco.

use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress};

use super::numbers;
use crate::bytes::{Damaged, Reader, decimals, put_bytes, put_i64, unwhole, whole};
use crate::kind::{Kind, Raw};

const DOUBLES: u8 = 0xff;
const PACKED_DOUBLES: u8 = 0xfe;
/// Decimals a column may have; greater tags are the two above.
const MAX_TAG: u8 = 15;

pub(super) fn encode(points: &[Raw], kind: Kind, to: &mut Vec<u8>) {
    if kind == Kind::Number {
        doubles(points, to);
    } else {
        let column: Vec<u64> = points.iter().map(|point| point.bits).collect();
        numbers::encode(&column, to);
    }
}

fn doubles(points: &[Raw], to: &mut Vec<u8>) {
    let values = || points.iter().map(|point| f64::from_bits(point.bits));
    if let Some(decimals) = decimals(values()) {
        let column: Option<Vec<i64>> = values().map(|value| whole(value, decimals)).collect();
        if let Some(column) = column {
            to.push(decimals);
            return wholes(&column, to);
        }
    }
    let column: Vec<f64> = values().collect();
    if let Ok(packed) = simple_compress(&column, &ChunkConfig::default())
        && packed.len() + 4 < column.len() * 8
    {
        to.push(PACKED_DOUBLES);
        put_bytes(to, &packed);
        return;
    }
    to.push(DOUBLES);
    for value in column {
        to.extend(value.to_le_bytes());
    }
}

/// Whole numbers of either sign, as how much greater each is than the least.
fn wholes(column: &[i64], to: &mut Vec<u8>) {
    let least = column.iter().copied().min().unwrap_or(0);
    put_i64(to, least);
    // Both are at most 2^53 from zero, so the difference always fits.
    let above: Vec<u64> = column.iter().map(|value| (value - least).cast_unsigned()).collect();
    numbers::encode(&above, to);
}

pub(super) fn decode(from: &mut Reader<'_>, kind: Kind, n: usize) -> Result<Vec<u64>, Damaged> {
    if kind != Kind::Number {
        return numbers::decode(from, n);
    }
    match from.byte()? {
        DOUBLES => (0..n).map(|_| Ok(u64::from_le_bytes(from.array()?))).collect(),
        PACKED_DOUBLES => {
            let column: Vec<f64> = simple_decompress(from.bytes()?).map_err(|_| Damaged)?;
            if column.len() != n {
                return Err(Damaged);
            }
            Ok(column.into_iter().map(f64::to_bits).collect())
        }
        decimals if decimals <= MAX_TAG => {
            let least = from.i64()?;
            let above = numbers::decode(from, n)?;
            let double = |above: u64| {
                let whole = least.checked_add_unsigned(above).ok_or(Damaged)?;
                Ok(unwhole(whole, decimals).to_bits())
            };
            above.into_iter().map(double).collect()
        }
        _ => Err(Damaged),
    }
}
