//! Data points that are moved to ClickHouse, a part at a time.
//!
//! A part is a source of its own, whose line in `batches` is written last and says what the part was like. So whatever
//! stopped an earlier run, a part without its line is taken away, by its source, and brought again; so is one that has
//! changed since. Rollups without data points go through a table that keeps nothing, from which views make their rows.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::id::ProjectId;

use self::rows::{COLUMNS, VIEWS, Waiting};
use super::Address;
use super::binary::{Cells, listed};
use super::blocking::Server;
use super::schema::{ROLLUPS, Table};
use super::totals::{lines_of, totals_of};
use crate::Error;
use crate::journal::entry::Horizons;
use crate::moving::{Line, Part, Portion, Put, Stamp, Totals};

/// How much goes together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtOnce {
    /// Rows of one insert.
    pub(crate) rows: u64,
    /// Parts whose lines are written together. Of days that follow each other, they are in few parts of a table.
    pub(crate) parts: usize,
}

impl Default for AtOnce {
    fn default() -> Self {
        Self {
            rows: 300_000,
            parts: 200,
        }
    }
}

/// Sources that a statement names.
const NAMED: usize = 4_000;
/// Metrics that a statement makes rows for: each has five numbers.
const MADE: usize = 500;
/// How often it is looked, at most, whether an insert of an earlier run is still going on, and how long between.
const LOOKS: u32 = 400;
const LOOKING: Duration = Duration::from_millis(200);

/// Where data points are moved to.
#[derive(Debug)]
pub(crate) struct Target {
    server: Server,
    installation: [u8; 32],
    /// What stands for the last record in lines of this installation's parts: no journal ever comes as far.
    tag: u64,
    /// Lines that are there: sources and what their parts were like.
    lines: BTreeMap<u64, u64>,
    /// Sources of which something is there.
    there: BTreeSet<u64>,
    points: Waiting,
    rolled: Waiting,
    /// Lines that are written once all rows are.
    done: Vec<(u64, u64, u64)>,
    inserts: u64,
    at_once: AtOnce,
}

impl Target {
    /// Opens a database that has no data points but those an earlier run of this move brought.
    pub(crate) fn open(address: Address, installation: [u8; 32], at_once: AtOnce) -> Result<Self, Error> {
        let mut first = [0; 8];
        first.copy_from_slice(&installation[..8]);
        let mut target = Self {
            server: Server::prepared(address)?,
            installation,
            tag: u64::from_le_bytes(first) | 1 << 63,
            lines: BTreeMap::new(),
            there: BTreeSet::new(),
            points: Waiting::default(),
            rolled: Waiting::default(),
            done: Vec::new(),
            inserts: 0,
            at_once,
        };
        target.quiet()?;
        target.look()?;
        Ok(target)
    }

    /// What the line is called that says that this installation moves here.
    fn begun(&self) -> u64 {
        self.tag
    }

    /// Waits until nothing is inserted any more by a run that was killed.
    fn quiet(&self) -> Result<(), Error> {
        let running = format!(
            "SELECT count() FROM system.processes WHERE query_id LIKE 'microstat-move-{}-%'",
            self.tag
        );
        for _ in 0..LOOKS {
            if self.server.count_everywhere(&running)? == 0 {
                return Ok(());
            }
            std::thread::sleep(LOOKING);
        }
        Err(Error::Occupied("another run of the same move is still writing there"))
    }

    fn look(&mut self) -> Result<(), Error> {
        // Before `batches`: a server that is being started says there that it is, and only then has rows.
        for table in [Table::Points, Table::Sums, Table::Bins, Table::Words] {
            let said = self
                .server
                .ask(&format!("SELECT DISTINCT source FROM {}", table.name()))?;
            let mut cells = Cells::of(&said);
            while !cells.is_empty() {
                self.there.insert(cells.u64()?);
            }
        }
        let said = self.server.ask("SELECT source, batch, last FROM batches")?;
        let mut cells = Cells::of(&said);
        let mut doubtful = BTreeSet::new();
        while !cells.is_empty() {
            let (source, mark, tag) = (cells.u64()?, cells.u64()?, cells.u64()?);
            if tag & 1 << 63 == 0 {
                return Err(Error::Occupied("a server has been started on it"));
            }
            if tag != self.tag {
                return Err(Error::Occupied("another installation was moved there"));
            }
            if self.lines.insert(source, mark).is_some_and(|other| other != mark) {
                doubtful.insert(source);
            }
        }
        let has_begun = self.lines.remove(&self.begun()).is_some();
        self.lines.retain(|source, _| !doubtful.contains(source));
        self.there.extend(doubtful);
        if !has_begun {
            if !self.there.is_empty() {
                return Err(Error::Occupied("it has data points of its own"));
            }
            let line = format!("INSERT INTO batches VALUES ({}, 0, {}, 0)", self.begun(), self.tag);
            self.server.run(&line)?;
        }
        self.make_views()?;
        Ok(())
    }

    fn make_views(&self) -> Result<(), Error> {
        self.drop_views()?;
        let database = &self.server.layout.database;
        self.server
            .run_everywhere(&format!("CREATE TABLE arriving ({COLUMNS}) ENGINE = Null"))?;
        for (what, table, made, by) in VIEWS {
            let name = table.name();
            self.server.run_everywhere(&format!(
                "CREATE MATERIALIZED VIEW arriving_to_{name} TO {database}.{name} AS \
                 SELECT source, project, metric, unit, start, {made} FROM {database}.arriving WHERE what = {what} \
                 GROUP BY source, project, metric, unit, start{by}"
            ))?;
        }
        Ok(())
    }

