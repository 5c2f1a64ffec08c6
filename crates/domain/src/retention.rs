//! How long a project keeps what: data points, and what their minutes, hours and days come to.

use std::fmt;

use crate::time::{DAY, HOUR, MINUTE, Micros};

/// How many days something may be kept, if not for ever.
pub const DAYS: std::ops::RangeInclusive<i64> = 1..=3650;

/// What is kept for a time of its own, the finest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Data points, each as it was published.
    DataPoints,
    /// What each minute comes to.
    Minutes,
    /// What each hour comes to.
    Hours,
    /// What each day comes to.
    Days,
}

impl Level {
    /// Every one, the finest first.
    pub const ALL: [Self; 4] = [Self::DataPoints, Self::Minutes, Self::Hours, Self::Days];

    /// What people read, within a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataPoints => "data points",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Days => "days",
        }
    }

    /// The same where it stands alone.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::DataPoints => "Data points",
            Self::Minutes => "Minutes",
            Self::Hours => "Hours",
            Self::Days => "Days",
        }
    }

    /// The shortest stretch of time that is told apart by it, in microseconds.
    #[must_use]
    pub const fn length(self) -> i64 {
        match self {
            Self::DataPoints => 1,
            Self::Minutes => MINUTE,
            Self::Hours => HOUR,
            Self::Days => DAY,
        }
    }
}

/// How many days a project keeps what; `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Data points. What comes with an older time is rejected.
    pub data_points: i64,
    /// Minutes.
    pub minutes: Option<i64>,
    /// Hours.
    pub hours: Option<i64>,
    /// Days; with them goes everything that is left.
    pub days: Option<i64>,
}

impl Retention {
    /// How many days a level is kept; `None`: for ever.
    #[must_use]
    pub const fn of(&self, level: Level) -> Option<i64> {
        match level {
            Level::DataPoints => Some(self.data_points),
            Level::Minutes => self.minutes,
            Level::Hours => self.hours,
            Level::Days => self.days,
        }
    }

    /// The levels that would go before a finer one. That makes no sense: as long as data points are there, everything
    /// they add up to is known.
    #[must_use]
    pub fn too_short(&self) -> Vec<Level> {
        let length = |level| self.of(level).unwrap_or(i64::MAX);
        let pairs = Level::ALL.into_iter().zip(Level::ALL.into_iter().skip(1));
        pairs
            .filter(|(finer, level)| length(*level) < length(*finer))
            .map(|(_, level)| level)
            .collect()
    }

    /// Since when, at `now`, a level is kept: days (UTC) that ended by then are erased. `None`: since ever.
    #[must_use]
    pub fn since(&self, level: Level, now: Micros) -> Option<Micros> {
        self.of(level).map(|days| (now - days.saturating_mul(DAY)).floor(DAY))
    }

    /// The finest level that is kept of a time; `None` if nothing is.
    #[must_use]
    pub fn finest(&self, at: Micros, now: Micros) -> Option<Level> {
        Level::ALL
            .into_iter()
            .find(|level| self.since(*level, now).is_none_or(|since| since <= at))
    }
}

impl fmt::Display for Retention {
    /// `data points 90 days, minutes 90 days, hours 730 days, days for ever`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, level) in Level::ALL.into_iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{} {}", level.name(), length(self.of(level)))?;
        }
        Ok(())
    }
}

/// How long that is, as people read it: `1 day`, `90 days`, `for ever`.
#[must_use]
pub fn length(days: Option<i64>) -> String {
    match days {
        None => "for ever".to_owned(),
        Some(1) => "1 day".to_owned(),
        Some(days) => format!("{days} days"),
    }
}

/// The days in a text; `None` if they are none, too few or too many.
#[must_use]
pub fn days(text: &str) -> Option<i64> {
    text.trim().parse().ok().filter(|days| DAYS.contains(days))
}

#[cfg(test)]
mod tests {
    use super::{Level, Retention, days};
    use crate::time::{DAY, HOUR, Micros};

    /// 2026-11-24T10:20:30Z.
    const NOW: Micros = Micros(1_795_515_630_000_000);
    const USUAL: Retention = Retention {
        data_points: 90,
        minutes: Some(90),
        hours: Some(730),
        days: None,
    };

    #[test]
    fn retention_is_1_to_3650_whole_days() {
        assert_eq!((days(" 1 "), days("3650")), (Some(1), Some(3650)));
        for text in ["", "0", "-1", "3651", "7.5", "a week", "99999999999999999999"] {
            assert_eq!(days(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_goes_before_what_is_finer() {
        assert_eq!(USUAL.too_short(), []);
        let short = |data_points, minutes, hours, days| {
            Retention {
                data_points,
                minutes,
                hours,
                days,
            }
            .too_short()
        };
        assert_eq!(short(91, Some(90), Some(730), None), [Level::Minutes]);
        assert_eq!(short(90, None, Some(730), None), [Level::Hours]);
        assert_eq!(short(90, Some(90), None, Some(3650)), [Level::Days]);
        assert_eq!(
            short(9, Some(8), Some(7), Some(6)),
            [Level::Minutes, Level::Hours, Level::Days]
        );
    }

    #[test]
    fn whole_days_go_and_what_is_left_of_a_time_is_known() {
        let midnight = NOW.floor(DAY);
        assert_eq!(USUAL.since(Level::DataPoints, NOW), Some(midnight - 90 * DAY));
        assert_eq!(USUAL.since(Level::Days, NOW), None);
        let finest = |at| USUAL.finest(at, NOW);
        assert_eq!(finest(midnight - 90 * DAY), Some(Level::DataPoints));
        assert_eq!(finest(midnight - 90 * DAY - HOUR), Some(Level::Hours));
        assert_eq!(finest(midnight - 731 * DAY), Some(Level::Days));
        let short = Retention {
            minutes: Some(100),
            days: Some(800),
            ..USUAL
        };
        assert_eq!(short.finest(midnight - 91 * DAY, NOW), Some(Level::Minutes));
        assert_eq!(short.finest(midnight - 801 * DAY, NOW), None);
    }

    #[test]
    fn it_is_told_in_words() {
        let said = "data points 90 days, minutes 90 days, hours 730 days, days for ever";
        assert_eq!(USUAL.to_string(), said);
    }
}
