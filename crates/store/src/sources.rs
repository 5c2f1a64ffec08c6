//! Data folders whose data points go to ClickHouse: when each was last heard of, and since when data points wait there.

use domain::time::Micros;

use crate::db::sql;
use crate::{On, Result, Tx};

/// A data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The random number that tells it from others.
    pub id: i64,
    /// When its process last said so.
    pub seen_at: Micros,
    /// When the oldest data point came that waits there.
    pub waiting_since: Option<Micros>,
}

impl Source {
    /// Since when data points may wait there: with a process that was not heard of since `heard`, since it was.
    #[must_use]
    pub fn waits_since(&self, heard: Micros) -> Option<Micros> {
        if self.seen_at < heard {
            return Some(self.waiting_since.map_or(self.seen_at, |since| since.min(self.seen_at)));
        }
        self.waiting_since
    }

    /// Whether all that came there before a moment is known to wait no more.
    #[must_use]
    pub fn has_shipped(&self, before: Micros) -> bool {
        self.seen_at >= before && self.waiting_since.is_none_or(|since| since >= before)
    }
}

/// Notes how a folder is.
///
/// # Errors
/// If the database refuses.
pub async fn note(tx: &mut Tx, source: Source) -> Result<()> {
    sql("insert into sources (id, seen_at, waiting_since) values ($1, $2, $3) \
         on conflict (id) do update set seen_at = excluded.seen_at, waiting_since = excluded.waiting_since")
    .bind(source.id)
    .bind(source.seen_at)
    .bind(source.waiting_since)
    .execute(tx)
    .await?;
    Ok(())
}

/// All but this one.
///
/// # Errors
/// If the database refuses.
pub async fn others(on: impl Into<On<'_>>, id: i64) -> Result<Vec<Source>> {
    let rows = sql("select id, seen_at, waiting_since from sources where id <> $1")
        .bind(id)
        .all(on)
        .await?;
    let source = |row: &crate::db::Row| {
        Ok(Source {
            id: row.get("id")?,
            seen_at: row.get("seen_at")?,
            waiting_since: row.get("waiting_since")?,
        })
    };
    rows.iter().map(source).collect()
}

/// Nothing waits in a folder any more, and no process has it.
///
/// # Errors
/// If the database refuses.
pub async fn forget(tx: &mut Tx, id: i64) -> Result<()> {
    sql("delete from sources where id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// Forgets those that nobody has heard of since `before`.
///
/// # Errors
/// If the database refuses.
pub async fn sweep(tx: &mut Tx, before: Micros) -> Result<u64> {
    sql("delete from sources where seen_at < $1")
        .bind(before)
        .execute(tx)
        .await
}
