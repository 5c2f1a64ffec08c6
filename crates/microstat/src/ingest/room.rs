//! How much memory bodies may take at once, and how long they may take to arrive.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a body that are free: nearly every body is smaller, so that large ones never keep small ones out.
const FREE: usize = 16 * 1024;
/// A unit of what bodies share beyond that.
const UNIT: usize = 1024;
/// How long a body that has arrived waits for its turn to be read.
const TURN: Duration = Duration::from_secs(5);

/// The room for bodies.
#[derive(Debug)]
pub struct Room {
    /// How long a body may take to arrive.
    pub patience: Duration,
    arriving: Arc<Semaphore>,
    reading: Arc<Semaphore>,
}

impl Default for Room {
    /// Half a minute; 64 MiB for bodies that arrive; four that are large or packed read at once, each of which may
    /// unpack to 10 MiB and make some tens of MiB of data points.
    fn default() -> Self {
        Self::new(Duration::from_secs(30), 64 * 1024 * 1024, 4)
    }
}

impl Room {
    /// Room for bodies that together have `bytes` bytes while they arrive, and of which `at_once` large ones are
    /// read at once.
    #[must_use]
    pub fn new(patience: Duration, bytes: usize, at_once: usize) -> Self {
        Self {
            patience,
            arriving: Arc::new(Semaphore::new(bytes / UNIT)),
            reading: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// Room for one body that arrives.
    pub(crate) fn share(&self) -> Share {
        Share {
            of: Arc::clone(&self.arriving),
            taken: None,
        }
    }

    /// A turn to read a large or packed body; nothing if it doesn't come soon.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.reading).acquire_owned();
        tokio::time::timeout(TURN, turn).await.ok()?.ok()
    }
}

/// What one body takes; it is given back when this goes.
pub(crate) struct Share {
    of: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Makes it enough for a body of `bytes`. Says so if there is no room; waiting for it would be worse, since
    /// every body that waits keeps what it has.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let units = bytes.saturating_sub(FREE).div_ceil(UNIT);
        let has = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = units.checked_sub(has).filter(|&more| more > 0) else {
            return true;
        };
        let Some(more) = u32::try_from(more)
            .ok()
            .and_then(|more| Arc::clone(&self.of).try_acquire_many_owned(more).ok())
        else {
            return false;
        };
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        true
    }
}
