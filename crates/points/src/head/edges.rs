//! Sealed data points of single hours, for windows that begin in the middle of one.
//!
//! "The last 24 hours" of every metric begin within the same hour, a day ago, where hardly anything changes any more.
//! Keeping when that hour's data points happened spares reading a block of each metric again and again.

use std::sync::Arc;

use crate::seen::RandomMap;

/// Data points kept at most, of 16 bytes each.
const MOST: usize = 500_000;

/// When each data point of an hour happened and what it adds to its metric's amount, oldest first.
pub(crate) type Edge = Arc<[(i64, u64)]>;

/// Hours of metrics, by the metric's number and the day.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    days: RandomMap<(i64, i64), Vec<(i64, Edge)>>,
    points: usize,
}

impl Edges {
    pub(crate) fn get(&self, number: u32, hour: i64) -> Option<&Edge> {
        let hours = self.days.get(&(number.into(), hour.div_euclid(24)))?;
        hours.iter().find(|(of, _)| *of == hour).map(|(_, edge)| edge)
    }

    pub(crate) fn put(&mut self, number: u32, hour: i64, edge: Edge) {
        if self.get(number, hour).is_some() {
            return;
        }
        if self.points + edge.len() > MOST {
            *self = Self::default();
        }
        self.points += edge.len();
        self.days
            .entry((number.into(), hour.div_euclid(24)))
            .or_default()
            .push((hour, edge));
    }

    /// Forgets the hours of a day that has changed.
    pub(crate) fn forget(&mut self, number: u32, day: i64) {
        for (_, edge) in self.days.remove(&(number.into(), day)).unwrap_or_default() {
            self.points -= edge.len();
        }
    }
}
