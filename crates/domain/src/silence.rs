//! Silence: what came regularly and has stopped.

use crate::range::Range;
use crate::time::{DAY, HOUR, Micros};

/// What is looked at: this long before the last data point.
const LOOKED_AT: i64 = 14 * DAY;
/// What came on fewer different days (UTC) of these was not regular.
const DAYS: usize = 4;
/// So many times as long as the longest pause it has to be quiet.
const TIMES: i64 = 2;

/// When a metric fell silent, and why that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Its last data point.
    pub last: Micros,
    /// The longest time, in microseconds and whole hours, from one hour that had data points to the next.
    pub pause: i64,
}

impl Silence {
    /// When it had been quiet for too long.
    #[must_use]
    pub fn fell_at(self) -> Micros {
        self.last + TIMES * self.pause
    }

    /// The hours to look at, of a metric whose last data point was then; and nothing if it can't be silent by now.
    #[must_use]
    pub fn hours_of_interest(first: Micros, last: Micros, now: Micros) -> Option<Range> {
        let to = last.floor(HOUR) + HOUR;
        let is_old = last - first >= 2 * DAY && now - last > TIMES * HOUR;
        let from = (to - LOOKED_AT).max(first.floor(HOUR));
        is_old.then(|| Range::new(from, to).ok()).flatten()
    }

    /// Whether it is silent now. `hours`: the starts of those hours of interest that had data points, rising.
    #[must_use]
    pub fn of(hours: &[Micros], last: Micros, now: Micros) -> Option<Self> {
        let mut days: Vec<Micros> = hours.iter().map(|hour| hour.floor(DAY)).collect();
        days.dedup();
        let pause = hours.windows(2).map(|pair| pair[1] - pair[0]).max()?;
        let silence = Self { last, pause };
        (days.len() >= DAYS && silence.fell_at() < now).then_some(silence)
    }
}

#[cfg(test)]
mod tests {
    use super::Silence;
    use crate::time::{DAY, HOUR, MINUTE, Micros};

    /// 2026-11-24T10:00:00Z.
    const NOW: Micros = Micros(1_795_514_400_000_000);

    fn every(hours: i64, until: Micros) -> Vec<Micros> {
        (0..14 * 24 / hours)
            .rev()
            .map(|n| (until - n * hours * HOUR).floor(HOUR))
            .collect()
    }

    #[test]
    fn quiet_for_more_than_twice_the_longest_pause_is_silent() {
        for pause in [1, 3, 24] {
            let quiet = |micros| {
                let last = NOW - micros;
                Silence::of(&every(pause, last), last, NOW)
            };
            assert_eq!(quiet(2 * pause * HOUR), None, "{pause}");
            let silence = quiet(2 * pause * HOUR + 1).unwrap();
            assert_eq!((silence.pause, silence.fell_at()), (pause * HOUR, NOW - 1), "{pause}");
        }
    }

    #[test]
    fn a_night_is_no_silence() {
        // from 8 to 20 o'clock, so the pause is 13 hours
        let last = NOW.floor(DAY) - 4 * HOUR;
        let day = |n: i64| (0..12).map(move |hour| NOW.floor(DAY) - n * DAY + (8 + hour) * HOUR);
        let hours: Vec<Micros> = (1..10).rev().flat_map(day).collect();
        assert_eq!(Silence::of(&hours, last, NOW), None);
        let silence = Silence::of(&hours, last, NOW + 13 * HOUR).unwrap();
        assert_eq!(silence.pause, 13 * HOUR);
    }

    #[test]
    fn what_came_on_few_days_was_never_regular() {
        let hours: Vec<Micros> = (0..72).rev().map(|n| NOW.floor(DAY) - (48 + n) * HOUR - HOUR).collect();
        let last = *hours.last().unwrap();
        assert_eq!(Silence::of(&hours, last, NOW), None);
        assert_eq!(Silence::of(&[], last, NOW), None);
        assert_eq!(Silence::of(&hours[..1], last, NOW), None);
    }

    #[test]
    fn only_what_may_be_silent_is_looked_at() {
        let look = |age, quiet| Silence::hours_of_interest(NOW - quiet - age, NOW - quiet, NOW);
        assert_eq!(look(30 * DAY, HOUR), None, "just seen");
        assert_eq!(look(DAY, 5 * DAY), None, "never regular");
        let range = look(30 * DAY, 2 * HOUR + MINUTE).unwrap();
        assert_eq!((range.length(), range.to()), (14 * DAY, NOW - 2 * HOUR));
        assert_eq!(look(3 * DAY, 5 * DAY).unwrap().length(), 3 * DAY + HOUR);
    }
}
