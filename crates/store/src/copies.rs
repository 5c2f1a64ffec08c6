//! Everything of one database in another one, whatever their engines: how an installation moves.
//!
//! A copy replaces what an earlier one left. So that nothing else is ever overwritten, the target says whose copy it is and
//! what was in it; where that is no longer so, somebody uses it.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::db::sql;
use crate::db::tables::Table;
use crate::value::Value;
use crate::{Error, Result, Tx};

/// Tables that say something of the database itself.
const OWN: [&str; 5] = ["migrations", "schema_breaks", "moved", "sources", "import_parts"];
const MARK: &str = "create table if not exists moved (installation bytea not null, contents bytea not null)";

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Tables.
    pub tables: usize,
    /// Rows of all of them.
    pub rows: u64,
}

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A database can't be read or written.
    #[error(transparent)]
    Store(#[from] Error),
    /// The target has accounts that no copy of this installation brought there.
    #[error("it has accounts of its own")]
    Foreign,
    /// The target was copied to and then used.
    #[error("it has been used since it was copied to")]
    Used,
    /// The two do not have the same tables.
    #[error("its tables are not those of this version")]
    Schema,
    /// What the target has is not what was copied.
    #[error("table {0} is not the same there afterwards")]
    Differs(String),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// How many rows a table has, and a hash of them that doesn't depend on their order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sum {
    table: String,
    rows: u64,
    hash: u128,
}

/// What was copied, told so that it can be compared.
#[derive(Debug)]
pub struct Written {
    tables: Vec<Table>,
    sums: Vec<Sum>,
}

impl Written {
    /// How much it is.
    #[must_use]
    pub fn copied(&self) -> Copied {
        Copied {
            tables: self.sums.len(),
            rows: self.sums.iter().map(|sum| sum.rows).sum(),
        }
    }

    /// Reads the target again, once it is committed, and compares.
    ///
    /// # Errors
    /// If it isn't the same, or can't be read.
    pub async fn check(&self, reading: &mut Tx) -> Result<(), Refused> {
        for (table, sum) in self.tables.iter().zip(&self.sums) {
            if *sum != self::sum(table, &reading.rows(table).await?) {
                return Err(Refused::Differs(table.name.clone()));
            }
        }
        Ok(())
    }
}

/// Copies every row of every table, ids and all, as a [`Db::snapshot`](crate::Db::snapshot) shows them, into a database
/// with the same schema that has nothing, or what an earlier copy of this installation left. Nobody else writes there until
/// the transaction ends; then the target has all of it, or what it had.
///
/// # Errors
/// If the target has anything else, or a database can't be read or written.
pub async fn copy(reading: &mut Tx, writing: &mut Tx, installation: [u8; 32]) -> Result<Written, Refused> {
    writing.lock_migrations().await?;
    let tables = in_order(contents(reading).await?)?;
    if !same(&tables, &contents(writing).await?) {
        return Err(Refused::Schema);
    }
    // Looked at before: who uses it is not to be kept waiting for being told so.
    may_be_replaced(writing, &tables, installation).await?;
    if !writing.lock(&tables).await? {
        return Err(Refused::Used);
    }
    may_be_replaced(writing, &tables, installation).await?;
    for table in tables.iter().rev() {
        writing.clear(table).await?;
    }
    let mut sums = Vec::new();
    for table in &tables {
        let rows = referred_first(table, reading.rows(table).await?);
        sums.push(sum(table, &rows));
        writing.insert(table, &rows).await?;
    }
    mark(writing, installation, &sums).await?;
    Ok(Written { tables, sums })
}

/// The tables that are copied.
async fn contents(tx: &mut Tx) -> Result<Vec<Table>> {
    let mut tables = tx.tables().await?;
    tables.retain(|table| !OWN.contains(&table.name.as_str()));
    Ok(tables)
}

fn same(ours: &[Table], theirs: &[Table]) -> bool {
    ours.len() == theirs.len() && ours.iter().all(|table| theirs.contains(table))
}

