//! What values are numbers of.

use std::fmt;

use crate::number::{brief_duration_ms, compact, duration_ms, number};

/// Most characters of a unit's name, and most bytes those take.
const LONGEST: usize = 12;
const BYTES: usize = 4 * LONGEST;

/// What a value is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole things, counted.
    Count,
    /// Any number.
    Number,
    /// A time taken, in milliseconds.
    Milliseconds,
    /// Any number of something that people named: see [`Unit::named`].
    Named(Name),
}

/// The name of a unit, as long as one may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; BYTES],
    length: usize,
}

impl Unit {
    /// Numbers of something that people named: `€`, `kB`, `°C`. It stands after each number. Of a name longer than 12
    /// characters the first 12 count; without a name it is any number.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut unit = Name {
            bytes: [0; BYTES],
            length: 0,
        };
        for c in name.trim().chars().take(LONGEST) {
            let end = unit.length + c.len_utf8();
            c.encode_utf8(&mut unit.bytes[unit.length..end]);
            unit.length = end;
        }
        if unit.length == 0 {
            Self::Number
        } else {
            Self::Named(unit)
        }
    }

    /// A value in as little room as it needs, for an axis.
    #[must_use]
    pub fn brief(self, value: f64) -> String {
        match self {
            Self::Count | Self::Number => compact(value),
            Self::Milliseconds => brief_duration_ms(value),
            Self::Named(_) if !value.is_finite() => compact(value),
            Self::Named(name) => name.after(&compact(value)),
        }
    }

    /// A value in full.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Count | Self::Number => number(value),
            Self::Milliseconds => duration_ms(value),
            Self::Named(_) if !value.is_finite() => number(value),
            Self::Named(name) => name.after(&number(value)),
        }
    }
}

impl Name {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    /// With a space that doesn't break, but for what is written close to numbers.
    pub(crate) fn after(self, number: &str) -> String {
        let name = self.as_str();
        let close = matches!(name.chars().next(), Some('%' | '°' | '‰' | '′' | '″')) && name != "°C" && name != "°F";
        format!("{number}{}{name}", if close { "" } else { "\u{a0}" })
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn a_name_stands_after_its_number() {
        let shown = |name| Unit::named(name).show(1_234.5);
        assert_eq!(
            ["€", "kB", "°C", "%", "", " km/h "].map(shown),
            [
                "1,234.5\u{a0}€",
                "1,234.5\u{a0}kB",
                "1,234.5\u{a0}°C",
                "1,234.5%",
                "1,234.5",
                "1,234.5\u{a0}km/h"
            ]
        );
        assert_eq!(Unit::named("  "), Unit::Number);
        assert_eq!(Unit::named("€").show(f64::NAN), "–");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let Unit::Named(name) = Unit::named(&"🦀".repeat(20)) else {
            panic!("it has a name")
        };
        assert_eq!(name.as_str(), "🦀".repeat(12));
    }
}
