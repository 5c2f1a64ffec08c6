//! Steps: how long the buckets of a series are.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use crate::time::{DAY, HOUR, MINUTE, Micros, SECOND};

/// The length of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many microseconds, counted from 1970-01-01 UTC: for anything shorter than a day.
    Fixed(i64),
    /// So many hours of a time zone's clock, counted from its midnights; one is longer or shorter when clocks change.
    Hours(u32),
    /// So many calendar days of a time zone: 23 or 25 hours long when its clocks change.
    Days(u32),
    /// So many calendar weeks of a time zone, from Monday.
    Weeks(u32),
}

/// What was asked for: a step, or whichever fits the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The shortest that leaves a picture one can read.
    Auto,
    /// This one.
    Step(Step),
}

/// A step was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step must be auto or like 30s, 1m, 5m, 1h, 1d or 1w")]
pub struct BadStep;

/// Every step that `auto` chooses from, shortest first.
const LADDER: [Step; 10] = [
    Step::Fixed(SECOND),
    Step::Fixed(MINUTE),
    Step::Fixed(5 * MINUTE),
    Step::Fixed(30 * MINUTE),
    Step::Fixed(HOUR),
    Step::Fixed(3 * HOUR),
    Step::Fixed(6 * HOUR),
    Step::Days(1),
    Step::Weeks(1),
    Step::Weeks(4),
];

/// Most buckets `auto` makes: a year of days still fits.
const AUTO_BUCKETS: i64 = 370;

impl Step {
    /// How long a bucket is, in microseconds, when no clock changes.
    #[must_use]
    pub const fn micros(self) -> i64 {
        match self {
            Self::Fixed(micros) => micros,
            Self::Hours(hours) => hours as i64 * HOUR,
            Self::Days(days) => days as i64 * DAY,
            Self::Weeks(weeks) => weeks as i64 * 7 * DAY,
        }
    }

    /// The shortest readable step for a range of so many microseconds.
    #[must_use]
    pub fn auto(length: i64) -> Self {
        Self::fitting(length, AUTO_BUCKETS)
    }

    /// The shortest step of which at most `most` fit into so many microseconds.
    #[must_use]
    pub fn fitting(length: i64, most: i64) -> Self {
        LADDER
            .into_iter()
            .find(|step| length / step.micros() <= most)
            .unwrap_or(Self::Weeks(52))
    }

    /// The same as the clocks of a time zone show it: steps of several hours begin at its midnights.
    #[must_use]
    pub fn by_the_clock(self, zone: &TimeZone) -> Self {
        match self {
            Self::Fixed(micros) if *zone != TimeZone::UTC && micros > HOUR && DAY % micros == 0 => {
                Self::Hours(u32::try_from(micros / HOUR).unwrap_or(1))
            }
            other => other,
        }
    }

    /// The start of the bucket `at` lies in.
    #[must_use]
    pub fn floor(self, at: Micros, zone: &TimeZone) -> Micros {
        if let Self::Hours(hours) = self {
            return hour_of(at, hours, 0, zone);
        }
        match self.calendar() {
            None => at.floor(self.micros()),
            Some((days, first)) => {
                let date = zone.to_datetime(at.timestamp()).date();
                let since = (date - first).get_days();
                let back = since.rem_euclid(days);
                midnight(date.saturating_sub(back.days()), zone)
            }
        }
    }

    /// The start of the bucket after the one that starts at `start`.
    #[must_use]
    pub fn next(self, start: Micros, zone: &TimeZone) -> Micros {
        if let Self::Hours(hours) = self {
            // Twice, where a change of clocks has the next begin where this one does.
            let next = hour_of(start, hours, hours, zone);
            return if next > start {
                next
            } else {
                hour_of(start, hours, 2 * hours, zone)
            };
        }
        match self.calendar() {
            None => start + self.micros(),
            Some((days, _)) => {
                let date = zone.to_datetime(start.timestamp()).date();
                midnight(date.saturating_add(Span::new().days(days)), zone)
            }
        }
    }

    /// For a step of the calendar: how many days, counted from which one.
    fn calendar(self) -> Option<(i32, Date)> {
        let (days, first) = match self {
            Self::Fixed(_) | Self::Hours(_) => return None,
            Self::Days(days) => (days, Date::constant(1970, 1, 1)),
            Self::Weeks(weeks) => (weeks.saturating_mul(7), Date::constant(1970, 1, 5)),
        };
        Some((i32::try_from(days).unwrap_or(i32::MAX).max(1), first))
    }
}

/// The start of the stretch of `each` hours that `at` lies in by the clock, and `later` hours on by the clock.
fn hour_of(at: Micros, each: u32, later: u32, zone: &TimeZone) -> Micros {
    let clock = zone.to_datetime(at.timestamp());
    let (each, hour) = (i64::from(each.max(1)), i64::from(clock.hour()));
    let hours = hour - hour % each + i64::from(later);
    let on = clock.date().to_datetime(jiff::civil::Time::midnight());
    let on = on.saturating_add(Span::new().hours(hours));
    zone.to_timestamp(on).map_or(Micros(i64::MAX), Into::into)
}

