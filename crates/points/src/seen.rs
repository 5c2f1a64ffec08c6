//! What was seen before: keys of batches, ids of data points, as hashes that fit in a register.
//!
//! 128 bits of SHA-256: among a million million of them, two are the same with a chance of one in 10^14.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use domain::id::ProjectId;
use domain::time::DAY;
use sha2::{Digest, Sha256};

use crate::Outcome;

/// How long a key or an id is remembered, in microseconds.
pub const REMEMBERED: i64 = DAY;

/// A key of a batch, or an id of a data point, of one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen(pub(crate) u128);

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// When it came.
    pub(crate) at: i64,
    pub(crate) stored: u64,
    pub(crate) duplicates: u64,
    pub(crate) note: Box<[u8]>,
}

impl Answer {
    /// The answer to a batch that comes again.
    pub(crate) fn replayed(self) -> Outcome {
        Outcome {
            stored: self.stored,
            duplicates: self.duplicates,
            replayed: Some(self.note.into()),
        }
    }
}

impl Seen {
    pub(crate) fn key(project: ProjectId, key: &str) -> Self {
        Self::of(b'k', project, key)
    }

    pub(crate) fn id(project: ProjectId, id: &str) -> Self {
        Self::of(b'i', project, id)
    }

    fn of(what: u8, project: ProjectId, text: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update([what]);
        hash.update(project.0.to_le_bytes());
        hash.update(text);
        let hash = hash.finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Self(u128::from_le_bytes(first))
    }
}

/// A map whose keys are as good as random already: ids are drawn at random, [`Seen`]s are hashes.
pub(crate) type RandomMap<K, V> = HashMap<K, V, BuildHasherDefault<Spread>>;

/// Spreads the bits of one number over all of the hash.
#[derive(Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, value: u64) {
        // Fibonacci hashing, then the high bits, which are the best mixed, to the low ones, which choose the place.
        let mixed = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value.cast_unsigned());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
