//! What an hour, or any other stretch of time, of a metric adds up to.

use crate::bytes::{Damaged, Reader, put_f64, put_u64};
use crate::kind::Kind;

/// Counts, and for numbers their sum and extremes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hour {
    /// Data points.
    pub(crate) count: u64,
    /// Hits, or data points of any other kind.
    pub(crate) amount: u64,
    pub(crate) sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Default for Hour {
    fn default() -> Self {
        Self {
            count: 0,
            amount: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Hour {
    pub(crate) fn add(&mut self, kind: Kind, bits: u64) {
        self.count += 1;
        self.amount += kind.amount(bits);
        if kind == Kind::Number {
            let value = f64::from_bits(bits);
            self.sum += value;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.amount += other.amount;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Sum, minimum and maximum are only there for numbers, the amount only for hits: else it is the count.
    pub(crate) fn encode(&self, kind: Kind, to: &mut Vec<u8>) {
        put_u64(to, self.count);
        match kind {
            Kind::Hits => put_u64(to, self.amount),
            Kind::Number => {
                for value in [self.min, self.max, self.sum] {
                    put_f64(to, value);
                }
            }
            Kind::Word => {}
        }
    }

    pub(crate) fn decode(kind: Kind, from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = from.u64()?;
        let mut hour = Self {
            count,
            amount: count,
            ..Self::default()
        };
        match kind {
            Kind::Hits => hour.amount = from.u64()?,
            Kind::Number => {
                (hour.min, hour.max, hour.sum) = (from.f64()?, from.f64()?, from.f64()?);
            }
            Kind::Word => {}
        }
        Ok(hour)
    }
}
