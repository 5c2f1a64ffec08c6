//! Data points that are moved to ClickHouse, a part at a time.
//!
//! A part is a source of its own, whose line in `batches` is written last and says what the part was like. So whatever
//! stopped an earlier run, a part without its line is taken away, by its source, and brought again; so is one that has
//! changed since. Rollups without data points go through a table that keeps nothing, from which views make their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::id::{MetricId, ProjectId};
use domain::time::{DAY, HOUR, MINUTE};

use super::Address;
use super::binary::{Cells, listed};
use super::blocking::Server;
use super::rows;
use super::schema::{ROLLUPS, Table};
use crate::Error;
use crate::bytes::put_bytes;
use crate::head::generation::Contents;
use crate::journal::entry::Horizons;
use crate::kind::Kind;
use crate::moving::{Line, Part, Portion, Put, Rolled, Stamp, Total, Totals};
use crate::rollup::Hour;
use crate::rollup::day::start_of;
use crate::sketch::Sketch;

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

/// Columns of the table that rollups are inserted into; `what` is which rollup a row is of.
const COLUMNS: &str = "what UInt8, source UInt64, project Int64, metric Int64, unit Int64, start Int64, p UInt64, a UInt64, \
                       t Float64, l Float64, g Float64, bin Int32, word String";
/// Which rollup, and what its view makes of a row.
const VIEWS: [(u8, Table, &str, &str); 3] = [
    (
        1,
        Table::Sums,
        "sumState(p) AS points, sumState(a) AS amount, sumState(t) AS total, minState(l) AS least, \
         maxState(g) AS greatest",
        "",
    ),
    (2, Table::Bins, "bin, sumState(p) AS points", ", bin"),
    (3, Table::Words, "word, sumState(p) AS points", ", word"),
];

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

