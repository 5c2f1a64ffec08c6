//! The database of what is sealed: how it is opened, its keys, and how older files become this version's.

use std::path::Path;
use std::time::Duration;

use domain::time::DAY;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

pub(crate) mod upgrade;

use crate::{Error, Options};

/// How long to wait while another process reads or checks.
const BUSY: Duration = Duration::from_secs(5);

/// The format this version writes. Files of format 1, which had a row a data point, are carried over: see `upgrade`.
const FORMAT: i64 = 2;
const TABLES: &str = include_str!("schema/2.sql");

/// The sealer's connection. With `synchronous = full` a commit returns once the log is synced.
pub(crate) fn writing(file: &Path, options: &Options) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The first two have no effect once the file has tables.
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1_000)?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(connection)
}

const PAGE: u32 = 4_096;

/// A connection that reads.
pub(crate) fn reading(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // No mapping: pages of a large file that were read once would count as this process's memory for ever.
    connection.pragma_update(None, "cache_size", -2_048)?;
    Ok(connection)
}

/// Makes the tables of a new file, and refuses one of another format.
pub(crate) fn prepare(connection: &mut Connection) -> Result<(), Error> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match format(&tx)? {
        0 => tx.execute_batch(TABLES)?,
        FORMAT => {}
        // Whoever has it open carries it over.
        1 => return Err(Error::Locked),
        found => return Err(Error::Newer { found, known: FORMAT }),
    }
    tx.commit()?;
    Ok(())
}

/// Refuses a file of another format.
pub(crate) fn check(connection: &Connection) -> Result<(), Error> {
    match format(connection)? {
        FORMAT => Ok(()),
        // Whoever has it open carries it over.
        0 | 1 => Err(Error::Locked),
        found => Err(Error::Newer { found, known: FORMAT }),
    }
}

/// The format of a file; 0 if it is empty.
fn format(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.query_row("pragma user_version", (), |row| row.get(0))
}

/// How far the database is, as it says itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The last journal record that is in it.
    pub(crate) record: u64,
    /// How often a guest wrote to it.
    pub(crate) guests: i64,
}

pub(crate) fn marks(connection: &Connection) -> Result<Marks, rusqlite::Error> {
    let mut select = connection.prepare_cached("select record, guests from sealed")?;
    select.query_row((), |row| {
        Ok(Marks {
            record: row.get::<_, i64>(0)?.cast_unsigned(),
            guests: row.get(1)?,
        })
    })
}

const NUMBER_BITS: u32 = 30;
const PART_BITS: u32 = 16;
const HOUR_BITS: u32 = 5;
/// One more than the last day a key has room for, in the year 2328.
pub(crate) const DAYS: i64 = 1 << 17;
/// One more than the greatest number of a part.
pub(crate) const PARTS: i64 = 1 << PART_BITS;

/// The day, since 1970, that a time lies in.
pub(crate) const fn day(at: i64) -> i64 {
    at.div_euclid(DAY)
}

/// The key of a metric's day.
pub(crate) fn day_key(day: i64, number: u32) -> i64 {
    day << NUMBER_BITS | i64::from(number)
}

/// The key of the first part of a metric's day, and of the first one that is no longer of it.
pub(crate) fn part_keys(day: i64, number: u32) -> (i64, i64) {
    let first = day_key(day, number) << PART_BITS;
    (first, first + PARTS)
}

/// The key of the minutes of an hour of a metric's day.
pub(crate) fn hour_key(day: i64, number: u32, hour: usize) -> i64 {
    day_key(day, number) << HOUR_BITS | i64::try_from(hour).unwrap_or(0)
}

/// The key of the first hour of a metric's day, and of the first one that is no longer of it.
pub(crate) fn hour_keys(day: i64, number: u32) -> (i64, i64) {
    let first = hour_key(day, number, 0);
    (first, first + (1 << HOUR_BITS))
}

/// The day and the metric's number in a day's key.
pub(crate) fn day_of(key: i64) -> (i64, u32) {
    let number = key & ((1 << NUMBER_BITS) - 1);
    (key >> NUMBER_BITS, u32::try_from(number).unwrap_or(0))
}
