//! What a stretch of time is compared with: as long a one before it.
//!
//! From seven days on it lies whole weeks before, so that Mondays are compared with Mondays; whoever asks for it gets
//! the same of a shorter one: the same hours a week earlier. Days and weeks are those of a time zone's calendar, so nine
//! o'clock is compared with nine o'clock, also where clocks changed in between.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::range::{Buckets, Range};
use crate::step::Step;
use crate::time::{DAY, Micros, SECOND};

const WEEK: i64 = 7 * DAY;
/// A range may be so much longer than whole days or weeks: links say times to the second, and reach a little further.
const SLACK: i64 = 2 * SECOND;

/// What was chosen to compare with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    /// The time just before, or of whole weeks before.
    #[default]
    Before,
    /// The same time a week earlier, or the fewest weeks that are as long.
    Week,
    /// Nothing.
    Off,
}

impl Compare {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Before, Self::Week, Self::Off];

    /// What it is called in a link.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Week => "week",
            Self::Off => "off",
        }
    }

    /// The one called so in a link.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.code() == code)
    }

    /// How far back a range, cut into steps, is compared; nothing if it isn't.
    #[must_use]
    pub fn shift(self, range: Range, step: Step) -> Option<Shift> {
        let length = range.length().saturating_sub(SLACK).max(1);
        let weeks = length.saturating_add(WEEK - 1) / WEEK;
        let by_weeks = Shift::Days(weeks.saturating_mul(7));
        match (self, step) {
            (Self::Off, _) => None,
            (Self::Week, _) => Some(by_weeks),
            (Self::Before, _) if range.length() >= WEEK => Some(by_weeks),
            (Self::Before, Step::Days(_) | Step::Weeks(_) | Step::Hours(_)) => {
                Some(Shift::Days(length.saturating_add(DAY - 1) / DAY))
            }
            // Whole steps, so that a bucket is compared with one that is cut the same.
            (Self::Before, Step::Fixed(each)) => {
                let steps = length.saturating_add(each - 1) / each;
                Some(Shift::Micros(steps.saturating_mul(each)))
            }
        }
    }
}

/// How far back the time lies that is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// So many microseconds.
    Micros(i64),
    /// So many days of the calendar.
    Days(i64),
}

impl Shift {
    /// A moment's counterpart.
    #[must_use]
    pub fn back(self, at: Micros, zone: &TimeZone) -> Micros {
        match self {
            Self::Micros(micros) => at - micros,
            Self::Days(days) => {
                let there = at.timestamp().to_zoned_datetime(zone.clone());
                // Below the microsecond nothing is told apart, so what is cut off matters to nobody.
                there
                    .saturating_sub(i32::try_from(days).unwrap_or(i32::MAX).days())
                    .timestamp()
                    .into()
            }
        }
    }

    /// A range's counterpart.
    #[must_use]
    pub fn range(self, range: Range, zone: &TimeZone) -> Range {
        let (from, to) = (self.back(range.from(), zone), self.back(range.to(), zone));
        // Where clocks were put back in between, an hour may have shrunk to nothing.
        Range::new(from, to).unwrap_or(Range::ending(from + 1, 1))
    }

    /// The counterparts of buckets, as many as there are.
    #[must_use]
    pub fn buckets(self, buckets: &Buckets, zone: &TimeZone) -> Buckets {
        buckets.mapped(|at| self.back(at, zone))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Compare, Shift};
    use crate::period::{Preset, between_in, buckets};
    use crate::step::Step;
    use crate::time::{DAY, HOUR, MINUTE, Micros};

    /// 2026-11-24T10:20:30Z, a Tuesday.
    const NOW: Micros = Micros(1_795_515_630_000_000);

    #[test]
    fn from_a_week_on_the_same_weekdays_are_compared() {
        let days = |preset: Preset, compare: Compare| match compare.shift(preset.ending(NOW), Step::Fixed(HOUR)) {
            Some(Shift::Days(days)) => Some(days),
            _ => None,
        };
        let of = |compare| Preset::ALL.map(|preset| days(preset, compare));
        assert_eq!(
            of(Compare::Before),
            [None, None, Some(7), Some(35), Some(91), Some(371)]
        );
        assert_eq!(
            of(Compare::Week),
            [Some(7), Some(7), Some(7), Some(35), Some(91), Some(371)]
        );
        assert_eq!(of(Compare::Off), [None; 6]);
    }

    #[test]
    fn below_a_week_it_is_the_time_just_before() {
        let day = Preset::Day.ending(NOW);
        let shift = Compare::Before.shift(day, Step::Fixed(30 * MINUTE)).unwrap();
        assert_eq!(shift.range(day, &TimeZone::UTC), day.previous());
        let linked = crate::range::Range::new(day.from(), day.to() + crate::time::SECOND).unwrap();
        assert_eq!(
            Compare::Before.shift(linked, Step::Fixed(30 * MINUTE)),
            Some(shift),
            "to the second"
        );
        let odd = between_in("2026-11-24T10:00", "2026-11-24T10:50", &TimeZone::UTC).unwrap();
        let shift = Compare::Before.shift(odd, Step::Fixed(30 * MINUTE)).unwrap();
        assert_eq!(shift, Shift::Micros(HOUR), "whole steps");
    }

    #[test]
    fn nine_o_clock_is_compared_with_nine_o_clock_also_where_clocks_changed() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let week = between_in("2026-10-26", "2026-11-01", &berlin).unwrap();
        let cut = buckets(week, 1_000_000, 10, HOUR, &berlin).unwrap();
        let shift = Compare::Before.shift(week, cut.step()).unwrap();
        let before = shift.buckets(&cut, &berlin);
        assert_eq!(before.starts().len(), cut.starts().len());
        let clock = |at: Micros| {
            at.timestamp()
                .to_zoned_datetime(berlin.clone())
                .strftime("%a %H:%M")
                .to_string()
        };
        for (now, then) in cut.starts().iter().zip(before.starts()) {
            if clock(*then) != "Sun 03:00" {
                assert_eq!(clock(*now), clock(*then));
            }
        }
        assert_eq!(
            shift.range(week, &berlin).length(),
            7 * DAY + HOUR,
            "it had the day of 25 hours"
        );
    }

    #[test]
    fn counterparts_of_buckets_stay_in_order_whatever_the_clocks_do() {
        for (zone, day) in [
            ("Europe/Berlin", "2026-11-01"),
            ("Pacific/Apia", "2012-01-06"),
            ("America/Sao_Paulo", "2018-11-11"),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let range = between_in(day, day, &zone).unwrap();
            let cut = buckets(range, 1_000_000, 10, 1, &zone).unwrap();
            let before = Compare::Week.shift(range, cut.step()).unwrap().buckets(&cut, &zone);
            assert!(before.starts().is_sorted_by(|a, b| a < b), "{before:?}");
            assert!(before.starts().last().unwrap() < &before.end());
        }
    }
}
