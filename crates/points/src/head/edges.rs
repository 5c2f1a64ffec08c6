//! What single hours and minutes of sealed data points come to, for windows that begin or end in the middle of one.
//!
//! "The last 24 hours" of every metric begin within the same hour, a day ago, where hardly anything changes any more.
//! Keeping what that hour is made of spares reading it of each metric again and again.

use std::sync::Arc;

use super::metric::Sum;
use crate::schema::day;
use crate::seen::RandomMap;

/// Parts kept at most, of 24 bytes each.
const MOST: usize = 400_000;

/// What a stretch of time is made of.
#[derive(Clone, Debug)]
pub(crate) enum Edge {
    /// Its data points, oldest first: when each happened.
    Points(Arc<[(i64, Sum)]>),
    /// Its minutes: when each starts.
    Minutes(Arc<[(i64, Sum)]>),
}

/// A stretch of time: when it starts, and how long it is.
pub(crate) type Stretch = (i64, i64);

/// Stretches of metrics, by the metric's number and the day.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    days: RandomMap<(i64, i64), Vec<(Stretch, Edge)>>,
    parts: usize,
}

impl Edge {
    fn parts(&self) -> usize {
        let (Self::Points(parts) | Self::Minutes(parts)) = self;
        parts.len()
    }
}

impl Edges {
    pub(crate) fn get(&self, number: u32, stretch: Stretch) -> Option<&Edge> {
        let stretches = self.days.get(&(number.into(), day(stretch.0)))?;
        stretches.iter().find(|(of, _)| *of == stretch).map(|(_, edge)| edge)
    }

    pub(crate) fn put(&mut self, number: u32, stretch: Stretch, edge: Edge) {
        if self.get(number, stretch).is_some() {
            return;
        }
        if self.parts + edge.parts() > MOST {
            *self = Self::default();
        }
        self.parts += edge.parts();
        self.days
            .entry((number.into(), day(stretch.0)))
            .or_default()
            .push((stretch, edge));
    }

    /// Forgets the stretches of a day that has changed.
    pub(crate) fn forget(&mut self, number: u32, day: i64) {
        for (_, edge) in self.days.remove(&(number.into(), day)).unwrap_or_default() {
            self.parts -= edge.parts();
        }
    }
}
