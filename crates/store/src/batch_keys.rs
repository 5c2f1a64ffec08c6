//! Keys of batches that several processes may be sent: each batch is stored by the process that claims its key.
//!
//! A process writes down what became of a batch after it was stored. It may die before that; it knows from its own folder
//! once it is back, and until then nobody else may store the batch, or it might be there twice.

use domain::id::ProjectId;
use domain::time::{DAY, MINUTE, Micros};

use crate::db::{Row, sql};
use crate::{On, Result, Tx};

/// How long a key is remembered.
const REMEMBERED: i64 = DAY;
/// How long a process that has not said what became of a batch is waited for; then another one may store it.
pub const WAITED_FOR: i64 = 10 * MINUTE;

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Data points stored.
    pub stored: i64,
    /// Data points left out.
    pub duplicates: i64,
    /// What the answer is made from.
    pub note: Vec<u8>,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This process's, which has to say what becomes of the batch.
    Ours,
    /// That of a process that stored the batch.
    Ended(Ended),
    /// That of a process that has not said what became of the batch.
    Theirs,
}

fn ended(row: &Row) -> Result<Option<Ended>> {
    let stored: Option<i64> = row.get("stored")?;
    let Some(stored) = stored else { return Ok(None) };
    Ok(Some(Ended {
        stored,
        duplicates: row.get("duplicates")?,
        note: row.get("note")?,
    }))
}

/// Claims a key for the process with this folder, if it is nobody's or has been too long.
///
/// # Errors
/// If the database refuses.
pub async fn claim(tx: &mut Tx, project: ProjectId, key: &str, folder: i64, now: Micros) -> Result<Claim> {
    let claimed = sql(
        "insert into batch_keys (project_id, key, folder, claimed_at) values ($1, $2, $3, $4) \
         on conflict (project_id, key) do update set \
         folder = excluded.folder, claimed_at = excluded.claimed_at, stored = null, duplicates = null, note = null \
         where batch_keys.claimed_at <= $5 or (batch_keys.stored is null and \
         (batch_keys.folder = excluded.folder or batch_keys.claimed_at <= $6))",
    )
    .bind(project)
    .bind(key)
    .bind(folder)
    .bind(now)
    .bind(now - REMEMBERED)
    .bind(now - WAITED_FOR)
    .execute(tx)
    .await?;
    if claimed > 0 {
        return Ok(Claim::Ours);
    }
    let row = sql("select stored, duplicates, note from batch_keys where project_id = $1 and key = $2")
        .bind(project)
        .bind(key)
        .optional(tx)
        .await?;
    let ended = row.as_ref().map(ended).transpose()?.flatten();
    Ok(ended.map_or(Claim::Theirs, Claim::Ended))
}

/// What became of the batch with a key, if it is known.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, project: ProjectId, key: &str, now: Micros) -> Result<Option<Ended>> {
    let row =
        sql("select stored, duplicates, note from batch_keys where project_id = $1 and key = $2 and claimed_at > $3")
            .bind(project)
            .bind(key)
            .bind(now - REMEMBERED)
            .optional(on)
            .await?;
    Ok(row.as_ref().map(ended).transpose()?.flatten())
}

/// Writes down what became of a batch, unless another folder has its key by now.
///
/// # Errors
/// If the database refuses.
pub async fn end(tx: &mut Tx, project: ProjectId, key: &str, folder: i64, ended: &Ended, now: Micros) -> Result<()> {
    // There may be none any more: two were sent at once, and one of them was not stored.
    sql(
        "insert into batch_keys (project_id, key, folder, claimed_at, stored, duplicates, note) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (project_id, key) do update set \
         stored = excluded.stored, duplicates = excluded.duplicates, note = excluded.note \
         where batch_keys.folder = excluded.folder and batch_keys.stored is null",
    )
    .bind(project)
    .bind(key)
    .bind(folder)
    .bind(now)
    .bind(ended.stored)
    .bind(ended.duplicates)
    .bind(ended.note.clone())
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives a key back whose batch was not stored.
///
/// # Errors
/// If the database refuses.
pub async fn release(tx: &mut Tx, project: ProjectId, key: &str, folder: i64) -> Result<()> {
    sql("delete from batch_keys where project_id = $1 and key = $2 and folder = $3 and stored is null")
        .bind(project)
        .bind(key)
        .bind(folder)
        .execute(tx)
        .await?;
    Ok(())
}

/// Keys that this folder claimed before `before` and never said more of; at most a thousand.
///
/// # Errors
/// If the database refuses.
pub async fn open(on: impl Into<On<'_>>, folder: i64, before: Micros) -> Result<Vec<(ProjectId, String)>> {
    let rows = sql(
        "select project_id, key from batch_keys where folder = $1 and stored is null and claimed_at < $2 \
         order by claimed_at limit 1000",
    )
    .bind(folder)
    .bind(before)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| Ok((row.get("project_id")?, row.get("key")?)))
        .collect()
}

/// Forgets keys whose time is over.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, now: Micros) -> Result<u64> {
    sql("delete from batch_keys where claimed_at < $1")
        .bind(now - REMEMBERED)
        .execute(tx)
        .await
}
