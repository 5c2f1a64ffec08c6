//! ClickHouse's format `RowBinary`: numbers as they are in memory, texts with their length before them. So nothing has to
//! be escaped, and every bit of a number comes back.

use super::Failure;
use crate::bytes::Reader;
use crate::rollup::Hour;

/// Values of rows, one after the other.
pub(super) struct Cells<'b>(Reader<'b>);

impl<'b> Cells<'b> {
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        Self(Reader(bytes))
    }

    /// Whether no row follows.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn u8(&mut self) -> Result<u8, Failure> {
        Ok(self.0.byte()?)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Failure> {
        Ok(u32::from_le_bytes(self.0.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Failure> {
        Ok(u64::from_le_bytes(self.0.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, Failure> {
        Ok(i32::from_le_bytes(self.0.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64, Failure> {
        Ok(i64::from_le_bytes(self.0.array()?))
    }

    pub(super) fn f64(&mut self) -> Result<f64, Failure> {
        Ok(f64::from_le_bytes(self.0.array()?))
    }

    /// What a row of `sums` adds up to: count, amount, total, least and greatest. Of a metric without numbers only the first
    /// two say anything.
    pub(super) fn hour(&mut self, is_of_numbers: bool) -> Result<Hour, Failure> {
        let hour = Hour {
            count: self.u64()?,
            amount: self.u64()?,
            sum: self.f64()?,
            min: self.f64()?,
            max: self.f64()?,
            quantiles: None,
        };
        Ok(if is_of_numbers {
            hour
        } else {
            Hour {
                count: hour.count,
                amount: hour.amount,
                ..Hour::default()
            }
        })
    }

    pub(super) fn text(&mut self) -> Result<&'b str, Failure> {
        Ok(self.0.text()?)
    }
}

/// A text as a literal.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for letter in text.chars() {
        match letter {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\0' => quoted.push_str("\\0"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// Numbers for `IN (…)`.
pub(super) fn listed(numbers: impl IntoIterator<Item: ToString>) -> String {
    let numbers: Vec<String> = numbers.into_iter().map(|number| number.to_string()).collect();
    numbers.join(", ")
}
