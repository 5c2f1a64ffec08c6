//! What waits for the writer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::time::Micros;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::journal::entry::Erasure;
use crate::{Batch, Error, Outcome};

/// Something for the writer to do.
#[derive(Debug)]
pub(crate) enum Job {
    Append(Append),
    Erase(Erase),
    /// Seal everything that came before.
    Flush(oneshot::Sender<Result<(), Error>>),
}

/// An erasure and who waits for it.
#[derive(Debug)]
pub(crate) struct Erase {
    pub(crate) erasure: Erasure,
    /// Told once it is in the journal.
    pub(crate) written: oneshot::Sender<()>,
    /// Told how many data points that were.
    pub(crate) answer: oneshot::Sender<Result<u64, Error>>,
}

/// A batch and who waits for it.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) batch: Batch,
    pub(crate) now: Micros,
    pub(crate) answer: oneshot::Sender<Result<Outcome, Error>>,
    /// Its place in the queue, free again once it is answered.
    pub(crate) room: OwnedSemaphorePermit,
}

/// What the writer is woken for, beside jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Nothing came for a while.
    pub(crate) idle: bool,
    /// Something was sealed or erased.
    pub(crate) sealed: bool,
    /// Nothing more will come.
    pub(crate) closed: bool,
}

/// Jobs in the order they came. Its length is bounded by the permits that batches hold.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    inside: Mutex<Inside>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    jobs: Vec<Job>,
    sealed: bool,
    /// Whether no more batches are taken.
    ended: bool,
    closed: bool,
}

impl Queue {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job; gives it back if the writer has stopped.
    pub(crate) fn push(&self, job: Job) -> Result<(), Error> {
        let mut inside = self.inside();
        if inside.closed {
            return Err(Error::unavailable(&"the writer has stopped"));
        }
        if inside.ended && matches!(job, Job::Append(_)) {
            return Err(Error::unavailable(&"micro stat is being stopped"));
        }
        inside.jobs.push(job);
        let first = inside.jobs.len() == 1;
        drop(inside);
        if first {
            self.came.notify_one();
        }
        Ok(())
    }

    /// From now on batches are refused.
    pub(crate) fn end_batches(&self) {
        self.inside().ended = true;
    }

    pub(crate) fn close(&self) {
        self.inside().closed = true;
        self.came.notify_one();
    }

    /// Something was sealed or erased: segments may be taken back.
    pub(crate) fn sealed(&self) {
        self.inside().sealed = true;
        self.came.notify_one();
    }

    /// Waits for something to do, and swaps all jobs that wait for `jobs`, which is empty.
    pub(crate) fn take(&self, jobs: &mut Vec<Job>, idle_after: Duration) -> News {
        let mut inside = self.inside();
        loop {
            let closed = inside.closed && inside.jobs.is_empty();
            if inside.sealed || closed || !inside.jobs.is_empty() {
                std::mem::swap(&mut inside.jobs, jobs);
                let sealed = std::mem::take(&mut inside.sealed);
                return News {
                    idle: false,
                    sealed,
                    closed,
                };
            }
            let waited = self.came.wait_timeout(inside, idle_after);
            let (next, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            inside = next;
            if timeout.timed_out() {
                return News {
                    idle: inside.jobs.is_empty(),
                    ..News::default()
                };
            }
        }
    }
}
