//! What an hour, or any other stretch of time, of a metric adds up to.

use crate::bytes::{Damaged, MAX_DECIMALS, Reader, decimals, put_f64, put_i64, put_u64, unwhole, whole};
use crate::kind::Kind;

/// The quantiles that are asked for everywhere, so that hours have them ready.
pub(crate) const USUAL: [f64; 4] = [0.5, 0.75, 0.95, 0.99];

/// What stands in place of the decimals of numbers that have none in common that are few.
const BINARY: u8 = 0xff;

/// Counts, and for numbers their sum, extremes and perhaps quantiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hour {
    /// Data points.
    pub(crate) count: u64,
    /// Hits, or data points of any other kind.
    pub(crate) amount: u64,
    pub(crate) sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// The [`USUAL`] ones, if somebody worked them out. They can't be added up: whatever comes to it makes them unknown.
    pub(crate) quantiles: Option<[f64; 4]>,
}

impl Default for Hour {
    fn default() -> Self {
        Self {
            count: 0,
            amount: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            quantiles: None,
        }
    }
}

impl Hour {
    pub(crate) fn add(&mut self, kind: Kind, bits: u64) {
        self.count += 1;
        self.amount += kind.amount(bits);
        self.quantiles = None;
        if kind == Kind::Number {
            let value = f64::from_bits(bits);
            self.sum += value;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.quantiles = if self.count == 0 { other.quantiles } else { None };
        self.count += other.count;
        self.amount += other.amount;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// All of them as one.
    pub(crate) fn all<'h>(hours: impl IntoIterator<Item = &'h Self>) -> Self {
        let mut all = Self::default();
        for hour in hours {
            all.merge(hour);
        }
        all
    }

    /// Sum, extremes and quantiles are only there for numbers, the amount only for hits: else it is the count.
    pub(crate) fn encode(&self, kind: Kind, quantiles: bool, to: &mut Vec<u8>) {
        put_u64(to, self.count);
        match kind {
            Kind::Hits => put_u64(to, self.amount),
            Kind::Number => {
                put_f64(to, self.sum);
                match self.quantiles {
                    Some([a, b, c, d]) if quantiles => put_ascending(&[self.min, a, b, c, d, self.max], to),
                    _ => put_ascending(&[self.min, self.max], to),
                }
            }
            Kind::Word => {}
        }
    }

    /// `quantiles`: whether it was written with them.
    pub(crate) fn decode(kind: Kind, quantiles: bool, from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = from.u64()?;
        let mut hour = Self {
            count,
            amount: count,
            ..Self::default()
        };
        match kind {
            Kind::Hits => hour.amount = from.u64()?,
            Kind::Number => {
                hour.sum = from.f64()?;
                if quantiles {
                    let [min, a, b, c, d, max] = ascending(from)?;
                    (hour.min, hour.max, hour.quantiles) = (min, max, Some([a, b, c, d]));
                } else {
                    [hour.min, hour.max] = ascending(from)?;
                }
            }
            Kind::Word => {}
        }
        Ok(hour)
    }
}

/// Numbers, none less than the one before: whole ones, of decimals they have in common, as the steps between them.
fn put_ascending(numbers: &[f64], to: &mut Vec<u8>) {
    let decimals = decimals(numbers.iter().copied());
    let wholes: Option<Vec<i64>> =
        decimals.and_then(|decimals| numbers.iter().map(|number| whole(*number, decimals)).collect());
    match (decimals, wholes) {
        (Some(decimals), Some(wholes)) if wholes.is_sorted() => {
            to.push(decimals);
            put_i64(to, wholes[0]);
            for step in wholes.windows(2) {
                put_u64(to, (step[1] - step[0]).cast_unsigned());
            }
        }
        _ => {
            to.push(BINARY);
            for number in numbers {
                to.extend(number.to_le_bytes());
            }
        }
    }
}

fn ascending<const N: usize>(from: &mut Reader<'_>) -> Result<[f64; N], Damaged> {
    let decimals = from.byte()?;
    let mut numbers = [0.0; N];
    if decimals == BINARY {
        for number in &mut numbers {
            *number = f64::from_le_bytes(from.array()?);
        }
        return Ok(numbers);
    }
    if decimals > MAX_DECIMALS {
        return Err(Damaged);
    }
    let mut whole = 0_i64;
    for (place, number) in numbers.iter_mut().enumerate() {
        let step = if place == 0 {
            from.i64()?
        } else {
            i64::try_from(from.u64()?).map_err(|_| Damaged)?
        };
        whole = whole.checked_add(step).ok_or(Damaged)?;
        *number = unwhole(whole, decimals);
    }
    Ok(numbers)
}
