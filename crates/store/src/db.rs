//! The one place that names a database engine: SQLite in a file, or PostgreSQL.
//!
//! Every other file writes SQL once, in the subset both understand: `$1` parameters, `returning`,
//! `on conflict`, times as bigint microseconds, truth as 0 or 1. Three differences are settled here:
//! `bytea` in a migration is `blob` on SQLite; `for update` locks rows on PostgreSQL and is left out on
//! SQLite, where `begin immediate` has already locked everything; and SQLite has one writer.

mod alone;
mod notices;
mod query;
mod readers;
pub(crate) mod tables;

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Postgres, Sqlite};
use tokio::sync::Notify;

use crate::Result;

pub use alone::{Alone, Work};
pub use notices::{Ear, Heard, LONGEST};
pub use query::{Query, Row, sql};
use readers::Readers;

/// Longest wait for another process's write to end, or for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database, opened. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    commits: Commits,
}

/// How many connections to a database a process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Those that nobody uses.
    pub idle: usize,
    /// Those that are in use.
    pub busy: usize,
    /// How many there may be.
    pub most: usize,
}

/// How often something was committed.
#[derive(Clone, Debug, Default)]
struct Commits(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// By this process, or as far as it heard by others.
    all: AtomicU64,
    /// Told of each by this process.
    own: Notify,
}

/// Counts a commit however it ends: refused, or given up by who waited for it.
struct Counted<'c>(&'c Commits);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.0.all.fetch_add(1, Ordering::Release);
        self.0.0.own.notify_one();
    }
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite { readers: Readers, writer: SqlitePool },
    Postgres(PgPool),
}

/// A write transaction. Dropped without [`Tx::commit`], it never happened.
#[derive(Debug)]
pub struct Tx {
    open: Open,
    commits: Commits,
}

#[derive(Debug)]
enum Open {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Db {
    /// Opens the SQLite database in this file, made if it isn't there.
    ///
    /// # Errors
    /// If the file can't be opened or isn't a database.
    pub async fn sqlite(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            // a file doesn't go away
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        let readers = Readers::of(path.to_owned());
        Ok(Self::new(Engine::Sqlite { readers, writer }))
    }

    /// Connects to the PostgreSQL database at `url`.
    ///
    /// # Errors
    /// If the URL is wrong or the server can't be reached.
    pub async fn postgres(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await?;
        Ok(Self::new(Engine::Postgres(pool)))
    }

    fn new(engine: Engine) -> Self {
        let commits = Commits::default();
        Self { engine, commits }
    }

    /// A number that is another one after each commit of this process, and soon after each one it [hears](Self::heard) of.
    /// Whoever keeps what it has read takes the number first: as long as it stays, only another process can have
    /// changed what was read, and only just now.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.0.all.load(Ordering::Acquire)
    }

    /// Another process has committed, or may have.
    pub fn heard(&self) {
        self.commits.0.all.fetch_add(1, Ordering::Release);
    }

    /// Waits until this process has committed since this was waited for last. One may wait.
    pub async fn committed(&self) {
        self.commits.0.own.notified().await;
    }

    /// Begins a write transaction. On SQLite it waits until it is the only one.
    ///
    /// # Errors
    /// If no connection is to be had in ten seconds.
    pub async fn begin(&self) -> Result<Tx> {
        let open = match &self.engine {
            Engine::Sqlite { writer, .. } => Open::Sqlite(writer.begin_with("begin immediate").await?),
            Engine::Postgres(pool) => Open::Postgres(pool.begin().await?),
        };
        let commits = self.commits.clone();
        Ok(Tx { open, commits })
    }

    /// Asks the database for nothing but an answer.
    ///
    /// # Errors
    /// If it doesn't answer, or there is no connection to ask it by.
    pub async fn ping(&self) -> Result<()> {
        sql("select 1 as n").one(self).await.map(|_| ())
    }

    /// How many connections there are. SQLite's one writer is among them.
    #[must_use]
    pub fn connections(&self) -> Connections {
        match &self.engine {
            Engine::Sqlite { readers, writer } => {
                let idle = writer.num_idle();
                let (read_idle, read_busy, most) = readers.connections();
                Connections {
                    idle: read_idle + idle,
                    busy: read_busy + (writer.size() as usize).saturating_sub(idle),
                    most: most + 1,
                }
            }
            Engine::Postgres(pool) => Connections {
                idle: pool.num_idle(),
                busy: (pool.size() as usize).saturating_sub(pool.num_idle()),
                most: pool.options().get_max_connections() as usize,
            },
        }
    }

