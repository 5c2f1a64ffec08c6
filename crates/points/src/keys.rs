//! What was seen before: keys of batches, ids of data points.

use domain::id::ProjectId;
use domain::time::{DAY, Micros};
use sqlx::{Row, SqliteConnection};

use crate::{Error, Outcome, Points};

/// How long a key or an id is remembered, in microseconds.
pub const REMEMBERED: i64 = DAY;

/// Forgotten ones swept away by each new one: more than one, so that the tables shrink, and few, so that nobody waits.
const SWEPT: i64 = 3;

impl Points {
    /// What became of the batch that had this key first, if it is remembered. [`append`](Points::append) asks the
    /// same again where no other batch can come in between; this is for whoever has something to do before.
    ///
    /// # Errors
    /// If the file can't be read.
    pub async fn first_outcome(&self, project: ProjectId, key: &str, now: Micros) -> Result<Option<Outcome>, Error> {
        let mut connection = self.readers.acquire().await?;
        Ok(find(&mut connection, project, key, now).await?)
    }
}

/// What became of the batch that had this key first.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    project: ProjectId,
    key: &str,
    now: Micros,
) -> Result<Option<Outcome>, sqlx::Error> {
    let row =
        sqlx::query("select stored, duplicates, note from batch_keys where project = ?1 and key = ?2 and at > ?3")
            .bind(project.0)
            .bind(key)
            .bind((now - REMEMBERED).0)
            .fetch_optional(connection)
            .await?;
    row.map(|row| {
        Ok(Outcome {
            stored: row.try_get::<i64, _>(0)?.cast_unsigned(),
            duplicates: row.try_get::<i64, _>(1)?.cast_unsigned(),
            replayed: Some(row.try_get(2)?),
        })
    })
    .transpose()
}

/// Remembers what became of a batch.
pub(crate) async fn remember_batch(
    connection: &mut SqliteConnection,
    project: ProjectId,
    key: String,
    now: Micros,
    outcome: &Outcome,
    note: Vec<u8>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into batch_keys (project, key, at, stored, duplicates, note) values (?1, ?2, ?3, ?4, ?5, ?6)
        on conflict (project, key) do update set at = excluded.at, stored = excluded.stored,
        duplicates = excluded.duplicates, note = excluded.note",
    )
    .bind(project.0)
    .bind(key)
    .bind(now.0)
    .bind(outcome.stored.cast_signed())
    .bind(outcome.duplicates.cast_signed())
    .bind(note)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "delete from batch_keys where (project, key) in
        (select project, key from batch_keys where at <= ?1 order by at limit ?2)",
    )
    .bind((now - REMEMBERED).0)
    .bind(SWEPT)
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers a data point's id; says whether it was new.
pub(crate) async fn remember_point(
    connection: &mut SqliteConnection,
    project: ProjectId,
    id: &str,
    now: Micros,
) -> Result<bool, sqlx::Error> {
    let forgotten = (now - REMEMBERED).0;
    let changed = sqlx::query(
        "insert into point_ids (project, id, at) values (?1, ?2, ?3)
        on conflict (project, id) do update set at = excluded.at where at <= ?4",
    )
    .bind(project.0)
    .bind(id)
    .bind(now.0)
    .bind(forgotten)
    .execute(&mut *connection)
    .await?;
    let is_new = changed.rows_affected() > 0;
    if is_new {
        sqlx::query(
            "delete from point_ids where (project, id) in
            (select project, id from point_ids where at <= ?1 order by at limit ?2)",
        )
        .bind(forgotten)
        .bind(SWEPT)
        .execute(connection)
        .await?;
    }
    Ok(is_new)
}
