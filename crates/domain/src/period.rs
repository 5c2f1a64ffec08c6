//! Periods: the stretch of time a page shows, chosen by a name or between two times that people typed (UTC).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::range::{BadRange, Buckets, Range};
use crate::step::{Asked, Step};
use crate::time::{DAY, HOUR, Micros};

/// Most buckets of a picture, so that it can be read on a phone too; and as few as there are where there is little to
/// show, so that a bucket has some data points and its figures mean something.
const BUCKETS: (i64, i64) = (30, 100);
/// The longest stretch that can be typed: ten years.
const LONGEST: i64 = 3_653 * DAY;

/// The stretches of time a page offers, each ending now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// 1 hour.
    Hour,
    /// 24 hours.
    #[default]
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 90 days.
    Quarter,
    /// 1 year.
    Year,
}

impl Preset {
    /// Every one, the shortest first.
    pub const ALL: [Self; 6] = [
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// What it is called in a link.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Year => "1y",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "1 hour",
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
            Self::Quarter => "90 days",
            Self::Year => "1 year",
        }
    }

    /// How long it is, in microseconds.
    #[must_use]
    pub const fn length(self) -> i64 {
        match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 30 * DAY,
            Self::Quarter => 90 * DAY,
            Self::Year => 365 * DAY,
        }
    }

    /// The one called so in a link.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.code() == code)
    }

    /// The shortest one that ends at `end` and has `at` in it.
    #[must_use]
    pub fn reaching(at: Micros, end: Micros) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| at >= end - preset.length())
    }

    /// The stretch that ends at `end`.
    #[must_use]
    pub fn ending(self, end: Micros) -> Range {
        Range::ending(end, self.length())
    }
}

/// Why two typed times are no stretch that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeriod {
    /// The first isn't a time.
    #[error("from must be a time like 2026-11-24 14:00")]
    From,
    /// The second isn't.
    #[error("to must be a time like 2026-11-24 14:00")]
    To,
    /// It ends where it starts, or before.
    #[error("to must be later than from")]
    Empty,
    /// More than ten years.
    #[error("at most ten years can be shown at once")]
    TooLong,
}

/// The stretch between two times that were typed in UTC. A day without a clock means its start, or as the end, its end.
///
/// # Errors
/// If one isn't a time, or they are in the wrong order, or too far apart.
pub fn between(from: &str, to: &str) -> Result<Range, BadPeriod> {
    between_in(from, to, &TimeZone::UTC)
}

/// The same of times that were typed in a time zone. A time that its clocks skip means the one after the gap, one that
/// they show twice the first.
///
/// # Errors
/// As [`between`].
pub fn between_in(from: &str, to: &str, zone: &TimeZone) -> Result<Range, BadPeriod> {
    let from = moment(from, false, zone).ok_or(BadPeriod::From)?;
    let to = moment(to, true, zone).ok_or(BadPeriod::To)?;
    let range = Range::new(from, to).map_err(|_| BadPeriod::Empty)?;
    if range.length() > LONGEST {
        Err(BadPeriod::TooLong)
    } else {
        Ok(range)
    }
}

/// One moment that was typed in a time zone, as [`between_in`] reads them; a day without a clock means its start.
#[must_use]
pub fn moment_in(text: &str, zone: &TimeZone) -> Option<Micros> {
    moment(text, false, zone)
}

/// RFC 3339, or day and clock in the zone with a `T` or a space between, or a day alone.
#[must_use]
pub fn moment(text: &str, is_end: bool, zone: &TimeZone) -> Option<Micros> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.into());
    }
    let at: Micros = zone.to_timestamp(text.parse::<DateTime>().ok()?).ok()?.into();
    let is_day = !text.contains(':');
    Some(if is_end && is_day { at + DAY } else { at })
}

