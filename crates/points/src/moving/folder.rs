//! A data folder that data points are moved from or to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use domain::id::ProjectId;
use domain::time::DAY;
use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest, Sha256};

use super::{Line, Part, Put, Stamp, Total, Totals, mark};
use crate::clickhouse::local;
use crate::journal::entry::Horizons;
use crate::rollup::Day;
use crate::seal::carry::{self, Row};
use crate::{Error, Options, open, schema};

/// The parts that were moved here, and for which installation.
const TABLES: &str = "
    create table if not exists moved (
        project integer not null, day integer not null, mark integer not null, primary key (project, day)
    ) strict, without rowid;
    create table if not exists moved_for (installation blob not null) strict;
";

/// A folder that is moved from; a server may go on writing there.
#[derive(Debug)]
pub(crate) struct Source {
    connection: Connection,
}

impl Source {
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let connection = schema::reading(&dir.join("points.db"))?;
        schema::check(&connection)?;
        if local::is_shipping(&connection)? {
            return Err(Error::Elsewhere);
        }
        Ok(Self { connection })
    }

    /// Every part there is. `tell` hears of each day that was looked at, and of how many.
    pub(crate) fn parts(
        &mut self,
        tell: &mut dyn FnMut(u64, u64) -> Result<(), Error>,
    ) -> Result<BTreeMap<Part, Stamp>, Error> {
        let (mut parts, days) = (BTreeMap::new(), carry::days(&self.connection)?);
        for (nth, day) in (1..).zip(&days) {
            let tx = self.connection.transaction()?;
            let mut found: BTreeMap<ProjectId, (Sha256, u64)> = BTreeMap::new();
            let rows = carry::rows(&tx)?;
            carry::each_on(&tx, &rows, *day, |row, data| {
                let (hash, points) = found.entry(row.line.project).or_default();
                *points += Day::decode_hours(data)?.whole().count;
                carry::hash(&tx, row, *day, data, hash)
            })?;
            for (project, (hash, points)) in found {
                let mark = mark(hash);
                parts.insert(Part { day: *day, project }, Stamp { mark, points });
            }
            tell(nth, days.len() as u64)?;
        }
        Ok(parts)
    }

    /// Hands over a part as it is at one moment, and says what it is known by then.
    pub(crate) fn read(&mut self, part: Part, put: &mut Put<'_>) -> Result<u64, Error> {
        let tx = self.connection.transaction()?;
        let mut rows = carry::rows(&tx)?;
        rows.retain(|row| row.line.project == part.project);
        let mut whole = Sha256::new();
        carry::each_on(&tx, &rows, part.day, |row, data| {
            carry::hash(&tx, row, part.day, data, &mut whole)?;
            carry::read(&tx, row, part.day, data, put)
        })?;
        Ok(mark(whole))
    }

    pub(crate) fn lines(&self) -> Result<Vec<Line>, Error> {
        Ok(carry::rows(&self.connection)?.iter().map(|row| row.line).collect())
    }

    pub(crate) fn totals(&mut self) -> Result<Totals, Error> {
        totals(&mut self.connection)
    }

    /// Before when data points, minutes and hours of a project are not all there any more.
    pub(crate) fn horizons(&mut self) -> Result<BTreeMap<ProjectId, Horizons>, Error> {
        let tx = self.connection.transaction()?;
        let (rows, mut horizons) = (carry::rows(&tx)?, BTreeMap::new());
        for day in carry::days(&tx)? {
            carry::each_on(&tx, &rows, day, |row, data| {
                let rollup = Day::decode_hours(data)?;
                if rollup.raw {
                    return Ok(());
                }
                let of: &mut Horizons = horizons.entry(row.line.project).or_insert(NOTHING_GONE);
                let end = (day + 1) * DAY;
                of.raw = of.raw.max(end);
                if !rollup.by_minute {
                    of.minutes = of.minutes.max(end);
                }
                if !rollup.by_hour {
                    of.hours = of.hours.max(end);
                }
                Ok(())
            })?;
        }
        Ok(horizons)
    }
}

const NOTHING_GONE: Horizons = Horizons {
    raw: 0,
    minutes: 0,
    hours: 0,
    days: 0,
};

/// A folder that is moved to. Nobody else can open it meanwhile.
#[derive(Debug)]
pub(crate) struct Target {
    connection: Connection,
    dense: u64,
    _lock: File,
}