    fn drop_views(&self) -> Result<(), Error> {
        for (_, table, ..) in VIEWS {
            let view = format!("DROP TABLE IF EXISTS arriving_to_{}", table.name());
            self.server.run_everywhere(&view)?;
        }
        self.server.run_everywhere("DROP TABLE IF EXISTS arriving")?;
        Ok(())
    }

    /// Takes away what isn't there any more where it comes from, what is there in part and what has changed; and says
    /// which parts have to be brought.
    pub(crate) fn missing(&mut self, parts: &BTreeMap<Part, Stamp>) -> Result<BTreeSet<Part>, Error> {
        let mut missing = BTreeSet::new();
        let mut good = BTreeSet::new();
        for (part, stamp) in parts {
            let source = part.name(&self.installation);
            if self.lines.get(&source) == Some(&stamp.mark) {
                good.insert(source);
            } else {
                missing.insert(*part);
            }
        }
        let bad: BTreeSet<u64> = self.there.iter().chain(self.lines.keys()).copied().collect();
        let bad: Vec<u64> = bad.difference(&good).copied().collect();
        for some in bad.chunks(NAMED) {
            let named: Vec<String> = some.iter().map(u64::to_string).collect();
            let which = format!("source IN ({})", named.join(", "));
            for table in [Table::Batches, Table::Points].into_iter().chain(ROLLUPS) {
                self.server.delete(table, &which)?;
            }
        }
        Ok(missing)
    }

    /// Brings a part of which nothing is there.
    pub(crate) fn write(
        &mut self,
        part: Part,
        fill: impl FnOnce(&mut Put<'_>) -> Result<u64, Error>,
    ) -> Result<(), Error> {
        let source = part.name(&self.installation);
        let (mut place, mut points) = (0, 0);
        let mark = fill(&mut |portion| {
            match portion {
                Portion::Points(contents) => {
                    points += contents.points() as u64;
                    self.points.points(source, &contents, &mut place);
                }
                Portion::Rolled(rolled) => {
                    points += rolled.rollup.whole().count;
                    self.rolled.rolled(source, part, &rolled);
                }
            }
            if self.points.rows + self.rolled.rows >= self.at_once.rows {
                self.send()
            } else {
                Ok(())
            }
        })?;
        self.done.push((source, mark, points));
        if self.done.len() >= self.at_once.parts {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Inserts all rows that wait.
    fn send(&mut self) -> Result<(), Error> {
        for (table, waiting) in [("points", &mut self.points), ("arriving", &mut self.rolled)] {
            if waiting.rows == 0 {
                continue;
            }
            let rows = std::mem::take(waiting).bytes.into();
            // Replicated tables would leave out rows that were taken away and come again.
            let id = format!("microstat-move-{}-{}", self.tag, self.inserts);
            self.inserts += 1;
            self.server.insert_again(table, &rows, &id)?;
        }
        Ok(())
    }

    /// Writes all that waits, and last of all which parts are whole.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.send()?;
        if !self.done.is_empty() {
            let tag = self.tag;
            let line = |(source, mark, points): &(u64, u64, u64)| format!("({source}, {mark}, {tag}, {points})");
            let lines: Vec<String> = self.done.iter().map(line).collect();
            self.server
                .run(&format!("INSERT INTO batches VALUES {}", lines.join(", ")))?;
            self.done.clear();
        }
        Ok(())
    }

    /// Writes down which metrics there are, and from when on what is kept of projects.
    pub(crate) fn finish(&mut self, lines: &[Line], horizons: &BTreeMap<ProjectId, Horizons>) -> Result<(), Error> {
        self.flush()?;
        let there = lines_of(&self.server)?;
        let wrong: Vec<i64> = there
            .iter()
            .filter(|line| !lines.contains(line))
            .map(|line| line.metric.0)
            .collect();
        for some in wrong.chunks(NAMED) {
            let which = format!("metric IN ({})", listed(some.iter().copied()));
            self.server.delete(Table::Metrics, &which)?;
        }
        let rows = |line: &&Line| !there.contains(line) || wrong.contains(&line.metric.0);
        let rows: Vec<String> = lines
            .iter()
            .filter(rows)
            .map(|line| {
                let (first, last) = line.span;
                format!(
                    "({}, {}, {}, {first}, {last})",
                    line.project.0,
                    line.metric.0,
                    line.kind.code()
                )
            })
            .collect();
        for some in rows.chunks(MADE) {
            self.server.run(&format!(
                "INSERT INTO metrics SELECT toInt64(t.1) AS project, toInt64(t.2) AS metric, toUInt8(t.3) AS kind, \
                 minState(toInt64(t.4)) AS first, maxState(toInt64(t.5)) AS last \
                 FROM (SELECT arrayJoin([{}]) AS t) GROUP BY project, metric, kind",
                some.join(", ")
            ))?;
        }
        for (project, of) in horizons {
            let there = self.server.horizons(project.0)?;
            if of.raw > there.raw || of.minutes > there.minutes || of.hours > there.hours {
                let Horizons {
                    raw, minutes, hours, ..
                } = of;
                let line = format!("INSERT INTO horizons VALUES ({}, {raw}, {minutes}, {hours})", project.0);
                self.server.run(&line)?;
            }
        }
        self.drop_views()
    }

    pub(crate) fn totals(&self) -> Result<Totals, Error> {
        totals_of(&self.server)
    }
}
