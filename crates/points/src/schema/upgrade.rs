//! Carrying over what an earlier version kept: a row a data point.
//!
//! A new file is filled beside the old one, and takes its place once everything is in it and on the disk. Until then the
//! old one is only read; whatever stops that, a crash say, the next start begins it again.

use std::fs::File;
use std::path::{Path, PathBuf};

use domain::id::{MetricId, ProjectId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{format, prepare, writing};
use crate::head::generation::Contents;
use crate::journal::entry::Stored;
use crate::seal::merge::merge;
use crate::seen::{Answer, Seen};
use crate::{Error, Options};

/// Makes a file of format 1 one of this format.
pub(crate) fn carry_over(file: &Path, options: &Options) -> Result<(), Error> {
    if !file.exists() {
        return Ok(());
    }
    let mut old = Connection::open(file)?;
    old.busy_timeout(super::BUSY)?;
    if format(&old)? != 1 {
        return Ok(());
    }
    if has_table(&old, "sealed")? {
        return Err(Error::Unreleased);
    }
    // Into the file goes what is only in its log, for the log must not be taken for the new file's.
    let mode: String = old
        .query_row("pragma journal_mode = delete", (), |row| row.get(0))
        .map_err(in_use)?;
    if mode != "delete" {
        return Err(Error::Locked);
    }
    let tx = old
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .map_err(in_use)?;
    tracing::info!("data points of an earlier version are being carried over; the start takes a while, once");
    let new = beside(file, ".new");
    for name in [new.clone(), beside(&new, "-journal")] {
        if name.exists() {
            std::fs::remove_file(name)?;
        }
    }
    let carried = fill(&tx, &new, options)?;
    File::open(&new)?.sync_all()?;
    // Nobody can have written to it meanwhile: it is locked until it is gone.
    std::fs::rename(&new, file)?;
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    drop(tx);
    tracing::info!(carried, "data points were carried over");
    Ok(())
}

/// The earlier version is still running.
fn in_use(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Locked,
        _ => error.into(),
    }
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn has_table(old: &Connection, name: &str) -> Result<bool, rusqlite::Error> {
    let text = "select exists (select 1 from sqlite_schema where type = 'table' and name = ?1)";
    old.query_row(text, [name], |row| row.get(0))
}

/// Writes all that the old file has into a new one; says how many data points that are.
fn fill(old: &Connection, file: &Path, options: &Options) -> Result<u64, Error> {
    let mut new = writing(file, options)?;
    // It counts for nothing until it is whole, and then all of it is synced.
    new.pragma_update(None, "journal_mode", "delete")?;
    new.pragma_update(None, "synchronous", "off")?;
    prepare(&mut new)?;
    let mut filling = Filling {
        new,
        dense: options.dense,
        contents: Contents::default(),
        points: 0,
        carried: 0,
    };
    keys(old, &mut filling.contents)?;
    data_points(old, &mut filling, options.generation)?;
    filling.write()?;
    spans(old, &filling.new)?;
    let (expected, found): (i64, i64) = (
        old.query_row(
            "select count(*) from data_points where metric in (select metric from metrics)",
            (),
            |row| row.get(0),
        )?,
        filling
            .new
            .query_row("select coalesce(sum(points), 0) from blocks", (), |row| row.get(0))?,
    );
    if (expected.cast_unsigned(), expected) != (filling.carried, found) {
        return Err(Error::Damaged);
    }
    Ok(filling.carried)
}

struct Filling {
    new: Connection,
    dense: u64,
    contents: Contents,
    /// Data points in the contents.
    points: usize,
    carried: u64,
}

impl Filling {
    fn write(&mut self) -> Result<(), Error> {
        let tx = self.new.transaction()?;
        merge(&tx, &self.contents, self.dense)?;
        tx.commit()?;
        self.carried += self.points as u64;
        (self.contents, self.points) = (Contents::default(), 0);
        Ok(())
    }
}

/// Data points of metrics that are known; those of others were being erased.
fn data_points(old: &Connection, filling: &mut Filling, at_once: usize) -> Result<(), Error> {
    let mut select = old.prepare(
        "select metric, project, at, value from metrics join data_points using (metric) order by metric, at, seq",
    )?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let (metric, project) = (MetricId(row.get(0)?), ProjectId(row.get(1)?));
        let value = match row.get_ref(3)? {
            ValueRef::Integer(hits) => Stored::Hits(u32::try_from(hits).map_err(|_| Error::Damaged)?),
            ValueRef::Real(number) => Stored::Number(number),
            ValueRef::Text(word) => Stored::Word(std::str::from_utf8(word).map_err(|_| Error::Damaged)?),
            ValueRef::Null | ValueRef::Blob(_) => return Err(Error::Damaged),
        };
        let known = filling.contents.known(metric).map(|(_, kind)| kind);
        if known.is_some_and(|kind| kind != value.kind()) {
            return Err(Error::Damaged);
        }
        filling.contents.push(project, metric, row.get(2)?, value);
        filling.points += 1;
        if filling.points >= at_once {
            filling.write()?;
        }
    }
    Ok(())
}

/// Keys of batches and ids of data points.
fn keys(old: &Connection, contents: &mut Contents) -> Result<(), Error> {
    let mut select = old.prepare("select project, key, at, stored, duplicates, note from batch_keys")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let project = ProjectId(row.get(0)?);
        let answer = Answer {
            at: row.get(2)?,
            stored: row.get::<_, i64>(3)?.cast_unsigned(),
            duplicates: row.get::<_, i64>(4)?.cast_unsigned(),
            note: row.get::<_, Vec<u8>>(5)?.into(),
        };
        let key = Seen::key(project, &row.get::<_, String>(1)?);
        contents.keys.insert(key, (project, answer));
    }
    let mut select = old.prepare("select project, id, at from point_ids")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let project = ProjectId(row.get(0)?);
        let id = Seen::id(project, &row.get::<_, String>(1)?);
        contents.ids.insert(id, (project, row.get(2)?));
    }
    Ok(())
}

/// When metrics were first and last seen may be told by data points that are forgotten.
fn spans(old: &Connection, new: &Connection) -> Result<(), Error> {
    let mut update =
        new.prepare("update metrics set first_at = min(first_at, ?2), last_at = max(last_at, ?3) where metric = ?1")?;
    let mut select = old.prepare("select metric, first_at, last_at from metrics")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        update.execute([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?])?;
    }
    Ok(())
}
