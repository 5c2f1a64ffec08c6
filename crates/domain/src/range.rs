//! Ranges of time and the buckets they are cut into.

use jiff::tz::TimeZone;

use crate::step::{Asked, Step};
use crate::time::Micros;

/// Most buckets of one series.
pub const MAX_BUCKETS: usize = 2_000;

/// From `from` on, up to but without `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    from: Micros,
    to: Micros,
}

/// Why a range, or its buckets, can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    /// It ends where it starts, or before.
    #[error("from must be before to")]
    Empty,
    /// More than [`MAX_BUCKETS`].
    #[error("the step is too short for this range: at most 2000 buckets")]
    TooManyBuckets,
}

impl Range {
    /// All the time there is.
    pub const EVER: Self = Self {
        from: Micros(i64::MIN),
        to: Micros(i64::MAX),
    };

    /// A range that isn't empty.
    ///
    /// # Errors
    /// If `to` is not after `from`.
    pub const fn new(from: Micros, to: Micros) -> Result<Self, BadRange> {
        if from.0 < to.0 {
            Ok(Self { from, to })
        } else {
            Err(BadRange::Empty)
        }
    }

    /// The range of `length` microseconds, at least one, that ends at `to`.
    #[must_use]
    pub fn ending(to: Micros, length: i64) -> Self {
        Self {
            from: to - length.max(1),
            to,
        }
    }

    /// Where it starts.
    #[must_use]
    pub const fn from(self) -> Micros {
        self.from
    }

    /// Where it ends: the first moment that is no longer in it.
    #[must_use]
    pub const fn to(self) -> Micros {
        self.to
    }

    /// How long it is, in microseconds.
    #[must_use]
    pub const fn length(self) -> i64 {
        self.to.0.saturating_sub(self.from.0)
    }

    /// The range of the same length before it, to compare with.
    #[must_use]
    pub fn previous(self) -> Self {
        Self {
            from: self.from - self.length(),
            to: self.from,
        }
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(self, at: Micros) -> bool {
        (self.from..self.to).contains(&at)
    }

    /// Cuts it into whole buckets: the first starts at or before `from`, the last ends at or after `to`. So a bucket
    /// says the same whichever range it is seen in, and no series starts with a dip that isn't there.
    ///
    /// # Errors
    /// If there would be more than [`MAX_BUCKETS`].
    pub fn buckets(self, asked: Asked, zone: &TimeZone) -> Result<Buckets, BadRange> {
        let step = match asked {
            Asked::Auto => Step::auto(self.length()),
            Asked::Step(step) => step,
        };
        let mut starts = Vec::new();
        let mut start = step.floor(self.from, zone);
        while start < self.to {
            if starts.len() == MAX_BUCKETS {
                return Err(BadRange::TooManyBuckets);
            }
            starts.push(start);
            let mut next = step.next(start, zone);
            if next <= start {
                // A zone that crossed the date line has a day without a single moment.
                next = step.floor(start + step.micros(), zone).max(start + 1);
            }
            start = next;
        }
        Ok(Buckets {
            step,
            starts,
            end: start,
        })
    }
}

/// Adjoining buckets, each from its start up to the next one's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    step: Step,
    starts: Vec<Micros>,
    end: Micros,
}

impl Buckets {
    /// All of a range as one bucket.
    #[must_use]
    pub fn only(range: Range) -> Self {
        Self {
            step: Step::Fixed(range.length()),
            starts: vec![range.from],
            end: range.to,
        }
    }

    /// How long each is.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// Where each starts, earliest first; at least one.
    #[must_use]
    pub fn starts(&self) -> &[Micros] {
        &self.starts
    }

    /// Where the last one ends.
    #[must_use]
    pub const fn end(&self) -> Micros {
        self.end
    }

    /// As many, each starting where the other's start is taken to, but after the one before: an hour that clocks skip
    /// would else be taken to the hour after it.
    pub(crate) fn mapped(&self, to: impl Fn(Micros) -> Micros) -> Self {
        let mut last = None;
        let mut after = |at: Micros| {
            let at = last.map_or(at, |last: Micros| at.max(last + 1));
            last = Some(at);
            at
        };
        Self {
            step: self.step,
            starts: self.starts.iter().map(|start| after(to(*start))).collect(),
            end: after(to(self.end)),
        }
    }