/// Rows that wait to be inserted.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    rows: u64,
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
            if self.server.count(&running)? == 0 {
                return Ok(());
            }
            std::thread::sleep(LOOKING);
        }
        Err(Error::Occupied("another run of the same move is still writing there"))
    }

    fn look(&mut self) -> Result<(), Error> {
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
        for table in [Table::Points, Table::Sums, Table::Bins, Table::Words] {
            let said = self
                .server
                .ask(&format!("SELECT DISTINCT source FROM {}", table.name()))?;
            let mut cells = Cells::of(&said);
            while !cells.is_empty() {
                self.there.insert(cells.u64()?);
            }
        }
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
            let settings = format!(
                "&insert_deduplicate=0&insert_distributed_sync=1&query_id=microstat-move-{}-{}",
                self.tag, self.inserts
            );
            self.inserts += 1;
            self.server.insert(table, &rows, &settings)?;
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

/// Every metric there is.
pub(super) fn lines_of(server: &Server) -> Result<Vec<Line>, Error> {
    let said = server.ask(
        "SELECT project, metric, kind, minMerge(first), maxMerge(last) FROM metrics GROUP BY project, metric, kind",
    )?;
    let mut cells = Cells::of(&said);
    let mut lines = Vec::new();
    while !cells.is_empty() {
        lines.push(Line {
            project: ProjectId(cells.i64()?),
            metric: MetricId(cells.i64()?),
            kind: Kind::from_code(cells.u8()?)?,
            span: (cells.i64()?, cells.i64()?),
        });
    }
    Ok(lines)
}

/// What each metric adds up to.
pub(super) fn totals_of(server: &Server) -> Result<Totals, Error> {
    let kinds: BTreeMap<MetricId, Kind> = lines_of(server)?.iter().map(|line| (line.metric, line.kind)).collect();
    let mut totals = Totals::new();
    let said = server.ask(&format!(
        "SELECT project, metric, sumMerge(points), sumMerge(amount), sumMerge(total), minMerge(least), \
         maxMerge(greatest) FROM sums WHERE unit = {DAY} GROUP BY project, metric"
    ))?;
    let mut cells = Cells::of(&said);
    while !cells.is_empty() {
        let key = (ProjectId(cells.i64()?), MetricId(cells.i64()?));
        let sum = cells.hour(kinds.get(&key.1) == Some(&Kind::Number))?;
        totals.insert(key, Total { sum, kept: 0 });
    }
    let said = server.ask(&format!(
        "SELECT project, metric, sum(kept) FROM (SELECT project, metric, day, sum(a) AS kept, sum(b) AS all FROM \
         (SELECT project, metric, intDiv(at, {DAY}) AS day, count() AS a, toUInt64(0) AS b FROM points \
         GROUP BY project, metric, day UNION ALL \
         SELECT project, metric, intDiv(start, {DAY}) AS day, toUInt64(0) AS a, sumMerge(points) AS b FROM sums \
         WHERE unit = {DAY} GROUP BY project, metric, day) GROUP BY project, metric, day HAVING kept = all) \
         GROUP BY project, metric"
    ))?;
    let mut cells = Cells::of(&said);
    while !cells.is_empty() {
        let key = (ProjectId(cells.i64()?), MetricId(cells.i64()?));
        totals.entry(key).or_default().kept = cells.u64()?;
    }
    Ok(totals)
}

impl Waiting {
    fn points(&mut self, source: u64, contents: &Contents, place: &mut u64) {
        for recent in &contents.metrics {
            for point in &recent.points {
                self.bytes.extend(source.to_le_bytes());
                self.bytes.extend(0_u64.to_le_bytes());
                rows::row(recent, *point, *place, &mut self.bytes);
                *place += 1;
                self.rows += 1;
            }
        }
    }

    fn rolled(&mut self, source: u64, part: Part, rolled: &Rolled) {
        let Rolled {
            rollup,
            metric,
            minutes,
            sketches,
        } = rolled;
        let mut to = Rollup {
            of: (source, part.project, *metric),
            number: rollup.kind == Kind::Number,
            to: self,
        };
        let start = part.day * DAY;
        to.sum(DAY, start, &rollup.whole());
        if let Some(sketch) = &rollup.sketch {
            to.bins(DAY, start, sketch);
        }
        for (word, count) in rollup.words.iter().filter(|(_, count)| *count > 0) {
            to.word(DAY, start, word, *count);
        }
        if rollup.by_hour {
            for hour in rollup.there() {
                to.sum(HOUR, start_of(part.day, hour), &rollup.hours[hour]);
            }
            for (hour, sketch) in sketches {
                to.bins(HOUR, start_of(part.day, *hour), sketch);
            }
        }
        for (hour, minutes) in minutes {
            let start = start_of(part.day, *hour);
            for (at, sum) in (0..).map(|nth| start + nth * MINUTE).zip(&minutes.sums) {
                if sum.count > 0 {
                    to.sum(MINUTE, at, sum);
                }
            }
            for (minute, sketch) in minutes.sketches() {
                to.bins(MINUTE, start + i64::try_from(minute).unwrap_or(0) * MINUTE, sketch);
            }
            for (place, count) in &minutes.words {
                let word = usize::try_from(*place).ok().and_then(|place| rollup.words.get(place));
                if let Some((word, _)) = word {
                    to.word(HOUR, start, word, *count);
                }
            }
        }
    }
}

/// Rows of a metric's rollups.
struct Rollup<'w> {
    of: (u64, ProjectId, MetricId),
    number: bool,
    to: &'w mut Waiting,
}

impl Rollup<'_> {
    fn row(&mut self, what: u8, (unit, start): (i64, i64), sum: &Hour, bin: i32, word: &str) {
        let (source, project, metric) = self.of;
        let to = &mut self.to.bytes;
        to.push(what);
        to.extend(source.to_le_bytes());
        for number in [project.0, metric.0, unit, start] {
            to.extend(number.to_le_bytes());
        }
        to.extend(sum.count.to_le_bytes());
        to.extend(sum.amount.to_le_bytes());
        // As data points that are no numbers make them.
        let [total, least, greatest] = if self.number {
            [sum.sum, sum.min, sum.max]
        } else {
            [0.0; 3]
        };
        for number in [total, least, greatest] {
            to.extend(number.to_le_bytes());
        }
        to.extend(bin.to_le_bytes());
        put_bytes(to, word.as_bytes());
        self.to.rows += 1;
    }

    fn sum(&mut self, unit: i64, start: i64, sum: &Hour) {
        self.row(1, (unit, start), sum, 0, "");
    }

    fn bins(&mut self, unit: i64, start: i64, sketch: &Sketch) {
        for (bin, count) in sketch.bins() {
            self.row(
                2,
                (unit, start),
                &Hour {
                    count,
                    ..Hour::default()
                },
                bin,
                "",
            );
        }
    }

    fn word(&mut self, unit: i64, start: i64, word: &str, count: u64) {
        self.row(
            3,
            (unit, start),
            &Hour {
                count,
                ..Hour::default()
            },
            0,
            word,
        );
    }
}
