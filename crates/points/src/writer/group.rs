//! A group: decided batches that go to the disk together.

use domain::id::{MetricId, ProjectId};
use domain::value::Value;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::head::generation::Contents;
use crate::journal::entry::{BatchHead, BatchWriter, Decided, Stored};
use crate::journal::record;
use crate::seen::{Answer, RandomMap, Seen};
use crate::{Error, Outcome};

/// Who waits, the place in the queue they have until they are answered, and what they will be told.
type Waiting = (oneshot::Sender<Result<Outcome, Error>>, OwnedSemaphorePermit, Outcome);

/// What is decided and not on the disk yet. Its buffers are used again for the next one.
#[derive(Debug)]
pub(crate) struct Group {
    record: Vec<u8>,
    batch: BatchWriter,
    points: Vec<(ProjectId, MetricId, i64, Value)>,
    pub(super) keys: RandomMap<Seen, (ProjectId, Answer)>,
    pub(super) ids: RandomMap<Seen, (ProjectId, i64)>,
    /// Words that were new on their day: metric, day, word.
    pub(super) words: Vec<(MetricId, i64, Box<str>)>,
    waiting: Vec<Waiting>,
    now: i64,
}

impl Default for Group {
    fn default() -> Self {
        let mut record = Vec::new();
        record::begin(&mut record);
        Self {
            record,
            batch: BatchWriter::default(),
            points: Vec::new(),
            keys: RandomMap::default(),
            ids: RandomMap::default(),
            words: Vec::new(),
            waiting: Vec::new(),
            now: 0,
        }
    }
}

pub(super) fn stored(value: &Value) -> Stored<'_> {
    match value {
        Value::Hits(hits) => Stored::Hits(*hits),
        Value::Number(number) => Stored::Number(*number),
        Value::Word(word) => Stored::Word(word),
    }
}

impl Group {
    /// Bytes to be written.
    pub(crate) fn says(&self) -> usize {
        self.record.len() - record::HEAD
    }

    /// Whether nobody waits for it.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn begin_batch(&mut self, now: i64) {
        self.batch.begin(now);
    }

    pub(super) fn push(&mut self, project: ProjectId, metric: MetricId, at: i64, value: Value, id: Option<Seen>) {
        let value_to_store = stored(&value);
        self.batch.push(Decided {
            metric,
            at,
            value: value_to_store,
            id,
        });
        self.points.push((project, metric, at, value));
    }

    /// Ends a batch, which is written only if it says something.
    pub(super) fn end_batch(&mut self, head: BatchHead, stored: u64) {
        if stored > 0 || head.key.is_some() {
            self.batch.finish(&head, &mut self.record);
            self.now = self.now.max(head.now);
        }
        if let Some((key, answer)) = head.key {
            self.keys.insert(key, (head.project, answer));
        }
    }

    pub(crate) fn wait(
        &mut self,
        answer: oneshot::Sender<Result<Outcome, Error>>,
        room: OwnedSemaphorePermit,
        outcome: Outcome,
    ) {
        self.waiting.push((answer, room, outcome));
    }

    pub(crate) fn record(&mut self) -> &mut Vec<u8> {
        &mut self.record
    }

    /// Puts it into the newest generation.
    pub(crate) fn apply(&self, contents: &mut Contents) {
        for (project, metric, at, value) in &self.points {
            contents.push(*project, *metric, *at, stored(value));
        }
        contents
            .keys
            .extend(self.keys.iter().map(|(seen, kept)| (*seen, kept.clone())));
        contents.ids.extend(&self.ids);
        if self.says() > 0 {
            contents.came(self.now);
        }
    }

    /// Tells everyone what became of their batches.
    pub(crate) fn answer(&mut self) {
        for (answer, _room, outcome) in self.waiting.drain(..) {
            // Who has gone away meanwhile finds its data points kept all the same.
            let _ = answer.send(Ok(outcome));
        }
        self.clear();
    }

    /// Tells everyone that nothing was kept.
    pub(crate) fn refuse(&mut self, why: &str) {
        for (answer, _room, _) in self.waiting.drain(..) {
            let _ = answer.send(Err(Error::Unavailable(why.to_owned())));
        }
        self.clear();
    }

    fn clear(&mut self) {
        record::begin(&mut self.record);
        self.points.clear();
        self.keys.clear();
        self.ids.clear();
        self.words.clear();
        self.now = i64::MIN;
    }
}
