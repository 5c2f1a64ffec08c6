//! Whole tables as they are, whatever is in them: for copying accounts from one engine to the other.

use std::collections::BTreeMap;

use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, Type};

use super::query::arguments;
use super::{Db, Engine, Open, Tx};
use crate::value::Value;
use crate::{Error, Result};

/// Parameters of one statement at most, on either engine.
const PARAMETERS: usize = 30_000;
/// How long it is waited for tables that somebody else is writing into, and what PostgreSQL says then: that this took too
/// long, or that each would wait for the other.
const PATIENCE_MS: u32 = 2_000;
const IN_USE: [&str; 2] = ["55P03", "40P01"];

/// A table and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// In the order of their names.
    pub(crate) columns: BTreeMap<String, Kind>,
    /// Its columns that refer to a row of another table, or of this one: which table, which column.
    pub(crate) references: Vec<(String, String, String)>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Float,
    Text,
    Bytes,
}

impl Kind {
    fn of(declared: &str) -> Result<Self> {
        match declared.to_ascii_lowercase().as_str() {
            "bigint" => Ok(Self::Int),
            "double precision" => Ok(Self::Float),
            "text" => Ok(Self::Text),
            "bytea" | "blob" => Ok(Self::Bytes),
            _ => Err(Error::Unreadable("of a type that is not copied")),
        }
    }
}

impl Table {
    /// The tables its rows refer to.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &str> {
        self.references.iter().map(|(_, table, _)| table.as_str())
    }

    /// Where the columns are, of a row, that refer to another row of this table, and those they refer to.
    pub(crate) fn within(&self) -> Vec<(usize, usize)> {
        let place = |column: &str| self.columns.keys().position(|name| name == column);
        let own = self.references.iter().filter(|(_, table, _)| *table == self.name);
        own.filter_map(|(from, _, to)| Some((place(from)?, place(to)?)))
            .collect()
    }

    fn listed(&self) -> String {
        let names: Vec<String> = self.columns.keys().map(|name| format!("\"{name}\"")).collect();
        names.join(", ")
    }

    /// What rows hold, whose columns are [`listed`](Table::listed).
    fn read<R: Row>(&self, rows: &[R]) -> Result<Vec<Vec<Value>>>
    where
        usize: ColumnIndex<R>,
        Option<i64>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
        Option<f64>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
        Option<String>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
        Option<Vec<u8>>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    {
        let value = |row: &R, (place, kind): (usize, &Kind)| {
            Ok(match kind {
                Kind::Int => Value::Int(row.try_get(place)?),
                Kind::Float => Value::Float(row.try_get(place)?),
                Kind::Text => Value::Text(row.try_get(place)?),
                Kind::Bytes => Value::Bytes(row.try_get(place)?),
            })
        };
        let read = |row| self.columns.values().enumerate().map(|of| value(row, of)).collect();
        rows.iter().map(read).collect()
    }

    fn insert(&self, rows: usize) -> String {
        let width = self.columns.len();
        let places = |row: usize| {
            let row: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", row.join(", "))
        };
        let rows: Vec<String> = (0..rows).map(places).collect();
        format!(
            "insert into \"{}\" ({}) values {}",
            self.name,
            self.listed(),
            rows.join(", ")
        )
    }
}

const SQLITE_COLUMNS: &str = "select m.name, c.name, c.type from sqlite_master m join pragma_table_info(m.name) c \
                              where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\'";
const SQLITE_REFERENCES: &str = "select m.name, f.\"from\", f.\"table\", coalesce(f.\"to\", 'id') from sqlite_master m \
                                 join pragma_foreign_key_list(m.name) f where m.type = 'table' order by 1, 2";
const POSTGRES_COLUMNS: &str = "select table_name::text, column_name::text, data_type::text from information_schema.columns \
                                where table_schema = current_schema()";
const POSTGRES_REFERENCES: &str = "select c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text, f.attname::text \
                                   from pg_constraint c \
                                   join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] \
                                   join pg_attribute f on f.attrelid = c.confrelid and f.attnum = c.confkey[1] \
                                   where c.contype = 'f' and c.connamespace = current_schema()::regnamespace order by 1, 2";

