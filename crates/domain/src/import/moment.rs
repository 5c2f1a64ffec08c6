//! Times as files have them.

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::time::Micros;
use crate::{period, timestamp};

/// How times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeForm {
    /// ISO 8601, with an offset or without, or Unix time told apart by magnitude.
    #[default]
    Auto,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
    /// `24/11/2026 14:00`, whatever stands between the numbers.
    DayFirst,
    /// `11/24/2026 14:00`.
    MonthFirst,
}

impl TimeForm {
    /// Every one, in the order people see them.
    pub const ALL: [Self; 6] = [
        Self::Auto,
        Self::Seconds,
        Self::Milliseconds,
        Self::Microseconds,
        Self::DayFirst,
        Self::MonthFirst,
    ];

    /// The word for it in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::DayFirst => "dmy",
            Self::MonthFirst => "mdy",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "ISO 8601 or Unix time, told apart",
            Self::Seconds => "Unix time in seconds",
            Self::Milliseconds => "Unix time in milliseconds",
            Self::Microseconds => "Unix time in microseconds",
            Self::DayFirst => "Day/month/year, like 24/11/2026 14:00",
            Self::MonthFirst => "Month/day/year, like 11/24/2026 14:00",
        }
    }

    /// The one with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.code() == code)
    }

    /// Reads a time; one without an offset is the zone's.
    #[must_use]
    pub fn read(self, text: &str, zone: &TimeZone) -> Option<Micros> {
        let text = text.trim();
        match self {
            Self::Auto => timestamp::parse(text).or_else(|| period::moment(text, false, zone)),
            Self::Seconds => unix(text, 1_000_000),
            Self::Milliseconds => unix(text, 1_000),
            Self::Microseconds => unix(text, 1),
            Self::DayFirst | Self::MonthFirst => self.civil(text, zone),
        }
    }

    /// Day, month and year, then hour, minute, second and what is behind them, if that is there.
    fn civil(self, text: &str, zone: &TimeZone) -> Option<Micros> {
        let (date, clock) = text.split_once([' ', 'T', ',']).unwrap_or((text, ""));
        let mut parts = date.split(['/', '.', '-']).map(|part| part.trim().parse::<i16>().ok());
        let (first, second, year) = (parts.next()??, parts.next()??, parts.next()??);
        let (day, month) = if self == Self::DayFirst {
            (first, second)
        } else {
            (second, first)
        };
        let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        let time = match clock.trim() {
            "" => civil::Time::midnight(),
            clock => clock.parse().ok()?,
        };
        (parts.next().is_none() && year >= 1000)
            .then(|| zone.to_timestamp(date.to_datetime(time)).ok())
            .flatten()
            .map(Micros::from)
    }
}

fn unix(text: &str, unit: i64) -> Option<Micros> {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.checked_mul(unit).map(Micros);
    }
    let number: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "the cast saturates, and what is so far off is refused anyway"
    )]
    let micros = (number * unit as f64).round() as i64;
    number.is_finite().then_some(Micros(micros))
}