/// Each table after those it refers to.
fn in_order(mut tables: Vec<Table>) -> Result<Vec<Table>> {
    let mut ordered: Vec<Table> = Vec::new();
    while !tables.is_empty() {
        let there: BTreeSet<String> = ordered.iter().map(|table| table.name.clone()).collect();
        let is_next = |table: &Table| table.needs().all(|other| other == table.name || there.contains(other));
        let (next, rest): (Vec<Table>, Vec<Table>) = tables.into_iter().partition(is_next);
        if next.is_empty() {
            return Err(Error::Unreadable("that refers to a table which refers back"));
        }
        ordered.extend(next);
        tables = rest;
    }
    Ok(ordered)
}

/// Rows after those of the same table that they refer to.
fn referred_first(table: &Table, rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let within = table.within();
    if within.is_empty() {
        return rows;
    }
    let id = |value: &Value| match value {
        Value::Int(id) => *id,
        _ => None,
    };
    let (mut ordered, mut waiting, mut there) = (Vec::new(), rows, BTreeSet::new());
    loop {
        let is_next = |row: &Vec<Value>| {
            let refers = within.iter().filter_map(|(from, _)| id(&row[*from]));
            refers.into_iter().all(|id| there.contains(&id))
        };
        let (next, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_next);
        if next.is_empty() {
            // Rows that refer to each other in a ring: the database says so.
            ordered.extend(rest);
            return ordered;
        }
        there.extend(
            next.iter()
                .flat_map(|row| within.iter().filter_map(|(_, to)| id(&row[*to]))),
        );
        ordered.extend(next);
        waiting = rest;
    }
}

/// Whether all that the target has is what an earlier copy left.
async fn may_be_replaced(tx: &mut Tx, tables: &[Table], installation: [u8; 32]) -> Result<(), Refused> {
    tx.script(MARK).await?;
    let mut sums = Vec::new();
    for table in tables {
        sums.push(sum(table, &tx.rows(table).await?));
    }
    let mark = sql("select installation, contents from moved")
        .optional(&mut *tx)
        .await?;
    match mark {
        None if sums.iter().all(|sum| sum.rows == 0) => Ok(()),
        None => Err(Refused::Foreign),
        Some(mark) if mark.get::<Vec<u8>>("installation")? != installation => Err(Refused::Foreign),
        Some(mark) if mark.get::<Vec<u8>>("contents")? != digest(&sums) => Err(Refused::Used),
        Some(_) => Ok(()),
    }
}

async fn mark(tx: &mut Tx, installation: [u8; 32], sums: &[Sum]) -> Result<()> {
    sql("delete from moved").execute(tx).await?;
    sql("insert into moved (installation, contents) values ($1, $2)")
        .bind(installation)
        .bind(digest(sums))
        .execute(tx)
        .await?;
    Ok(())
}

fn digest(sums: &[Sum]) -> [u8; 32] {
    let mut sums: Vec<&Sum> = sums.iter().collect();
    sums.sort_unstable_by_key(|sum| &sum.table);
    let mut hash = Sha256::new();
    for sum in sums {
        hash.update((sum.table.len() as u64).to_le_bytes());
        hash.update(&sum.table);
        hash.update(sum.rows.to_le_bytes());
        hash.update(sum.hash.to_le_bytes());
    }
    hash.finalize().into()
}

fn sum(table: &Table, rows: &[Vec<Value>]) -> Sum {
    Sum {
        table: table.name.clone(),
        rows: rows.len() as u64,
        hash: rows.iter().fold(0, |sum: u128, row| sum.wrapping_add(of_row(row))),
    }
}

fn of_row(row: &[Value]) -> u128 {
    let mut hash = Sha256::new();
    for value in row {
        let bytes = match value {
            Value::Int(value) => value.map(|value| value.to_le_bytes().to_vec()),
            Value::Float(value) => value.map(|value| value.to_le_bytes().to_vec()),
            Value::Text(value) => value.as_ref().map(|value| value.as_bytes().to_vec()),
            Value::Bytes(value) => value.clone(),
        };
        let length = bytes.as_ref().map_or(u64::MAX, |bytes| bytes.len() as u64);
        hash.update(length.to_le_bytes());
        hash.update(bytes.unwrap_or_default());
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    u128::from_le_bytes(first)
}

#[cfg(all(test, feature = "testing"))]
mod tests;