/// The first moment of a day: not always 00:00, for some zones change their clocks at midnight.
fn midnight(date: Date, zone: &TimeZone) -> Micros {
    let zoned = date
        .to_zoned_datetime(zone.clone())
        .and_then(|zoned| zoned.start_of_day());
    zoned.map_or(Micros(i64::MAX), |zoned| zoned.timestamp().into())
}

impl FromStr for Asked {
    type Err = BadStep;

    fn from_str(text: &str) -> Result<Self, BadStep> {
        if text == "auto" {
            Ok(Self::Auto)
        } else {
            text.parse().map(Self::Step)
        }
    }
}

impl FromStr for Step {
    type Err = BadStep;

    /// A whole number of seconds, minutes, hours, days or weeks; at most a year or so.
    fn from_str(text: &str) -> Result<Self, BadStep> {
        let unit = text.chars().next_back().ok_or(BadStep)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadStep);
        }
        let n: u32 = digits.parse().map_err(|_| BadStep)?;
        let step = match unit {
            's' => Self::Fixed(i64::from(n) * SECOND),
            'm' => Self::Fixed(i64::from(n) * MINUTE),
            'h' if n.is_multiple_of(24) => Self::Days(n / 24),
            'h' => Self::Fixed(i64::from(n) * HOUR),
            'd' => Self::Days(n),
            'w' => Self::Weeks(n),
            _ => return Err(BadStep),
        };
        if n == 0 || step.micros() > 371 * DAY {
            Err(BadStep)
        } else {
            Ok(step)
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fixed(micros) if micros % HOUR == 0 => write!(f, "{}h", micros / HOUR),
            Self::Fixed(micros) if micros % MINUTE == 0 => write!(f, "{}m", micros / MINUTE),
            Self::Fixed(micros) => write!(f, "{}s", micros / SECOND),
            Self::Hours(hours) => write!(f, "{hours}h"),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Weeks(weeks) => write!(f, "{weeks}w"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, BadStep, Step};
    use crate::time::{DAY, HOUR, MINUTE, SECOND};

    #[test]
    fn steps_read_back_from_what_they_are_called() {
        for text in ["1s", "30s", "1m", "5m", "90m", "1h", "6h", "1d", "30d", "1w", "53w"] {
            let step: Step = text.parse().unwrap();
            assert_eq!(step.to_string(), text);
            assert_eq!(text.parse(), Ok(Asked::Step(step)));
        }
        assert_eq!("auto".parse(), Ok(Asked::Auto));
        assert_eq!(
            "24h".parse(),
            Ok(Step::Days(1)),
            "a day is a calendar day however it is written"
        );
        for text in [
            "", "m", "0m", "0h", "-1m", "1", "1.5h", "1y", "1é", "é", "9999999s", "372d", "54w", "999999w", "+1m",
        ] {
            assert_eq!(text.parse::<Step>(), Err(BadStep), "{text}");
        }
    }

    #[test]
    fn steps_of_several_hours_begin_at_midnight_by_the_clock_also_when_it_changes() {
        let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let six = Step::Fixed(6 * HOUR).by_the_clock(&berlin);
        // 25 October 2026 has 25 hours, the first six by the clock are seven.
        for (day, hours) in [
            ("2026-10-25", [7, 6, 6, 6]),
            ("2026-03-29", [5, 6, 6, 6]),
            ("2026-06-01", [6, 6, 6, 6]),
        ] {
            let noon = crate::period::between_in(&format!("{day}T12:30"), &format!("{day}T13:00"), &berlin).unwrap();
            let mut at = Step::Days(1).floor(noon.from(), &berlin);
            for length in hours {
                assert_eq!(six.floor(at, &berlin), at);
                let next = six.next(at, &berlin);
                assert_eq!(next - at, length * HOUR, "{day}");
                assert_eq!(six.floor(crate::time::Micros(next.0 - 1), &berlin), at);
                at = next;
            }
            assert_eq!(at, Step::Days(1).next(noon.from(), &berlin));
        }
        assert_eq!(Step::Fixed(HOUR).by_the_clock(&berlin), Step::Fixed(HOUR));
        assert_eq!(six.to_string(), "6h");
    }

    #[test]
    fn auto_leaves_a_picture_one_can_read() {
        let chosen = [
            (MINUTE, Step::Fixed(SECOND)),
            (HOUR, Step::Fixed(MINUTE)),
            (DAY, Step::Fixed(5 * MINUTE)),
            (7 * DAY, Step::Fixed(30 * MINUTE)),
            (30 * DAY, Step::Fixed(3 * HOUR)),
            (90 * DAY, Step::Fixed(6 * HOUR)),
            (366 * DAY, Step::Days(1)),
            (5 * 366 * DAY, Step::Weeks(1)),
        ];
        for (length, step) in chosen {
            assert_eq!(Step::auto(length), step);
        }
    }
}