/// Whole buckets that cover a range, a hundred or so at most; fewer where there are too few data points for each to
/// have about `each` of them, or where nothing shorter than `least` microseconds is known.
///
/// # Errors
/// If the range is longer than any that can be typed.
pub fn buckets(range: Range, data_points: u64, each: u64, least: i64, zone: &TimeZone) -> Result<Buckets, BadRange> {
    let (fewest, most) = BUCKETS;
    let enough = i64::try_from(data_points / each.max(1))
        .unwrap_or(most)
        .clamp(fewest, most)
        .min(range.length() / least.max(1));
    let step = Step::fitting(range.length(), enough).by_the_clock(zone);
    range.buckets(Asked::Step(step), zone)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{BadPeriod, Preset, between, between_in, buckets};
    use crate::time::{DAY, HOUR, MINUTE, Micros};

    /// 2026-11-24T10:20:30Z.
    const NOW: Micros = Micros(1_795_515_630_000_000);

    #[test]
    fn every_preset_is_found_by_its_code_and_has_a_picture_one_can_read() {
        let mut lengths = Vec::new();
        for preset in Preset::ALL {
            assert_eq!(Preset::from_code(preset.code()), Some(preset));
            let range = preset.ending(NOW);
            assert_eq!((range.to(), range.length()), (NOW, preset.length()));
            for data_points in [1, 1_000] {
                let buckets = buckets(range, data_points, 10, 1, &TimeZone::UTC).unwrap();
                lengths.push((buckets.step().to_string(), buckets.starts().len()));
            }
        }
        let expected = [
            [("5m", 13), ("1m", 61)],
            [("1h", 25), ("30m", 49)],
            [("6h", 29), ("3h", 57)],
            [("1d", 31), ("1d", 31)],
            [("1w", 14), ("1d", 91)],
            [("4w", 14), ("1w", 53)],
        ];
        assert_eq!(
            lengths,
            expected
                .concat()
                .into_iter()
                .map(|(step, n)| (step.to_owned(), n))
                .collect::<Vec<_>>()
        );
        assert_eq!(Preset::from_code("24H"), None);
    }

    #[test]
    fn the_shortest_preset_that_reaches_a_time() {
        assert_eq!(Preset::reaching(NOW, NOW), Some(Preset::Hour));
        assert_eq!(Preset::reaching(NOW - HOUR - 1, NOW), Some(Preset::Day));
        assert_eq!(Preset::reaching(NOW - 366 * DAY, NOW), None);
    }

    #[test]
    fn times_are_typed_in_more_than_one_way() {
        let range = between("2026-11-24T10:00", " 2026-11-24 10:30 ").unwrap();
        assert_eq!(range.length(), 30 * MINUTE);
        assert_eq!(range.from().to_string(), "2026-11-24T10:00:00Z");
        let days = between("2026-11-01", "2026-11-01").unwrap();
        assert_eq!(
            (days.from().to_string(), days.length()),
            ("2026-11-01T00:00:00Z".to_owned(), DAY)
        );
        let zoned = between("2026-11-24T10:00:00+01:00", "2026-11-24T10:00:00Z").unwrap();
        assert_eq!(zoned.length(), HOUR);
    }

    #[test]
    fn times_are_typed_in_the_readers_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let range = between_in("2026-11-24T10:00", "2026-11-24T10:00:00Z", &berlin).unwrap();
        assert_eq!(
            (range.from().to_string(), range.length()),
            ("2026-11-24T09:00:00Z".to_owned(), HOUR)
        );
    }

    #[test]
    fn what_is_no_stretch_of_time_is_refused_for_its_reason() {
        for (from, to, why) in [
            ("", "2026-11-24T10:00", BadPeriod::From),
            ("yesterday", "2026-11-24T10:00", BadPeriod::From),
            ("2026-02-30", "2026-11-24T10:00", BadPeriod::From),
            ("2026-11-24T10:00", "2026-11-24T25:00", BadPeriod::To),
            ("2026-11-24T10:00", "12", BadPeriod::To),
            ("2026-11-24T10:00", "2026-11-24T10:00", BadPeriod::Empty),
            ("2026-11-25", "2026-11-24", BadPeriod::Empty),
            ("2010-11-24", "2026-11-24", BadPeriod::TooLong),
            ("0001-01-01", "9999-12-30", BadPeriod::TooLong),
        ] {
            assert_eq!(between(from, to), Err(why), "{from} {to}");
        }
    }

    #[test]
    fn no_bucket_is_shorter_than_what_is_known() {
        let day = between("2024-11-24", "2024-11-24").unwrap();
        for (least, starts) in [(1, 49), (HOUR, 25), (DAY, 1)] {
            assert!(
                buckets(day, 1_000, 10, least, &TimeZone::UTC).unwrap().starts().len() <= starts,
                "{least}"
            );
        }
        assert_eq!(
            buckets(day, 1_000, 10, DAY, &TimeZone::UTC).unwrap().step().to_string(),
            "1d"
        );
    }

    #[test]
    fn whatever_can_be_typed_can_be_cut() {
        for (from, to) in [
            ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00.000001Z"),
            ("2016-11-24", "2026-11-23"),
        ] {
            assert!(
                (1..=200).contains(
                    &buckets(between(from, to).unwrap(), 7, 1, 1, &TimeZone::UTC)
                        .unwrap()
                        .starts()
                        .len()
                )
            );
        }
    }
}
