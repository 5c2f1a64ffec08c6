//! A disk that forgets what was not synced, tears writes and fails, as real ones do.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::files::{Disk, SegmentFile};

const SECTOR: usize = 512;

/// The disk; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Simulated(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(crate) struct State {
    files: BTreeMap<String, File>,
    removed: BTreeMap<String, File>,
    dice: u64,
    /// What fails next, once.
    pub(crate) fail: Option<Fail>,
    /// Bytes all files may take.
    pub(crate) room: Option<u64>,
}

/// What may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    /// Writing stops half-way.
    Write,
    /// Some of what was written is on the disk, and what isn't never will be, whatever later syncs say.
    Sync,
    /// A file can't be made.
    Create,
    /// The same as `Sync`, and then everything fails until the power is back.
    Power,
}

#[derive(Clone, Debug, Default)]
struct File {
    kept: Vec<u8>,
    cached: Vec<u8>,
    dirty: BTreeSet<usize>,
}

#[derive(Debug)]
struct Open(Simulated, String);

impl State {
    fn chance(&mut self) -> bool {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.dice >> 63 == 1
    }

    fn fails(&mut self, what: Fail) -> io::Result<()> {
        if self.fail == Some(Fail::Power) {
            return Err(io::Error::other("no power"));
        }
        if self.fail == Some(what) {
            self.fail = None;
            return Err(io::Error::other("the disk fails"));
        }
        Ok(())
    }

    /// Some sectors that were written reach the disk, others don't.
    fn lose(&mut self, name: &str) {
        let Some(mut file) = self.files.remove(name) else {
            return;
        };
        for sector in std::mem::take(&mut file.dirty) {
            if self.chance() {
                file.keep(sector);
            }
        }
        self.files.insert(name.to_owned(), file);
    }
}

impl File {
    fn keep(&mut self, sector: usize) {
        let end = self.kept.len().min((sector + 1) * SECTOR);
        let part = sector * SECTOR..end;
        self.kept[part.clone()].copy_from_slice(&self.cached[part]);
    }
}

impl Simulated {
    pub(crate) fn new(seed: u64) -> Self {
        let disk = Self::default();
        disk.state().dice = seed;
        disk
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The power goes, and comes back.
    pub(crate) fn crash(&self) {
        let mut state = self.state();
        state.fail = None;
        for (name, file) in std::mem::take(&mut state.removed) {
            if state.chance() {
                state.files.insert(name, file);
            }
        }
        for name in state.files.keys().cloned().collect::<Vec<_>>() {
            state.lose(&name);
        }
        for file in state.files.values_mut() {
            file.cached.clone_from(&file.kept);
        }
    }

    /// A copy of it, with one bit of one file flipped.
    pub(crate) fn flipped(&self, name: &str, byte: usize, bit: u8) -> Self {
        let (files, copy) = (self.state().files.clone(), Self::new(1));
        copy.state().files = files;
        if let Some(file) = copy.state().files.get_mut(name) {
            file.cached[byte] ^= 1 << bit;
        }
        copy
    }

    /// Names, and how many bytes of each are more than zeros.
    pub(crate) fn used(&self) -> Vec<(String, usize)> {
        let used = |file: &File| {
            file.cached
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |last| last + 1)
        };
        self.state()
            .files
            .iter()
            .map(|(name, file)| (name.clone(), used(file)))
            .collect()
    }
}

impl Disk for Simulated {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().files.keys().cloned().collect())
    }

    fn create(&self, name: &str, length: u64) -> io::Result<Box<dyn SegmentFile>> {
        let mut state = self.state();
        state.fails(Fail::Create)?;
        let used: u64 = state.files.values().map(|file| file.kept.len() as u64).sum();
        if state.room.is_some_and(|room| used + length > room) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let zeros = vec![0; usize::try_from(length).unwrap()];
        let file = File {
            kept: zeros.clone(),
            cached: zeros,
            dirty: BTreeSet::new(),
        };
        assert!(
            state.files.insert(name.to_owned(), file).is_none(),
            "{name} is there already"
        );
        Ok(Box::new(Open(self.clone(), name.to_owned())))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        if self.state().files.contains_key(name) {
            Ok(Box::new(Open(self.clone(), name.to_owned())))
        } else {
            Err(io::Error::from(io::ErrorKind::NotFound))
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(file) = state.files.remove(name) {
            state.removed.insert(name.to_owned(), file);
        }
        Ok(())
    }
}

impl SegmentFile for Open {
    fn read(&self) -> io::Result<Vec<u8>> {
        Ok(self.0.state().files[&self.1].cached.clone())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.state();
        let done = state.fails(Fail::Write);
        let written = if done.is_ok() { bytes.len() } else { bytes.len() / 2 };
        let from = usize::try_from(offset).unwrap();
        let file = state.files.get_mut(&self.1).unwrap();
        assert!(from + bytes.len() <= file.cached.len(), "a segment never grows");
        file.cached[from..from + written].copy_from_slice(&bytes[..written]);
        if written > 0 {
            file.dirty.extend(from / SECTOR..=(from + written - 1) / SECTOR);
        }
        done
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.state();
        if let Err(error) = state.fails(Fail::Sync) {
            state.lose(&self.1);
            return Err(error);
        }
        let file = state.files.get_mut(&self.1).unwrap();
        for sector in std::mem::take(&mut file.dirty) {
            file.keep(sector);
        }
        Ok(())
    }
}
