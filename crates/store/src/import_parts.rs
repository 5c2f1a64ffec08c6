//! Files of imports, part by part, for other processes than the one they came to.

use domain::id::ImportId;

use crate::db::sql;
use crate::{On, Result, Tx};

/// A file of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What was uploaded.
    File,
    /// The list of what was refused of it.
    Rejected,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Rejected => "rejected",
        }
    }
}

/// Adds a part that begins at a place, or has it instead of what began there.
///
/// # Errors
/// If the database refuses.
pub async fn add(tx: &mut Tx, import: ImportId, kind: Kind, start: i64, bytes: Vec<u8>) -> Result<()> {
    sql(
        "insert into import_parts (import_id, kind, start, bytes) values ($1, $2, $3, $4) \
         on conflict (import_id, kind, start) do update set bytes = excluded.bytes",
    )
    .bind(import)
    .bind(kind.word())
    .bind(start)
    .bind(bytes)
    .execute(tx)
    .await?;
    Ok(())
}

/// The part that begins at a place.
///
/// # Errors
/// If the database refuses.
pub async fn find(on: impl Into<On<'_>>, import: ImportId, kind: Kind, start: i64) -> Result<Option<Vec<u8>>> {
    let row = sql("select bytes from import_parts where import_id = $1 and kind = $2 and start = $3")
        .bind(import)
        .bind(kind.word())
        .bind(start)
        .optional(on)
        .await?;
    row.map(|row| row.get("bytes")).transpose()
}

/// Removes all parts of a file.
///
/// # Errors
/// If the database refuses.
pub async fn remove(tx: &mut Tx, import: ImportId, kind: Kind) -> Result<u64> {
    sql("delete from import_parts where import_id = $1 and kind = $2")
        .bind(import)
        .bind(kind.word())
        .execute(tx)
        .await
}
