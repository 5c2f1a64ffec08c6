//! Imports: files that people upload, look at, and have read into a project. What becomes of them is in the store; the
//! files are in `imports/` within the data folder, each under its import's id.

pub(crate) mod files;
pub(crate) mod look;
pub(crate) mod read;
pub(crate) mod records;
pub(crate) mod shared;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use domain::id::ImportId;
use tokio::sync::Notify;

/// What is under way in this process.
#[derive(Debug, Default)]
pub struct Imports {
    /// Told when an import was started.
    pub started: Notify,
    writing: Mutex<BTreeSet<ImportId>>,
    pub(crate) copies: shared::Copies,
}

/// The right to write to an import's file, which nobody else has meanwhile.
pub(crate) struct Writing<'a> {
    of: &'a Imports,
    id: ImportId,
}

impl Imports {
    /// The right to write to an import's file; `None` while somebody else does.
    pub(crate) fn write(&self, id: ImportId) -> Option<Writing<'_>> {
        self.lock().insert(id).then_some(Writing { of: self, id })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<ImportId>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.of.lock().remove(&self.id);
    }
}
