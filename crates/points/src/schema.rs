//! The file: how it is opened, what is in it, and how older ones become this one.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::{Error, Options};

/// How long to wait while another process (`demo`, `backup`) writes.
const BUSY: Duration = Duration::from_secs(5);

/// Every step from an empty file to this version; the file remembers how many it has taken.
const MIGRATIONS: [&str; 1] = [include_str!("schema/1.sql")];

/// A connection that writes. With `synchronous = full` a commit returns once the log is synced.
pub(crate) async fn connect(file: &Path, options: &Options) -> Result<SqliteConnection, sqlx::Error> {
    let mut connect = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .busy_timeout(BUSY)
        .pragma("cache_size", "-16384")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging();
    if let Some(pages) = options.max_pages {
        connect = connect.pragma("max_page_count", pages.to_string());
    }
    connect.connect().await
}

/// How connections that read are opened.
pub(crate) fn reading(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(BUSY)
        .pragma("cache_size", "-8192")
        .pragma("mmap_size", "268435456")
        .row_buffer_size(1_000)
        .disable_statement_logging()
}

/// Takes the steps that are missing. Another process may be doing the same: whoever locks first does the work.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), Error> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    sqlx::query("begin immediate").execute(&mut *connection).await?;
    let found: i64 = sqlx::query_scalar("pragma user_version")
        .fetch_one(&mut *connection)
        .await?;
    if found > known {
        sqlx::query("rollback").execute(&mut *connection).await?;
        return Err(Error::Newer { found, known });
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        sqlx::raw_sql(*step).execute(&mut *connection).await?;
    }
    sqlx::query("commit").execute(connection).await?;
    Ok(())
}
