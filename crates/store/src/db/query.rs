//! Queries in the shared subset of SQL, and the rows of their answers.

use std::borrow::Cow;
use std::fmt::Write as _;

use rusqlite::types::FromSql;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Column as _, Encode, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Type};

use super::readers::ReadRow;
use super::{Db, Engine, On, Open, Tx};
use crate::value::{FromColumn, Value};
use crate::{Error, Result};

/// A query and its parameters.
#[derive(Debug)]
#[must_use]
pub struct Query {
    text: &'static str,
    values: Vec<Value>,
}

/// A query in the shared subset of SQL.
pub fn sql(text: &'static str) -> Query {
    Query {
        text,
        values: Vec::new(),
    }
}

impl Query {
    /// The next parameter, `$1` first.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs a write and tells how many rows it touched.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64> {
        Ok(match &mut tx.open {
            Open::Sqlite(tx) => {
                let (text, arguments) = self.for_sqlite()?;
                sqlx::query_with(text, arguments)
                    .execute(&mut **tx)
                    .await?
                    .rows_affected()
            }
            Open::Postgres(tx) => {
                let (text, arguments) = self.for_postgres()?;
                sqlx::query_with(text, arguments)
                    .execute(&mut **tx)
                    .await?
                    .rows_affected()
            }
        })
    }

    /// Every row.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn all(self, on: impl Into<On<'_>>) -> Result<Vec<Row>> {
        Ok(match on.into() {
            On::Db(Db {
                engine: Engine::Sqlite { readers, .. },
                ..
            }) => {
                let rows = readers.rows(without_locks(self.text), self.values).await?;
                rows.into_iter().map(|row| Row(Fetched::Read(row))).collect()
            }
            On::Db(Db {
                engine: Engine::Postgres(pool),
                ..
            }) => {
                let lasts = lasts(self.text);
                let (text, arguments) = self.for_postgres()?;
                let query = sqlx::query_with(text, arguments).persistent(lasts);
                postgres_rows(query.fetch_all(pool).await?)
            }
            On::Tx(Tx {
                open: Open::Sqlite(tx), ..
            }) => {
                let (text, arguments) = self.for_sqlite()?;
                sqlite_rows(sqlx::query_with(text, arguments).fetch_all(&mut **tx).await?)
            }
            On::Tx(Tx {
                open: Open::Postgres(tx),
                ..
            }) => {
                let lasts = lasts(self.text);
                let (text, arguments) = self.for_postgres()?;
                let query = sqlx::query_with(text, arguments).persistent(lasts);
                postgres_rows(query.fetch_all(&mut **tx).await?)
            }
        })
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn optional(self, on: impl Into<On<'_>>) -> Result<Option<Row>> {
        Ok(self.all(on).await?.into_iter().next())
    }

    /// The first row.
    ///
    /// # Errors
    /// If the database refuses, or there is none.
    pub async fn one(self, on: impl Into<On<'_>>) -> Result<Row> {
        self.optional(on)
            .await?
            .ok_or(Error::Database(sqlx::Error::RowNotFound))
    }

    fn for_sqlite(self) -> Result<(SqlStr, SqliteArguments)> {
        let arguments = arguments(self.values)?;
        let text = match without_locks(self.text) {
            Cow::Borrowed(text) => text.into_sql_str(),
            Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
        };
        Ok((text, arguments))
    }

    fn for_postgres(self) -> Result<(SqlStr, PgArguments)> {
        let arguments = arguments(self.values)?;
        Ok((self.text.into_sql_str(), arguments))
    }
}

/// Parameters, as an engine takes them.
pub(super) fn arguments<A: Arguments>(values: impl IntoIterator<Item = Value>) -> Result<A>
where
    Option<i64>: for<'t> Encode<'t, A::Database> + Type<A::Database>,
    Option<f64>: for<'t> Encode<'t, A::Database> + Type<A::Database>,
    Option<String>: for<'t> Encode<'t, A::Database> + Type<A::Database>,
    Option<Vec<u8>>: for<'t> Encode<'t, A::Database> + Type<A::Database>,
{
    let mut arguments = A::default();
    for value in values {
        match value {
            Value::Int(v) => arguments.add(v),
            Value::Float(v) => arguments.add(v),
            Value::Text(v) => arguments.add(v),
            Value::Bytes(v) => arguments.add(v),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// Whether PostgreSQL may keep the plan of a query for the connection. One that names no columns is refused once a newer
/// version has added some beside us.
fn lasts(text: &str) -> bool {
    !["select *", "returning *", ".*"].iter().any(|all| text.contains(all))
}

/// SQLite has nothing to lock: its one writer has locked everything.
fn without_locks(text: &'static str) -> Cow<'static, str> {
    if text.contains(" for update") {
        text.replace(" for update skip locked", "")
            .replace(" for update", "")
            .into()
    } else {
        text.into()
    }
}

fn sqlite_rows(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(|row| Row(Fetched::Sqlite(row))).collect()
}

fn postgres_rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(|row| Row(Fetched::Postgres(row))).collect()
}

/// A row of an answer.
pub struct Row(Fetched);

enum Fetched {
    Read(ReadRow),
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl std::fmt::Debug for Row {
    /// The columns' names alone: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut names = String::new();
        match &self.0 {
            Fetched::Read(row) => row.columns().iter().try_for_each(|name| write!(names, "{name} "))?,
            Fetched::Sqlite(row) => row.columns().iter().try_for_each(|c| write!(names, "{} ", c.name()))?,
            Fetched::Postgres(row) => row.columns().iter().try_for_each(|c| write!(names, "{} ", c.name()))?,
        }
        write!(f, "Row({})", names.trim_end())
    }
}

impl Row {
    /// The value of the column named `column`.
    ///
    /// # Errors
    /// If there is no such column, or it holds something else.
    pub fn get<T: FromColumn>(&self, column: &'static str) -> Result<T> {
        T::from_column(self, column)
    }

    pub(crate) fn raw<T>(&self, column: &'static str) -> Result<T>
    where
        T: for<'r> sqlx::Decode<'r, Sqlite>
            + sqlx::Type<Sqlite>
            + for<'r> sqlx::Decode<'r, Postgres>
            + sqlx::Type<Postgres>
            + FromSql,
    {
        Ok(match &self.0 {
            Fetched::Read(row) => row.get(column)?,
            Fetched::Sqlite(row) => row.try_get(column)?,
            Fetched::Postgres(row) => row.try_get(column)?,
        })
    }
}
