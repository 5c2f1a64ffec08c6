//! What kind of values a metric has, and how each is kept in eight bytes.

use domain::value::Value;

use crate::bytes::Damaged;

/// What a metric's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Hits: the bits are the number.
    Hits,
    /// Numbers: the bits are the double's.
    Number,
    /// Words: the bits are the word's place in a list kept beside.
    Word,
}

impl Kind {
    pub(crate) const fn of(value: &Value) -> Self {
        match value {
            Value::Hits(_) => Self::Hits,
            Value::Number(_) => Self::Number,
            Value::Word(_) => Self::Word,
        }
    }

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Hits => 1,
            Self::Number => 2,
            Self::Word => 3,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Result<Self, Damaged> {
        match code {
            1 => Ok(Self::Hits),
            2 => Ok(Self::Number),
            3 => Ok(Self::Word),
            _ => Err(Damaged),
        }
    }

    /// What a data point adds to its metric's amount: its hits, or one.
    pub(crate) const fn amount(self, bits: u64) -> u64 {
        match self {
            Self::Hits => bits,
            Self::Number | Self::Word => 1,
        }
    }
}

/// A data point without its metric: when, and the bits of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Raw {
    /// Microseconds since 1970 UTC.
    pub(crate) at: i64,
    /// As its metric's [`Kind`] says.
    pub(crate) bits: u64,
}
