//! Metrics: a name and a type, both given by the app that publishes.

mod details;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

pub use details::{BadDescription, BadUnit, Description, Piece, UnitName};

/// Metrics a project may have before `metric_limit`, unless its settings say otherwise.
pub const METRICS_PER_PROJECT: usize = 2_000;

/// What kind of values a metric's data points have. The names are the same on the wire and in the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricType {
    /// How many times something happened.
    HitCounter,
    /// A number.
    Counter,
    /// How long something took, in milliseconds.
    Timer,
    /// One of many words.
    WordWeb,
}

impl MetricType {
    /// Every type, in the order people see them.
    pub const ALL: [Self; 4] = [Self::HitCounter, Self::Counter, Self::Timer, Self::WordWeb];

    /// The name on the wire and in the interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HitCounter => "Hit Counter",
            Self::Counter => "Counter",
            Self::Timer => "Timer",
            Self::WordWeb => "Word Web",
        }
    }

    /// The number it is kept as in a database.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::HitCounter => 1,
            Self::Counter => 2,
            Self::Timer => 3,
            Self::WordWeb => 4,
        }
    }

    /// The type kept under this number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for MetricType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A type's name was none of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("type must be one of Hit Counter, Counter, Timer, Word Web")]
pub struct UnknownType;

/// Case, spaces, dashes and underscores don't matter.
impl FromStr for MetricType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let letters = |name: &'static str| name.bytes().filter(|b| *b != b' ').map(|b| b.to_ascii_lowercase());
        let given = || {
            text.bytes()
                .filter(|b| !matches!(b, b' ' | b'-' | b'_'))
                .map(|b| b.to_ascii_lowercase())
        };
        let mut all = Self::ALL.into_iter();
        let exactly = all.clone().find(|kind| kind.name() == text);
        exactly
            .or_else(|| all.find(|kind| letters(kind.name()).eq(given())))
            .ok_or(UnknownType)
    }
}

/// A metric's name: 1 to 255 characters, trimmed, NFC, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MetricName(String);

/// Why a text is no metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing is left after trimming.
    #[error("name must not be empty")]
    Missing,
    /// More than 255 characters.
    #[error("name must have at most 255 characters")]
    TooLong,
    /// A line feed, a tab, a bell and the like.
    #[error("name must not contain control characters")]
    Control,
}

impl MetricName {
    /// Most characters a name may have.
    pub const MAX_CHARS: usize = 255;

    /// Reads a name as an app sent it.
    ///
    /// # Errors
    /// If it is empty, too long or has control characters.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let text = text.trim();
        let name: String = if text.is_ascii() {
            text.to_owned()
        } else {
            text.nfc().collect()
        };
        if name.is_empty() {
            Err(BadName::Missing)
        } else if name.chars().any(char::is_control) {
            Err(BadName::Control)
        } else if name.chars().count() > Self::MAX_CHARS {
            Err(BadName::TooLong)
        } else {
            Ok(Self(name))
        }
    }

    /// A name that was checked before it was kept.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{BadName, MetricName, MetricType, UnknownType};

    #[test]
    fn types_match_whatever_the_case_spaces_dashes_and_underscores() {
        for text in [
            "hitcounter",
            "Hit Counter",
            "HIT-COUNTER",
            "hit_counter",
            " hit  counter",
        ] {
            assert_eq!(text.parse(), Ok(MetricType::HitCounter), "{text}");
        }
        assert_eq!("word-web".parse(), Ok(MetricType::WordWeb));
        assert_eq!("Hit Count".parse::<MetricType>(), Err(UnknownType));
        assert_eq!("".parse::<MetricType>(), Err(UnknownType));
    }

    #[test]
    fn names_are_trimmed_and_composed() {
        assert_eq!(MetricName::new("  Cafe\u{301} ").unwrap().as_str(), "Café");
        assert_eq!(MetricName::new("   "), Err(BadName::Missing));
        assert_eq!(MetricName::new("a\tb"), Err(BadName::Control));
        assert!(MetricName::new(&"é".repeat(255)).is_ok());
        assert_eq!(MetricName::new(&"é".repeat(256)), Err(BadName::TooLong));
    }
}
