//! When things happen in a shop: more by day than by night, on Sundays more than on Saturdays, before Christmas most
//! of all, and more every month.

use domain::time::{DAY, HOUR, MINUTE, Micros};
use jiff::tz::TimeZone;

use super::dice::Dice;

/// The shop's customers get up an hour before UTC does.
const LOCAL: i64 = HOUR;
/// Monday first.
const WEEKDAYS: [f64; 7] = [1.08, 1.02, 1.0, 0.98, 0.92, 0.78, 1.22];
/// By hour of the local day: quiet nights, a rise to noon, and an evening on the sofa.
const HOURS: [f64; 24] = [
    0.34, 0.20, 0.13, 0.11, 0.12, 0.20, 0.42, 0.72, 0.95, 1.12, 1.24, 1.38, 1.42, 1.32, 1.22, 1.20, 1.24, 1.34, 1.52,
    1.76, 1.88, 1.74, 1.20, 0.66,
];

/// The year that ends now.
#[derive(Clone, Copy)]
pub(super) struct Year {
    pub(super) now: Micros,
    seed: u64,
}

impl Year {
    pub(super) const fn new(now: Micros, seed: u64) -> Self {
        Self { now, seed }
    }

    /// Midnight (UTC) so many days ago.
    pub(super) fn day(self, days_ago: i64) -> Micros {
        (self.now - days_ago * DAY).floor(DAY)
    }

    /// How far the year is: 0 at its start, 1 now.
    #[expect(clippy::cast_precision_loss, reason = "a year has fewer than 2^53 microseconds")]
    pub(super) fn elapsed(self, at: Micros) -> f64 {
        1.0 - (self.now - at) as f64 / (365 * DAY) as f64
    }

    /// Two weeks ago the database was overloaded for a whole evening.
    pub(super) fn is_incident(self, at: Micros) -> bool {
        let start = self.day(14) + 16 * HOUR;
        (start..start + 270 * MINUTE).contains(&at)
    }

    /// How much is going on at a time, around 1.
    pub(super) fn bustle(self, at: Micros) -> f64 {
        let local = at + LOCAL;
        let days = local.0.div_euclid(DAY);
        let weekday = usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0);
        let season = 1.0 + 0.24 * tide(local);
        let growth = 0.55 + 0.45 * self.elapsed(at);
        let mut of_the_day = Dice::new(self.seed ^ days.cast_unsigned());
        let chance = 1.0 + 0.07 * of_the_day.normal().clamp(-2.0, 2.0);
        let slow = if at.floor(DAY) == self.day(33) { 0.42 } else { 1.0 };
        WEEKDAYS[weekday] * hour_of(local) * season * growth * chance * slow
    }

    /// Moments at which something happens that happens `a_day` times on an average day, earliest first, from `days`
    /// days ago on; `factor` says how much oftener at a time.
    pub(super) fn moments(self, dice: &mut Dice, days: i64, a_day: f64, factor: impl Fn(Micros) -> f64) -> Vec<Micros> {
        let mut moments = Vec::new();
        let mut start = (self.now - days * DAY).floor(HOUR);
        while start < self.now {
            let mean = a_day / 24.0 * factor(start + HOUR / 2);
            let first = moments.len();
            for _ in 0..dice.times(mean) {
                moments.push(within(dice, start, HOUR));
            }
            moments[first..].sort_unstable();
            start = start + HOUR;
        }
        moments.retain(|at| *at < self.now);
        moments
    }
}

/// From 1 in the middle of December to -1 half a year from it.
pub(super) fn tide(at: Micros) -> f64 {
    let day = TimeZone::UTC.to_datetime(at.timestamp()).day_of_year();
    (std::f64::consts::TAU * (f64::from(day) - 347.0) / 365.0).cos()
}

/// Between the weights of this hour and the next, so that no step shows.
#[expect(clippy::cast_precision_loss, reason = "an hour has fewer than 2^53 microseconds")]
fn hour_of(local: Micros) -> f64 {
    let of_day = local.0.rem_euclid(DAY);
    let hour = usize::try_from(of_day / HOUR).unwrap_or(0);
    let part = (of_day % HOUR) as f64 / HOUR as f64;
    HOURS[hour % 24] * (1.0 - part) + HOURS[(hour + 1) % 24] * part
}

/// A moment within `length` microseconds from `start` on.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a part of an hour, which is small"
)]
pub(super) fn within(dice: &mut Dice, start: Micros, length: i64) -> Micros {
    start + (dice.share() * length as f64) as i64
}
