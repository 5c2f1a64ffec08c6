//! The one thread that writes: takes what waits, decides it, puts it on the disk with one sync, answers everyone.
//!
//! Everything that has to be decided once and for all (a key seen before, the two-thousandth word of a day) is decided
//! here, before it is written, so that the journal says what happened and replaying it decides nothing.

mod group;
mod memory;
mod vocabulary;

use std::sync::Arc;

use crate::head::Head;
use crate::head::generation::Generation;
use crate::journal::entry::write_erasure;
use crate::journal::{Failure, Journal, record};
use crate::queue::{Append, Erase, Job, Queue};
use crate::seal::{self, Sealer};
use crate::{Error, Options, Outcome};

pub(crate) use group::Group;
pub(crate) use memory::Memory;

/// Bytes after which a group is closed, so that no one waits for a record without end.
const GROUP: usize = 512 << 10;

/// Everything the thread works with.
pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pub(crate) journal: Journal,
    pub(crate) head: Arc<Head>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) memory: Memory,
    pub(crate) options: Options,
    /// The generation that is added to.
    pub(crate) newest: Arc<Generation>,
    /// The last record before it.
    pub(crate) before: u64,
    /// Whether what is sealed goes to ClickHouse.
    pub(crate) ships: bool,
    pub(crate) group: Group,
}

impl Writer {
    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut jobs = Vec::new();
        loop {
            let news = self.queue.take(&mut jobs, self.options.idle);
            if news.sealed {
                let sealed = self.head.state().sealed;
                self.journal.recycle(sealed, self.newest.points() == 0);
                self.memory.sealed(&self.head);
            }
            self.work(&mut jobs);
            if news.idle && self.may_turn() {
                self.turn(true);
            }
            if news.closed {
                return;
            }
        }
    }

    fn work(&mut self, jobs: &mut Vec<Job>) {
        for job in jobs.drain(..) {
            match job {
                Job::Append(append) => {
                    self.append(append);
                    if self.group.says() > GROUP {
                        self.commit();
                    }
                }
                Job::Erase(erase) => {
                    self.commit();
                    self.erase(erase);
                }
                Job::Flush(answer) => {
                    self.commit();
                    self.turn(true);
                    self.sealer.send(seal::Job::Flush(self.before, answer));
                }
            }
        }
        self.commit();
    }

    fn append(&mut self, append: Append) {
        match self.memory.decide(append.batch, append.now.0, &mut self.group) {
            Ok(outcome) => self.group.wait(append.answer, append.room, outcome),
            Err(Error::Unfit) => {
                let _ = append.answer.send(Err(Error::Unfit));
            }
            Err(error) => {
                // It may be decided in part: none of the group can be kept.
                self.group.wait(append.answer, append.room, Outcome::default());
                self.refuse(&error.to_string());
            }
        }
    }

    /// Puts the open group on the disk and into the head, and answers who waits for it.
    fn commit(&mut self) {
        if self.group.is_empty() {
            return;
        }
        let written = if self.group.says() > 0 {
            self.room().and_then(|()| self.write())
        } else {
            Ok(())
        };
        match written {
            Ok(()) => {
                self.journal.figures.wrote(true);
                self.newest.change(|contents| self.group.apply(contents));
                self.group.answer();
                self.turn_if_due();
            }
            Err(why) => self.refuse(&why),
        }
    }

    fn refuse(&mut self, why: &str) {
        tracing::error!(why, "data points can't be written");
        self.journal.figures.wrote(false);
        self.memory.undo(&self.group);
        self.group.refuse(why);
    }

    /// Waits while as much is unsealed as memory has room for.
    fn room(&mut self) -> Result<(), String> {
        loop {
            let round = self.sealer.round();
            if self.head.unsealed() <= self.options.unsealed {
                return Ok(());
            }
            if self.may_turn() {
                self.turn(false);
            }
            self.sealer.wait(round, self.options.wait)?;
        }
    }

    /// Appends the open group to the journal, when that has room for it.
    fn write(&mut self) -> Result<(), String> {
        loop {
            match self.journal.append(self.group.record(), false) {
                Ok(_) => return Ok(()),
                Err(Failure::Disk(error)) => return Err(error.to_string()),
                Err(Failure::Full) => {
                    let round = self.sealer.round();
                    self.turn(false);
                    if self.head.generations().len() > 1 {
                        self.sealer.wait(round, self.options.wait)?;
                    }
                    self.journal.recycle(self.head.state().sealed, false);
                }
            }
        }
    }

    /// Erasures are let in however full everything is, for they make room.
    fn erase(&mut self, erase: Erase) {
        let Erase {
            erasure,
            written,
            answer,
        } = erase;
        let mut says = Vec::new();
        record::begin(&mut says);
        write_erasure(erasure, &mut says);
        match self.journal.append(&mut says, true) {
            Ok(seq) => {
                // Nobody may wait for that.
                let _ = written.send(());
                let points = self.newest.change(|contents| contents.erase(erasure));
                // Metrics may become others, words leave their days.
                self.memory.forget();
                self.sealer.send(seal::Job::Erase(seal::Erase {
                    erasure,
                    seq,
                    points,
                    answer,
                }));
            }
            Err(failure) => {
                let _ = answer.send(Err(Error::unavailable(&failure)));
            }
        }
    }

    fn turn_if_due(&mut self) {
        let age = self.newest.read().age();
        let is_old = age >= self.options.seal_after && self.may_turn();
        if self.newest.points() >= self.options.generation || is_old {
            self.turn(false);
        }
    }

    /// Whether a generation may be closed that isn't full. While one waits to be shipped, the next one grows: ClickHouse
    /// wants few, large inserts, all the more when it has been away. Without a word said nothing is shipped.
    fn may_turn(&self) -> bool {
        !self.ships || (self.journal.next_seq() - 1 > self.before && self.head.generations().len() == 1)
    }

    /// Closes the newest generation, if it has anything, for the sealer to seal.
    fn turn(&mut self, idle: bool) {
        let last = self.journal.next_seq() - 1;
        if last > self.before {
            self.newest = self.head.turn(last);
            self.before = last;
            self.memory.turned(&self.head);
        }
        self.sealer.more(idle);
    }
}
