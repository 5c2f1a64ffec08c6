//! Keys and ids in the database.

use domain::id::ProjectId;
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::Error;
use crate::head::generation::Contents;
use crate::seen::{Answer, REMEMBERED, Seen};

/// Writes what a generation remembers, and sweeps away what nobody needs to remember any more.
pub(crate) fn seal(tx: &Transaction<'_>, contents: &Contents) -> Result<(), Error> {
    let mut insert = tx.prepare_cached(
        "insert or replace into batch_keys (seen, project, at, stored, duplicates, note) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (seen, (project, answer)) in &contents.keys {
        let Answer {
            at,
            stored,
            duplicates,
            note,
        } = answer;
        let counts = (stored.cast_signed(), duplicates.cast_signed());
        insert.execute((seen.0.to_be_bytes(), project.0, at, counts.0, counts.1, note))?;
    }
    let mut insert = tx.prepare_cached("insert or replace into point_ids (seen, project, at) values (?1, ?2, ?3)")?;
    for (seen, (project, at)) in &contents.ids {
        insert.execute((seen.0.to_be_bytes(), project.0, at))?;
    }
    let Some((_, now)) = contents.came else { return Ok(()) };
    let forgotten = now - REMEMBERED;
    for sweep in [
        "delete from batch_keys where at <= ?1",
        "delete from point_ids where at <= ?1",
    ] {
        tx.prepare_cached(sweep)?.execute([forgotten])?;
    }
    Ok(())
}

/// What became of the batch that had this key.
pub(crate) fn find_batch(connection: &Connection, seen: Seen) -> Result<Option<Answer>, rusqlite::Error> {
    connection
        .prepare_cached("select at, stored, duplicates, note from batch_keys where seen = ?1")?
        .query_row([seen.0.to_be_bytes()], |row| {
            Ok(Answer {
                at: row.get(0)?,
                stored: row.get::<_, i64>(1)?.cast_unsigned(),
                duplicates: row.get::<_, i64>(2)?.cast_unsigned(),
                note: row.get::<_, Vec<u8>>(3)?.into(),
            })
        })
        .optional()
}

/// When the data point with this id came.
pub(crate) fn find_point(connection: &Connection, seen: Seen) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached("select at from point_ids where seen = ?1")?
        .query_row([seen.0.to_be_bytes()], |row| row.get(0))
        .optional()
}

/// Forgets all of a project.
pub(crate) fn forget(tx: &Transaction<'_>, project: ProjectId) -> Result<(), Error> {
    tx.execute("delete from batch_keys where project = ?1", [project.0])?;
    tx.execute("delete from point_ids where project = ?1", [project.0])?;
    Ok(())
}