    /// Writes a copy of the whole database, as it is at one moment, to a new SQLite file, while others go on using it.
    /// `false` if it is PostgreSQL, which has tools of its own for that.
    ///
    /// # Errors
    /// If the file exists or can't be written.
    pub async fn copy_to(&self, file: &Path) -> Result<bool> {
        let Engine::Sqlite { writer, .. } = &self.engine else {
            return Ok(false);
        };
        // Readers are told to write nothing at all.
        sqlx::query("vacuum into $1")
            .bind(file.to_string_lossy())
            .execute(writer)
            .await?;
        Ok(true)
    }

    /// Makes a database for a test on this PostgreSQL server.
    #[cfg(feature = "testing")]
    pub(crate) async fn create_database(&self, name: &str) -> Result<()> {
        if let Engine::Postgres(pool) = &self.engine {
            sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
                .execute(pool)
                .await?;
            pool.close().await;
        }
        Ok(())
    }

    /// Every row of every table as text, bytes in hexadecimal, for tests that look for what must not be there.
    #[cfg(feature = "testing")]
    pub(crate) async fn dump(&self) -> Result<String> {
        let mut lines = Vec::new();
        match &self.engine {
            Engine::Sqlite { writer, .. } => {
                let columns = "select m.name, group_concat('quote(' || c.name || ')', ' || '' '' || ') from sqlite_master m \
                               join pragma_table_info(m.name) c where m.type = 'table' group by m.name";
                for (table, columns) in sqlx::query_as::<_, (String, String)>(columns).fetch_all(writer).await? {
                    let rows = AssertSqlSafe(format!("select {columns} from {table}"));
                    lines.extend(sqlx::query_scalar::<_, String>(rows).fetch_all(writer).await?);
                }
            }
            Engine::Postgres(pool) => {
                let tables = "select tablename::text from pg_tables where schemaname = 'public'";
                for table in sqlx::query_scalar::<_, String>(tables).fetch_all(pool).await? {
                    let rows = AssertSqlSafe(format!("select t::text from {table} t"));
                    lines.extend(sqlx::query_scalar::<_, String>(rows).fetch_all(pool).await?);
                }
            }
        }
        Ok(lines.join("\n"))
    }

    /// Closes every connection, once what they do is done.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

impl Open {
    async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Tx {
    /// Makes everything written in this transaction true at once, and durable.
    ///
    /// # Errors
    /// If the database can't promise it; then nothing was written.
    pub async fn commit(self) -> Result<()> {
        let _counted = Counted(&self.commits);
        self.open.commit().await
    }

    /// As [`commit`](Self::commit), of what nobody keeps once it is read: others needn't read anew for it.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub async fn commit_aside(self) -> Result<()> {
        self.open.commit().await
    }

    /// Runs several statements of a migration, in order.
    pub(crate) async fn script(&mut self, text: &str) -> Result<()> {
        match &mut self.open {
            Open::Sqlite(tx) => {
                sqlx::raw_sql(AssertSqlSafe(text.replace(" bytea", " blob")))
                    .execute(&mut **tx)
                    .await?;
            }
            Open::Postgres(tx) => {
                sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }

    /// Waits until no other process migrates this database. SQLite's write lock is held already.
    pub(crate) async fn lock_migrations(&mut self) -> Result<()> {
        const LOCK: &str = "select pg_advisory_xact_lock(7206093245)";
        if let Open::Postgres(tx) = &mut self.open {
            sqlx::query(LOCK).execute(&mut **tx).await?;
        }
        Ok(())
    }
}

/// Where a query reads: outside any transaction, or inside one.
#[derive(Debug)]
pub enum On<'a> {
    /// What is committed.
    Db(&'a Db),
    /// What is committed and what this transaction wrote.
    Tx(&'a mut Tx),
}

impl On<'_> {
    /// The same once more, for a read of several queries.
    pub fn again(&mut self) -> On<'_> {
        match self {
            Self::Db(db) => On::Db(db),
            Self::Tx(tx) => On::Tx(tx),
        }
    }
}

impl<'a> From<&'a Db> for On<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}
