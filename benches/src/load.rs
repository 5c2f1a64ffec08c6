//! The load: few threads, many connections, requests made beforehand. It shares the processor with what it
//! measures, so it does as little as can be done: a request costs it one write, one read and a look at the answer.

mod answer;
mod closed;
mod connection;
mod open;
mod request;

use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) use self::answer::Protocol;
pub(crate) use self::closed::closed;
pub(crate) use self::open::open;
pub(crate) use self::request::{Patch, Request, Unit, What};

/// Where a load goes, and of what it is.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) protocol: Protocol,
    /// What a connection says first, and waits to be answered.
    pub(crate) greeting: Vec<u8>,
    /// Sent in turn.
    pub(crate) requests: Arc<[Request]>,
}

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) points: usize,
    pub(crate) seconds: f64,
    /// How long each request took, the shortest first.
    pub(crate) times_ms: Vec<f32>,
}

impl Outcome {
    pub(crate) fn points_a_second(&self) -> f64 {
        crate::table::float(self.points) / self.seconds
    }

    /// The time that so many in a hundred stayed under.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let place = self.times_ms.len() * percent / 100;
        self.times_ms.get(place).copied().map_or(f64::NAN, f64::from)
    }

    fn add(&mut self, other: Self) {
        self.points += other.points;
        self.times_ms.extend(other.times_ms);
    }

    fn sort(&mut self) {
        self.times_ms.sort_unstable_by(f32::total_cmp);
    }
}
