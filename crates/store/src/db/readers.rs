//! Connections that only read an SQLite file. Here a query is asked and answered in one go, on one thread; by the library
//! that writes, each row comes over from another thread, and waking one costs more than most of our queries do.

use std::borrow::Cow;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::{FromSql, Value as Kept, ValueRef};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::PATIENCE;
use crate::value::Value;
use crate::{Error, Result};

/// As many queries run at once.
const MOST: u32 = 4;
/// More than all texts of queries there are.
const STATEMENTS: usize = 512;

/// The connections; clones are the same ones.
#[derive(Clone, Debug)]
pub(super) struct Readers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    room: Arc<Semaphore>,
    /// Those that nobody reads by.
    idle: Mutex<Vec<Connection>>,
}

/// A row: its values, and what all rows of its answer know of their columns.
#[derive(Debug)]
pub(super) struct ReadRow {
    columns: Arc<[String]>,
    values: Vec<Kept>,
}

impl Readers {
    /// Of a file that is there.
    pub(super) fn of(file: PathBuf) -> Self {
        Self(Arc::new(Inner {
            file,
            room: Arc::new(Semaphore::new(MOST as usize)),
            idle: Mutex::default(),
        }))
    }

    /// Every row, once it is this query's turn.
    pub(super) async fn rows(&self, text: Cow<'static, str>, values: Vec<Value>) -> Result<Vec<ReadRow>> {
        let turn = timeout(PATIENCE, Arc::clone(&self.0.room).acquire_owned()).await;
        let turn = turn
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let inner = Arc::clone(&self.0);
        // It goes on when nobody waits for it any more, so each connection comes back.
        let read = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let connection = match inner.idle() {
                Some(connection) => connection,
                None => inner.open()?,
            };
            let rows = read(&connection, &text, values);
            inner.put_back(connection);
            rows
        });
        read.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// How many are idle and busy, and how many there may be.
    pub(super) fn connections(&self) -> (usize, usize, usize) {
        let most = MOST as usize;
        let busy = most.saturating_sub(self.0.room.available_permits());
        (
            self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).len(),
            busy,
            most,
        )
    }

    /// Closes all of them, once they have read what they do.
    pub(super) async fn close(&self) {
        if self.0.room.acquire_many(MOST).await.is_ok() {
            self.0.room.close();
            while self.0.idle().is_some() {}
        }
    }
}

impl Inner {
    fn open(&self) -> Result<Connection> {
        let connection = Connection::open_with_flags(
            &self.file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "query_only", "on")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    fn idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put_back(&self, connection: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

fn read(connection: &Connection, text: &str, values: Vec<Value>) -> Result<Vec<ReadRow>> {
    let mut statement = connection.prepare_cached(text)?;
    let values: Vec<Kept> = values.into_iter().map(kept).collect();
    for place in 1..=statement.parameter_count() {
        // They are numbered as they come first in the text; `$2` is the second value wherever it stands.
        let name = statement.parameter_name(place).and_then(|name| name.strip_prefix('$'));
        let value = name.and_then(|number| usize::from_str(number).ok());
        let value = value.and_then(|number| values.get(number.checked_sub(1)?));
        statement.raw_bind_parameter(place, value.unwrap_or(&Kept::Null))?;
    }
    let columns: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.raw_query();
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let values: rusqlite::Result<Vec<Kept>> = (0..columns.len()).map(|column| row.get(column)).collect();
        all.push(ReadRow {
            columns: Arc::clone(&columns),
            values: values?,
        });
    }
    Ok(all)
}

fn kept(value: Value) -> Kept {
    match value {
        Value::Int(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Text(value) => value.into(),
        Value::Bytes(value) => value.into(),
    }
}

impl ReadRow {
    /// The columns' names.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn get<T: FromSql>(&self, column: &'static str) -> Result<T> {
        let place = self.columns.iter().position(|name| name == column);
        let value = place.map(|place| ValueRef::from(&self.values[place]));
        value
            .and_then(|value| T::column_result(value).ok())
            .ok_or(Error::Unreadable(column))
    }
}

#[cfg(test)]
mod tests {
    use super::Readers;
    use crate::value::Value;

    fn readers() -> (tempfile::TempDir, Readers) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.db");
        let made = rusqlite::Connection::open(&file).unwrap();
        made.execute_batch("create table t (a bigint, b text, c blob, d double precision)")
            .unwrap();
        (folder, Readers::of(file))
    }

    #[tokio::test]
    async fn each_value_goes_to_its_number_wherever_that_stands_in_the_text() {
        let (_folder, readers) = readers();
        let values = vec![
            Value::Int(Some(7)),
            Value::Text(Some("seven".to_owned())),
            Value::Bytes(None),
            Value::Float(Some(0.5)),
        ];
        let rows = readers
            .rows("select $2 as b, $1 as a, $4 as d, $3 as c, $1 as again".into(), values)
            .await
            .unwrap();
        let row = &rows[0];
        assert_eq!(row.get::<i64>("a").unwrap(), 7);
        assert_eq!(row.get::<String>("b").unwrap(), "seven");
        assert_eq!(row.get::<Option<Vec<u8>>>("c").unwrap(), None);
        assert!((row.get::<f64>("d").unwrap() - 0.5).abs() < f64::EPSILON);
        assert_eq!(row.get::<i64>("again").unwrap(), 7);
        assert!(row.get::<i64>("b").is_err() && row.get::<i64>("nothing").is_err());
    }

    #[tokio::test]
    async fn readers_write_nothing_and_go_on_after_an_error() {
        let (_folder, readers) = readers();
        for text in ["insert into t (a) values (1) returning a", "select nonsense"] {
            assert!(readers.rows(text.into(), Vec::new()).await.is_err(), "{text}");
        }
        let rows = readers.rows("select a from t".into(), Vec::new()).await.unwrap();
        assert!(rows.is_empty());
        readers.close().await;
        assert!(readers.rows("select 1 as one".into(), Vec::new()).await.is_err());
    }
}
