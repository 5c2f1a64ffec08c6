//! A guest: a process that fills a store which another one has open, as `demo` does beside a running server.
//!
//! It has no journal and no head. Each group of batches goes straight into the database, in one transaction that is on
//! the disk when it commits, and counts itself there (`sealed.guests`), which tells every reader that lines about
//! metrics have changed. What the owner has not sealed a guest doesn't know: it must publish to metrics of its own.

use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use crate::head::generation::Contents;
use crate::queue::{Append, Job, Queue};
use crate::seal::merge;
use crate::writer::{Group, Memory};
use crate::{Error, Options, Outcome};

/// Everything its thread works with.
pub(crate) struct Guest {
    pub(crate) queue: Arc<Queue>,
    pub(crate) connection: Connection,
    pub(crate) memory: Memory,
    pub(crate) options: Options,
    pub(crate) group: Group,
}

impl Guest {
    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut jobs = Vec::new();
        loop {
            let closed = self.queue.take(&mut jobs, self.options.idle).closed;
            for job in jobs.drain(..) {
                match job {
                    Job::Append(append) => self.append(append),
                    Job::Erase(erase) => drop(erase.answer.send(Err(Error::Locked))),
                    Job::Flush(answer) => {
                        self.commit();
                        let _ = answer.send(Ok(()));
                    }
                }
            }
            self.commit();
            if closed {
                return;
            }
        }
    }

    fn append(&mut self, append: Append) {
        match self.memory.decide(append.batch, append.now.0, &mut self.group) {
            Ok(outcome) => self.group.wait(append.answer, append.room, outcome),
            Err(Error::Unfit) => drop(append.answer.send(Err(Error::Unfit))),
            Err(error) => {
                // It may be decided in part: none of the group can be kept.
                self.group.wait(append.answer, append.room, Outcome::default());
                self.refuse(&error);
            }
        }
    }

    fn commit(&mut self) {
        if self.group.is_empty() {
            return;
        }
        match self.write() {
            Ok(()) => self.group.answer(),
            Err(error) => self.refuse(&error),
        }
        // The next group finds what is there now in the database.
        self.memory.forget();
    }

    fn write(&mut self) -> Result<(), Error> {
        let mut contents = Contents::default();
        self.group.apply(&mut contents);
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        merge::merge(&tx, &contents, self.options.dense)?;
        tx.execute("update sealed set guests = guests + 1", ())?;
        tx.commit()?;
        Ok(())
    }

    fn refuse(&mut self, error: &Error) {
        tracing::error!(?error, "data points can't be written");
        self.memory.undo(&self.group);
        self.group.refuse(&error.to_string());
    }
}
