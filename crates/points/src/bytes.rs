//! Numbers as few bytes, and back.

/// Bytes that say nothing anyone wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes that nobody wrote")]
pub(crate) struct Damaged;

/// Most decimals a number is tried with before it takes all its eight bytes.
pub(crate) const MAX_DECIMALS: u8 = 6;
/// What stands in the place of the decimals of a number that has none that are few.
const BINARY: u8 = 0xff;

/// LEB128: seven bits a byte, low ones first.
pub(crate) fn put_u64(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    to.push(value.to_le_bytes()[0]);
}

/// Small ones of either sign are short.
pub(crate) fn put_i64(to: &mut Vec<u8>, value: i64) {
    put_u64(to, zigzag(value));
}

/// A number as a whole one and its decimals if that is exact, else as it is.
pub(crate) fn put_f64(to: &mut Vec<u8>, value: f64) {
    for decimals in 0..=MAX_DECIMALS {
        if let Some(whole) = whole(value, decimals) {
            to.push(decimals);
            put_i64(to, whole);
            return;
        }
    }
    to.push(BINARY);
    to.extend(value.to_le_bytes());
}

/// Its length, then itself.
pub(crate) fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

pub(crate) const fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn power(decimals: u8) -> f64 {
    10_f64.powi(decimals.into())
}

/// `value` times 10^`decimals`, if that is a whole number from which dividing gives back the same bits.
///
/// A number read from a text with so many decimals always passes: both it and the quotient are the double nearest to
/// the same decimal fraction.
pub(crate) fn whole(value: f64, decimals: u8) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    let scaled = (value * power(decimals)).round();
    if scaled.abs() > EXACT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and at most 2^53")]
    let whole = scaled as i64;
    (unwhole(whole, decimals).to_bits() == value.to_bits()).then_some(whole)
}

/// The inverse of [`whole`].
#[expect(clippy::cast_precision_loss, reason = "whole() makes none past 2^53")]
pub(crate) fn unwhole(whole: i64, decimals: u8) -> f64 {
    whole as f64 / power(decimals)
}

/// The fewest decimals that all of these have, if that is few enough.
pub(crate) fn decimals(values: impl Iterator<Item = f64>) -> Option<u8> {
    let mut decimals = 0;
    for value in values {
        while whole(value, decimals).is_none() {
            decimals += 1;
            if decimals > MAX_DECIMALS {
                return None;
            }
        }
    }
    Some(decimals)
}

/// Reads what the functions above wrote, from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'b [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.take(N)?.try_into().map_err(|_| Damaged)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> Result<u64, Damaged> {
        match self.0.split_first() {
            Some((byte, rest)) if *byte < 0x80 => {
                self.0 = rest;
                Ok((*byte).into())
            }
            _ => self.long(),
        }
    }

    /// A number of several bytes.
    fn long(&mut self) -> Result<u64, Damaged> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            value |= bits << shift;
            if shift == 63 && bits > 1 {
                return Err(Damaged);
            }
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damaged)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Damaged> {
        self.u64().map(unzigzag)
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Damaged> {
        match self.byte()? {
            BINARY => Ok(f64::from_le_bytes(self.array()?)),
            decimals if decimals <= MAX_DECIMALS => Ok(unwhole(self.i64()?, decimals)),
            _ => Err(Damaged),
        }
    }

    /// A number of things that follow, each of at least one byte: so damage never asks for memory without end.
    pub(crate) fn length(&mut self) -> Result<usize, Damaged> {
        let length = usize::try_from(self.u64()?).map_err(|_| Damaged)?;
        if length > self.0.len() {
            return Err(Damaged);
        }
        Ok(length)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Damaged> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, Damaged> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damaged)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Reader, decimals, put_bytes, put_f64, put_i64, put_u64};

    #[test]
    fn short_numbers_are_short() {
        let length = |value| {
            let mut bytes = Vec::new();
            put_f64(&mut bytes, value);
            bytes.len()
        };
        assert_eq!((length(0.0), length(12.0), length(-0.5), length(123.4)), (2, 2, 2, 3));
        assert_eq!((length(-0.0), length(1.0 / 3.0), length(f64::MAX)), (9, 9, 9));
        assert_eq!(decimals([1.0, 2.5, 3.25].into_iter()), Some(2));
        assert_eq!(decimals([1.0, 1.0 / 3.0].into_iter()), None);
    }

    proptest! {
        #[test]
        fn everything_reads_back(a in any::<u64>(), b in any::<i64>(), c in any::<f64>(), d in -1e9_f64..1e9, e in any::<Vec<u8>>()) {
            let rounded = (d * 100.0).round() / 100.0;
            let mut bytes = Vec::new();
            put_u64(&mut bytes, a);
            put_i64(&mut bytes, b);
            put_f64(&mut bytes, c);
            put_f64(&mut bytes, rounded);
            put_bytes(&mut bytes, &e);
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.u64(), Ok(a));
            prop_assert_eq!(reader.i64(), Ok(b));
            prop_assert_eq!(reader.f64().map(f64::to_bits), Ok(c.to_bits()));
            prop_assert_eq!(reader.f64().map(f64::to_bits), Ok(rounded.to_bits()));
            prop_assert_eq!(reader.bytes(), Ok(&e[..]));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn nothing_read_from_noise_panics(bytes in any::<Vec<u8>>()) {
            let mut reader = Reader(&bytes);
            while reader.u64().is_ok() && reader.f64().is_ok() && reader.text().is_ok() {}
        }
    }
}
