//! One read: a moment of the database, and the generations that are not in it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLockReadGuard};

use domain::id::{MetricId, ProjectId};
use domain::range::Range;
use domain::time::{DAY, Micros};
use rusqlite::{Connection, OptionalExtension, Transaction};
use tokio::sync::Semaphore;

use crate::head::generation::Generation;
use crate::head::{Head, State};
use crate::kind::{Kind, Raw};
use crate::rollup::Day;
use crate::schema::{self, Marks, day_key, hour_key, part_keys};
use crate::{Error, Points, block};

/// Connections that read, made as they are needed.
#[derive(Debug)]
pub(crate) struct Readers {
    file: PathBuf,
    permits: Arc<Semaphore>,
    free: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(file: PathBuf, most: u32) -> Self {
        Self {
            file,
            permits: Arc::new(Semaphore::new(most.max(1) as usize)),
            free: Mutex::default(),
        }
    }

    fn take(&self) -> Result<Connection, Error> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match free {
            Some(connection) => Ok(connection),
            None => Ok(schema::reading(&self.file)?),
        }
    }

    fn give_back(&self, connection: Connection) {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

/// What a read sees.
pub(crate) struct Reading<'r> {
    pub(super) tx: Transaction<'r>,
    /// How far the database is.
    marks: Marks,
    /// What is not, oldest first.
    pub(super) unsealed: Vec<Arc<Generation>>,
    pub(super) head: &'r Head,
    /// How often what the head knows of sealed data points had changed when this began.
    changes: u64,
}

/// A metric as the database knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed {
    pub(super) id: MetricId,
    pub(super) number: u32,
    pub(super) kind: Kind,
    /// The first and the last day it ever had something on.
    pub(super) days: (i64, i64),
}

impl Points {
    /// Who is asked instead, if data points are in ClickHouse.
    pub(super) fn clickhouse(&self) -> Option<&crate::clickhouse::Reader> {
        self.inner.clickhouse.as_ref()
    }

    /// Reads what needs a steady picture: `read` finds none while something is just being sealed, and is called again.
    pub(super) async fn read_steadily<T: Send + 'static>(
        &self,
        read: impl Fn(&Reading<'_>) -> Result<Option<T>, Error> + Clone + Send + 'static,
    ) -> Result<T, Error> {
        loop {
            if let Some(found) = self.read(read.clone()).await? {
                return Ok(found);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Reads on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reading<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.inner.readers.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|closed| Error::unavailable(&closed))?;
        let inner = self.inner.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut connection = inner.readers.take()?;
            let result = Reading::begin(&mut connection, &inner.head).and_then(|reading| read(&reading));
            inner.readers.give_back(connection);
            result
        });
        reading.await.map_err(|panic| Error::unavailable(&panic))?
    }
}

impl<'r> Reading<'r> {
    /// Takes what it sees, in the order that `crate::head` explains.
    fn begin(connection: &'r mut Connection, head: &'r Head) -> Result<Self, Error> {
        let changes = head.state().changes;
        let generations = head.generations();
        let tx = connection.transaction()?;
        let marks = schema::marks(&tx)?;
        let unsealed = generations
            .into_iter()
            .filter(|generation| generation.last() > marks.record)
            .collect();
        let mut reading = Self {
            tx,
            marks,
            unsealed,
            head,
            changes,
        };
        reading.catch_up()?;
        Ok(reading)
    }

    /// Lets the head know what another process has written.
    fn catch_up(&mut self) -> Result<(), Error> {
        if self.head.state().is_behind(self.marks) {
            let metrics = crate::open::metrics(&self.tx)?;
            let mut state = self.head.state_mut();
            if state.changes == self.changes && state.is_behind(self.marks) {
                state.reload(self.marks, metrics);
                self.changes = state.changes;
            }
        }
        Ok(())
    }

