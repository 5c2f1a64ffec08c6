//! A line about a metric: what is known of its sealed data points without looking at them.
//!
//! Lists of metrics and rankings of the last day are asked for all the time, and of all metrics at once, so the last
//! two days are kept here hour by hour. It takes 700 bytes a metric.

use domain::id::ProjectId;
use domain::time::{HOUR, Micros};

use crate::kind::Kind;

/// Hours kept: two days before now, the hour now, and what may be ahead of it.
const KEPT: usize = 52;
const KEPT_HOURS: i64 = 52;

/// A metric's sealed data points in a line.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    /// What it is called in the database.
    pub(crate) number: u32,
    pub(crate) project: ProjectId,
    pub(crate) kind: Kind,
    /// The earliest time of a data point it ever had.
    pub(crate) first_at: i64,
    /// The latest.
    pub(crate) last_at: i64,
    pub(crate) hours: Hours,
}

impl Metric {
    /// The earliest and the latest time of a data point it ever had.
    pub(crate) fn span(&self) -> (Micros, Micros) {
        (Micros(self.first_at), Micros(self.last_at))
    }
}

/// The newest hours of a metric, by hours since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Hours {
    /// Hours before this one are not kept here; those that are and are not noted are empty.
    known_from: i64,
    newest: i64,
    counts: [u32; KEPT],
    amounts: [u64; KEPT],
}

/// Data points of an hour, and their amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    pub(crate) amount: u64,
}

impl Sum {
    pub(crate) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.amount += other.amount;
    }
}

/// The hour, since 1970, that a time lies in.
pub(crate) const fn hour(at: i64) -> i64 {
    at.div_euclid(HOUR)
}

impl Hours {
    /// Hours of a metric that has had nothing from this one on.
    pub(crate) const fn empty_from(known_from: i64) -> Self {
        Self {
            known_from,
            newest: i64::MIN,
            counts: [0; KEPT],
            amounts: [0; KEPT],
        }
    }

    /// Notes what an hour adds up to; one older than those kept is not noted.
    pub(crate) fn set(&mut self, hour: i64, sum: Sum) {
        if hour < self.known_from {
            return;
        }
        if hour > self.newest {
            if sum == Sum::default() {
                return;
            }
            let passed = hour.saturating_sub(self.newest).min(KEPT_HOURS);
            for ago in 0..passed {
                let place = place(hour - ago);
                (self.counts[place], self.amounts[place]) = (0, 0);
            }
            self.newest = hour;
            self.known_from = self.known_from.max(hour - KEPT_HOURS + 1);
        }
        let place = place(hour);
        self.counts[place] = u32::try_from(sum.count).unwrap_or(u32::MAX);
        self.amounts[place] = sum.amount;
    }

    /// What an hour adds up to; nothing if it is older than those kept.
    pub(crate) fn get(&self, hour: i64) -> Option<Sum> {
        if hour < self.known_from {
            return None;
        }
        if hour > self.newest {
            return Some(Sum::default());
        }
        let place = place(hour);
        Some(Sum {
            count: self.counts[place].into(),
            amount: self.amounts[place],
        })
    }
}

fn place(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(KEPT_HOURS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Hours, KEPT_HOURS, Sum};

    #[test]
    fn hours_pass_and_are_forgotten() {
        let sum = |count| Sum {
            count,
            amount: count * 2,
        };
        let count = |hours: &Hours, hour| hours.get(hour).map(|sum| sum.count);
        let mut hours = Hours::empty_from(i64::MIN);
        assert_eq!(count(&hours, 7), Some(0));
        hours.set(100, sum(1));
        hours.set(90, sum(2));
        hours.set(103, sum(3));
        let found = [90, 100, 101, 103, 104].map(|hour| count(&hours, hour));
        assert_eq!(found, [2, 1, 0, 3, 0].map(Some));
        hours.set(90 + KEPT_HOURS, sum(4));
        assert_eq!([90, 91, 100].map(|hour| count(&hours, hour)), [None, Some(0), Some(1)]);
        hours.set(10, sum(9));
        hours.set(1_000, sum(5));
        assert_eq!(
            [142, 948, 949, 1_000].map(|hour| count(&hours, hour)),
            [None, None, Some(0), Some(5)]
        );
        hours.set(1_000, sum(0));
        assert_eq!(count(&hours, 1_000), Some(0));
        let mut loaded = Hours::empty_from(72);
        loaded.set(71, sum(1));
        assert_eq!([71, 72].map(|hour| count(&loaded, hour)), [None, Some(0)]);
    }
}