impl Target {
    /// Opens a folder that has no data points but those an earlier run of this move brought.
    pub(crate) fn open(dir: &Path, installation: [u8; 32], options: &Options) -> Result<Self, Error> {
        let file = dir.join("points.db");
        let lock = open::lock(dir)?;
        let was_there = file.exists();
        if dir.join("journal").exists() {
            return Err(Error::Occupied("a server has been started on it"));
        }
        let mut connection = schema::writing(&file, options)?;
        schema::prepare(&mut connection)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let marked = tx
            .prepare("select 1 from sqlite_schema where name = 'moved_for'")?
            .exists(())?;
        if was_there && !marked && tx.prepare("select 1 from metrics")?.exists(())? {
            return Err(Error::Occupied("it has data points of its own"));
        }
        tx.execute_batch(TABLES)?;
        let whose: Option<Vec<u8>> = {
            let mut select = tx.prepare("select installation from moved_for")?;
            let mut rows = select.query(())?;
            rows.next()?.map(|row| row.get(0)).transpose()?
        };
        match whose {
            Some(whose) if whose != installation => {
                return Err(Error::Occupied("another installation was moved there"));
            }
            Some(_) => {}
            None => {
                tx.execute("insert into moved_for (installation) values (?1)", [installation])?;
            }
        }
        tx.commit()?;
        Ok(Self {
            connection,
            dense: options.dense,
            _lock: lock,
        })
    }

    /// Takes away what isn't there any more where it comes from, and says which parts have to be brought.
    pub(crate) fn missing(&mut self, parts: &BTreeMap<Part, Stamp>) -> Result<BTreeSet<Part>, Error> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut there = BTreeMap::new();
        {
            let mut select = tx.prepare("select project, day, mark from moved")?;
            let mut rows = select.query(())?;
            while let Some(row) = rows.next()? {
                let part = Part {
                    day: row.get(1)?,
                    project: ProjectId(row.get(0)?),
                };
                there.insert(part, row.get::<_, i64>(2)?.cast_unsigned());
            }
        }
        let rows = carry::rows(&tx)?;
        for part in there.keys().filter(|part| !parts.contains_key(part)) {
            carry::forget(&tx, &rows, *part)?;
            tx.execute(
                "delete from moved where project = ?1 and day = ?2",
                [part.project.0, part.day],
            )?;
        }
        tx.commit()?;
        let differs = |(part, stamp): &(&Part, &Stamp)| there.get(part) != Some(&stamp.mark);
        Ok(parts.iter().filter(differs).map(|(part, _)| *part).collect())
    }

    /// Brings a part, in place of what was there of it.
    pub(crate) fn write(
        &mut self,
        part: Part,
        fill: impl FnOnce(&mut Put<'_>) -> Result<u64, Error>,
    ) -> Result<(), Error> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        carry::forget(&tx, &carry::rows(&tx)?, part)?;
        let mark = fill(&mut |portion| carry::write(&tx, part, portion, self.dense))?;
        tx.execute(
            "insert or replace into moved (project, day, mark) values (?1, ?2, ?3)",
            (part.project.0, part.day, mark.cast_signed()),
        )?;
        tx.commit()?;
        Ok(())
    }

    /// Writes down which metrics there are.
    pub(crate) fn finish(&mut self, lines: &[Line]) -> Result<(), Error> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known: BTreeSet<i64> = lines.iter().map(|line| line.metric.0).collect();
        for Row { line, .. } in carry::rows(&tx)? {
            if !known.contains(&line.metric.0) {
                tx.execute("delete from metrics where metric = ?1", [line.metric.0])?;
            }
        }
        for line in lines {
            carry::write_line(&tx, line, true)?;
        }
        tx.commit()?;
        Ok(())
    }

    pub(crate) fn totals(&mut self) -> Result<Totals, Error> {
        totals(&mut self.connection)
    }
}

fn totals(connection: &mut Connection) -> Result<Totals, Error> {
    let tx = connection.transaction()?;
    let (rows, mut totals) = (carry::rows(&tx)?, Totals::new());
    for day in carry::days(&tx)? {
        carry::each_on(&tx, &rows, day, |row, data| {
            let (rollup, line) = (Day::decode_hours(data)?, row.line);
            let total: &mut Total = totals.entry((line.project, line.metric)).or_default();
            let whole = rollup.whole();
            total.sum.merge(&whole);
            total.sum.quantiles = None;
            total.kept += if rollup.raw { whole.count } else { 0 };
            Ok(())
        })?;
    }
    Ok(totals)
}

/// Copies the keys of batches and the ids of data points of the last day from one folder to the other.
pub(crate) fn keys(from: &Path, to: &Path, installation: [u8; 32], options: &Options) -> Result<(), Error> {
    let file: PathBuf = from.join("points.db");
    let reading = schema::reading(&file)?;
    let mut target = Target::open(to, installation, options)?;
    let tx = target
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (table, columns) in [
        ("batch_keys", "seen, project, at, stored, duplicates, note"),
        ("point_ids", "seen, project, at"),
    ] {
        tx.execute(&format!("delete from {table}"), ())?;
        let mut select = reading.prepare(&format!("select {columns} from {table}"))?;
        let count = select.column_count();
        let places: Vec<String> = (1..=count).map(|place| format!("?{place}")).collect();
        let mut insert = tx.prepare(&format!(
            "insert into {table} ({columns}) values ({})",
            places.join(", ")
        ))?;
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            let values = (0..count).map(|place| row.get::<_, rusqlite::types::Value>(place));
            insert.execute(rusqlite::params_from_iter(values.collect::<Result<Vec<_>, _>>()?))?;
        }
    }
    tx.commit()?;
    Ok(())
}
