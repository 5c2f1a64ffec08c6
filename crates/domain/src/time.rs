//! Points in time and lengths of it, in microseconds, as every layer keeps them.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Serialize, Serializer};

/// A point in time: microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

/// One second, in microseconds.
pub const SECOND: i64 = 1_000_000;
/// One minute, in microseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour, in microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day of 24 hours, in microseconds.
pub const DAY: i64 = 24 * HOUR;

impl Micros {
    /// The start of the step of `step` microseconds this time lies in, counted from the epoch.
    #[must_use]
    pub const fn floor(self, step: i64) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(step)))
    }

    /// As a calendar timestamp; a time out of the calendar's reach becomes its nearest end.
    #[must_use]
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// The day in UTC, as people read it: "24 Nov 2026".
    #[must_use]
    pub fn day(self) -> String {
        self.timestamp().strftime("%-d %b %Y").to_string()
    }

    /// How long ago it was, in the words that browsers have for it: "3 minutes ago", "yesterday", "in 2 hours".
    #[must_use]
    pub fn ago(self, now: Self) -> String {
        const UNITS: [(&str, i64); 5] = [
            ("year", 31_557_600 * SECOND),
            ("month", 2_629_800 * SECOND),
            ("day", DAY),
            ("hour", HOUR),
            ("minute", MINUTE),
        ];
        let passed = now - self;
        let Some((unit, length)) = UNITS.into_iter().find(|(_, length)| passed.abs() >= *length) else {
            return "now".to_owned();
        };
        match (unit, passed / length) {
            ("day", 1) => "yesterday".to_owned(),
            ("day", -1) => "tomorrow".to_owned(),
            ("year" | "month", 1) => format!("last {unit}"),
            ("year" | "month", -1) => format!("next {unit}"),
            (_, 1) => format!("1 {unit} ago"),
            (_, -1) => format!("in 1 {unit}"),
            (_, n) if n > 0 => format!("{n} {unit}s ago"),
            (_, n) => format!("in {} {unit}s", -n),
        }
    }

    /// Day and clock in UTC, as people read it: "24 Nov 2026, 14:00 UTC".
    #[must_use]
    pub fn day_and_clock(self) -> String {
        self.timestamp().strftime("%-d %b %Y, %H:%M UTC").to_string()
    }
}

impl From<jiff::Timestamp> for Micros {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

impl Add<i64> for Micros {
    type Output = Self;
    fn add(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl Sub<i64> for Micros {
    type Output = Self;
    fn sub(self, micros: i64) -> Self {
        Self(self.0.saturating_sub(micros))
    }
}

impl Sub for Micros {
    type Output = i64;
    fn sub(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// As text, like [`Display`](fmt::Display).
impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// RFC 3339 in UTC, with as many decimals as the time has.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, MINUTE, Micros};

    #[test]
    fn people_read_a_day_and_a_clock_in_utc() {
        let at = Micros(1_795_514_400_000_000);
        assert_eq!(at.day(), "24 Nov 2026");
        assert_eq!((at + 5 * HOUR).day_and_clock(), "24 Nov 2026, 15:00 UTC");
    }

    #[test]
    fn how_long_ago_is_said_as_browsers_say_it() {
        let now = Micros(1_000 * DAY);
        let said = |ago: i64| (now - ago).ago(now);
        assert_eq!([0, 59 * super::SECOND].map(said), ["now", "now"]);
        assert_eq!(
            [MINUTE, 3 * MINUTE, HOUR, 5 * HOUR].map(said),
            ["1 minute ago", "3 minutes ago", "1 hour ago", "5 hours ago"]
        );
        assert_eq!(
            [DAY, 2 * DAY, 31 * DAY, 400 * DAY, 800 * DAY].map(said),
            ["yesterday", "2 days ago", "last month", "last year", "2 years ago"]
        );
        assert_eq!(
            [-5 * MINUTE, -HOUR, -DAY].map(said),
            ["in 5 minutes", "in 1 hour", "tomorrow"]
        );
    }
}