    /// What the head knows of sealed data points, if that is of the same moment as what this sees of them.
    pub(super) fn known(&self) -> Option<RwLockReadGuard<'_, State>> {
        let state = self.head.state();
        let steady = (state.sealed, state.guests) == (self.marks.record, self.marks.guests);
        (steady && state.changes == self.changes).then_some(state)
    }

    /// Tells the head something about sealed data points, if that is still so.
    pub(super) fn learn(&self, tell: impl FnOnce(&mut State)) {
        let mut state = self.head.state_mut();
        if state.changes == self.changes {
            tell(&mut state);
        }
    }

    pub(super) fn find(&self, metric: MetricId) -> Result<Option<Sealed>, Error> {
        let text = "select metric, number, kind, first_at, last_at from metrics where metric = ?1";
        Ok(self.tx.prepare_cached(text)?.query_row([metric.0], sealed).optional()?)
    }

    /// The sealed metrics of a project.
    pub(super) fn all(&self, project: ProjectId) -> Result<Vec<Sealed>, Error> {
        let text = "select metric, number, kind, first_at, last_at from metrics where project = ?1";
        let mut select = self.tx.prepare_cached(text)?;
        let rows = select.query_map([project.0], sealed)?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// Calls `each` with what is sealed of each day that a range touches, oldest first.
    pub(super) fn each_day(
        &self,
        metric: &Sealed,
        range: Range,
        mut each: impl FnMut(i64, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut select = self.tx.prepare_cached("select data from days where key = ?1")?;
        for day in metric.days_of(range) {
            let mut rows = select.query([day_key(day, metric.number)])?;
            if let Some(row) = rows.next()? {
                each(day, row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
            }
        }
        Ok(())
    }

    /// Calls `look` with the minutes of an hour of a day, if they are kept.
    pub(super) fn minutes(
        &self,
        metric: &Sealed,
        day: i64,
        hour: usize,
        look: impl FnOnce(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut select = self.tx.prepare_cached("select data from minutes where key = ?1")?;
        let mut rows = select.query([hour_key(day, metric.number, hour)])?;
        match rows.next()? {
            Some(row) => look(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?),
            None => Ok(()),
        }
    }

    /// Calls `each` with the sealed data points of one day that lie in a range, oldest first, a block at a time.
    pub(super) fn each_block(
        &self,
        metric: &Sealed,
        day: i64,
        range: Range,
        mut each: impl FnMut(&[Raw]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (first, end) = part_keys(day, metric.number);
        let mut select = self.tx.prepare_cached(
            "select data from blocks where key >= ?1 and key < ?2 and first_at < ?4 and last_at >= ?3 order by key",
        )?;
        let mut rows = select.query([first, end, range.from().0, range.to().0])?;
        let mut points = Vec::new();
        while let Some(row) = rows.next()? {
            points.clear();
            let data = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            block::decode(data, metric.kind, day * DAY, &mut points)?;
            let from = points.partition_point(|point| point.at < range.from().0);
            let to = points.partition_point(|point| point.at < range.to().0);
            if from < to {
                each(&points[from..to])?;
            }
        }
        Ok(())
    }

    /// Calls `each` with what is not sealed of a metric, in the order it came.
    pub(super) fn each_unsealed(&self, metric: MetricId, mut each: impl FnMut(&crate::head::recent::Recent)) {
        for generation in &self.unsealed {
            if let Some(recent) = generation.read().get(metric) {
                each(recent);
            }
        }
    }
}

fn sealed(row: &rusqlite::Row<'_>) -> Result<Sealed, rusqlite::Error> {
    let (first, last): (i64, i64) = (row.get(3)?, row.get(4)?);
    Ok(Sealed {
        id: MetricId(row.get(0)?),
        number: row.get(1)?,
        kind: Kind::from_code(row.get(2)?).map_err(|_| rusqlite::Error::InvalidQuery)?,
        days: (schema::day(first), schema::day(last)),
    })
}

impl Sealed {
    /// The days of a range that it may have something on.
    pub(super) fn days_of(&self, range: Range) -> std::ops::RangeInclusive<i64> {
        let last = range.to() - 1;
        self.days.0.max(schema::day(range.from().0))..=self.days.1.min(schema::day(last.0))
    }
}

/// A day as a range.
pub(super) fn whole_day(day: i64) -> Range {
    between(Micros(day * DAY), Micros((day + 1) * DAY))
}

/// A range from one time up to another; of no length it has one microsecond, since there are no empty ranges.
pub(super) fn between(from: Micros, to: Micros) -> Range {
    let shortest = |_| Range::new(from, from + 1);
    Range::new(from, to)
        .or_else(shortest)
        .unwrap_or_else(|_| unreachable!("a time before the next"))
}

/// What two ranges share.
pub(super) fn shared(a: Range, b: Range) -> Option<Range> {
    Range::new(a.from().max(b.from()), a.to().min(b.to())).ok()
}

/// What a day adds up to, without its sketch and words.
pub(super) fn hours(data: &[u8]) -> Result<Day, Error> {
    Ok(Day::decode_hours(data)?)
}