impl Db {
    /// Begins a transaction that reads everything as it is at one moment. Nothing may be written in it.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn snapshot(&self) -> Result<Tx> {
        let open = match &self.engine {
            Engine::Sqlite { writer, .. } => Open::Sqlite(writer.begin_with("begin deferred").await?),
            Engine::Postgres(pool) => Open::Postgres(
                pool.begin_with("begin isolation level repeatable read read only")
                    .await?,
            ),
        };
        let commits = self.commits.clone();
        Ok(Tx { open, commits })
    }
}

impl Tx {
    /// Every table there is, by name.
    pub(crate) async fn tables(&mut self) -> Result<Vec<Table>> {
        type Column = (String, String, String);
        type Reference = (String, String, String, String);
        let (columns, references): (Vec<Column>, Vec<Reference>) = match &mut self.open {
            Open::Sqlite(tx) => (
                sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut **tx).await?,
                sqlx::query_as(SQLITE_REFERENCES).fetch_all(&mut **tx).await?,
            ),
            Open::Postgres(tx) => (
                sqlx::query_as(POSTGRES_COLUMNS).fetch_all(&mut **tx).await?,
                sqlx::query_as(POSTGRES_REFERENCES).fetch_all(&mut **tx).await?,
            ),
        };
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for (name, column, declared) in columns {
            let table = tables.entry(name.clone()).or_insert_with(|| Table {
                name,
                columns: BTreeMap::new(),
                references: Vec::new(),
            });
            table.columns.insert(column, Kind::of(&declared)?);
        }
        for (of, column, table, its) in references {
            if let Some(of) = tables.get_mut(&of) {
                of.references.push((column, table, its));
            }
        }
        Ok(tables.into_values().collect())
    }

    /// Every row of a table, its columns in the order of their names.
    pub(crate) async fn rows(&mut self, table: &Table) -> Result<Vec<Vec<Value>>> {
        let text = AssertSqlSafe(format!("select {} from \"{}\"", table.listed(), table.name));
        match &mut self.open {
            Open::Sqlite(tx) => table.read(&sqlx::query(text).fetch_all(&mut **tx).await?),
            Open::Postgres(tx) => table.read(&sqlx::query(text).fetch_all(&mut **tx).await?),
        }
    }

    /// Inserts rows that [`rows`](Tx::rows) gave.
    pub(crate) async fn insert(&mut self, table: &Table, rows: &[Vec<Value>]) -> Result<()> {
        for rows in rows.chunks((PARAMETERS / table.columns.len().max(1)).max(1)) {
            let text = AssertSqlSafe(table.insert(rows.len()));
            let values = rows.iter().flatten().cloned();
            match &mut self.open {
                Open::Sqlite(tx) => {
                    let arguments: SqliteArguments = arguments(values)?;
                    sqlx::query_with(text, arguments).execute(&mut **tx).await?;
                }
                Open::Postgres(tx) => {
                    let arguments: PgArguments = arguments(values)?;
                    sqlx::query_with(text, arguments).execute(&mut **tx).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits until nobody else is writing into these tables, and lets nobody until the transaction ends; `false` if somebody
    /// goes on. SQLite's write lock is held already.
    pub(crate) async fn lock(&mut self, tables: &[Table]) -> Result<bool> {
        let Open::Postgres(tx) = &mut self.open else {
            return Ok(true);
        };
        let names: Vec<String> = tables.iter().map(|table| format!("\"{}\"", table.name)).collect();
        let text = AssertSqlSafe(format!(
            "set local lock_timeout = '{PATIENCE_MS}ms'; lock table {} in exclusive mode",
            names.join(", ")
        ));
        match sqlx::raw_sql(text).execute(&mut **tx).await {
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| IN_USE.contains(&&*code)) => Ok(false),
            locked => Ok(locked.map(|_| true)?),
        }
    }

    /// Deletes every row of a table.
    pub(crate) async fn clear(&mut self, table: &Table) -> Result<()> {
        self.script(&format!("delete from \"{}\"", table.name)).await
    }
}
