//! How a store does, for whoever watches over it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::durations::{Counted, Durations};
use domain::time::Micros;

use crate::{Points, clock};

/// What waits to be sealed, or to be shipped to ClickHouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Data points.
    pub data_points: u64,
    /// How many there may be. They may be fewer if they fill the journal.
    pub most: u64,
    /// When the oldest of them came.
    pub oldest: Option<Micros>,
    /// Bytes of the journal's segments.
    pub journal: u64,
    /// How many there may be.
    pub journal_most: u64,
    /// Why the last try failed, if it did.
    pub failing: Option<String>,
    /// For how long all have failed.
    pub failing_for: Option<Duration>,
    /// How long ago something was last sealed or shipped, since the store was opened.
    pub done_ago: Option<Duration>,
}

/// What a store counts since it was opened.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Syncs of the journal.
    pub(crate) syncs: Durations,
    /// Bytes of the journal's segments.
    pub(crate) journal: AtomicU64,
    /// When data points were last refused because they could not be written; forgotten once some can.
    refused: Mutex<Option<Instant>>,
}

impl Figures {
    /// Notes whether data points could be written.
    pub(crate) fn wrote(&self, well: bool) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused = (!well).then(clock::instant);
    }
}

impl Points {
    /// What is acknowledged and not sealed or shipped yet.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let sealing = self
            .inner
            .sealer
            .as_ref()
            .map(|sealer| sealer.sealing())
            .unwrap_or_default();
        let ago = |instant: Instant| clock::instant().saturating_duration_since(instant);
        Backlog {
            data_points: self.inner.head.unsealed() as u64,
            most: self.inner.options.unsealed as u64,
            oldest: self.oldest_unsealed(),
            journal: self.inner.figures.journal.load(Ordering::Relaxed),
            journal_most: self.inner.options.journal,
            failing_for: sealing.failing_since.map(ago),
            done_ago: sealing.done_at.map(ago),
            failing: sealing.failing,
        }
    }

    /// When the oldest data point came that is acknowledged and not sealed or shipped yet.
    #[must_use]
    pub fn oldest_unsealed(&self) -> Option<Micros> {
        self.inner.head.oldest().map(Micros)
    }

    /// How long syncs of the journal took.
    #[must_use]
    pub fn syncs(&self) -> Counted {
        self.inner.figures.syncs.counted()
    }

    /// How long ago data points were refused because they could not be written, if none could be since.
    #[must_use]
    pub fn refused_ago(&self) -> Option<Duration> {
        let refused = self
            .inner
            .figures
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refused.map(|at| clock::instant().saturating_duration_since(at))
    }
}
