//! Sealing: from the head into the database, in the background.
//!
//! One thread does it, a generation at a time, oldest first, each in one transaction that also says up to which record
//! of the journal everything is in the database. A crash before the commit leaves the generation in the journal, one
//! after it makes its records ones that are not replayed: so each is in the database exactly once.
//!
//! Erasures come first: they are taken from the generations that wait and from the database, and not from what came
//! after them. So their order among what is sealed doesn't matter; and when the disk is full, they make room.

pub(crate) mod carry;
mod day;
mod erase;
mod fine;
pub(crate) mod keys;
pub(crate) mod merge;
mod raw;
mod retain;
mod sealer;

pub(crate) use erase::erase;
pub(crate) use sealer::{Erase, Job, Sealer, start};
