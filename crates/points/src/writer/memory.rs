//! What the writer has to know to decide a batch: keys, ids and words seen before, and what each metric is.

use std::path::PathBuf;
use std::sync::Arc;

use domain::id::{MetricId, ProjectId};
use domain::time::DAY;
use domain::value::Value;
use rusqlite::Connection;

use super::Group;
use super::vocabulary::Vocabularies;
use crate::head::Head;
use crate::head::generation::Generation;
use crate::journal::entry::BatchHead;
use crate::kind::Kind;
use crate::schema::{self, DAYS};
use crate::seal::keys::{find_batch, find_point};
use crate::seen::{Answer, REMEMBERED, RandomMap, Seen};
use crate::{Batch, DataPoint, Error, Outcome};

/// What was seen before, in memory and in the database.
pub(crate) struct Memory {
    file: PathBuf,
    connection: Option<Connection>,
    head: Arc<Head>,
    generations: Vec<Arc<Generation>>,
    /// What metrics are, as far as that was asked for.
    metrics: RandomMap<MetricId, (ProjectId, Kind)>,
    vocabularies: Vocabularies,
}

impl Memory {
    pub(crate) fn new(file: PathBuf, head: Arc<Head>) -> Self {
        Self {
            file,
            connection: None,
            generations: head.generations(),
            head,
            metrics: RandomMap::default(),
            vocabularies: Vocabularies::default(),
        }
    }

    /// Decides a batch, adds what is new of it to the group, and says what became of it.
    pub(crate) fn decide(&mut self, batch: Batch, now: i64, group: &mut Group) -> Result<Outcome, Error> {
        let Batch {
            project,
            key,
            points,
            note,
        } = batch;
        let key = key.map(|key| Seen::key(project, &key));
        if let Some(key) = key
            && let Some(first) = self.find_batch(key, group)?
            && first.at > now - REMEMBERED
        {
            return Ok(first.replayed());
        }
        self.fit(project, &points)?;
        let mut outcome = Outcome::default();
        group.begin_batch(now);
        for point in points {
            if self.point(project, point, now, group)? {
                outcome.stored += 1;
            } else {
                outcome.duplicates += 1;
            }
        }
        let key = key.map(|key| {
            let Outcome { stored, duplicates, .. } = outcome;
            let answer = Answer {
                at: now,
                stored,
                duplicates,
                note: note.into(),
            };
            (key, answer)
        });
        group.end_batch(BatchHead { project, now, key }, outcome.stored);
        Ok(outcome)
    }

    /// Decides a data point; says whether it is new.
    fn point(&mut self, project: ProjectId, point: DataPoint, now: i64, group: &mut Group) -> Result<bool, Error> {
        let DataPoint {
            metric,
            at,
            mut value,
            id,
        } = point;
        let id = id.map(|id| Seen::id(project, &id));
        if let Some(id) = id {
            if self
                .find_point(id, group)?
                .is_some_and(|first| first > now - REMEMBERED)
            {
                return Ok(false);
            }
            group.ids.insert(id, (project, now));
        }
        if let Value::Word(word) = &mut value {
            self.settle(metric, schema::day(at.0), word, group)?;
        }
        group.push(project, metric, at.0, value, id);
        Ok(true)
    }

    fn settle(&mut self, metric: MetricId, day: i64, word: &mut String, group: &mut Group) -> Result<(), Error> {
        if !self.vocabularies.has(metric, day) {
            self.connect()?;
            self.generations = self.head.generations();
            if let Some(connection) = &self.connection {
                self.vocabularies
                    .load(metric, day, connection, &self.generations, group)?;
            }
        }
        self.vocabularies.settle(metric, day, word, group);
        Ok(())
    }

    /// Whether every data point has a time that can be kept, and the kind and project of its metric.
    fn fit(&mut self, project: ProjectId, points: &[DataPoint]) -> Result<(), Error> {
        let mut last = None;
        for point in points {
            let kind = Kind::of(&point.value);
            if !(0..DAYS * DAY).contains(&point.at.0) {
                return Err(Error::Unfit);
            }
            if last == Some((point.metric, kind)) {
                continue;
            }
            let head = &self.head;
            let known = self.metrics.entry(point.metric);
            let known = *known.or_insert_with(|| head.known(point.metric).unwrap_or((project, kind)));
            if known != (project, kind) {
                return Err(Error::Unfit);
            }
            last = Some((point.metric, kind));
        }
        Ok(())
    }

    fn find_batch(&mut self, key: Seen, group: &Group) -> Result<Option<Answer>, Error> {
        if let Some((_, answer)) = group.keys.get(&key) {
            return Ok(Some(answer.clone()));
        }
        for generation in self.generations.iter().rev() {
            if let Some((_, answer)) = generation.read().keys.get(&key) {
                return Ok(Some(answer.clone()));
            }
        }
        self.connect()?;
        let found = self
            .connection
            .as_ref()
            .map(|connection| find_batch(connection, key))
            .transpose()?;
        Ok(found.flatten())
    }

    fn find_point(&mut self, id: Seen, group: &Group) -> Result<Option<i64>, Error> {
        if let Some((_, at)) = group.ids.get(&id) {
            return Ok(Some(*at));
        }
        for generation in self.generations.iter().rev() {
            if let Some((_, at)) = generation.read().ids.get(&id) {
                return Ok(Some(*at));
            }
        }
        self.connect()?;
        let found = self
            .connection
            .as_ref()
            .map(|connection| find_point(connection, id))
            .transpose()?;
        Ok(found.flatten())
    }

    fn connect(&mut self) -> Result<(), Error> {
        if self.connection.is_none() {
            self.connection = Some(schema::reading(&self.file)?);
        }
        Ok(())
    }

    /// A generation was closed and another opened.
    pub(super) fn turned(&mut self, head: &Head) {
        self.generations = head.generations();
        self.metrics.clear();
    }

    /// A generation has left the head, or what was to be erased is gone.
    pub(super) fn sealed(&mut self, head: &Head) {
        self.generations = head.generations();
        // What they forget of what is still being said they learn again; nothing else bounds them.
        self.vocabularies.clear();
    }

    /// Forgets all that the database tells as well.
    pub(crate) fn forget(&mut self) {
        self.metrics.clear();
        self.vocabularies.clear();
    }

    /// A group was not kept.
    pub(crate) fn undo(&mut self, group: &Group) {
        self.metrics.clear();
        self.vocabularies.undo(group);
    }
}
