//! The journal: what was acknowledged and is not sealed yet, in segment files that are written over again and again.
//!
//! A record is what one group of batches (or one erasure) says, and the unit of what is kept: all of it or nothing.
//! [`Journal::append`] returns once the record is on the disk. Syncing a file that grows also syncs its new length
//! and where its blocks are, which takes twice the time, so segments are made at full length, filled with zeros, and
//! used again once everything in them is sealed. What is left in them from earlier uses is told apart by the epoch:
//! it is drawn anew for every use, stands in the segment's head and in every record, and is part of what their
//! checksums cover. FORMAT.md has every byte.

pub(crate) mod check;
pub(crate) mod entry;
pub(crate) mod files;
pub(crate) mod record;
pub(crate) mod recovery;
pub(crate) mod segment;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use files::{Disk, SegmentFile};
use record::Head;

use crate::clock;
use crate::figures::Figures;

/// Length of a segment. The one in use is all that a store at rest has of them, and it is not long.
pub(crate) const SEGMENT: u64 = 1 << 20;
/// Spare segments kept while there is much to write.
const SPARES: usize = 32;

/// Why a record could not be written; nothing of it counts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It is as long as it may be.
    #[error("the journal is full: sealing doesn't keep up")]
    Full,
    /// The disk refused.
    #[error("{0}")]
    Disk(io::Error),
}

/// The end of the journal, where it is written.
#[derive(Debug)]
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    current: Option<Current>,
    /// Segments that hold what is not sealed yet, oldest first, without the current one.
    live: VecDeque<Live>,
    spares: Vec<String>,
    next_name: u64,
    next_epoch: u64,
    next_seq: u64,
    bytes: u64,
    most_bytes: u64,
    /// What is told of it, and of who writes it.
    pub(crate) figures: Arc<Figures>,
}

#[derive(Debug)]
struct Current {
    name: String,
    file: Box<dyn SegmentFile>,
    epoch: u64,
    first_seq: u64,
    end: u64,
    length: u64,
    /// Whether its head is on the disk.
    begun: bool,
}

#[derive(Debug)]
struct Live {
    name: String,
    length: u64,
    last_seq: u64,
}

impl Journal {
    /// The journal after what recovery found.
    pub(crate) fn after(disk: Arc<dyn Disk>, found: recovery::Found, most_bytes: u64) -> Self {
        let live: VecDeque<Live> = found
            .live
            .into_iter()
            .map(|(name, length, last_seq)| Live { name, length, last_seq })
            .collect();
        Self {
            disk,
            current: None,
            bytes: live.iter().map(|segment| segment.length).sum(),
            live,
            spares: found.spares,
            next_name: found.next_name,
            next_epoch: found.next_epoch,
            next_seq: found.next_seq,
            most_bytes,
            figures: Arc::default(),
        }
    }

    /// The number the next record gets.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Appends a record and returns its number once it is on the disk. `record` begins with room for its head.
    ///
    /// `urgent` ones (erasures, which make room) may go past the journal's bound.
    pub(crate) fn append(&mut self, record: &mut Vec<u8>, urgent: bool) -> Result<u64, Failure> {
        record::pad(record);
        let length = record.len() as u64;
        let fits = |current: &Current| current.end + length <= current.length;
        if !self.current.as_ref().is_some_and(fits) {
            self.turn(length, urgent)?;
        }
        let seq = self.next_seq;
        match self.write(record, seq) {
            Ok(()) => {
                self.next_seq += 1;
                Ok(seq)
            }
            Err(error) => {
                self.abandon();
                Err(Failure::Disk(error))
            }
        }
    }

    fn write(&mut self, record: &mut [u8], seq: u64) -> io::Result<()> {
        let Some(current) = &mut self.current else {
            return Err(io::Error::other("no segment"));
        };
        record::seal(
            record,
            Head {
                epoch: current.epoch,
                seq,
            },
        );
        if current.begun {
            current.file.write_at(current.end, record)?;
        } else {
            let mut first = segment::head(current.epoch, seq);
            first.extend_from_slice(record);
            current.file.write_at(0, &first)?;
        }
        let asked = clock::instant();
        current.file.sync()?;
        let took = asked.elapsed().as_micros();
        self.figures.syncs.add(i64::try_from(took).unwrap_or(i64::MAX));
        current.begun = true;
        current.end += record.len() as u64;
        Ok(())
    }

    /// Leaves a segment whose writing failed: what the kernel then has in memory need not be what is on the disk, and
    /// a second sync may say that all is well when it isn't. The next segment's head, which says at which record it
    /// begins, makes void whatever of the failed one may yet reach the disk; it is put there before anyone is told
    /// that nothing was kept. If that fails as well, it is tried again with the next record.
    fn abandon(&mut self) {
        self.leave();
        if self.turn(0, true).is_ok()
            && let Some(current) = &mut self.current
        {
            let head = segment::head(current.epoch, self.next_seq);
            let begun = current.file.write_at(0, &head).and_then(|()| current.file.sync());
            if begun.is_ok() {
                current.begun = true;
            } else {
                self.leave();
            }
        }
    }

    /// What was the current segment is one that waits to be sealed.
    fn leave(&mut self) {
        if let Some(current) = self.current.take() {
            self.live.push_back(Live {
                name: current.name,
                length: current.length,
                // One with nothing but a head is kept as long as what it makes void could be taken for kept.
                last_seq: (self.next_seq - 1).max(current.first_seq),
            });
        }
    }

    /// Takes the next segment: a spare one, or a new one.
    fn turn(&mut self, record: u64, urgent: bool) -> Result<(), Failure> {
        let length = SEGMENT.max(record + segment::HEAD as u64);
        if !urgent && !self.live.is_empty() && self.bytes + length > self.most_bytes {
            return Err(Failure::Full);
        }
        self.leave();
        let spare = if length == SEGMENT { self.spares.pop() } else { None };
        let opened = if let Some(name) = spare {
            self.disk.open(&name).map(|file| (name, file))
        } else {
            let name = segment::name(self.next_name);
            self.next_name += 1;
            self.disk.create(&name, length).map(|file| (name, file))
        };
        let (name, file) = opened.map_err(Failure::Disk)?;
        self.bytes += length;
        self.figures.journal.store(self.bytes, Ordering::Relaxed);
        self.current = Some(Current {
            name,
            file,
            epoch: self.next_epoch,
            first_seq: self.next_seq,
            end: segment::HEAD as u64,
            length,
            begun: false,
        });
        self.next_epoch += 1;
        Ok(())
    }

    /// Takes back the segments of which everything is sealed. `idle`: little is being written.
    pub(crate) fn recycle(&mut self, sealed: u64, idle: bool) {
        let most = if idle { 0 } else { SPARES };
        while let Some(segment) = self.live.pop_front_if(|segment| segment.last_seq <= sealed) {
            self.bytes -= segment.length;
            if segment.length == SEGMENT {
                self.spares.push(segment.name);
            } else {
                self.remove(&segment.name);
            }
        }
        self.figures.journal.store(self.bytes, Ordering::Relaxed);
        while self.spares.len() > most {
            if let Some(name) = self.spares.pop() {
                self.remove(&name);
            }
        }
    }

    fn remove(&self, name: &str) {
        // A segment that stays is stale: the next start finds it as a spare.
        if let Err(error) = self.disk.remove(name) {
            tracing::warn!(%error, name, "a journal segment can't be removed");
        }
    }
}

#[cfg(test)]
pub(crate) mod simulated;
#[cfg(test)]
mod tests;
