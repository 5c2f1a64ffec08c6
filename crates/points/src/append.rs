//! Appending: what goes in, what comes out, and how long it may wait.

use domain::id::{MetricId, ProjectId};
use domain::time::Micros;
use domain::value::Value;
use tokio::sync::oneshot;

use crate::queue::{Append, Job};
use crate::{Error, Points};

/// A data point to store.
#[derive(Clone, Debug, PartialEq)]
pub struct DataPoint {
    /// Its metric.
    pub metric: MetricId,
    /// When it happened.
    pub at: Micros,
    /// Its value, of its metric's type.
    pub value: Value,
    /// What tells it from others: the same id is stored once in a project within [`REMEMBERED`](crate::REMEMBERED).
    pub id: Option<String>,
}

/// Data points of one project that are stored together, or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The project.
    pub project: ProjectId,
    /// What tells it from other batches: the same key is stored once in a project within
    /// [`REMEMBERED`](crate::REMEMBERED).
    pub key: Option<String>,
    /// What to store.
    pub points: Vec<DataPoint>,
    /// Whatever the caller needs to give the same answer again; kept with the key, opaque here.
    pub note: Vec<u8>,
}

/// What became of a batch. Of a replayed one: what became of it the first time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Data points stored.
    pub stored: u64,
    /// Data points left out because their id was seen before.
    pub duplicates: u64,
    /// The first one's note, if this batch's key was seen before; then nothing was stored now.
    pub replayed: Option<Vec<u8>>,
}

impl Batch {
    /// About how many bytes it takes in memory.
    fn weight(&self) -> usize {
        let point = |point: &DataPoint| {
            let word = if let Value::Word(word) = &point.value {
                word.len()
            } else {
                0
            };
            size_of::<DataPoint>() + word + point.id.as_ref().map_or(0, String::len)
        };
        size_of::<Self>() + self.note.len() + self.points.iter().map(point).sum::<usize>()
    }
}

impl Points {
    /// Stores a batch. When this returns, it is on disk and every read sees it.
    ///
    /// `now` says how long ago a key was seen; it changes no data point.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be written, or too much is waiting already. Nothing of it is kept then.
    /// [`Error::Unfit`] for a batch that no right program makes.
    pub async fn append(&self, batch: Batch, now: Micros) -> Result<Outcome, Error> {
        let most = self.inner.options.queue;
        let weight = u32::try_from(batch.weight()).unwrap_or(u32::MAX).clamp(1, most);
        let room = if let Ok(room) = self.inner.room.clone().try_acquire_many_owned(weight) {
            room
        } else {
            let room = self.inner.room.clone().acquire_many_owned(weight);
            Box::pin(tokio::time::timeout(self.inner.options.wait, room))
                .await
                .map_err(|_| Error::unavailable(&"too much is waiting to be written"))?
                .map_err(|error| Error::unavailable(&error))?
        };
        let (answer, answered) = oneshot::channel();
        self.inner.queue.push(Job::Append(Append {
            batch,
            now,
            answer,
            room,
        }))?;
        answered.await.map_err(|_| stopped())?
    }

    /// Refuses every batch from now on, so that what is sealed next is all there is. For a process that is stopped for good.
    pub fn refuse_batches(&self) {
        self.inner.queue.end_batches();
    }
}

pub(crate) fn stopped() -> Error {
    Error::unavailable(&"the writer has stopped")
}