    /// The one at a place.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn at(&self, place: usize) -> Range {
        Range {
            from: self.starts[place],
            to: self.starts.get(place + 1).copied().unwrap_or(self.end),
        }
    }

    /// All of them as one range.
    #[must_use]
    pub fn range(&self) -> Range {
        Range {
            from: self.starts.first().copied().unwrap_or(self.end),
            to: self.end,
        }
    }

    /// The place of the bucket a moment lies in.
    #[must_use]
    pub fn find(&self, at: Micros) -> Option<usize> {
        if at >= self.end {
            return None;
        }
        self.starts.partition_point(|start| *start <= at).checked_sub(1)
    }

    /// Whether every bucket starts and ends on a multiple of `step` microseconds.
    #[must_use]
    pub fn aligned_to(&self, step: i64) -> bool {
        self.starts
            .iter()
            .chain([&self.end])
            .all(|start| start.0.rem_euclid(step) == 0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::{BadRange, Buckets, MAX_BUCKETS, Range};
    use crate::step::Asked;
    use crate::time::{DAY, HOUR, MINUTE, Micros};
    use crate::timestamp;

    fn range(from: &str, to: &str) -> Range {
        Range::new(timestamp::parse(from).unwrap(), timestamp::parse(to).unwrap()).unwrap()
    }

    fn buckets(range: Range, step: &str, zone: &str) -> Buckets {
        range
            .buckets(step.parse().unwrap(), &TimeZone::get(zone).unwrap())
            .unwrap()
    }

    fn starts(buckets: &Buckets) -> Vec<String> {
        buckets.starts().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn buckets_are_whole() {
        let cut = buckets(range("2026-11-24T10:02:00Z", "2026-11-24T10:11:00Z"), "5m", "UTC");
        assert_eq!(
            starts(&cut),
            ["2026-11-24T10:00:00Z", "2026-11-24T10:05:00Z", "2026-11-24T10:10:00Z"]
        );
        assert_eq!(cut.end().to_string(), "2026-11-24T10:15:00Z");
        assert!(cut.aligned_to(5 * MINUTE) && !cut.aligned_to(HOUR));
        let exact = buckets(range("2026-11-24T10:00:00Z", "2026-11-24T10:10:00Z"), "5m", "UTC");
        assert_eq!(exact.starts().len(), 2);
    }

    #[test]
    fn days_follow_the_clocks_of_their_zone() {
        // Berlin: 29 March 2026 has 23 hours, 25 October 2026 has 25.
        let spring = buckets(
            range("2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00"),
            "1d",
            "Europe/Berlin",
        );
        assert_eq!(
            starts(&spring),
            ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]
        );
        let autumn = buckets(
            range("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
            "1d",
            "Europe/Berlin",
        );
        assert_eq!(
            (autumn.starts().len(), autumn.end() - autumn.starts()[0]),
            (1, 25 * HOUR)
        );
        // Beirut's clocks go forward at midnight: 29 March 2026 starts at 01:00.
        let beirut = buckets(
            range("2026-03-29T10:00:00+03:00", "2026-03-29T11:00:00+03:00"),
            "1d",
            "Asia/Beirut",
        );
        assert_eq!(starts(&beirut), ["2026-03-28T22:00:00Z"]);
        // Samoa went without 30 December 2011.
        let apia = buckets(
            range("2011-12-28T12:00:00-10:00", "2012-01-01T12:00:00+14:00"),
            "1d",
            "Pacific/Apia",
        );
        assert_eq!(apia.starts().len(), 4);
        assert!(apia.starts().is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn weeks_start_on_monday() {
        let weeks = buckets(range("2026-11-24T10:00:00Z", "2026-12-02T00:00:00Z"), "1w", "UTC");
        assert_eq!(starts(&weeks), ["2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"]);
    }

    #[test]
    fn ranges_are_bounded() {
        let utc = TimeZone::UTC;
        let year = range("2025-11-24T00:00:00Z", "2026-11-24T00:00:00Z");
        assert_eq!(year.buckets("1m".parse().unwrap(), &utc), Err(BadRange::TooManyBuckets));
        assert_eq!(year.buckets("auto".parse().unwrap(), &utc).unwrap().starts().len(), 365);
        let most = Range::new(Micros(0), Micros(HOUR * i64::try_from(MAX_BUCKETS).unwrap())).unwrap();
        assert_eq!(
            most.buckets("1h".parse().unwrap(), &utc).unwrap().starts().len(),
            MAX_BUCKETS
        );
        assert_eq!(Range::new(Micros(5), Micros(5)), Err(BadRange::Empty));
        let all = Range::new(Micros(i64::MIN), Micros(i64::MAX)).unwrap();
        for step in ["auto", "1d", "53w", "1s"] {
            let _ = all.buckets(step.parse().unwrap(), &utc);
        }
        assert_eq!(year.previous().to(), year.from());
        assert_eq!(year.previous().length(), year.length());
    }

    proptest! {
        #[test]
        fn every_moment_of_a_range_lies_in_one_bucket(
            from in 0_i64..2_000_000_000_000_000, length in 1_i64..400 * DAY, share in 0.0_f64..1.0,
            zone in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/Sao_Paulo"), Just("Asia/Kolkata"), Just("Pacific/Apia")],
            step in prop_oneof![Just("auto"), Just("1d"), Just("3d"), Just("1w"), Just("7h"), Just("3h"), Just("6h")],
        ) {
            let range = Range::new(Micros(from), Micros(from + length)).unwrap();
            let zone = TimeZone::get(zone).unwrap();
            let asked = match step.parse().unwrap() {
                Asked::Step(step) => Asked::Step(step.by_the_clock(&zone)),
                Asked::Auto => Asked::Auto,
            };
            let Ok(buckets) = range.buckets(asked, &zone) else {
                return Ok(());
            };
            prop_assert!(buckets.starts()[0] <= range.from() && buckets.end() >= range.to());
            prop_assert!(buckets.starts().is_sorted_by(|a, b| a < b));
            prop_assert!(buckets.starts().last().unwrap() < &range.to());
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let at = range.from() + (length as f64 * share) as i64;
            let place = buckets.find(at).unwrap();
            prop_assert!(buckets.starts()[place] <= at);
            prop_assert!(buckets.starts().get(place + 1).is_none_or(|next| at < *next));
            prop_assert_eq!(buckets.step().floor(at, &zone), buckets.starts()[place]);
        }
    }
}
