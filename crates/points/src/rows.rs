//! Many rows in few statements: each statement costs far more than a row.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

/// A query that is still being given its values.
pub(crate) type Values<'q> = Query<'q, Sqlite, SqliteArguments>;

/// How many rows one statement takes. Few sizes, so that all of them stay prepared.
const SIZES: [usize; 4] = [512, 64, 8, 1];

/// An insert of any number of rows.
pub(crate) struct Rows {
    /// Values a row.
    pub(crate) columns: usize,
    /// The text before the rows.
    pub(crate) into: &'static str,
    /// The text after them.
    pub(crate) then: &'static str,
}

impl Rows {
    fn sql(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        format!("{}{}{}", self.into, vec![row; rows].join(","), self.then)
    }
}

/// Inserts `rows`, each given to the statement by `bind`.
pub(crate) async fn insert<T>(
    connection: &mut SqliteConnection,
    table: &Rows,
    rows: impl IntoIterator<Item = T>,
    bind: impl for<'q> Fn(Values<'q>, T) -> Values<'q>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<T> = rows.into_iter().collect();
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for size in SIZES {
        if left < size {
            continue;
        }
        let sql = table.sql(size);
        while left >= size {
            // The text is made of constants and question marks alone.
            let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
            for row in rows.by_ref().take(size) {
                query = bind(query, row);
            }
            query.execute(&mut *connection).await?;
            left -= size;
        }
    }
    Ok(())
}
